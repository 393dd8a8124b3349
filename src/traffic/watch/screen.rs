//! What each tick shows: the status of the window, the reason, and the summary if the run ends here.

use super::reader::Reader;
use super::{View, Watch};
use crate::outcome::tick::{LiveStatus, Spark, Tick};
use crate::outcome::traffic::{AsPrinted, Point, Summary};
use crate::traffic::judge::live_status;
use crate::traffic::read::TickCounts;
use crate::traffic::stats;

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// The status of the window, and the reason.
    pub(super) fn status(&self) -> (LiveStatus, String) {
        live_status(&self.counter.counts(), self.rules)
    }

    /// Shows what is known so far; `trouble` is why the last query had no answer.
    pub(super) fn show(&self, trouble: Option<&str>) {
        let counts = self.counter.counts();
        let at = self.clock.now();
        let left = self.window.to.duration_since(at).as_secs_f64().max(0.0);
        let minutes = at.min(self.window.to).duration_since(self.window.from).as_secs_f64() / 60.0;
        let per_minute = if minutes > 0.0 { counts.tally.total() as f64 / minutes } else { 0.0 };
        let (standing, reason) = live_status(&counts, self.rules);
        let spark: Vec<Spark> = self.counter.sparks().collect();
        self.view.so_far(self.provisional(&counts, per_minute, reason.clone(), &spark));
        self.view.tick(Tick {
            at,
            from: self.window.from,
            to: self.window.to,
            left_s: left.ceil() as u64,
            total: counts.tally.total(),
            bad: counts.tally.bad,
            dead_letters: counts.tally.dead_letters,
            success_rate: rate(&counts),
            avg_duration_ms: counts.mean_ms(),
            p95_ms: counts.histogram.percentile(95),
            requests_per_minute: per_minute,
            standing,
            reason,
            trouble: trouble.map(str::to_owned),
            spark,
        });
    }

    fn provisional(&self, counts: &TickCounts, per_minute: f64, reason: String, spark: &[Spark]) -> Summary {
        let to = self.clock.now().clamp(self.window.from, self.window.to);
        Summary {
            mode: self.plan.mode,
            from: self.window.from,
            to,
            minutes: to.duration_since(self.window.from).as_secs_f64() / 60.0,
            provisional: true,
            ended: None,
            deploy: self.plan.deploy.as_ref().ok().cloned(),
            success_rate: rate(counts).and_then(|text| text.parse().ok()),
            total: counts.tally.total(),
            avg_duration_ms: counts.mean_ms(),
            dlq_count: counts.tally.dead_letters,
            successes: counts.tally.ok,
            failures: counts.tally.bad,
            as_printed: AsPrinted::default(),
            p50_ms: counts.histogram.percentile(50),
            p95_ms: counts.histogram.percentile(95),
            p99_ms: counts.histogram.percentile(99),
            requests_per_minute: per_minute,
            average_attempts: None,
            unreadable_durations: counts.unreadable,
            untimed: counts.untimed,
            margins: vec![reason],
            failures_by_status: Vec::new(),
            dead_letters_by_error: Vec::new(),
            gaps: self.gaps.all(to),
            late: 0,
            future: 0,
            remarks: self.remarks.clone(),
            series: spark.iter().map(|s| Point { total: s.total, bad: s.bad, mean_ms: s.mean_ms }).collect(),
        }
    }
}

/// `96.67`, as PostgreSQL prints it.
fn rate(counts: &TickCounts) -> Option<String> {
    let printed = stats::printed_bp(counts.tally.ok, counts.tally.total())?;
    Some(format!("{}.{:02}", printed / 100, printed % 100))
}
