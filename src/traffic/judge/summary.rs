//! Making the summary of a completed watch.

use super::{Rules, margins, remarks};
use crate::outcome::tick::Spark;
use crate::outcome::traffic::{AsPrinted, Counted, Point, Summary};
use crate::settings::Target;
use crate::traffic::window::Observation;
use crate::traffic::window::{Bin, WindowData};

/// The summary of a completed watch. If the facts could not be read, every number is absent or 0, the summary is
/// provisional, and a remark says why; see [`Summary::with_the_numbers_of`].
pub fn summarize(watched: &Observation, target: &Target) -> Summary {
    let rules = Rules { traffic: &target.traffic, target, criteria: false, sandbox: false };
    let minutes = watched.window.minutes();
    let full = watched.facts.as_ref().ok();
    let letter = full.map(|full| &full.letter);
    let total = letter.map_or(0, |letter| letter.total);
    let as_printed = AsPrinted {
        success_rate: letter.and_then(|letter| letter.success_rate.clone()),
        avg_duration_ms: letter.and_then(|letter| letter.average_ms.clone()),
    };
    let percentiles = full.and_then(|full| full.percentiles);
    Summary {
        mode: watched.mode,
        from: watched.window.from,
        to: watched.window.to,
        minutes,
        provisional: full.is_none(),
        ended: Some(watched.ended.clone()),
        deploy: watched.deploy.as_ref().ok().cloned(),
        success_rate: number(as_printed.success_rate.as_deref()),
        total,
        avg_duration_ms: number(as_printed.avg_duration_ms.as_deref()),
        dlq_count: full.map_or(0, |full| full.dead_letters),
        successes: letter.map_or(0, |letter| letter.ok),
        failures: letter.map_or(0, |letter| letter.bad()),
        as_printed,
        p50_ms: percentiles.map(|p| p.p50),
        p95_ms: percentiles.map(|p| p.p95),
        p99_ms: percentiles.map(|p| p.p99),
        requests_per_minute: if minutes > 0.0 { total as f64 / minutes } else { 0.0 },
        average_attempts: full.and_then(average_attempts),
        unreadable_durations: full.map_or(0, |full| full.unreadable),
        untimed: full.map_or(0, |full| full.untimed),
        margins: full.map(|full| margins(full, rules)).unwrap_or_default(),
        failures_by_status: full.map(|full| counted(&full.failures)).unwrap_or_default(),
        dead_letters_by_error: full.map(|full| counted(&full.errors)).unwrap_or_default(),
        gaps: watched.gaps.clone(),
        late: watched.late,
        future: full.map_or(0, |full| full.future),
        remarks: remarks(watched, rules),
        series: series(watched, full),
    }
}

/// Parses a number as PostgreSQL printed it. Values that are not finite here (1e400, NaN) are absent, and kept as printed.
fn number(printed: Option<&str>) -> Option<f64> {
    printed?.parse().ok().filter(|number: &f64| number.is_finite())
}

fn average_attempts(full: &WindowData) -> Option<f64> {
    let (attempts, deliveries) = full.attempts;
    (deliveries > 0).then(|| attempts as f64 / deliveries as f64)
}

fn counted(groups: &[(Option<String>, u64)]) -> Vec<Counted> {
    groups.iter().map(|(what, count)| Counted { what: what.clone(), count: *count }).collect()
}

/// The values of the ticks; without ticks, those of the bins.
fn series(watched: &Observation, full: Option<&WindowData>) -> Vec<Point> {
    if watched.sparks.is_empty() {
        return full.map(|full| full.bins.iter().map(of_bin).collect()).unwrap_or_default();
    }
    watched.sparks.iter().map(of_spark).collect()
}

fn of_bin(bin: &Bin) -> Point {
    Point { total: bin.total, bad: bin.bad, mean_ms: None }
}

fn of_spark(spark: &Spark) -> Point {
    Point { total: spark.total, bad: spark.bad, mean_ms: spark.mean_ms }
}
