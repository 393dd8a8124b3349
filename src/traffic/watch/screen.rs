//! What ticks show: where the window stands, and why, and what a report can say when the run ends here.

use super::reader::Reader;
use super::{View, Watch};
use crate::settings::{Percent, Traffic};
use crate::traffic::counts::Counts;
use crate::traffic::live::{Spark, Standing, Tick};
use crate::traffic::stats;
use crate::traffic::summary::{AsPrinted, Point, Summary};

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Where the window stands, and why.
    pub(super) fn standing(&self) -> (Standing, String) {
        standing(&self.ledger.counts(), self.rules)
    }

    /// Shows what is known by now; `trouble` is why the last question had no answer.
    pub(super) fn show(&self, trouble: Option<&str>) {
        let counts = self.ledger.counts();
        let at = self.clock.now();
        let left = self.window.to.duration_since(at).as_secs_f64().max(0.0);
        let minutes = at.min(self.window.to).duration_since(self.window.from).as_secs_f64() / 60.0;
        let per_minute = if minutes > 0.0 { counts.total() as f64 / minutes } else { 0.0 };
        let (standing, reason) = standing(&counts, self.rules);
        let spark: Vec<Spark> = self.ledger.sparks().copied().collect();
        self.view.so_far(self.provisional(&counts, per_minute, reason.clone(), &spark));
        self.view.tick(Tick {
            at,
            from: self.window.from,
            to: self.window.to,
            left_s: left.ceil() as u64,
            total: counts.total(),
            bad: counts.bad,
            dead_letters: counts.dead_letters,
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

    fn provisional(&self, counts: &Counts, per_minute: f64, reason: String, spark: &[Spark]) -> Summary {
        let to = self.clock.now().clamp(self.window.from, self.window.to);
        Summary {
            mode: self.opening.mode,
            from: self.window.from,
            to,
            minutes: to.duration_since(self.window.from).as_secs_f64() / 60.0,
            provisional: true,
            ended: None,
            deploy: self.opening.deploy.as_ref().ok().cloned(),
            success_rate: rate(counts).and_then(|text| text.parse().ok()),
            total: counts.total(),
            avg_duration_ms: counts.mean_ms(),
            dlq_count: counts.dead_letters,
            successes: counts.ok,
            failures: counts.bad,
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
fn rate(counts: &Counts) -> Option<String> {
    let printed = stats::printed_bp(counts.ok, counts.total())?;
    Some(format!("{}.{:02}", printed / 100, printed % 100))
}

/// How the window would end if it ended now.
fn standing(counts: &Counts, rules: &Traffic) -> (Standing, String) {
    let (Percent(t), least, n) = (rules.success_rate, rules.min_events, counts.total());
    let holds = stats::rate_holds(counts.ok, n, t, least);
    if counts.dead_letters > 0 {
        return (Standing::Failing, of(counts.dead_letters, "dead letter", "dead letters"));
    }
    if holds == Some(false) {
        let failed = format!("{} of {n} failed", counts.bad);
        let reason = match (n >= least, stats::clean_to_flip(counts.ok, n, t)) {
            (true, Some(more)) => {
                format!("{failed}; {} would mend it", of(more, "clean delivery", "clean deliveries"))
            }
            _ => format!("{failed}, which proves a rate not above {}", rules.success_rate),
        };
        return (Standing::Failing, reason);
    }
    if let Some(mean) = counts.mean_ms().filter(|mean| *mean >= f64::from(rules.average_ms))
        && counts.timed >= least
    {
        return (Standing::Failing, format!("{mean:.0} ms on average, not below {} ms", rules.average_ms));
    }
    match (holds, n) {
        (None, 0) => (Standing::Thin, "no delivery yet".to_owned()),
        (None, _) => (Standing::Thin, format!("{n} of the {least} deliveries that are needed to tell")),
        (Some(_), _) => {
            let more = stats::more_failures_to_flip(counts.ok, n, t).unwrap_or(0);
            let would = of(more, "more failure would fail it", "more failures would fail it");
            (Standing::Passing, would)
        }
    }
}

fn of(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(ok: u64, bad: u64, dead_letters: u64, sum_ms: u64) -> (Standing, String) {
        let counts = Counts { ok, bad, dead_letters, timed: ok + bad, sum_ms, ..Counts::default() };
        standing(&counts, &Traffic::default())
    }

    #[test]
    fn a_window_stands_as_it_would_end_and_says_by_how_much() {
        use Standing::{Failing, Passing, Thin};
        for ((ok, bad, dead, sum), stand, reason) in [
            ((0, 0, 0, 0), Thin, "no delivery yet"),
            ((20, 0, 0, 400), Thin, "20 of the 21 deliveries that are needed to tell"),
            ((20, 1, 0, 400), Passing, "1 more failure would fail it"),
            ((60, 0, 0, 400), Passing, "4 more failures would fail it"),
            ((57, 3, 0, 400), Failing, "3 of 60 failed; 1 clean delivery would mend it"),
            ((0, 2, 0, 400), Failing, "2 of 2 failed, which proves a rate not above 95 %"),
            ((60, 0, 0, 30_000), Failing, "500 ms on average, not below 500 ms"),
            ((60, 0, 0, 29_999), Passing, "4 more failures would fail it"),
            ((60, 0, 1, 400), Failing, "1 dead letter"),
            ((0, 0, 2, 0), Failing, "2 dead letters"),
        ] {
            assert_eq!(stands(ok, bad, dead, sum), (stand, reason.to_owned()), "{ok} {bad} {dead} {sum}");
        }
    }
}
