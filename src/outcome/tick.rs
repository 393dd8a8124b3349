//! What a watch shows while it goes on. No verdict is made from this.

use jiff::Timestamp;
use serde::Serialize;

/// The state of a watch after one tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    /// The database's clock; ours while it does not answer.
    pub at: Timestamp,
    pub from: Timestamp,
    /// The planned end.
    pub to: Timestamp,
    /// Seconds until the planned end; 0 while late rows are waited for.
    pub left_s: u64,
    pub total: u64,
    pub bad: u64,
    pub dead_letters: u64,
    /// Percent, two digits: `96.67`. Absent without a delivery.
    pub success_rate: Option<String>,
    /// Absent without a readable duration.
    pub avg_duration_ms: Option<f64>,
    /// From a histogram: within 9 %.
    pub p95_ms: Option<u32>,
    pub requests_per_minute: f64,
    pub standing: Standing,
    /// Why it stands so, one line: `3 more failures would fail it`.
    pub reason: String,
    /// Why this tick could not be asked: `connection refused`. The numbers are then those of the last one.
    pub trouble: Option<String>,
    /// One point per tick, oldest first; for the screen only. Ticks that had to be read again are one point.
    #[serde(skip)]
    pub spark: Vec<Spark>,
}

/// How the window would end if it ended now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    Passing,
    Failing,
    /// Too few deliveries to tell.
    Thin,
}

/// What one tick added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spark {
    pub total: u64,
    pub bad: u64,
    /// The mean of its readable durations in milliseconds.
    pub mean_ms: Option<f64>,
    /// The database did not answer this tick.
    pub hole: bool,
}
