//! Sparklines: what happened in a window, one character per tick. They work without
//! colour: a tick with a failure is at least two steps lower than a clean one, and a
//! tick without an answer differs from a tick without traffic.

use crate::outcome::tick::Spark;
use crate::outcome::traffic::Point;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Every delivery of the tick succeeded.
pub const CLEAN: char = '█';
/// No delivery in the tick, or none with a duration.
pub const NOTHING: char = '·';
/// The database did not answer, so the tick is unknown.
pub const HOLE: char = '?';
/// The lowest success rates of the steps below a clean tick, in percent.
const STEPS: [u64; 5] = [30, 60, 80, 90, 95];

/// Converts the points of a report. It has no holes: a report lists its gaps in words.
pub fn of(series: &[Point]) -> Vec<Spark> {
    series.iter().map(|p| Spark { total: p.total, bad: p.bad, mean_ms: p.mean_ms, hole: false }).collect()
}

/// The success of each point, at most `width` characters: `███▆█·██?█`.
pub fn success(points: &[Spark], width: usize) -> String {
    squeezed(points, width).iter().map(succeeded).collect()
}

/// The mean of each point, at most `width` characters, and the milliseconds of the full height, which is the
/// slowest mean shown. The scale starts at 0, so that constant latency is a flat line.
pub fn latency(points: &[Spark], width: usize) -> (String, Option<f64>) {
    let points = squeezed(points, width);
    let top = points.iter().filter_map(|p| p.mean_ms).filter(|ms| ms.is_finite()).reduce(f64::max);
    (points.iter().map(|point| took(point, top.unwrap_or(0.0))).collect(), top)
}

fn succeeded(point: &Spark) -> char {
    match (point.total, point.bad, point.hole) {
        (0, _, true) => HOLE,
        (0, _, false) => NOTHING,
        (_, 0, true) => HOLE,
        (_, 0, false) => CLEAN,
        (total, bad, _) => {
            let good = u128::from(total.saturating_sub(bad)) * 100;
            let step = STEPS.iter().filter(|&&step| good >= u128::from(step) * u128::from(total)).count();
            BLOCKS[step]
        }
    }
}

fn took(point: &Spark, top: f64) -> char {
    match point.mean_ms.filter(|ms| ms.is_finite()) {
        None if point.hole => HOLE,
        None => NOTHING,
        // Eight steps from 0 to the top; a mean of 0 is drawn as the lowest step.
        Some(ms) => {
            let passed = (1..8).filter(|step| ms * 8.0 > top * f64::from(*step)).count();
            BLOCKS[passed]
        }
    }
}

/// At most `width` points, made by merging neighbours. All groups have the same size, so that a new point
/// does not change the earlier part of the line.
fn squeezed(points: &[Spark], width: usize) -> Vec<Spark> {
    if width == 0 {
        return Vec::new();
    }
    points.chunks(points.len().div_ceil(width).max(1)).map(merged).collect()
}

fn merged(points: &[Spark]) -> Spark {
    let timed = || points.iter().filter_map(|p| Some((p.mean_ms?, p.total.max(1) as f64)));
    let weight: f64 = timed().map(|(_, weight)| weight).sum();
    Spark {
        total: points.iter().fold(0, |sum, p| sum.saturating_add(p.total)),
        bad: points.iter().fold(0, |sum, p| sum.saturating_add(p.bad)),
        mean_ms: (weight > 0.0).then(|| timed().map(|(ms, n)| ms * n).sum::<f64>() / weight),
        hole: points.iter().any(|p| p.hole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(total: u64, bad: u64, mean_ms: Option<f64>) -> Spark {
        Spark { total, bad, mean_ms, hole: false }
    }

    #[test]
    fn a_failure_is_two_steps_down_and_no_traffic_is_not_a_hole() {
        let hole = Spark { hole: true, ..Spark::default() };
        let points = [
            point(10, 0, None),
            point(1_000, 1, None),
            point(100, 6, None),
            point(10, 2, None),
            point(4, 2, None),
            point(2, 2, None),
            point(0, 0, None),
            hole,
        ];
        assert_eq!(success(&points, 20), "█▆▅▄▂▁·?");
        assert_eq!(latency(&points, 20), ("·······?".to_owned(), None));
    }

    #[test]
    fn latency_starts_at_zero() {
        let points = [200.0, 210.0, 400.0, 0.0].map(|ms| point(1, 0, Some(ms)));
        assert_eq!(latency(&points, 9), ("▄▅█▁".to_owned(), Some(400.0)));
        let points = [f64::NAN, 5.0].map(|ms| point(1, 0, Some(ms)));
        assert_eq!(latency(&points, 9), ("·█".to_owned(), Some(5.0)));
    }

    #[test]
    fn merging_neighbours_loses_no_failure() {
        let mut points = vec![point(10, 0, Some(100.0)); 100];
        points[57].bad = 1;
        points[3].hole = true;
        for width in 1..120 {
            let line = success(&points, width);
            let lower = line.chars().filter(|c| BLOCKS[..6].contains(c)).count();
            assert!(line.chars().count() <= width && lower == 1, "{width}: {line}");
        }
        assert_eq!(success(&points, 10), "?████▆████");
        assert_eq!(success(&points, 0), "");
        let two = [point(1, 0, Some(100.0)), point(3, 0, Some(200.0))];
        assert_eq!(latency(&two, 1).1, Some(175.0), "a mean of means is weighted");
    }
}
