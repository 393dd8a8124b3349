//! Helpers for the shell programs that a rehearsal writes: quoting, and files that can be executed at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Quotes one word for the shell.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Writes executable programs, by name and text, that can be executed at once. Another process copies them into
/// `folder`: a child forked while we have a file open for writing would hold it open a little longer, and the kernel
/// does not execute such a file.
pub fn write_programs(folder: &Path, programs: &[(&str, String)]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let sources = tempfile::tempdir().context("cannot create a temporary directory")?;
    let mut command = Command::new("cp");
    command.arg("-p");
    for (name, text) in programs {
        let source = sources.path().join(name);
        fs::write(&source, text).context("cannot write a temporary file")?;
        fs::set_permissions(&source, fs::Permissions::from_mode(0o755))
            .context("cannot make a program executable")?;
        command.arg(source);
    }
    let output = command.arg(folder).output().context("cannot run cp")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cannot write programs into {}: {}", folder.display(), said.trim());
    Ok(())
}
