//! A check as written in a file, before it is validated.

use super::CheckEntry;
use crate::input::source::Source;

/// A parsed check with the position of its table, for later error messages.
pub(super) struct Written<'a> {
    pub section: String,
    pub source: Source<'a>,
    pub span: std::ops::Range<usize>,
    pub entry: CheckEntry,
}

impl Written<'_> {
    /// `section.check`.
    pub fn full_id(&self) -> String {
        format!("{}.{}", self.section, self.entry.id)
    }
}
