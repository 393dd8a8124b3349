//! A stand-in for `fly`: a small shell program that answers like flyctl, and prints a marker on standard error. Its
//! answers can be changed while it is in use.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use crate::rehearsal::shell::{quote, write_programs};
use crate::rehearsal::standins::atomic_dir::AtomicDir;

mod answers;
mod log;
mod release;
mod status;

pub use answers::{Answers, Fault, Generation, Secret, Status};
use log::Logs;
pub use release::Release;

/// The line by which a run recognizes the stand-in.
pub const MARKER: &str = "hotdash-ops-sandbox";

/// An installed stand-in and its answers. Clones refer to the same stand-in.
#[derive(Clone, Debug)]
pub struct Fly {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    files: AtomicDir,
    answers: Mutex<Answers>,
    logs: Logs,
}

impl Fly {
    /// Writes the programs `fly` and `flyctl` into `bin`, answering [`Answers::good`]. `state` is a directory for the
    /// stand-in alone; it must exist as long as the programs are used.
    pub fn install(bin: &Path, state: &Path) -> Result<Fly> {
        let files = AtomicDir::new(state)?;
        let answers = Answers::good();
        files.write(&answers.files())?;
        let now = files.now();
        let logs = Logs::new(now.with_file_name("logs"))?;
        let text = include_str!("fly.sh")
            .replace("@ANSWERS@", &quote(&now.display().to_string()))
            .replace("@LOGS@", &quote(&logs.folder().display().to_string()))
            .replace("@LINES@", &log::lines_of_an_entry().to_string())
            .replace("@NEWEST@", &log::NEWEST.to_string())
            .replace("@REGION@", log::REGION);
        write_programs(bin, &[("fly", text.clone()), ("flyctl", text)])?;
        Ok(Fly { inner: Arc::new(Inner { files, answers: Mutex::new(answers), logs }) })
    }

    /// The current answers.
    pub fn answers(&self) -> Answers {
        self.inner.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the answers.
    pub fn set(&self, answers: Answers) -> Result<()> {
        let mut present = self.inner.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.files.write(&answers.files())?;
        *present = answers;
        Ok(())
    }

    /// Changes the answers.
    pub fn change(&self, how: impl FnOnce(&mut Answers)) -> Result<()> {
        let mut answers = self.answers();
        how(&mut answers);
        self.set(answers)
    }

    /// Makes one command fail: `secrets list`, `auth whoami`, `version`, `status`, `releases`, `logs`, or `*` for all.
    pub fn break_command(&self, command: &str, fault: Fault) -> Result<()> {
        self.change(|answers| {
            answers.faults.insert(command.to_owned(), fault);
        })
    }

    /// Sets the status of an app's secret; `None` removes the secret.
    pub fn set_secret(&self, app: &str, name: &str, status: Option<Status>) -> Result<()> {
        self.change(|answers| {
            let secrets = &mut answers.apps.entry(app.to_owned()).or_default().secrets;
            secrets.retain(|secret| secret.name != name);
            if let Some(status) = status {
                secrets.push(Secret { name: name.to_owned(), status });
            }
        })
    }

    /// Adds a release to an app's history and returns its number. A `complete` release runs on every machine.
    pub fn release(&self, app: &str, status: &str, created_at: Timestamp) -> Result<u32> {
        let mut version = 0;
        self.change(|answers| {
            let app = answers.apps.entry(app.to_owned()).or_default();
            app.release += 1;
            version = app.release;
            app.releases.insert(0, Release { version, status: status.to_owned(), created_at });
            if status == "complete" {
                app.machines.iter_mut().for_each(|machine| machine.release = version);
            }
        })?;
        Ok(version)
    }

    /// Writes a line into an app's log, from its first machine. Lines are printed in the order of the calls.
    pub fn log(&self, app: &str, level: &str, message: &str, at: Timestamp) -> Result<()> {
        let instance = {
            let answers = self.inner.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.apps.get(app).and_then(|app| app.machines.first()).map(|machine| machine.id.clone())
        };
        self.inner.logs.add(app, &instance.unwrap_or_default(), level, message, at)
    }

    /// Deletes the lines of an app's log; `fly logs --no-tail` then waits for a new one.
    pub fn clear_log(&self, app: &str) -> Result<()> {
        self.inner.logs.clear(app)
    }
}

/// JSON in flyctl's format: indented by four spaces, with a final line break.
fn indented(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
    match serde::Serialize::serialize(value, &mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned() + "\n",
        Err(_) => format!("{value}\n"),
    }
}
