//! Imports point down only: between rooms by floor, and within a room without a circle between its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms of `src/` and their floors. A room imports from lower floors only.
const FLOORS: &[(&str, u8)] = &[
    ("lib", 13),
    ("testing", 13),
    ("commands", 12),
    ("cli", 11),
    ("rehearsal", 10),
    ("journal", 9),
    ("progress", 9),
    ("report", 8),
    ("engine", 7),
    ("checklist", 5),
    ("probe", 4),
    ("traffic", 3),
    ("context", 2),
    ("ending", 2),
    ("settings", 1),
    ("service", 1),
    ("outcome", 0),
    ("input", 0),
    ("text", 0),
    ("redact", 0),
    ("exit", 0),
    ("printer", 0),
];

/// Rooms of one floor that may still import each other, one way.
const SAME_FLOOR: &[(&str, &str)] = &[
    ("settings", "service"),
    ("outcome", "exit"),
    ("outcome", "redact"),
    ("input", "text"),
    ("printer", "text"),
];

/// One import: the file that imports, and the path it names from the crate's root on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    file: PathBuf,
    path: Vec<String>,
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The source files without those that hold only tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the source").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" && name != "main.rs" {
            found.push(path);
        }
    }
}

/// The code of a file without comments and without what follows its first `#[cfg(test)]` module.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]"
            && lines.peek().is_some_and(|next| next.trim_start().starts_with("mod "))
        {
            break;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// The module path of a file: `src/probe/http/judge.rs` is `probe, http, judge`.
fn module(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").expect("a file of the source").with_extension("");
    let mut path: Vec<String> =
        inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// Every path that begins with `crate::` or `super::`, in full; a list in braces becomes one path each.
fn imports(file: &Path, code: &str) -> Vec<Import> {
    let own = module(file);
    let mut found = Vec::new();
    for (start, word) in [("crate::", 0), ("super::", 1)]
        .iter()
        .flat_map(|(word, up)| code.match_indices(word).map(move |(at, _)| (at, *up)))
        .collect::<Vec<_>>()
    {
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let mut rest = &code[start..];
        let mut base = own.clone();
        if word == 0 {
            base.clear();
            rest = &rest["crate::".len()..];
        }
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        for path in expanded(rest) {
            let path = base.iter().cloned().chain(path).collect();
            found.push(Import { file: file.to_owned(), path });
        }
    }
    found
}

/// `a::{b, c::D}` is `a, b` and `a, c, D`.
fn expanded(text: &str) -> Vec<Vec<String>> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if !name.is_empty() {
        let Some(rest) = text[name.len()..].strip_prefix("::") else { return vec![vec![name]] };
        let mut all = expanded(rest);
        if all.is_empty() {
            all.push(Vec::new());
        }
        return all.into_iter().map(|path| [vec![name.clone()], path].concat()).collect();
    }
    let Some(list) = text.strip_prefix('{') else { return Vec::new() };
    let (mut depth, mut start, mut all) = (0_usize, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                all.extend(expanded(list[start..at].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                all.extend(expanded(list[start..at].trim()));
                start = at + 1;
            }
            _ => {}
        }
    }
    all
}

fn all_imports() -> Vec<Import> {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 100, "{} files", files.len());
    files
        .iter()
        .flat_map(|file| imports(file, &code(&std::fs::read_to_string(file).expect("a source file"))))
        .collect()
}

#[test]
fn imports_point_down() {
    let mut wrong = BTreeSet::new();
    for Import { file, path } in all_imports() {
        let from = module(&file).first().cloned().unwrap_or_default();
        let Some(to) = path.first() else { continue };
        let Some(upper) = floor(&from) else {
            wrong.insert(format!("{}: `{from}` has no floor in tests/it/layers.rs", file.display()));
            continue;
        };
        let Some(lower) = floor(to) else {
            // A name of the crate's root that is not a room: a macro, or an item of lib.rs.
            continue;
        };
        let same = SAME_FLOOR.contains(&(from.as_str(), to.as_str()));
        if from != *to && !["lib", "testing"].contains(&from.as_str()) && lower >= upper && !same {
            wrong.insert(format!(
                "{} (floor {upper}) imports {} (floor {lower})",
                file.display(),
                path.join("::")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} imports point up:\n{}", wrong.len(), Vec::from_iter(wrong).join("\n"));
}

/// The files of a room: `http.rs` and everything under `http/` are one.
fn unit(path: &[String], units: &BTreeSet<String>) -> Option<String> {
    path.get(1).filter(|name| units.contains(*name)).cloned()
}

#[test]
fn the_files_of_a_room_form_no_circle() {
    let all = all_imports();
    for room in ["probe", "checklist", "report", "traffic"] {
        let of_room: Vec<&Import> = all
            .iter()
            .filter(|import| module(&import.file).first().is_some_and(|first| first == room))
            .filter(|import| import.path.first().is_some_and(|first| first == room))
            .collect();
        let units: BTreeSet<String> =
            of_room.iter().filter_map(|import| module(&import.file).get(1).cloned()).collect();
        let mut below: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for Import { file, path } in of_room {
            let from = module(file).get(1).cloned().unwrap_or_else(|| "mod".to_owned());
            // What the room itself hands on counts as an import of the room.
            let to = unit(path, &units).unwrap_or_else(|| "mod".to_owned());
            if from != to && from != "mod" {
                let name = format!("{} imports {}", file.display(), path.join("::"));
                below.entry(from).or_default().insert(to, name);
            }
        }
        let mut done = BTreeSet::from(["mod".to_owned()]);
        loop {
            let next = below.keys().cloned().chain(units.clone()).find(|unit| {
                !done.contains(unit)
                    && below.get(unit).is_none_or(|names| names.keys().all(|name| done.contains(name)))
            });
            match next {
                Some(unit) => done.insert(unit),
                None => break,
            };
        }
        let circle: Vec<&String> = below
            .iter()
            .filter(|(unit, _)| !done.contains(*unit))
            .flat_map(|(_, names)| names.iter().filter(|(to, _)| !done.contains(*to)).map(|(_, name)| name))
            .collect();
        assert!(circle.is_empty(), "{room}/ has a circle:\n{circle:#?}");
    }
}

#[test]
fn a_path_is_read_in_full() {
    let paths = |file: &str, code: &str| -> Vec<String> {
        imports(Path::new(file), code).into_iter().map(|import| import.path.join("::")).collect()
    };
    assert_eq!(paths("src/a/b.rs", "use crate::x::{self, y::Z, w};"), ["x::self", "x::y::Z", "x::w"]);
    assert_eq!(paths("src/a/b.rs", "use super::super::x::Y; super::c::d()"), ["x::Y", "a::c::d"]);
    assert_eq!(paths("src/context.rs", "use super::event::Event;"), ["event::Event"]);
    assert_eq!(paths("src/a/mod.rs", "use super::b;"), ["b"]);
}

/// The most lines that a file of code has.
const MAX_LINES: usize = 300;

#[test]
fn every_file_is_short_and_every_folder_is_a_module() {
    let mut wrong = Vec::new();
    let mut folders = vec![PathBuf::from("src"), PathBuf::from("tests"), PathBuf::from("benches")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the source").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let lines = std::fs::read_to_string(&path).expect("a source file").lines().count();
            if lines > MAX_LINES {
                wrong.push(format!("{}: {lines} lines", path.display()));
            }
            if path.with_extension("").is_dir() {
                wrong.push(format!("{}: belongs in its folder as mod.rs", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
