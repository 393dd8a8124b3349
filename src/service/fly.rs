//! `fly`, asked as a subprocess. It has one exit code for nearly every error and
//! says the cause in words, so what it said is sorted here into what the caller can
//! act on. What is not understood stays an answer that proves nothing.

mod logs;
mod releases;
mod secrets;
mod trouble;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::command::{self, Command, NotRun, Ran};
use super::marker::MarkerSink;
use crate::redact::Redactor;
pub use logs::{LogBatch, LogLine};
pub use releases::Release;
pub use secrets::{Secret, Status};
pub use trouble::Trouble;

/// The line on standard error by which a stand-in for `fly` makes itself known.
const MARKER: &str = "hotdash-ops-sandbox";

/// Variables that change what `fly` prints or which app or region it means.
const SCRUB: &[&str] = &["LOG_LEVEL", "FLY_APP", "FLY_REGION", "FLY_JSON"];

/// Variables as a program gets them.
type Variables = Vec<(OsString, OsString)>;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The command as one types it.
    pub asked: String,
    pub found: Result<T, Trouble>,
}

/// Asks for the names and states of an app's secrets; values are never given out by Fly. `env` is the
/// environment `fly` is to see, apart from what would change its output. Of its words only some are kept;
/// `redactor` masks what must not be cut in two.
pub async fn secrets(
    env: impl IntoIterator<Item = (OsString, OsString)>,
    app: &str,
    deadline: Duration,
    redactor: &Redactor,
    marker: &MarkerSink,
) -> Answer<Vec<Secret>> {
    let asking = Call { env: env.into_iter().collect(), deadline, room: ROOM, marker };
    let args = ["secrets", "list", "-a", app, "--json"];
    asking
        .ask(&args, |ran| trouble::printed(ran, app, secrets::WANTED, redactor).and_then(secrets::list))
        .await
}

/// Asks for an app's releases, the newest first; Fly gives the last 25. The parameters are those of [`secrets`].
pub async fn releases(
    env: impl IntoIterator<Item = (OsString, OsString)>,
    app: &str,
    deadline: Duration,
    redactor: &Redactor,
    marker: &MarkerSink,
) -> Answer<Vec<Release>> {
    let asking = Call { env: env.into_iter().collect(), deadline, room: ROOM, marker };
    let args = ["releases", "-a", app, "--json"];
    asking
        .ask(&args, |ran| trouble::printed(ran, app, releases::WANTED, redactor).and_then(releases::list))
        .await
}

/// Asks for an app's newest log lines: at most the last 100 of the last 24 hours. Where there are none `fly` waits
/// for one, so the whole `deadline` passes and the answer is [`Trouble::NoLines`]. The parameters are those of
/// [`secrets`]; what `redactor` knows is masked in every message.
pub async fn logs(
    env: impl IntoIterator<Item = (OsString, OsString)>,
    app: &str,
    deadline: Duration,
    redactor: &Redactor,
    marker: &MarkerSink,
) -> Answer<LogBatch> {
    let asking = Call { env: env.into_iter().collect(), deadline, room: logs::ROOM, marker };
    let args = ["logs", "-a", app, "--json", "--no-tail"];
    asking.ask(&args, |ran| logs::read(ran, app, redactor)).await
}

/// How much output is read of a command whose lists are short.
const ROOM: usize = 1024 * 1024;

/// How a command is asked.
struct Call<'a> {
    env: Variables,
    deadline: Duration,
    room: usize,
    marker: &'a MarkerSink,
}

impl Call<'_> {
    async fn ask<T>(self, args: &[&str], read: impl FnOnce(&Ran) -> Result<T, Trouble>) -> Answer<T> {
        let asked = format!("fly {}", args.join(" "));
        match self.run(args).await {
            Ok(ran) => {
                if ran.stderr.text().lines().any(|line| line.trim() == MARKER) {
                    self.marker.report();
                }
                Answer { asked, found: read(&ran) }
            }
            Err(why) => Answer { asked, found: Err(Trouble::NotRun(why)) },
        }
    }

    /// Runs `fly`, or `flyctl` where there is none. What is missing then is `fly`, whatever the second name was.
    async fn run(&self, args: &[&str]) -> Result<Ran, NotRun> {
        // A fly.toml in the working directory would be read, and a malformed one breaks every command.
        let neutral = tempfile::tempdir().map_err(|error| NotRun::Other {
            program: "fly".to_owned(),
            why: format!("no private directory to run in: {error}"),
        })?;
        let first = self.run_as("fly", args, neutral.path()).await;
        if !matches!(first, Err(NotRun::NotFound { .. })) {
            return first;
        }
        match self.run_as("flyctl", args, neutral.path()).await {
            Err(NotRun::NotFound { .. }) => first,
            second => second,
        }
    }

    async fn run_as(&self, program: &str, args: &[&str], cwd: &Path) -> Result<Ran, NotRun> {
        let mut command = Command::new(program, args)
            .inherit(self.env.iter().cloned(), SCRUB)
            .set("FLY_NO_UPDATE_CHECK", "1")
            .set("FLY_NO_INCIDENTS_CHECK", "1")
            .set("FLY_SEND_METRICS", "0")
            .set("NO_COLOR", "1");
        // A token variable that is set but empty hides the one that comes after it.
        command.env.retain(|(name, value)| !(name == "FLY_ACCESS_TOKEN" && value.is_empty()));
        command.cwd = Some(cwd.to_owned());
        command.deadline = self.deadline;
        command.grace = Duration::from_millis(500);
        command.head = self.room;
        command::run(&command, &|_, _| {}).await
    }
}

#[cfg(test)]
mod tests;
