//! What a watch shows: before it begins, what its window can prove; at each tick, the status of the window, the reason, and
//! the summary if the run ends here.

use super::reader::{QueryResult, Reader};
use super::tick_loop::TICK_TIMEOUT;
use super::{View, Watch};
use crate::outcome::tick::{LiveStatus, Spark, Tick};
use crate::outcome::traffic::{AsPrinted, Point, Summary};
use crate::outcome::window::Mode;
use crate::settings::{Percent, Traffic};
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

/// The failure rates of a good, a poor and a bad service, for which the chance of failing the window is shown.
const RATES: [f64; 3] = [0.005, 0.02, 0.10];

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Announces the watch, and what its window can prove at the recent rate.
    pub(super) async fn announce(&mut self) -> QueryResult<()> {
        let mut remarks = self.remarks.clone();
        let asked = match self.plan.mode {
            Mode::Forward if self.clocked => self.reader.recent_per_minute(TICK_TIMEOUT).await,
            _ => Ok(None),
        };
        match (&asked, self.plan.mode) {
            (_, Mode::Past) => {}
            (Ok(rate), _) => remarks.extend(forecast(*rate, self.window.minutes(), self.rules)),
            (Err(fault), _) => remarks.push(format!("the recent rate is unknown: {}", fault.error.why)),
        }
        self.view.begins(self.window, &remarks);
        asked.map(|_| ())
    }
}

/// What a window of `minutes` can prove if deliveries keep coming at the rate of the last hour.
fn forecast(per_minute: Option<f64>, minutes: f64, rules: &Traffic) -> Vec<String> {
    let (Percent(t), least) = (rules.success_rate, rules.min_events);
    let proves = percent(stats::upper_bound(0, least));
    let enough = format!(
        "a pass needs at least {least} deliveries ({least} without a failure show a failure rate below {proves})"
    );
    let Some(rate) = per_minute else {
        return vec![
            "no delivery in the last hour: probably too few for a pass; use a longer window or --until-enough"
                .to_owned(),
            enough,
        ];
    };
    let expected = rate * minutes;
    let chance = |p: f64| percent(stats::power(expected, p, t, least));
    let [good, poor, bad] = RATES;
    let mut forecast = vec![
        format!(
            "about {expected:.0} {} expected ({rate:.1} per minute in the last hour)",
            if expected.round() == 1.0 { "delivery" } else { "deliveries" }
        ),
        format!(
            "chance that this window fails: {} at a true failure rate of {}, {} at {}, {} at {} (if failures are independent)",
            chance(good),
            percent(good),
            chance(poor),
            percent(poor),
            chance(bad),
            percent(bad),
        ),
    ];
    if expected < least as f64 {
        forecast
            .push("probably too few deliveries for a pass: use a longer window or --until-enough".to_owned());
    }
    forecast.push(enough);
    forecast
}

/// A share in percent with one decimal.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(per_minute: Option<f64>) -> String {
        forecast(per_minute, 15.0, &Traffic::default()).join("\n")
    }

    #[test]
    fn the_forecast_states_its_numbers() {
        let two = shown(Some(2.0));
        for part in [
            "about 30 deliveries",
            "0.9 % at a true failure rate of 0.5 %",
            "11.5 % at 2.0 %",
            "77.9 % at 10.0 %",
        ] {
            assert!(two.contains(part), "{part}: {two}");
        }
        assert!(two.contains("below 13.3 %") && !two.contains("too few"), "{two}");
        assert!(shown(Some(0.7)).contains("probably too few"), "{}", shown(Some(0.7)));
        assert!(shown(None).contains("no delivery in the last hour"), "{}", shown(None));
    }
}
