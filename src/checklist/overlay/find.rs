//! Which files of an operator's directory are read: `PHASE/SECTION.toml`, and `*.toml` beside the folders.
//! Other endings (scripts, notes) may stand there; a check file where none is read is a problem, because its
//! author believes that it is asked.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::input::source::{Problem, Problems};

/// No check file is this long; an endless file must not fill the memory.
const LONGEST: u64 = 1 << 20;
/// No deeper than this is looked for misplaced files: a tree of another kind may stand in the directory.
const DEEPEST: usize = 6;

/// A file that was read.
pub struct Found {
    /// The folder it stands in; `None` beside the folders.
    pub folder: Option<String>,
    /// Its name without its ending.
    pub stem: String,
    /// Its path, beginning as the operator named the directory.
    pub path: String,
    pub text: String,
}

/// Every file to read, in the order of their paths: those beside the folders first.
pub fn find(dir: &Path, problems: &mut Problems) -> Vec<Found> {
    let shown = dir.display().to_string();
    match fs::metadata(dir) {
        Ok(kind) if kind.is_dir() => {}
        Ok(_) => problems.push(Problem::of_file(shown.clone(), "is not a directory; --checks takes one")),
        Err(error) => problems.push(Problem::of_file(shown.clone(), format!("cannot be read: {error}"))),
    }
    if !problems.0.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    visit(dir, &mut Vec::new(), &mut found, problems);
    if found.is_empty() && problems.0.is_empty() {
        problems.push(Problem::of_file(shown, "no check file (*.toml) in it"));
    }
    found
}

fn visit(dir: &Path, folders: &mut Vec<String>, found: &mut Vec<Found>, problems: &mut Problems) {
    let entries = match fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(Problem::of_file(dir.display().to_string(), format!("cannot be listed: {error}")));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).filter(|p| !is_hidden(p)).collect();
    paths.sort();
    // Deeper down a link is not followed: it may lead back up.
    let is_folder = |path: &PathBuf| match folders.is_empty() {
        true => path.is_dir(),
        false => fs::symlink_metadata(path).is_ok_and(|kind| kind.is_dir()),
    };
    let (inner, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(is_folder);
    let looks_like_one = |p: &&PathBuf| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    for path in files.iter().filter(looks_like_one) {
        let shown = path.display().to_string();
        if folders.len() > 1 {
            let why = "stands too deep and would not be read; a check file is PHASE/SECTION.toml";
            problems.push(Problem::of_file(shown, why));
            continue;
        }
        if path.extension().is_some_and(|ending| ending != "toml") {
            let why = "would not be read; write its ending in lower case: .toml";
            problems.push(Problem::of_file(shown, why));
            continue;
        }
        match read(path) {
            Ok(text) => found.push(Found {
                folder: folders.last().cloned(),
                stem: path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default(),
                path: shown,
                text,
            }),
            Err(why) => problems.push(Problem::of_file(shown, why)),
        }
    }
    if folders.len() == DEEPEST {
        return;
    }
    for path in &inner {
        folders.push(path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default());
        visit(path, folders, found, problems);
        folders.pop();
    }
}

/// The folders of version control and of editors.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn read(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // A pipe would be waited for.
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(cannot)?;
    if bytes.len() as u64 > LONGEST {
        return Err("is longer than 1 MiB; that is no check file".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; save it as UTF-8".to_owned())
}
