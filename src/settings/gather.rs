//! The impure part of settings: reads the environment and the files and leaves everything else to
//! [`super::resolve`].

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, Xdg};

use super::resolve::{self, Dirs, Environment, Text, Wanted};
use super::{CliSettings, Resolved};
use crate::input::source::{Problem, Problems};

/// The maximum size of a configuration file; an endless file must not fill the memory.
const LONGEST: u64 = 1 << 20;

/// Reads the environment, the configuration file and the env file, and resolves the command line with them.
///
/// # Errors
/// Every problem, at once.
pub fn gather(flags: CliSettings) -> Result<Resolved, Problems> {
    gathered(flags, false).map(|(resolved, _)| resolved)
}

/// The same for a verb that writes the configuration: the file may be missing. Also returns the path it has or will
/// have.
///
/// # Errors
/// Every problem, including the lack of a place for a configuration file.
pub fn gather_for_writing(flags: CliSettings) -> Result<(Resolved, PathBuf), Problems> {
    let (resolved, path) = gathered(flags, true)?;
    let nowhere = "there is no home directory; pass the path of the configuration file with --config";
    match path {
        Some(path) => Ok((resolved, path)),
        None => Err(Problems(vec![Problem::of_file("--config", nowhere)])),
    }
}

fn gathered(flags: CliSettings, may_be_missing: bool) -> Result<(Resolved, Option<PathBuf>), Problems> {
    let env: Environment = std::env::vars_os().collect();
    let dirs = directories();
    let mut problems = Problems::default();
    let mut notes = Vec::new();

    let wanted = resolve::config_path(&flags, &env, &dirs);
    let path = wanted.as_ref().map(|w| w.path.clone());
    let config = wanted.and_then(|wanted| {
        let optional = may_be_missing || wanted.named_by.is_none();
        if optional && !wanted.path.as_os_str().is_empty() && is_absent(&wanted) {
            return None;
        }
        read(&wanted).map_err(|problem| problems.push(problem)).ok()
    });
    let env_file = resolve::env_file_path(&flags, &env).and_then(|wanted| {
        notes.extend(exposed(&wanted));
        read(&wanted).map_err(|problem| problems.push(problem)).ok()
    });
    match resolve::resolve(flags, &env, config, env_file, &dirs) {
        Ok(mut resolved) => {
            resolved.notes.extend(notes);
            problems.or((resolved, path))
        }
        Err(more) => {
            problems.0.extend(more.0);
            Err(problems)
        }
    }
}

/// The user's directories. Relative ones are ignored, because they would be read from the current directory.
fn directories() -> Dirs {
    let Ok(xdg) = Xdg::new() else { return Dirs::default() };
    let absolute = |path: PathBuf| Some(path).filter(|p| p.is_absolute());
    Dirs { config: absolute(xdg.config_dir()), state: xdg.state_dir().and_then(absolute) }
}

/// A dangling link does not count as absent: the file was meant to exist.
fn is_absent(wanted: &Wanted) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    std::fs::symlink_metadata(&wanted.path).is_err_and(|e| [NotFound, NotADirectory].contains(&e.kind()))
}

fn read(wanted: &Wanted) -> Result<Text, Problem> {
    let shown = match (wanted.named_by, wanted.path.as_os_str().is_empty()) {
        (Some(by), true) => return Err(Problem::of_file(by, "is empty; pass a path")),
        _ => wanted.path.display().to_string(),
    };
    let refuse = |why: String| {
        let by = wanted.named_by.map(|by| format!(" (from {by})")).unwrap_or_default();
        Problem::of_file(&shown, format!("{why}{by}"))
    };
    let cannot = |error: std::io::Error| refuse(format!("cannot be read: {error}"));
    let mut file = File::open(&wanted.path).map_err(cannot)?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(refuse("is a directory; pass a file".to_owned()));
    }
    let mut bytes = Vec::new();
    (&mut file).take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > LONGEST {
        return Err(refuse("is larger than 1 MiB, which is too large for a configuration file".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Problem { line, ..refuse("is not UTF-8 text; save it as UTF-8".to_owned()) }
    })?;
    Ok((wanted.path.clone(), text))
}

/// A warning about an env file that other users of this machine can read.
fn exposed(wanted: &Wanted) -> Option<String> {
    let metadata = std::fs::metadata(&wanted.path).ok().filter(std::fs::Metadata::is_file)?;
    let shown = wanted.path.display();
    (metadata.permissions().mode() & 0o004 != 0).then(|| {
        format!(
            "{shown} contains secrets and can be read by every user of this machine; run `chmod 600 {shown}`"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::path::Path;

    use super::*;

    fn wanted(path: impl AsRef<Path>) -> Wanted {
        Wanted { path: path.as_ref().to_owned(), named_by: Some("--config") }
    }

    #[test]
    fn an_unreadable_file_is_reported_with_the_reason() {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("latin"), b"ok = 1\nname = \"\xe9\"\n").expect("it can be written");
        for (path, line, why) in [
            (at("none"), 0, "cannot be read: No such file"),
            (folder.path().to_owned(), 0, "is a directory; pass a file (from --config)"),
            (at("latin"), 2, "is not UTF-8 text"),
            (PathBuf::new(), 0, "is empty; pass a path"),
            (PathBuf::from("/dev/zero"), 0, "is larger than 1 MiB"),
        ] {
            let problem = read(&wanted(&path)).expect_err(why);
            assert!(problem.message.contains(why), "{problem}");
            assert_eq!(problem.line, line, "{problem}");
        }
        fs::write(at("good"), "a = 1\n").expect("it can be written");
        assert_eq!(read(&wanted(at("good"))), Ok((at("good"), "a = 1\n".to_owned())));
    }

    #[test]
    fn a_dangling_link_is_not_absent() {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).expect("a link");
        assert!(!is_absent(&wanted(&link)));
        assert!(is_absent(&wanted(folder.path().join("none"))));
        assert!(is_absent(&wanted(folder.path().join("none/none"))));
    }

    #[test]
    fn a_world_readable_env_file_causes_a_warning() {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("s.env");
        fs::write(&path, "A=hunter2\n").expect("it can be written");
        for (mode, remarked) in [(0o644, true), (0o600, false), (0o640, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
            let note = exposed(&wanted(&path));
            assert_eq!(note.is_some(), remarked, "{mode:o}");
            assert!(note.is_none_or(|n| n.contains("chmod 600") && !n.contains("hunter2")));
        }
    }
}
