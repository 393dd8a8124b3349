//! The database's clock, and why a query about a window has no result.

use jiff::Timestamp;

use crate::outcome::finding::ProbeError;

/// Why the final query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// A lower-case fragment: `connection refused by 127.0.0.1:5432`.
    pub why: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// True when the database did not answer at all, stopped answering, or the budget was used up; false when it answered
    /// and rejected this statement (missing table, statement timeout).
    pub database_gone: bool,
    /// Set when the host's name did not resolve or had no route: this machine may be offline.
    pub offline: Option<String>,
}

/// Why a query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    pub error: ReadError,
    /// Repeating it will not help: the login was rejected, the table is missing.
    pub hopeless: bool,
    /// The problem is on our side.
    pub ours: bool,
}

impl From<ProbeError> for QueryError {
    fn from(cannot: ProbeError) -> QueryError {
        let error = ReadError { why: cannot.why, fix: cannot.hint, database_gone: false, offline: None };
        QueryError { error, hopeless: true, ours: true }
    }
}

/// The database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// On a standby, which does not show the transactions of its primary: what it has replayed up to this time.
    pub replayed_to: Option<Timestamp>,
}
