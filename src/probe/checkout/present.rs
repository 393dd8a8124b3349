//! Whether there is a checkout of the app: a directory, a `package.json`, and a
//! repository that has it.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::snapshot::{Fault, git, line};
use crate::context::Asking;
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::text::shell_line;

/// A `package.json` larger than this is none.
const LARGE: u64 = 4 * 1024 * 1024;

pub(super) async fn ask(asking: &Asking<'_>, directory: &Path) -> Result<Finding, CannotAsk> {
    let finding = Finding::about(format!("the directory {}", directory.display()));
    let found = match std::fs::metadata(directory) {
        Ok(meta) if meta.is_dir() => None,
        Ok(_) => Some("something that is no directory".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("nothing".to_owned()),
        Err(error) => Some(format!("one that cannot be read: {error}")),
    };
    let is_directory = found.is_none();
    let found = found.unwrap_or_else(|| "a directory".to_owned());
    let finding = finding.claim(Claim::new("directory", "one that can be read", found, is_directory));
    if !is_directory {
        return Ok(finding.fix(super::NAME_IT));
    }
    let (package, holds) = match package(&directory.join("package.json")) {
        Ok(said) => (said, true),
        Err(wrong) => (wrong, false),
    };
    let finding = finding.claim(Claim::new("package.json", "JSON with a name or scripts", package, holds));
    repository(finding, directory, asking.deadline / 3).await
}

/// The package's name and version.
fn package(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    // Opening a pipe would wait for its writer, and with it the whole run.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err("one that is no regular file".to_owned());
    }
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "none".to_owned(),
        _ => format!("one that cannot be read: {error}"),
    })?;
    file.take(LARGE).read_to_string(&mut text).map_err(|e| format!("one that cannot be read: {e}"))?;
    let json: Value = serde_json::from_str(&text).map_err(|_| "one that is not JSON".to_owned())?;
    let name = json.get("name").and_then(Value::as_str).filter(|n| !n.is_empty());
    let scripts = json.get("scripts").and_then(Value::as_object);
    let version = json.get("version").and_then(Value::as_str).map(|v| format!(" {v}")).unwrap_or_default();
    match (name, scripts) {
        (None, None) => Err("one without a name and without scripts".to_owned()),
        (name, scripts) => {
            let count = scripts.map_or(0, |s| s.len());
            Ok(format!("{}{version}, {count} scripts", name.unwrap_or("without a name")))
        }
    }
}

/// That git knows the file: a directory that some repository around it ignores has no changes to compare.
async fn repository(
    finding: Finding,
    directory: &Path,
    time: std::time::Duration,
) -> Result<Finding, CannotAsk> {
    let expected = "package.json is a file of the repository";
    match git(directory, &["ls-files", "--error-unmatch", "--", "package.json"], time).await {
        Ok(_) => {
            let finding = finding.claim(Claim::new("git", expected, "it is", true));
            let commit =
                git(directory, &["rev-parse", "--short", "HEAD"], time).await.and_then(|ran| line(&ran));
            Ok(match commit {
                Ok(commit) => finding.evidence("commit", commit),
                Err(_) => finding.evidence("commit", "none yet"),
            })
        }
        Err(Fault::NotRun(why)) => Err(CannotAsk::because(why.to_string()).hint("install git")),
        Err(fault) => {
            let said = fault.to_string();
            let finding = finding.claim(Claim::new("git", expected, &said, false));
            Ok(if said.contains("dubious ownership") {
                let path = shell_line(&[directory.to_string_lossy().into_owned()]);
                finding.fix(format!("git config --global --add safe.directory {path}"))
            } else {
                finding.fix("clone the app's repository and name that directory with --app-dir")
            })
        }
    }
}
