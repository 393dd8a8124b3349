//! Whether the app's checkout exists: a directory, a `package.json`, and a repository
//! that tracks it.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::snapshot::{SnapshotError, git, line};
use crate::context::Attempt;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::text::shell_line;

/// The most bytes of a `package.json` that are read.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

pub(super) async fn ask(attempt: &Attempt<'_>, directory: &Path) -> Result<Finding, ProbeError> {
    let path = directory.display();
    let finding = Finding::about(format!("the directory {path}"));
    let wrong = match std::fs::metadata(directory) {
        Ok(meta) if meta.is_dir() => None,
        Ok(_) => Some(("not a directory", format!("{path} is not a directory"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Some(("nothing", format!("{path} does not exist")))
        }
        Err(error) => Some(("not readable", format!("{path} cannot be read: {error}"))),
    };
    let claim =
        |found, holds| Claim::compared("directory", "directory", "a readable directory", found, holds);
    if let Some((found, sentence)) = wrong {
        return Ok(finding.claim(claim(found, false).sentence(sentence).fix(super::HOW_TO_GIVE)));
    }
    let json = |found: &str, holds| {
        Claim::compared("package-json", "package.json", "JSON with a name or scripts", found, holds)
    };
    let finding = finding.claim(claim("a directory", true)).claim(
        match package(&directory.join("package.json")) {
            Ok(shown) => json(&shown, true),
            Err((found, sentence)) => json(found, false).sentence(sentence).fix(format!(
                "check that {path} is the app's checkout, and restore its package.json; for another checkout: --app-dir PATH"
            )),
        },
    );
    repository(finding, directory, attempt.deadline / 3).await
}

/// The package's name and version.
///
/// # Errors
/// What was found instead, and the same as a sentence.
fn package(path: &Path) -> Result<String, (&'static str, String)> {
    let mut text = String::new();
    // Opening a pipe would wait for its writer, and the whole run with it.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(("not a regular file", "package.json is not a regular file".to_owned()));
    }
    let unreadable = |e: std::io::Error| ("not readable", format!("package.json cannot be read: {e}"));
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ("none", "package.json does not exist".to_owned()),
        _ => unreadable(error),
    })?;
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    let json: Value =
        serde_json::from_str(&text).map_err(|_| ("not JSON", "package.json is not valid JSON".to_owned()))?;
    let name = json.get("name").and_then(Value::as_str).filter(|n| !n.is_empty());
    let scripts = json.get("scripts").and_then(Value::as_object);
    let version = json.get("version").and_then(Value::as_str).map(|v| format!(" {v}")).unwrap_or_default();
    match (name, scripts) {
        (None, None) => {
            Err(("no name and no scripts", "package.json has neither a name nor scripts".to_owned()))
        }
        (name, scripts) => {
            let count = scripts.map_or(0, |s| s.len());
            let s = if count == 1 { "" } else { "s" };
            Ok(format!("{}{version}, {count} script{s}", name.unwrap_or("no name")))
        }
    }
}

/// Adds the claim that git tracks `package.json`: a directory that a surrounding repository ignores has no
/// changes to compare.
async fn repository(
    finding: Finding,
    directory: &Path,
    time: std::time::Duration,
) -> Result<Finding, ProbeError> {
    let claim = |found: &str, holds| Claim::compared("git", "git", "package.json is tracked", found, holds);
    match git(directory, &["ls-files", "--error-unmatch", "--", "package.json"], time).await {
        Ok(_) => {
            let finding = finding.claim(claim("tracked", true));
            let commit =
                git(directory, &["rev-parse", "--short", "HEAD"], time).await.and_then(|ran| line(&ran));
            Ok(match commit {
                Ok(commit) => finding.evidence("commit", commit),
                Err(_) => finding.evidence("commit", "none yet"),
            })
        }
        Err(SnapshotError::NotRun(why)) => Err(ProbeError::because(why.to_string()).hint("install git")),
        Err(fault) => {
            let cause = fault.to_string();
            let fix = if cause.contains("dubious ownership") {
                let path = shell_line(&[directory.to_string_lossy().into_owned()]);
                format!("git config --global --add safe.directory {path}")
            } else {
                "clone the app's repository and give that directory with --app-dir".to_owned()
            };
            let sentence = format!("package.json is not tracked: {cause}");
            Ok(finding.claim(claim("not tracked", false).sentence(sentence).fix(fix)))
        }
    }
}
