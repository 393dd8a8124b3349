//! The state of a checkout as git reports it, with the contents of changed files:
//! `git status` alone does not show a second change to a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::service::command::{self, Command, NotRun, Ran, Status};

/// Variables that would make git use another repository.
const SCRUB: &[&str] =
    &["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"];

/// Larger files, in bytes, are compared by their length and modification time.
const READ: u64 = 8 * 1024 * 1024;

/// Why git returned nothing usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SnapshotError {
    /// git is not installed, or cannot run here.
    NotRun(NotRun),
    /// It ran and failed: a predicate, such as `timed out`.
    Failed(String),
}

impl std::fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SnapshotError::NotRun(why) => why.fmt(f),
            SnapshotError::Failed(how) => write!(f, "git {how}"),
        }
    }
}

/// The state of a checkout: its commit, and the current state of every path that differs from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    commit: String,
    pub(super) paths: BTreeMap<OsString, String>,
}

impl Snapshot {
    /// Takes a snapshot without `artifacts/`. Nothing is written, not even git's index.
    pub(super) async fn take(directory: &Path, time: Duration) -> Result<Snapshot, SnapshotError> {
        let top = line(&git(directory, &["rev-parse", "--show-toplevel"], time).await?)?;
        let commit = attempt(directory, &["rev-parse", "--quiet", "--verify", "HEAD"], time).await?;
        let commit = match commit.status {
            // git's exit code before the first commit.
            Status::Exited(1) => "no commit".to_owned(),
            _ => line(&well(commit)?)?,
        };
        let args = [
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--",
            ":/",
            ":(exclude)artifacts",
        ];
        let status = git(directory, &args, time).await?;
        if status.stdout.truncated {
            return Err(SnapshotError::Failed("reported too many changed paths to compare".to_owned()));
        }
        let paths =
            tokio::task::spawn_blocking(move || paths(&PathBuf::from(top), &status.stdout.head)).await;
        let paths = paths
            .map_err(|_| SnapshotError::Failed("reported changed paths that could not be read".to_owned()))?;
        Ok(Snapshot { commit, paths })
    }

    /// The differences between two snapshots, one phrase each; empty when they are equal.
    pub(super) fn differences(&self, later: &Snapshot) -> Vec<String> {
        let commit = (self.commit != later.commit).then(|| "the commit".to_owned());
        let all: BTreeSet<&OsString> = self.paths.keys().chain(later.paths.keys()).collect();
        let paths = all
            .into_iter()
            .filter(|path| self.paths.get(*path) != later.paths.get(*path))
            .map(|path| crate::text::visible(path.as_encoded_bytes()));
        commit.into_iter().chain(paths).collect()
    }
}

/// The entries of `git status -z`: two letters, a space, a path.
fn paths(top: &Path, status: &[u8]) -> BTreeMap<OsString, String> {
    status
        .split(|byte| *byte == 0)
        .filter(|entry| entry.len() > 3)
        .map(|entry| {
            let path = OsString::from_vec(entry[3..].to_vec());
            let state = format!("{} {}", String::from_utf8_lossy(&entry[..2]), contents(&top.join(&path)));
            (path, state)
        })
        .collect()
}

/// The contents of a path: a digest, or what is known without reading it.
fn contents(path: &Path) -> String {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return "absent".to_owned() };
    if meta.is_symlink() {
        return std::fs::read_link(path).map_or_else(|e| e.to_string(), |to| format!("to {}", to.display()));
    }
    if !meta.is_file() || meta.len() > READ {
        return format!("{} bytes of {:?}", meta.len(), meta.modified().ok());
    }
    match std::fs::read(path) {
        Ok(bytes) => hex::encode(Sha256::digest(&bytes)),
        Err(error) => error.to_string(),
    }
}

/// Runs git in the directory; any exit code other than 0 is an error.
pub(super) async fn git(directory: &Path, args: &[&str], time: Duration) -> Result<Ran, SnapshotError> {
    well(attempt(directory, args, time).await?)
}

async fn attempt(directory: &Path, args: &[&str], time: Duration) -> Result<Ran, SnapshotError> {
    let mut command = Command::new("git", args)
        .inherit(crate::context::program_environment(), SCRUB)
        .set("GIT_OPTIONAL_LOCKS", "0")
        .set("LC_ALL", "C");
    command.cwd = Some(directory.to_owned());
    command.deadline = time;
    command.grace = Duration::from_millis(500);
    command::run(&command, &|_, _| {}).await.map_err(SnapshotError::NotRun)
}

fn well(ran: Ran) -> Result<Ran, SnapshotError> {
    match ran.status {
        Status::Exited(0) => Ok(ran),
        Status::TimedOut => Err(SnapshotError::Failed("timed out".to_owned())),
        Status::Signalled(signal) => Err(SnapshotError::Failed(format!("was ended by signal {signal}"))),
        Status::Exited(code) => {
            let errors = ran.stderr.text();
            let first = errors.lines().find(|l| !l.trim().is_empty()).unwrap_or("nothing");
            let first = first.trim().trim_start_matches("fatal: ");
            Err(SnapshotError::Failed(format!("reported: {first} (exit code {code})")))
        }
    }
}

/// The one line that a command printed.
pub(super) fn line(ran: &Ran) -> Result<String, SnapshotError> {
    let text = ran.stdout.text();
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        Err(SnapshotError::Failed("printed nothing".to_owned()))
    } else {
        Ok(text.to_owned())
    }
}
