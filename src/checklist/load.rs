//! Parses section files into a checklist. Nothing runs unless every file is valid.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::builtin::{BuiltinFile, FILES};
use super::written::Written;
use super::{Check, CheckEntry, Checklist, Section, SectionFile, lint};
use crate::input::source::{Problem, Problems, Source};

/// Loads the embedded checklist. Fails with every problem it has, each with file and line.
pub fn load() -> Result<Checklist, Problems> {
    let files: Vec<(&str, &str)> = FILES.iter().map(|BuiltinFile { path, text }| (*path, *text)).collect();
    read_all(&files, true)
}

/// Loads section files from disk for `checks lint`: files, or folders that are searched for `*.toml`. Ids may also refer
/// to the embedded checklist.
///
/// # Errors
/// Every problem: unreadable paths, text that is not UTF-8, syntax, unknown keys, broken rules.
pub fn load_paths(paths: &[PathBuf]) -> Result<Checklist, Problems> {
    let mut problems = Problems::default();
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files, &mut problems);
    }
    if files.is_empty() && problems.0.is_empty() {
        let named = paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        problems.push(Problem::of_file(named, "contains no check file (*.toml)"));
    }
    let texts: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    match read_all(&texts, false) {
        Ok(list) => problems.or(list),
        Err(more) => {
            problems.0.extend(more.0);
            Err(problems)
        }
    }
}

fn collect(path: &Path, files: &mut Vec<(String, String)>, problems: &mut Problems) {
    let name = path.display().to_string();
    if path.is_dir() {
        match std::fs::read_dir(path) {
            Ok(entries) => {
                let mut inner: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
                inner.sort();
                for entry in inner {
                    if entry.is_dir() || entry.extension().is_some_and(|e| e == "toml") {
                        collect(&entry, files, problems);
                    }
                }
            }
            Err(error) => problems.push(Problem::of_file(name, format!("cannot be listed: {error}"))),
        }
        return;
    }
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => files.push((name, text)),
        Ok(Err(_)) => problems.push(Problem::of_file(name, "is not UTF-8 text")),
        Err(error) => problems.push(Problem::of_file(name, format!("cannot be read: {error}"))),
    }
}

fn read_all(files: &[(&str, &str)], embedded: bool) -> Result<Checklist, Problems> {
    let mut problems = Problems::default();
    let mut sections = Vec::new();
    let mut reads = Vec::new();
    for (path, text) in files {
        let source = Source { file: path, text };
        read_section(source, &mut problems, &mut sections, &mut reads);
    }
    // Files from a disk may need embedded checks; the embedded list needs only itself.
    let beside = match embedded {
        true => Vec::new(),
        false => load().map(|list| list.checks().cloned().collect()).unwrap_or_default(),
    };
    lint::check_all(&reads, &beside, &mut problems);
    problems.or(Checklist { sections })
}

fn read_section<'a>(
    source: Source<'a>,
    problems: &mut Problems,
    sections: &mut Vec<Section>,
    reads: &mut Vec<Written<'a>>,
) {
    let before = problems.0.len();
    let mut table = source.table(problems);
    if problems.0.len() > before {
        return;
    }
    let entries = take_tables("check", &mut table, source, problems);
    let whole = Spanned::new(0..source.text.lines().next().map_or(0, str::len), DeValue::Table(table));
    let head: Option<SectionFile> = source.read(whole, problems);
    let (phase, id) = place(source.file);
    if let Some(first) = entries.is_empty().then_some(0..0) {
        problems.push(source.problem(Some(first), "the section has no [[check]]"));
    }
    let mut checks = Vec::new();
    for value in entries {
        let span = value.span();
        let Some(entry) = source.read::<CheckEntry>(value, problems) else { continue };
        let section_runbook = head.as_ref().and_then(|h| h.runbook.clone());
        checks.push(Arc::new(Check {
            id: format!("{id}.{}", entry.id),
            origin: source.place(&span),
            contact: head.as_ref().and_then(|h| h.contact.clone()),
            runbook: join_runbook(entry.runbook.as_deref(), section_runbook.as_deref()),
            entry: entry.clone(),
            replaces: None,
            waiver: None,
            folder: None,
        }));
        reads.push(Written { section: id.clone(), source, span, entry });
    }
    if let Some(head) = head {
        sections.push(Section {
            id,
            phase,
            title: head.title,
            about: head.about,
            runbook: head.runbook,
            contact: head.contact,
            checks,
            own: false,
        });
    }
}

/// Removes the `[[key]]` tables from the file, so that each is parsed alone and reports its own problems.
pub(super) fn take_tables<'a>(
    key: &str,
    table: &mut DeTable<'a>,
    source: Source<'a>,
    problems: &mut Problems,
) -> Vec<Spanned<DeValue<'a>>> {
    match table.remove(key).map(|v| (v.span(), v.into_inner())) {
        None => Vec::new(),
        Some((_, DeValue::Array(items))) => items.into_iter().collect(),
        Some((span, _)) => {
            problems.push(source.problem(Some(span), &format!("write it as [[{key}]] tables")));
            Vec::new()
        }
    }
}

/// Phase and section of a file: the names of its folder and of the file. A file directly in `checks/` is a phase of its
/// own.
fn place(file: &str) -> (String, String) {
    let path = Path::new(file);
    let id = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).filter(|&name| name != "checks");
    let phase = folder.map_or_else(|| id.clone(), |name| name.to_string_lossy().into_owned());
    (phase, id)
}

/// The absolute runbook link: a check's own, an anchor in its section's runbook, or that runbook.
pub(super) fn join_runbook(own: Option<&str>, section: Option<&str>) -> Option<String> {
    match (own, section) {
        (Some(anchor), Some(base)) if anchor.starts_with('#') => Some(format!("{base}{anchor}")),
        (Some(link), _) => Some(link.to_owned()),
        (None, base) => base.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_folder_is_a_phase_and_so_is_a_top_level_file() {
        for (file, phase, id) in [
            ("checks/preflight/agent-sdk.toml", "preflight", "agent-sdk"),
            ("checks/deploy/traffic.toml", "deploy", "traffic"),
            ("checks/success.toml", "success", "success"),
            ("/etc/hotdash/checks/success.toml", "success", "success"),
            ("success.toml", "success", "success"),
        ] {
            assert_eq!(place(file), (phase.to_owned(), id.to_owned()), "{file}");
        }
    }
}
