//! A check as it is written in a file, before it is known to be sound.

use super::CheckEntry;
use crate::input::source::Source;

/// A check as it was read, with the place of its table for later complaints.
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
