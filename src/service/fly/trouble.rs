//! Why `fly` returned no result. It has one exit code for nearly every cause, so the cause is taken from its text.

use std::time::Duration;

use super::MARKER;
use crate::redact::Redactor;
use crate::service::command::{NotRun, Ran, Status as Ended};
use crate::service::unreachable::short;

/// Why there is no result. Displays as a lower-case fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlyError {
    /// Neither `fly` nor `flyctl` could be started.
    NotRun(NotRun),
    /// It is not logged in.
    NotLoggedIn,
    /// It crashed or could not start its work; with details.
    Broken(String),
    /// The app does not exist, or the token is not for it: Fly reports both in the same way.
    NoApp(String),
    /// The token is valid but not allowed to read this (an app's deploy token cannot read logs); with the start of the
    /// error.
    Refused(String),
    /// It was still running at the deadline.
    TimedOut(Duration),
    /// It had printed no log line at the deadline. `fly logs --no-tail` waits for a first line, so an app that logs
    /// nothing and a log that is unavailable look the same.
    NoLines(Duration),
    /// It failed with another error; with the start of the error.
    Said(String),
    /// It succeeded, but its output is not what was expected.
    Unreadable {
        /// What was expected: `list of secrets`.
        wanted: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl FlyError {
    pub(super) fn unreadable(wanted: &'static str, why: &str) -> FlyError {
        FlyError::Unreadable { wanted, why: why.to_owned() }
    }
}

impl std::fmt::Display for FlyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FlyError::NotRun(why) => why.fmt(f),
            FlyError::NotLoggedIn => write!(f, "fly is not logged in"),
            FlyError::Broken(how) => write!(f, "fly {how}"),
            FlyError::NoApp(app) => {
                write!(f, "fly did not find the app {app}; a token for another app gets the same error")
            }
            FlyError::Refused(words) => write!(f, "the token of fly is not allowed to read this: {words}"),
            FlyError::TimedOut(after) => write!(f, "fly did not finish within {}", short(*after)),
            FlyError::NoLines(after) => {
                write!(
                    f,
                    "`fly logs` printed nothing for {} (the app may be silent, or the log unavailable)",
                    short(*after)
                )
            }
            FlyError::Said(words) => write!(f, "fly failed: {words}"),
            FlyError::Unreadable { wanted, why } => {
                write!(f, "fly did not print the expected {wanted}: {why}")
            }
        }
    }
}

/// The output of a program that succeeded. `wanted` is what it should contain.
pub(super) fn printed<'a>(
    ran: &'a Ran,
    app: &str,
    wanted: &'static str,
    redactor: &Redactor,
) -> Result<&'a [u8], FlyError> {
    ended(ran, app, redactor)?;
    if ran.stdout.truncated {
        let why = format!("more than {} of output", size(ran.stdout.head.len()));
        return Err(FlyError::Unreadable { wanted, why });
    }
    Ok(&ran.stdout.head)
}

/// Whether the program succeeded.
pub(super) fn ended(ran: &Ran, app: &str, redactor: &Redactor) -> Result<(), FlyError> {
    match ran.status {
        Ended::TimedOut => Err(FlyError::TimedOut(ran.took)),
        Ended::Signalled(signal) => Err(FlyError::Broken(format!("was killed by signal {signal}"))),
        Ended::Exited(0) => Ok(()),
        Ended::Exited(code) => Err(error(code, &redactor.apply(&ran.stderr.text()), app)),
    }
}

/// A number of bytes as text, for the sizes at which output is cut.
pub(super) fn size(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} bytes"),
        1 => "1 MiB".to_owned(),
        many => format!("{many} MiB"),
    }
}

/// The exit code of a `fly` that panicked.
const PANIC: i32 = 3;
/// The exit code of a `fly` that timed out.
const OWN_DEADLINE: i32 = 126;

/// How Fly's servers report that a token lacks a permission. The exact words differ by server and time.
const REFUSALS: &[&str] =
    &["unauthorized", "not authorized", "forbidden", "status code: 401", "status code: 403"];

fn error(code: i32, stderr: &str, app: &str) -> FlyError {
    let text = stderr.to_ascii_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if mentions(&["no access token available", "please login", "auth login", "not logged in"]) {
        FlyError::NotLoggedIn
    } else if mentions(&["could not find app"]) {
        FlyError::NoApp(app.to_owned())
    } else if mentions(REFUSALS) {
        FlyError::Refused(words(stderr))
    } else if mentions(&["config directory"]) {
        FlyError::Broken("cannot use its configuration directory; check FLY_CONFIG_DIR or ~/.fly".to_owned())
    } else if code == PANIC {
        FlyError::Broken(format!("panicked: {}", words(stderr)))
    } else if code == OWN_DEADLINE {
        FlyError::Said(format!("it timed out (exit code {code})"))
    } else {
        FlyError::Said(format!("{} (exit code {code})", words(stderr)))
    }
}

/// The error line, shortened; Fly may append a whole query to it.
fn words(stderr: &str) -> String {
    const LONG: usize = 200;
    let line = |l: &&str| !l.trim().is_empty() && l.trim() != MARKER;
    let said = stderr
        .lines()
        .find(|l| l.trim_start().starts_with("Error:"))
        .or_else(|| stderr.lines().find(line))
        .unwrap_or("no error message");
    let said = crate::text::visible(said.trim().trim_start_matches("Error:").trim().as_bytes());
    // Cut between words only, because half of an unknown secret is not recognised later.
    match said.char_indices().nth(LONG) {
        Some((end, _)) => format!("{} ...", said[..end].rfind(' ').map_or("", |blank| &said[..blank])),
        None => said,
    }
}
