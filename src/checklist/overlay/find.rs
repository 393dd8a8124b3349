//! Finds the files of an operator's directory: `PHASE/SECTION.toml`, and `*.toml` in its top level. Files with other
//! extensions (scripts, notes) are allowed. A check file in any other place is an error, because its author believes
//! that it is used.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::input::source::{Problem, Problems};

/// The maximum size of a check file; an endless file must not fill the memory.
const LONGEST: u64 = 1 << 20;
/// The maximum depth of the search for misplaced files: the directory may contain an unrelated tree.
const DEEPEST: usize = 6;

/// A file with its text.
pub struct Found {
    /// Its folder; `None` in the top level.
    pub folder: Option<String>,
    /// Its name without its extension.
    pub stem: String,
    /// Its path, starting with the directory as the operator wrote it.
    pub path: String,
    pub text: String,
}

/// Every file to parse, sorted by path: those in the top level first.
pub fn find(dir: &Path, problems: &mut Problems) -> Vec<Found> {
    let shown = dir.display().to_string();
    match fs::metadata(dir) {
        Ok(kind) if kind.is_dir() => {}
        Ok(_) => problems
            .push(Problem::of_file(shown.clone(), "is not a directory; --checks requires a directory")),
        Err(error) => problems.push(Problem::of_file(shown.clone(), format!("cannot be read: {error}"))),
    }
    if !problems.0.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    visit(dir, &mut Vec::new(), &mut found, problems);
    if found.is_empty() && problems.0.is_empty() {
        problems.push(Problem::of_file(shown, "contains no check file (*.toml)"));
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
    // In deeper levels links are not followed, because they may lead back up.
    let is_folder = |path: &PathBuf| match folders.is_empty() {
        true => path.is_dir(),
        false => fs::symlink_metadata(path).is_ok_and(|kind| kind.is_dir()),
    };
    let (inner, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(is_folder);
    let looks_like_one = |p: &&PathBuf| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    for path in files.iter().filter(looks_like_one) {
        let shown = path.display().to_string();
        if folders.len() > 1 {
            let why = "is nested too deeply and would be ignored; move it to PHASE/SECTION.toml";
            problems.push(Problem::of_file(shown, why));
            continue;
        }
        if path.extension().is_some_and(|ending| ending != "toml") {
            let why = "would be ignored; write its extension in lower case: .toml";
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

/// True for the folders of version control and editors.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn read(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // Opening a pipe would block.
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(cannot)?;
    if bytes.len() as u64 > LONGEST {
        return Err("is larger than 1 MiB, which is too large for a check file".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; save it as UTF-8".to_owned())
}
