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
    /// Does not hold.
    claim: Box<Claim>,
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
        let claim = Claim::compared(code, what, expected, found, false);
        BaselineError { claim: Box::new(claim), fix: fix.into() }
    }

    /// Adds the sentence to show instead of the two values.
    pub(crate) fn sentence(mut self, sentence: impl Into<String>) -> BaselineError {
        self.claim.sentence = Some(sentence.into());
        self
    }

    /// The reason in one line.
    pub fn reason(&self) -> String {
        self.claim.reason()
    }

    /// A claim that does not hold.
    pub fn fails(&self) -> Claim {
        (*self.claim).clone()
    }

    /// A claim that cannot be decided.
    pub fn undecided(&self) -> Claim {
        Claim { holds: None, ..self.fails() }
    }
}
