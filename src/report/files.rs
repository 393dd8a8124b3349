//! Reports in files, written atomically. A bad path is reported before the run, so that
//! nobody waits minutes for it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;

use super::{Style, render};
use crate::input::format::ReportTarget;
use crate::outcome::report::Report;

/// How the bytes get to a path.
enum Sink {
    /// A temporary file in the same directory, renamed when complete.
    Renamed(PathBuf),
    /// Written directly: renaming would replace a device or a pipe with a file.
    Direct,
}

/// Checks that every report can be written, without changing existing files. The error lists all bad paths.
pub fn prepare(targets: &[ReportTarget]) -> Result<()> {
    let (mut problems, mut seen) = (Vec::new(), Vec::new());
    for ReportTarget { path, .. } in targets {
        match check(path) {
            Ok(Some(file)) if seen.contains(&file) => {
                problems
                    .push(format!("two reports have the path {}; give each its own path", path.display()));
            }
            Ok(file) => seen.extend(file),
            Err(error) => problems.push(format!("{error:#}")),
        }
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

/// Writes every report, even if one of them fails.
///
/// A file has neither colours nor a terminal's width, and is complete even with `--problems`.
pub fn write_files(targets: &[ReportTarget], report: &Report, style: &Style) -> Result<()> {
    let style = Style { colour: false, width: None, problems_only: false, verbose: style.verbose };
    let mut problems = Vec::new();
    for target in targets {
        let text = render(target.format, report, &style);
        if let Err(error) = write(&target.path, &text) {
            problems.push(format!("{error:#}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

/// Checks one path; for a file, returns its canonical name, to find duplicates.
fn check(path: &Path) -> Result<Option<PathBuf>> {
    match way(path)? {
        Sink::Renamed(path) => {
            temporary(&path)?;
            Ok(path.file_name().and_then(|name| Some(folder(&path).canonicalize().ok()?.join(name))))
        }
        // Opening a pipe waits for its reader, so a pipe is not tested.
        Sink::Direct if fs::metadata(path).is_ok_and(|m| m.file_type().is_fifo()) => Ok(None),
        Sink::Direct => open(path).map(|_| None),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write the report {}", path.display());
    match way(path)? {
        Sink::Direct => match open(path)?.write_all(text.as_bytes()) {
            // A reader that has closed its end is not an error, as on stdout.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.with_context(cannot),
        },
        Sink::Renamed(to) => {
            let mut file = temporary(&to)?;
            file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(cannot)?;
            file.persist(&to).map_err(|e| e.error).with_context(cannot)?;
            Ok(())
        }
    }
}

fn way(path: &Path) -> Result<Sink> {
    // These refer to open files of this process. If that is a regular file, as after `> out`, a rename
    // would replace the link in /dev instead of the file.
    let streams = ["/dev/fd", "/dev/stdout", "/dev/stderr", "/proc"];
    if streams.iter().any(|stream| path.starts_with(stream)) {
        return Ok(Sink::Direct);
    }
    let shown = path.display();
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        bail!("{shown} is a directory; name a file in it");
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            bail!("{shown} is a directory; name a file in it")
        }
        Ok(found) if !found.is_file() => Ok(Sink::Direct),
        Ok(_) => {
            // Through a symbolic link, so that the file it points to is replaced and not the link.
            let real = fs::canonicalize(path).with_context(|| format!("cannot follow {shown}"))?;
            Ok(Sink::Renamed(real))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::symlink_metadata(path) {
            Ok(_) => bail!("{shown} is a broken symbolic link; remove it or create its target"),
            Err(_) => Ok(Sink::Renamed(path.to_owned())),
        },
        Err(error) => Err(anyhow!(error).context(format!("cannot write the report {shown}"))),
    }
}

/// A new file in the directory of `path`, deleted when dropped, with the default mode of new files.
fn temporary(path: &Path) -> Result<NamedTempFile> {
    let shown = path.display();
    let folder = folder(path);
    if !folder.is_dir() {
        bail!(
            "cannot write the report {shown}: the directory {} does not exist; create it first",
            folder.display()
        );
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hotdash-ops-report.").suffix(".tmp");
    builder.permissions(Permissions::from_mode(0o666));
    builder.tempfile_in(folder).with_context(|| {
        format!("cannot write the report {shown}: cannot create a file in {}", folder.display())
    })
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write the report {}", path.display()))
}
