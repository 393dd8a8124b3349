//! Why `fly` gave no answer. It has one exit code for nearly every cause, so the cause is taken from its words.

use std::time::Duration;

use super::MARKER;
use crate::redact::Redactor;
use crate::service::command::{NotRun, Ran, Status as Ended};
use crate::service::unreachable::short;

/// Why there is no answer. Displays as a lower-case fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Neither `fly` nor `flyctl` could be started.
    NotRun(NotRun),
    /// It runs, and is not logged in.
    NotLoggedIn,
    /// It broke off by itself; how.
    Broken(String),
    /// There is no such app, or the token is not for it: Fly gives the same answer to both.
    NoApp(String),
    /// The token is known and may not read this, as an app's deploy token may not read logs; its first words.
    Refused(String),
    /// It was still running when its time was up.
    TimedOut(Duration),
    /// It was asked for log lines, and had printed none when its time was up. `fly logs --no-tail` waits for a first
    /// line, so this is what an app without lines looks like, and also what no answer looks like.
    NoLines(Duration),
    /// It ended with an error of another kind; its first words.
    Said(String),
    /// It ended well, and what it printed is not what was asked for.
    Unreadable {
        /// What was asked for: `list of secrets`.
        wanted: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl Trouble {
    pub(super) fn unreadable(wanted: &'static str, why: &str) -> Trouble {
        Trouble::Unreadable { wanted, why: why.to_owned() }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::NotRun(why) => why.fmt(f),
            Trouble::NotLoggedIn => write!(f, "fly is not logged in"),
            Trouble::Broken(how) => write!(f, "fly {how}"),
            Trouble::NoApp(app) => {
                write!(f, "fly found no app {app}; a token of another app gets the same answer")
            }
            Trouble::Refused(words) => write!(f, "fly's token may not read this: {words}"),
            Trouble::TimedOut(after) => write!(f, "fly gave no answer within {}", short(*after)),
            Trouble::NoLines(after) => {
                write!(
                    f,
                    "fly printed no log line within {}, which is also what an app without lines looks like",
                    short(*after)
                )
            }
            Trouble::Said(words) => write!(f, "fly said: {words}"),
            Trouble::Unreadable { wanted, why } => write!(f, "fly printed no {wanted}: {why}"),
        }
    }
}

/// What was printed by a program that ended well. `wanted` is what it was to print.
pub(super) fn printed<'a>(
    ran: &'a Ran,
    app: &str,
    wanted: &'static str,
    redactor: &Redactor,
) -> Result<&'a [u8], Trouble> {
    ended(ran, app, redactor)?;
    if ran.stdout.truncated {
        let why = format!("more than {} of output", size(ran.stdout.head.len()));
        return Err(Trouble::Unreadable { wanted, why });
    }
    Ok(&ran.stdout.head)
}

/// Whether the program ended well.
pub(super) fn ended(ran: &Ran, app: &str, redactor: &Redactor) -> Result<(), Trouble> {
    match ran.status {
        Ended::TimedOut => Err(Trouble::TimedOut(ran.took)),
        Ended::Signalled(signal) => Err(Trouble::Broken(format!("was ended by signal {signal}"))),
        Ended::Exited(0) => Ok(()),
        Ended::Exited(code) => Err(error(code, &redactor.apply(&ran.stderr.text()), app)),
    }
}

/// Bytes in words, for the sizes at which output is cut.
pub(super) fn size(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} bytes"),
        1 => "a MiB".to_owned(),
        many => format!("{many} MiB"),
    }
}

/// The exit code of a `fly` that panicked.
const PANIC: i32 = 3;
/// The exit code of a `fly` whose own time was up.
const OWN_DEADLINE: i32 = 126;

/// How Fly's servers say that a token is not good for what was asked. The exact words differ by server and time.
const REFUSALS: &[&str] =
    &["unauthorized", "not authorized", "forbidden", "status code: 401", "status code: 403"];

fn error(code: i32, stderr: &str, app: &str) -> Trouble {
    let text = stderr.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if says(&["no access token available", "please login", "auth login", "not logged in"]) {
        Trouble::NotLoggedIn
    } else if says(&["could not find app"]) {
        Trouble::NoApp(app.to_owned())
    } else if says(REFUSALS) {
        Trouble::Refused(words(stderr))
    } else if says(&["config directory"]) {
        Trouble::Broken("cannot use its configuration directory; look at FLY_CONFIG_DIR or ~/.fly".to_owned())
    } else if code == PANIC {
        Trouble::Broken(format!("panicked: {}", words(stderr)))
    } else if code == OWN_DEADLINE {
        Trouble::Said(format!("its own time was up (exit code {code})"))
    } else {
        Trouble::Said(format!("{} (exit code {code})", words(stderr)))
    }
}

/// The line of the error, within bounds; Fly may add a whole query to it.
fn words(stderr: &str) -> String {
    const LONG: usize = 200;
    let line = |l: &&str| !l.trim().is_empty() && l.trim() != MARKER;
    let said = stderr
        .lines()
        .find(|l| l.trim_start().starts_with("Error:"))
        .or_else(|| stderr.lines().find(line))
        .unwrap_or("nothing");
    let said = crate::text::visible(said.trim().trim_start_matches("Error:").trim().as_bytes());
    // Cut between words only, because half a secret that nobody told us about is not recognised later.
    match said.char_indices().nth(LONG) {
        Some((end, _)) => format!("{} ...", said[..end].rfind(' ').map_or("", |blank| &said[..blank])),
        None => said,
    }
}
