//! The baseline: the checklist's four numbers of one hour, kept in its table
//! `support_baseline`, and the later comparison with them. Rows, judging and the
//! text of the statements are pure; [`capture`] and [`recorded`] ask the database.

mod capture;
pub mod compare;
pub mod good;
mod recorded;
pub mod row;
pub mod sql;
pub mod table;

pub use capture::{Captured, Uncaptured, capture};
pub use recorded::{Recorded, hour_now, recorded};

use crate::outcome::finding::Claim;

/// The checklist's name of the table.
pub const TABLE: &str = "support_baseline";

/// Why something about the baseline's table cannot be had, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// What was looked at: `table support_baseline`.
    pub what: String,
    pub expected: String,
    pub found: String,
    pub fix: String,
}

impl Unfit {
    pub(crate) fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Unfit {
        Unfit { what: what.into(), expected: expected.into(), found: found.into(), fix: fix.into() }
    }

    /// A claim that does not hold.
    pub fn fails(&self) -> Claim {
        Claim::new(&self.what, &self.expected, &self.found, false)
    }

    /// A claim that cannot be judged.
    pub fn open(&self) -> Claim {
        Claim::open(&self.what, &self.expected, &self.found)
    }
}
