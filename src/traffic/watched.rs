//! What a whole watch measured: the window as it turned out, the facts in it, and
//! how the watch itself went. Many checks judge it, each for one claim.

use super::full::Full;
use crate::outcome::tick::Spark;
use crate::outcome::window::{Deploy, Ended, Gap, Mode, Window};
use crate::settings::Tier;

/// The outcome of one watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    pub mode: Mode,
    /// The window as it was meant to be.
    pub planned: Window,
    /// The window that is judged: shorter when the watch ended early, longer when more evidence was waited for,
    /// clipped at the deploy when it lies in the past.
    pub window: Window,
    /// The deploy that is watched, or why it is not known.
    pub deploy: Result<Deploy, String>,
    pub ended: Ended,
    pub facts: Result<Full, Unasked>,
    /// Stretches in which the database did not answer.
    pub gaps: Vec<Gap>,
    /// Facts in the window less those that the ticks had counted.
    pub late: i64,
    /// What each tick added, oldest first, bounded in number.
    pub sparks: Vec<Spark>,
    /// One per configured tier, in their order; or why they could not be asked.
    pub tiers: Result<Vec<TierCounts>, String>,
    /// An equally long time before the deploy, when the window begins at it or holds it.
    pub before: Option<Stretch>,
    /// The part of the window after the deploy, when the deploy lies in the window.
    pub after: Option<Stretch>,
    /// Sentences on how the watch went: by whose clock, when nobody looked.
    pub remarks: Vec<String>,
}

/// Why the full-window statement has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unasked {
    /// A lower-case fragment: `connection refused by 127.0.0.1:5432`.
    pub why: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// True when the database did not answer at all, stopped answering, or could not be asked before the budget was
    /// spent; false when it answered and refused this statement (a missing table, a time-out of the statement).
    pub database_gone: bool,
    /// Set when the host's name did not resolve or had no route: perhaps this machine is offline.
    pub offline: Option<String>,
}

/// Deliveries of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub window: Window,
    pub total: u64,
    pub bad: u64,
}

/// What one tier's own window holds.
#[derive(Clone, Debug, PartialEq)]
pub struct TierCounts {
    pub tier: Tier,
    /// Its window, clipped at the deploy.
    pub window: Window,
    pub total: u64,
    pub bad: u64,
    pub dead_letters: u64,
    /// Attempts in all and the deliveries that name them.
    pub attempts: (u64, u64),
}
