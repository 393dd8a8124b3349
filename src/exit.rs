//! The exit codes. They follow from the outcomes alone, never from the format, the
//! terminal or the order in which checks finish.

use serde::Serialize;

/// The exit code of the process. The same for every verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "u8")]
pub enum Exit {
    /// 0: at least one required check was run, and every required one passed or is validly waived.
    Ready,
    /// 1: a required check failed.
    NotReady,
    /// 2: refused: usage, configuration, empty plan, or test stand-ins behind a real target.
    Refused,
    /// 3: anything else: undecided, could not run, blocked, or a manual check that is not signed off.
    Undecided,
    /// 130: interrupted by Ctrl-C; report and journal are written.
    Interrupted,
    /// 143: terminated by SIGTERM; report and journal are written.
    Terminated,
    /// The exit code of a command that ran inside the sandbox, passed on.
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
