//! The rules of a checklist that types cannot express: ids are unique and well formed, needs resolve without a cycle,
//! titles are lower-case claims, every check has a fix. Used by the loader and therefore by `checks lint`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Check;
use super::written::Written;
use crate::input::source::Problems;

/// Checks what was parsed. `beside` are valid checks of the embedded checklist that it may refer to.
pub(super) fn check_all(reads: &[Written<'_>], beside: &[Arc<Check>], problems: &mut Problems) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut known: BTreeSet<String> = reads.iter().map(Written::full_id).collect();
    known.extend(beside.iter().map(|check| check.id.clone()));
    for read in reads {
        let mut complain = |message: String| {
            problems.push(read.source.problem(Some(read.span.clone()), &message));
        };
        let id = read.full_id();
        for message in text_rules(read) {
            complain(message);
        }
        if let Some(first) = seen.insert(id.clone(), read.source.file.to_owned()) {
            complain(format!("`{id}` is already defined in {first}"));
        }
        for need in read.entry.needs.iter().filter(|n| !known.contains(*n)) {
            let near = crate::input::selection::nearest(need, known.iter().map(String::as_str));
            complain(format!("`{id}` needs `{need}`, which does not exist{}", did_you_mean(near)));
        }
        for pattern in &read.entry.after {
            match glob::Pattern::new(pattern) {
                Ok(p) if known.iter().any(|k| p.matches(k)) => {}
                _ => complain(format!("`{id}` is ordered after `{pattern}`, which matches no check")),
            }
        }
    }
    for id in cycle(reads, beside) {
        if let Some(read) = reads.iter().find(|r| r.full_id() == id) {
            let message = format!("`{id}` depends on itself through its needs");
            problems.push(read.source.problem(Some(read.span.clone()), &message));
        }
    }
}

fn did_you_mean(near: Option<String>) -> String {
    near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default()
}

fn text_rules(read: &Written<'_>) -> Vec<String> {
    let entry = &read.entry;
    let mut wrong = Vec::new();
    let plain = entry.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if entry.id.is_empty() || !plain {
        wrong.push(format!("id `{}` is not kebab-case (a-z, 0-9 and -)", entry.id));
    }
    let first = entry.title.chars().next();
    // A title may begin with a name in capitals, such as a variable or an abbreviation.
    let word = entry.title.split_whitespace().next().unwrap_or_default();
    let named = word.chars().filter(|c| c.is_ascii_uppercase()).count() > 1 || word.contains('_');
    let lower = first.is_some_and(|c| !c.is_uppercase()) || named || NAMES.contains(&word);
    if !lower || entry.title.trim_end().ends_with('.') {
        wrong.push(format!("title `{}` must be a claim in lower case without a full stop", entry.title));
    }
    let fix = entry.fix.to_string();
    if fix.trim().is_empty() || fix.contains('\n') {
        wrong.push("`fix` must be one line that says what to do".to_owned());
    }
    wrong.extend(entry.probe.lint());
    wrong
}

const NAMES: &[&str] = &["Chatwoot", "Chatwoot's", "Agent", "Fly"];

/// For each cycle of `needs`, the smallest id in it that was parsed. Every cycle has one, because the checks in
/// `beside` have no cycles.
fn cycle(reads: &[Written<'_>], beside: &[Arc<Check>]) -> BTreeSet<String> {
    let standing = beside.iter().map(|check| (check.id.clone(), &check.entry.needs));
    let needs: BTreeMap<String, &Vec<String>> =
        standing.chain(reads.iter().map(|r| (r.full_id(), &r.entry.needs))).collect();
    let starts: BTreeSet<String> = reads.iter().map(Written::full_id).collect();
    let mut found = BTreeSet::new();
    for start in &starts {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = needs[start].iter().collect();
        while let Some(id) = open.pop() {
            if id == start {
                if !found.iter().any(|f| seen.contains(f)) {
                    found.insert(start.clone());
                }
                break;
            }
            if seen.insert(id.clone()) {
                open.extend(needs.get(id).into_iter().flat_map(|n| n.iter()));
            }
        }
    }
    found
}
