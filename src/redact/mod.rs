//! Redaction: no secret in anything that is shown or stored. It happens once, where an outcome is made, by known value
//! (in every encoding in which the value may appear) and by pattern (for unknown secrets).

mod forms;
mod patterns;
mod view;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::AhoCorasick;

use forms::Form;

/// Replaces a secret.
pub const MASK: &str = "***";

/// Shorter values are not searched for, because they would match by accident.
pub const SHORTEST: usize = 8;

/// A text that must not be shown. `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The value itself. Every call is a place to inspect when secrets leak.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True when the value is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Replaces secrets in texts. Cheap to clone; all clones share what they learn.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
struct Known {
    values: BTreeSet<String>,
    search: Option<Arc<Search>>,
}

struct Search {
    automaton: AhoCorasick,
    forms: Vec<Form>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(***)")
    }
}

impl Redactor {
    /// A redactor that knows these values and the values inside them (see [`Redactor::learn`]).
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Redactor {
        let redactor = Redactor::default();
        redactor.learn_all(secrets);
        redactor
    }

    /// Adds a value: a variable, or a token obtained while running. Also adds the password of a DSN or URL, the bare token
    /// of a token with a scheme (`FlyV1 ..`, `Bearer ..`), and each token of a list. Values shorter than [`SHORTEST`] are
    /// left to the patterns.
    pub fn learn(&self, value: &str) {
        self.learn_all([value]);
    }

    fn learn_all<'a>(&self, values: impl IntoIterator<Item = &'a str>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.values.len();
        for value in values {
            known.values.extend(forms::parts(value).into_iter().filter(|p| p.len() >= SHORTEST));
        }
        if known.values.len() != before {
            known.search = Search::of(&known.values).map(Arc::new);
        }
    }

    /// The text with every known secret and everything that looks like one replaced by `***`.
    pub fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let search = self.known.read().unwrap_or_else(PoisonError::into_inner).search.clone();
        let mut text = Cow::Borrowed(text);
        if let Some(search) = &search {
            search.mask(&mut text);
        }
        if patterns::mask(&mut text)
            && let Some(search) = &search
        {
            search.mask(&mut text);
        }
        text
    }
}

impl Search {
    fn of(values: &BTreeSet<String>) -> Option<Search> {
        let forms: Vec<Form> = values.iter().flat_map(|v| forms::of(v)).collect();
        // Only standard match semantics report overlapping matches.
        let automaton = AhoCorasick::new(forms.iter().map(|f| &f.text)).ok()?;
        Some(Search { automaton, forms })
    }

    /// Replaces until nothing is found, because a replacement may join the two halves of another secret. It terminates,
    /// because every replacement is shorter than the text it replaces.
    fn mask(&self, text: &mut Cow<'_, str>) {
        loop {
            let mut found: Vec<Range<usize>> = Vec::new();
            for view in view::all(text) {
                for hit in self.automaton.find_overlapping_iter(&view.bytes) {
                    let grown = self.forms[hit.pattern().as_usize()].grow(&view.bytes, hit.range());
                    found.push(view.origin(grown));
                }
            }
            if found.is_empty() {
                return;
            }
            *text = Cow::Owned(replace(text, found));
        }
    }
}

/// Replaces the union of the ranges; each contiguous piece becomes one mask.
fn replace(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|r| r.start);
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    for range in ranges {
        let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (range.end..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        if start >= rest {
            out.push_str(&text[rest..start]);
            out.push_str(MASK);
        }
        rest = rest.max(end);
    }
    out.push_str(&text[rest..]);
    out
}

#[cfg(test)]
mod tests;
