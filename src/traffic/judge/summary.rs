//! The summary of a completed watch, and, shown between ticks, how a window would end if it ended now.

use super::{Rules, margins, rate, remarks, words};
use crate::outcome::tick::{LiveStatus, Spark};
use crate::outcome::traffic::{AsPrinted, Counted, Point, Summary};
use crate::settings::{Target, Traffic};
use crate::traffic::read::TickCounts;
use crate::traffic::window::{Observation, Period, Tally, WindowData};

/// The summary of a completed watch. If the facts could not be read, every number is absent or 0, the summary is
/// provisional, and a remark says why; see [`Summary::with_the_numbers_of`].
pub fn summarize(observation: &Observation, target: &Target) -> Summary {
    let rules = Rules { traffic: &target.traffic, target, criteria: false, sandbox: false };
    let minutes = observation.window.minutes();
    let data = observation.facts.as_ref().ok();
    let tally = data.map_or_else(Tally::default, |data| data.tally);
    let as_printed = AsPrinted {
        success_rate: data.and_then(|data| data.success_rate.clone()),
        avg_duration_ms: data.and_then(|data| data.durations.average_ms.clone()),
    };
    let percentiles = data.and_then(|data| data.percentiles);
    Summary {
        mode: observation.mode,
        from: observation.window.from,
        to: observation.window.to,
        minutes,
        provisional: data.is_none(),
        ended: Some(observation.ended.clone()),
        deploy: observation.deploy.as_ref().ok().cloned(),
        success_rate: number(as_printed.success_rate.as_deref()),
        total: tally.total(),
        avg_duration_ms: number(as_printed.avg_duration_ms.as_deref()),
        dlq_count: tally.dead_letters,
        successes: tally.ok,
        failures: tally.bad,
        as_printed,
        p50_ms: percentiles.map(|p| p.p50),
        p95_ms: percentiles.map(|p| p.p95),
        p99_ms: percentiles.map(|p| p.p99),
        requests_per_minute: if minutes > 0.0 { tally.total() as f64 / minutes } else { 0.0 },
        average_attempts: data.and_then(average_attempts),
        unreadable_durations: data.map_or(0, |data| data.durations.unreadable),
        untimed: data.map_or(0, |data| data.durations.untimed),
        margins: data.map(|data| margins(data, rules)).unwrap_or_default(),
        failures_by_status: data.map(|data| counted(&data.failures)).unwrap_or_default(),
        dead_letters_by_error: data.map(|data| counted(&data.errors)).unwrap_or_default(),
        gaps: observation.gaps.clone(),
        late: observation.late,
        future: data.map_or(0, |data| data.future),
        remarks: remarks(observation, rules),
        series: series(observation, data),
    }
}

/// Parses a number as PostgreSQL printed it. Values that are not finite here (1e400, NaN) are absent, and kept as printed.
fn number(printed: Option<&str>) -> Option<f64> {
    printed?.parse().ok().filter(|number: &f64| number.is_finite())
}

fn average_attempts(data: &WindowData) -> Option<f64> {
    let (attempts, deliveries) = data.attempts;
    (deliveries > 0).then(|| attempts as f64 / deliveries as f64)
}

fn counted(groups: &[(Option<String>, u64)]) -> Vec<Counted> {
    groups.iter().map(|(what, count)| Counted { what: what.clone(), count: *count }).collect()
}

/// The values of the ticks; without ticks, those of the bins.
fn series(observation: &Observation, data: Option<&WindowData>) -> Vec<Point> {
    if observation.sparks.is_empty() {
        return data.map(|data| data.bins.iter().map(of_bin).collect()).unwrap_or_default();
    }
    observation.sparks.iter().map(of_spark).collect()
}

fn of_bin(bin: &Period) -> Point {
    Point { total: bin.tally.total(), bad: bin.tally.bad, mean_ms: None }
}

fn of_spark(spark: &Spark) -> Point {
    Point { total: spark.total, bad: spark.bad, mean_ms: spark.mean_ms }
}

/// The status by what the ticks have counted so far, and the reason in one line. No verdict is made from it.
pub fn live_status(counts: &TickCounts, traffic: &Traffic) -> (LiveStatus, String) {
    if counts.tally.dead_letters > 0 {
        let dead_letters = words::dead_letters(counts.tally.dead_letters);
        return (LiveStatus::Failing, format!("{dead_letters}; later traffic cannot change this"));
    }
    let Some(margin) = rate::margin(counts.tally, traffic) else {
        return (LiveStatus::Thin, "no deliveries".to_owned());
    };
    let holds = rate::holds(counts.tally, traffic);
    if holds == Some(false) && counts.tally.total() >= traffic.min_events {
        let failed = words::ratio(counts.tally.bad, counts.tally.total());
        return (LiveStatus::Failing, format!("{failed} failed; {margin}"));
    }
    if holds == Some(false) {
        return (LiveStatus::Failing, margin);
    }
    if let Some(mean) = counts.mean_ms().filter(|mean| *mean >= f64::from(traffic.average_ms))
        && counts.timed >= traffic.min_events
    {
        return (
            LiveStatus::Failing,
            format!("average duration {mean:.0} ms, must be below {} ms", traffic.average_ms),
        );
    }
    match holds {
        None => (LiveStatus::Thin, margin),
        // The average has its own minimum: deliveries with a duration.
        Some(_) if counts.timed < traffic.min_events => {
            let (timed, more) =
                (words::ratio(counts.timed, counts.tally.total()), traffic.min_events - counts.timed);
            (LiveStatus::Thin, format!("{timed} deliveries have a duration; the average needs {more} more"))
        }
        Some(_) => (LiveStatus::Passing, margin),
    }
}
