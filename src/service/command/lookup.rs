//! Locates the program, so that the error can state exactly what is missing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Command, NotRun, shown};

/// The program's path: looked up in the `PATH` that the program itself will see or, when it contains a slash,
/// relative to its working directory. Empty and relative entries of `PATH` mean the current directory and are skipped.
pub fn program(command: &Command) -> Result<PathBuf, NotRun> {
    let cwd = cwd(command)?;
    let name = Path::new(&command.program);
    if name.as_os_str().as_encoded_bytes().contains(&b'/') {
        return judge(command, std::iter::once(cwd.map_or_else(|| name.to_owned(), |c| c.join(name))));
    }
    let path = command.env.iter().find(|(n, _)| n == "PATH").map_or(OsStr::new("/usr/bin:/bin"), |(_, v)| v);
    judge(command, std::env::split_paths(path).filter(|d| d.is_absolute()).map(|d| d.join(name)))
}

fn judge(command: &Command, candidates: impl Iterator<Item = PathBuf>) -> Result<PathBuf, NotRun> {
    let mut found = false;
    for candidate in candidates.filter(|c| c.is_file()) {
        if access(&candidate, Access::EXEC_OK).is_ok() {
            return Ok(candidate);
        }
        found = true;
    }
    let program = shown(command);
    Err(if found { NotRun::NotExecutable { program } } else { NotRun::NotFound { program } })
}

fn cwd(command: &Command) -> Result<Option<PathBuf>, NotRun> {
    let Some(path) = &command.cwd else { return Ok(None) };
    let fault = |why: &str| NotRun::Cwd { path: path.clone(), why: why.to_owned() };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(fault("no such directory")),
        Err(error) => Err(fault(&error.to_string())),
        Ok(kind) if !kind.is_dir() => Err(fault("not a directory")),
        Ok(_) if access(path, Access::EXEC_OK).is_err() => Err(fault("permission denied")),
        // A relative path must not depend on when the child changes its directory.
        Ok(_) => std::path::absolute(path).map(Some).map_err(|e| fault(&e.to_string())),
    }
}
