//! Which checks run: `--only` and `--skip` take a section, a check id or a glob. A word
//! that matches nothing is an error that suggests the nearest id.

use crate::checklist::Checklist;

/// The words of `--only` and `--skip`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

/// True when `word` names this check: its section, its id, its phase, or a glob over ids.
pub fn names(word: &str, phase: &str, section: &str, id: &str) -> bool {
    word == id
        || word == section
        || word == phase
        || glob::Pattern::new(word).is_ok_and(|p| p.matches(id) || p.matches(section))
}

/// An error for each word that matches nothing, with the nearest section or id.
pub fn unmatched(selection: &Selection, list: &Checklist) -> Vec<String> {
    let mut complaints = Vec::new();
    for (flag, words) in [("--only", &selection.only), ("--skip", &selection.skip)] {
        for word in words {
            let hit =
                list.sections.iter().any(|s| s.checks.iter().any(|c| names(word, &s.phase, &s.id, &c.id)));
            if !hit {
                let candidates =
                    list.sections.iter().map(|s| s.id.as_str()).chain(list.checks().map(|c| c.id.as_str()));
                let near =
                    nearest(word, candidates).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                complaints
                    .push(format!("{flag} {word}: matches no check{near} (see `hotdash-ops checks list`)"));
            }
        }
    }
    complaints
}

/// The candidate most similar to `word`, which can be only the part after the dot.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|c| {
            let local = c.split_once('.').map_or(c, |(_, local)| local);
            (strsim::jaro_winkler(word, c).max(strsim::jaro_winkler(word, local)), c)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.6)
        .map(|(_, c)| c.to_owned())
}
