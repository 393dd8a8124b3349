//! What the full-window statement said: the numbers from which every verdict is
//! made, read at one snapshot. Texts of PostgreSQL are kept as it printed them, so
//! that a report is equal to `psql` to the digit.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::outcome::window::Window;

/// Everything that is known of the facts in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Full {
    pub window: Window,
    /// The database's clock when it was asked.
    pub asked_at: Timestamp,
    /// On a standby: what has been replayed up to then can be seen.
    pub replayed_to: Option<Timestamp>,
    pub letter: Letter,
    /// Deliveries whose duration is there and is no number that can be averaged.
    pub unreadable: u64,
    /// Deliveries without a duration.
    pub untimed: u64,
    /// `support.webhook.dead_letter` facts: the checklist's `dlq_count`.
    pub dead_letters: u64,
    /// Facts of both kinds dated after the database's clock, which the checklist's SQL would count.
    pub future: u64,
    /// Nearest-rank percentiles of the readable whole milliseconds; `None` without any.
    pub percentiles: Option<Percentiles>,
    /// Attempts in all and the deliveries that name them, for the average; 0 of 0 when none does.
    pub attempts: (u64, u64),
    /// Failed deliveries by `finalStatus` (`None`: absent), most frequent first. Asked only when there are failures.
    pub failures: Vec<(Option<String>, u64)>,
    /// Dead letters by `lastError`, most frequent first; redacted and cut by whoever read them.
    pub errors: Vec<(Option<String>, u64)>,
    /// The ids of the messages in the dead letters' payloads. Nothing else of a payload is ever read.
    pub dead_letter_messages: Vec<u64>,
    /// Deliveries over the window in equal bins, oldest first. Asked only when there are failures.
    pub bins: Vec<Bin>,
    pub horizon: Horizon,
}

/// What the checklist's own statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which form of the statement answered.
    pub form: Form,
    /// `success_rate`, such as `96.67`; `None` is NULL: no delivery.
    pub success_rate: Option<String>,
    /// `total`: deliveries.
    pub total: u64,
    /// Deliveries whose `success` is exactly `true`.
    pub ok: u64,
    /// `avg_duration_ms`; `None` is NULL.
    pub average_ms: Option<String>,
    /// The sum of the durations, decimal text; `None` is NULL.
    pub sum_ms: Option<String>,
    /// The durations in that sum.
    pub timed: u64,
}

impl Letter {
    /// Deliveries that failed.
    pub fn bad(&self) -> u64 {
        self.total - self.ok.min(self.total)
    }
}

/// Which form of the statement gave the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The checklist's own.
    Checklist,
    /// The guarded one, because a duration made the checklist's own fail or say NaN or Infinity.
    Guarded,
}

/// Whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: u32,
    pub p95: u32,
    pub p99: u32,
}

/// The deliveries of one stretch of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    pub from: Timestamp,
    pub total: u64,
    pub bad: u64,
}

/// Whether a transaction that began in the window may still add rows to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// None is open.
    Clear,
    /// One has been open since then.
    Open(Timestamp),
    /// Other roles' transactions are open, and since when is not shown: by their virtual ids, which no later
    /// transaction has.
    Hidden { why: String, transactions: BTreeSet<String> },
    /// It cannot be known; why.
    Unknown(String),
}
