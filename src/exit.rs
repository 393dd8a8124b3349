//! The exit codes, in one place. They follow from the outcomes and from nothing
//! else: never from the format, the terminal or the order of arrival.

use serde::Serialize;

/// What the process tells its caller. The same for every verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "u8")]
pub enum Exit {
    /// 0: at least one required check was asked, and every required one passed or is validly waived.
    Ready,
    /// 1: a required check failed.
    NotReady,
    /// 2: the call was refused: usage, configuration, empty plan, a sandbox mistaken for production.
    Refused,
    /// 3: anything else: inconclusive, error, blocked, or waits for a person.
    Undecided,
    /// 130: interrupted by Ctrl-C; report and journal are written.
    Interrupted,
    /// 143: terminated by SIGTERM; report and journal are written.
    Terminated,
    /// The code of a command that was run inside the sandbox, handed through.
    Command(u8),
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ready => 0,
            Exit::NotReady => 1,
            Exit::Refused => 2,
            Exit::Undecided => 3,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
            Exit::Command(code) => code,
        }
    }

    /// One lower-case line that says what the code means, for the end of a report.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Ready => "go: every required check was asked and passed",
            Exit::NotReady => "do not go: a required check failed",
            Exit::Refused => "refused: mend the call",
            Exit::Undecided => "cannot tell: find out",
            Exit::Interrupted => "interrupted: the report shows what was known",
            Exit::Terminated => "terminated: the report shows what was known",
            Exit::Command(_) => "the command's own code",
        }
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> u8 {
        exit.code()
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit.code())
    }
}
