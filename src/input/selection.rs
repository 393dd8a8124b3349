//! Which checks run: `--only` and `--skip` take a section, a check id or a glob. A word
//! that matches nothing is an error that suggests the nearest id.

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
