//! The baseline: the checklist's four numbers of one hour, stored in its table `support_baseline`, and the later
//! comparison with them. Rows, judging and the text of the statements are pure; [`capture()`] and [`recorded()`] query
//! the database.

mod capture;
pub mod compare;
pub mod quality;
mod recorded;
pub mod row;
pub mod sql;
pub mod table;

pub use capture::{CaptureError, Captured, capture};
pub use recorded::{Recorded, hour_now, recorded};

use crate::outcome::finding::Claim;

/// The table's name in the checklist.
pub const TABLE: &str = "support_baseline";

/// Why a baseline cannot be read, written or compared with, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineError {
    /// The code of the claim: `table-support-baseline`.
    pub code: &'static str,
    /// What was checked: `table support_baseline`.
    pub what: String,
    pub expected: String,
    pub found: String,
    /// A sentence that reads better than the two values.
    pub sentence: Option<String>,
    pub fix: String,
}

impl BaselineError {
    pub(crate) fn new(
        code: &'static str,
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> BaselineError {
        BaselineError {
            code,
            what: what.into(),
            expected: expected.into(),
            found: found.into(),
            sentence: None,
            fix: fix.into(),
        }
    }

    /// Adds the sentence to show instead of the two values.
    pub(crate) fn sentence(self, sentence: impl Into<String>) -> BaselineError {
        BaselineError { sentence: Some(sentence.into()), ..self }
    }

    /// The reason in one line.
    pub fn reason(&self) -> String {
        self.fails().reason()
    }

    /// A claim that does not hold.
    pub fn fails(&self) -> Claim {
        let claim = Claim::compared(self.code, &self.what, &self.expected, &self.found, false);
        Claim { sentence: self.sentence.clone(), ..claim }
    }

    /// A claim that cannot be judged.
    pub fn open(&self) -> Claim {
        Claim { holds: None, ..self.fails() }
    }
}
