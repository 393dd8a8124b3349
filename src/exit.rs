//! The exit codes. They depend only on the outcomes, never on the format, the terminal or the order of arrival.

use serde::Serialize;

/// The result of the process, the same for every verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "u8")]
pub enum Exit {
    /// 0: at least one required check ran, and every required check passed or has a valid waiver.
    Ready,
    /// 1: a required check failed.
    NotReady,
    /// 2: rejected: usage, configuration, an empty plan, a stand-in behind a real target.
    Refused,
    /// 3: anything else: inconclusive, error, blocked, or waiting for a sign-off.
    Undecided,
    /// 130: interrupted by Ctrl-C; report and journal are written.
    Interrupted,
    /// 143: terminated by SIGTERM; report and journal are written.
    Terminated,
    /// The exit code of a command that was run in the sandbox.
    Command(u8),
}

impl Exit {
    /// The process's exit code.
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

    /// The meaning of the code in one lower-case line, for the end of a report.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Ready => "go: every required check passed",
            Exit::NotReady => "no go: a required check failed",
            Exit::Refused => "refused: fix the command line or the configuration",
            Exit::Undecided => "undecided: resolve the checks marked ? or error",
            Exit::Interrupted => "interrupted: the report shows the results so far",
            Exit::Terminated => "terminated: the report shows the results so far",
            Exit::Command(_) => "the exit code of the command",
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
