//! Runs `fly` as a subprocess. It has one exit code for nearly every error and reports the cause in words, so its
//! output is classified here by what the caller can do about it. An unrecognised error never counts as a result.

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
pub use trouble::FlyError;

/// The line on stderr by which a stand-in for `fly` identifies itself.
const MARKER: &str = "hotdash-ops-sandbox";

/// Variables that change what `fly` prints or which app or region it uses.
const SCRUB: &[&str] = &["LOG_LEVEL", "FLY_APP", "FLY_REGION", "FLY_JSON"];

/// The environment of a program.
type Variables = Vec<(OsString, OsString)>;

/// The result of a call.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The command as typed in a shell.
    pub asked: String,
    pub found: Result<T, FlyError>,
}

/// Lists the names and states of an app's secrets; Fly never returns values. `env` is the environment for `fly`,
/// without the variables that would change its output. `redactor` masks known secrets before text is cut.
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

/// Lists an app's releases, newest first; Fly returns the last 25. Takes the parameters of [`secrets()`].
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

/// Fetches an app's newest log lines: at most the last 100 of the last 24 hours. When there are none, `fly` waits
/// for one, so the whole `deadline` passes and the result is [`FlyError::NoLines`]. Takes the parameters of
/// [`secrets()`]; `redactor` also masks every message.
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

/// The maximum output of a command that prints short lists.
const ROOM: usize = 1024 * 1024;

/// How to run a command.
struct Call<'a> {
    env: Variables,
    deadline: Duration,
    room: usize,
    marker: &'a MarkerSink,
}

impl Call<'_> {
    async fn ask<T>(self, args: &[&str], read: impl FnOnce(&Ran) -> Result<T, FlyError>) -> Answer<T> {
        let asked = format!("fly {}", args.join(" "));
        match self.run(args).await {
            Ok(ran) => {
                if ran.stderr.text().lines().any(|line| line.trim() == MARKER) {
                    self.marker.report();
                }
                Answer { asked, found: read(&ran) }
            }
            Err(why) => Answer { asked, found: Err(FlyError::NotRun(why)) },
        }
    }

    /// Runs `fly`, or `flyctl` if there is no `fly`. If both are missing, the error names `fly`.
    async fn run(&self, args: &[&str]) -> Result<Ran, NotRun> {
        // `fly` would read a fly.toml in the working directory, and a malformed one breaks every command.
        let neutral = tempfile::tempdir().map_err(|error| NotRun::Other {
            program: "fly".to_owned(),
            why: format!("cannot create a temporary working directory: {error}"),
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
        // A token variable that is set but empty hides the token variable that comes after it.
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
