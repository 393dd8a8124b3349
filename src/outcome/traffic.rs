//! The traffic section of a report: the checklist's own column names, and what the program adds.

use jiff::Timestamp;
use serde::Serialize;

use super::window::{Deploy, Ended, Gap, Mode};
use crate::redact::Redactor;

/// The numbers of one window. Every text in it is redacted before it is reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub mode: Mode,
    pub from: Timestamp,
    pub to: Timestamp,
    pub minutes: f64,
    /// True until the watch has ended: the numbers come from ticks, and no verdict is made from them.
    pub provisional: bool,
    pub ended: Option<Ended>,
    pub deploy: Option<Deploy>,
    /// In percent, rounded to two decimals. Null without a delivery.
    pub success_rate: Option<f64>,
    pub total: u64,
    pub avg_duration_ms: Option<f64>,
    pub dlq_count: u64,
    pub successes: u64,
    pub failures: u64,
    /// `success_rate` and `avg_duration_ms` exactly as PostgreSQL printed them.
    pub as_printed: AsPrinted,
    pub p50_ms: Option<u32>,
    pub p95_ms: Option<u32>,
    pub p99_ms: Option<u32>,
    pub requests_per_minute: f64,
    pub average_attempts: Option<f64>,
    /// Durations that are not numbers.
    pub unreadable_durations: u64,
    /// Deliveries without a duration.
    pub untimed: u64,
    /// Margins and bounds, one sentence each: `3 more failures would fail it`.
    pub margins: Vec<String>,
    /// Failures by `finalStatus`; null if it is missing.
    pub failures_by_status: Vec<Counted>,
    /// Dead letters by `lastError`, redacted and truncated.
    pub dead_letters_by_error: Vec<Counted>,
    /// Periods without an answer of the database.
    pub gaps: Vec<Gap>,
    /// Facts that the ticks missed; negative if they counted more than there are now.
    pub late: i64,
    /// Facts with a time later than the database's clock.
    pub future: u64,
    /// Sentences on changes over time, the deploy and open transactions.
    pub remarks: Vec<String>,
    /// One value per tick or bin, oldest first, for sparklines.
    pub series: Vec<Point>,
}

/// As PostgreSQL printed them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AsPrinted {
    pub success_rate: Option<String>,
    pub avg_duration_ms: Option<String>,
}

/// A text and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    pub what: Option<String>,
    pub count: u64,
}

/// One part of the window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    pub total: u64,
    pub bad: u64,
    pub mean_ms: Option<f64>,
}

impl Summary {
    /// For a watch without a final result: the numbers of its last tick, and how it ended from this summary.
    pub fn with_the_numbers_of(self, ticks: Summary) -> Summary {
        let Summary { mode, from, to, minutes, ended, deploy, gaps, remarks, .. } = self;
        Summary { mode, from, to, minutes, provisional: true, ended, deploy, gaps, remarks, ..ticks }
    }

    /// Masks secrets in its texts.
    pub fn redact(&mut self, redactor: &Redactor) {
        let clean = |text: &mut String| *text = redactor.apply(text).into_owned();
        self.margins.iter_mut().for_each(clean);
        self.remarks.iter_mut().for_each(clean);
        self.gaps.iter_mut().map(|gap| &mut gap.why).for_each(clean);
        let counted = self.failures_by_status.iter_mut().chain(&mut self.dead_letters_by_error);
        counted.filter_map(|c| c.what.as_mut()).for_each(clean);
        self.deploy.iter_mut().map(|deploy| &mut deploy.source).for_each(clean);
        if let Some(Ended::BeyondRescue(why)) = &mut self.ended {
            clean(why);
        }
    }
}
