//! `fly`, asked as a subprocess. It has one exit code for nearly every error and
//! says the cause in words, so what it said is sorted here into what the caller can
//! act on. What is not understood stays an answer that proves nothing.

mod answer;

use std::ffi::OsString;
use std::time::Duration;

use super::command::{self, Command, NotRun};
use super::unreachable::short;
use crate::redact::Redactor;
pub use answer::{Secret, Status};

/// The line on standard error by which a stand-in for `fly` makes itself known.
const MARKER: &str = "hotdash-ops-sandbox";

/// Variables that change what `fly` prints or which app or region it means.
const SCRUB: &[&str] = &["LOG_LEVEL", "FLY_APP", "FLY_REGION", "FLY_JSON"];

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The command as one types it.
    pub asked: String,
    pub secrets: Result<Vec<Secret>, Trouble>,
    /// A stand-in has answered.
    pub marker: bool,
}

/// Why there is no list. Displays as a lower-case fragment.
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
    /// It was still running when its time was up.
    TimedOut(Duration),
    /// It ended with an error of another kind; its first words.
    Said(String),
    /// It ended well, and what it printed is no list of secrets; what is wrong with it.
    Unreadable(String),
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
            Trouble::TimedOut(after) => write!(f, "fly gave no answer within {}", short(*after)),
            Trouble::Said(words) => write!(f, "fly said: {words}"),
            Trouble::Unreadable(why) => write!(f, "fly printed no list of secrets: {why}"),
        }
    }
}

/// Asks for the names and states of an app's secrets; values are never given out by Fly. `env` is the
/// environment `fly` is to see, apart from what would change its output. Of its words only some are kept;
/// `redactor` masks what must not be cut in two.
pub async fn secrets(
    env: impl IntoIterator<Item = (OsString, OsString)>,
    app: &str,
    deadline: Duration,
    redactor: &Redactor,
) -> Answer {
    let args = ["secrets", "list", "-a", app, "--json"];
    let asked = format!("fly {}", args.join(" "));
    let env: Vec<(OsString, OsString)> = env.into_iter().collect();
    // A fly.toml in the working directory would be read, and a malformed one breaks every command.
    let neutral = match tempfile::tempdir() {
        Ok(directory) => directory,
        Err(error) => {
            let why = format!("no private directory to run in: {error}");
            let secrets = Err(Trouble::NotRun(NotRun::Other { program: "fly".to_owned(), why }));
            return Answer { asked, secrets, marker: false };
        }
    };
    let mut ran = None;
    for program in ["fly", "flyctl"] {
        let mut command = Command::new(program, args)
            .inherit(env.iter().cloned(), SCRUB)
            .set("FLY_NO_UPDATE_CHECK", "1")
            .set("FLY_NO_INCIDENTS_CHECK", "1")
            .set("FLY_SEND_METRICS", "0")
            .set("NO_COLOR", "1");
        // A token variable that is set but empty hides the one that comes after it.
        command.env.retain(|(name, value)| !(name == "FLY_ACCESS_TOKEN" && value.is_empty()));
        command.cwd = Some(neutral.path().to_owned());
        command.deadline = deadline;
        command.grace = Duration::from_millis(500);
        let result = command::run(&command, &|_, _| {}).await;
        let missing = matches!(result, Err(NotRun::NotFound { .. }));
        // What is missing is `fly`, whatever the second name was.
        if ran.is_none() || !missing {
            ran = Some(result);
        }
        if !missing {
            break;
        }
    }
    let (secrets, marker) = match ran {
        Some(Ok(ran)) => {
            (answer::read(&ran, app, redactor), ran.stderr.text().lines().any(|l| l.trim() == MARKER))
        }
        Some(Err(why)) => (Err(Trouble::NotRun(why)), false),
        None => (Err(Trouble::Broken("was not started".to_owned())), false),
    };
    Answer { asked, secrets, marker }
}

#[cfg(test)]
mod tests;
