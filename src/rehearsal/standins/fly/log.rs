//! The apps' logs. Lines arrive many times a second while the shell program reads, so they are appended to files
//! already rendered: one in the format of `--json` and one for people. A file that has grown too long is replaced by
//! one with the lines that can still be requested.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::json;

use super::indented;

/// `fly logs --no-tail` prints at most this many lines, the newest.
pub(super) const NEWEST: usize = 100;
/// A file longer than this many bytes is replaced.
const MAX_FILE_BYTES: usize = 2 * 1024 * 1024;
/// The region of every machine.
pub(super) const REGION: &str = "ord";

/// The logs of all apps.
#[derive(Debug)]
pub(super) struct Logs {
    folder: PathBuf,
    apps: Mutex<BTreeMap<String, [Tail; 2]>>,
}

/// A log file and its last lines.
#[derive(Debug)]
struct Tail {
    path: PathBuf,
    file: File,
    length: usize,
    newest: VecDeque<String>,
}

impl Logs {
    pub(super) fn new(folder: PathBuf) -> Result<Logs> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Logs { folder, apps: Mutex::default() })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends one line to an app's log.
    pub(super) fn add(
        &self,
        app: &str,
        instance: &str,
        level: &str,
        message: &str,
        at: Timestamp,
    ) -> Result<()> {
        ensure!(
            !app.is_empty() && !app.contains('/') && !app.starts_with('.'),
            "`{app}` is not a valid app name"
        );
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if !apps.contains_key(app) {
            let tail = |kind| Tail::begin(self.folder.join(format!("{app}.{kind}")), VecDeque::new());
            apps.insert(app.to_owned(), [tail("json")?, tail("txt")?]);
        }
        if let Some([json, text]) = apps.get_mut(app) {
            json.add(entry(instance, level, message, at))?;
            text.add(line(instance, level, message, at))?;
        }
        Ok(())
    }

    /// Deletes an app's log lines.
    pub(super) fn clear(&self, app: &str) -> Result<()> {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        for tail in apps.remove(app).into_iter().flatten() {
            fs::remove_file(&tail.path).with_context(|| format!("cannot remove {}", tail.path.display()))?;
        }
        Ok(())
    }
}

impl Tail {
    fn begin(path: PathBuf, newest: VecDeque<String>) -> Result<Tail> {
        let fresh = path.with_extension("new");
        let text = newest.iter().map(String::as_str).collect::<String>();
        fs::write(&fresh, &text).with_context(|| format!("cannot write {}", fresh.display()))?;
        // A process that has the old file open keeps reading it.
        fs::rename(&fresh, &path).with_context(|| format!("cannot replace {}", path.display()))?;
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Tail { path, file, length: text.len(), newest })
    }

    fn add(&mut self, text: String) -> Result<()> {
        self.file
            .write_all(text.as_bytes())
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.length += text.len();
        self.newest.push_back(text);
        if self.newest.len() > NEWEST {
            self.newest.pop_front();
        }
        let kept: usize = self.newest.iter().map(String::len).sum();
        if self.length > MAX_FILE_BYTES && self.length > 2 * kept {
            *self = Tail::begin(self.path.clone(), std::mem::take(&mut self.newest))?;
        }
        Ok(())
    }
}

/// A line in the format of flyctl's `--json`: an object with every field, including empty ones.
fn entry(instance: &str, level: &str, message: &str, at: Timestamp) -> String {
    indented(&json!({
        "level": level, "instance": instance, "message": message, "region": REGION, "timestamp": at,
        "meta": {
            "Instance": instance, "Region": REGION, "Event": { "Provider": "app" },
            "HTTP": {
                "Request": { "ID": "", "Method": "", "Version": "" },
                "Response": { "status_code": 0 },
            },
            "Error": { "Code": 0, "Message": "" },
            "URL": { "Full": "" },
        },
    }))
}

/// A line in the format for people.
fn line(instance: &str, level: &str, message: &str, at: Timestamp) -> String {
    let message = message.replace(['\n', '\r'], " ");
    format!("{} app[{instance}] {REGION} [{level}]{message}\n", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

/// How many lines of text each `--json` entry has.
pub(super) fn lines_of_an_entry() -> usize {
    entry("", "", "", Timestamp::UNIX_EPOCH).lines().count()
}
