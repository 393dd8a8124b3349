//! What a watch shows while it runs. No verdict is made from this.

use jiff::Timestamp;
use serde::Serialize;

/// The state of a watch after one tick.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    /// The database's clock, estimated by ours while it does not answer.
    pub at: Timestamp,
    pub from: Timestamp,
    /// The planned end.
    pub to: Timestamp,
    /// Seconds until the planned end; 0 while waiting for late rows.
    pub left_s: u64,
    pub total: u64,
    pub bad: u64,
    pub dead_letters: u64,
    /// Percent with two decimals: `96.67`. Absent without a delivery.
    pub success_rate: Option<String>,
    /// Absent without a readable duration.
    pub avg_duration_ms: Option<f64>,
    /// From a histogram, accurate to 9 %.
    pub p95_ms: Option<u32>,
    pub requests_per_minute: f64,
    pub standing: LiveStatus,
    /// The reason for the status, in one line: `3 more failures would fail it`.
    pub reason: String,
    /// Why this tick failed: `connection refused`. The numbers are then those of the last successful tick.
    pub trouble: Option<String>,
    /// One point per tick, oldest first; only for the live display. Ticks that had to be read again are one point.
    #[serde(skip)]
    pub spark: Vec<Spark>,
}

/// How the window would end if it ended now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveStatus {
    Passing,
    Failing,
    /// Too few deliveries for a verdict.
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
