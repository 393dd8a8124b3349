//! Helpers for the shell programs that a rehearsal writes: quoting, and files that can be executed at once.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Quotes one word for the shell.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Writes an executable program that can be executed at once. Another process writes it: a child forked while we have
/// the file open for writing would hold it open a little longer, and the kernel does not execute such a file.
pub fn write_program(path: &Path, text: &str) -> Result<()> {
    let mut source = tempfile::tempfile().context("cannot create a temporary file")?;
    source.write_all(text.as_bytes())?;
    source.seek(SeekFrom::Start(0))?;
    let status = Command::new("/bin/sh")
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "write"])
        .arg(path)
        .stdin(Stdio::from(source))
        .status()
        .context("cannot start /bin/sh")?;
    ensure!(status.success(), "cannot write {}", path.display());
    Ok(())
}
