//! Compared with a completely known log: coverage is never claimed if a line was dropped, and is claimed if none could
//! be.

use proptest::prelude::*;

use super::super::*;
use crate::settings::Traffic;

/// A line of the log: its time in milliseconds, and whether it is an error.
type Stamped = (i64, bool);

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_770_000_000_000 + milliseconds).expect("a time")
}

/// Lines with random gaps, some of them errors.
fn log() -> impl Strategy<Value = Vec<Stamped>> {
    let gap = prop_oneof![6 => 0..400_i64, 2 => 0..20_i64, 1 => 0..20_000_i64];
    let line = (gap, prop::bool::weighted(0.02));
    prop::collection::vec(line, 1..700).prop_map(|lines| {
        let mut time = 0;
        let stamped = lines.into_iter().map(|(gap, error)| {
            time += gap;
            (time, error)
        });
        stamped.collect()
    })
}

/// What `fly logs` prints at a time: the newest 100 lines so far.
fn give(log: &[Stamped], now: i64) -> LogBatch {
    let arrived: Vec<(usize, &Stamped)> = log.iter().enumerate().filter(|(_, l)| l.0 <= now).collect();
    let newest = &arrived[arrived.len().saturating_sub(MAX_BATCH_LINES)..];
    let lines = newest.iter().map(|(number, (time, error))| {
        LogLine::new(Some(at(*time)), if *error { "error" } else { "info" }, &format!("line {number}"), "m")
    });
    LogBatch { lines: lines.collect(), partial: None }
}

/// Reads at these times; without a line there is no batch, as with `fly`.
fn read(log: &[Stamped], times: &[i64]) -> LogReading {
    let mut reading = LogReading::new(LogTexts::from(&Traffic::default()));
    let end = End::new(Window { from: at(0), to: at(times.last().copied().unwrap_or_default()) });
    for time in times {
        let batch = give(log, *time);
        if batch.lines.is_empty() {
            reading.miss("fly printed no log line");
        } else {
            reading.take(at(*time), end, &batch);
        }
    }
    reading
}

fn inside(log: &[Stamped], from: i64, to: i64) -> Vec<&Stamped> {
    log.iter().filter(|line| line.0 > from && line.0 <= to).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn coverage_is_never_claimed_if_a_line_was_dropped(
        log in log(),
        gaps in prop::collection::vec(1..60_000_i64, 1..12),
        from in 0..120_000_i64,
        length in 1..120_000_i64,
    ) {
        let times: Vec<i64> = gaps.iter().scan(0, |time, gap| { *time += gap; Some(*time) }).collect();
        let to = from + length;
        let judged = read(&log, &times).judge(at(from), at(to));
        let truth = inside(&log, from, to);
        if judged.covered.is_ok() {
            prop_assert_eq!(judged.lines_inside, truth.len() as u64);
            prop_assert_eq!(judged.error_lines(), truth.iter().filter(|line| line.1).count() as u64);
        }
        prop_assert!(judged.lines_inside <= truth.len() as u64);
    }

    #[test]
    fn coverage_is_claimed_if_reading_was_fast_enough(log in log(), from in 1..60_000_i64, length in 1..200_000_i64) {
        // Read after every 50 lines, and once at the end.
        let to = from + length;
        let mut times: Vec<i64> = log.iter().map(|line| line.0).step_by(50).filter(|time| *time < to).collect();
        times.push(to);
        let crowded = times.windows(2).any(|pair| {
            log.iter().filter(|line| line.0 > pair[0] && line.0 <= pair[1]).count() >= MAX_BATCH_LINES
        });
        let judged = read(&log, &times).judge(at(from), at(to));
        let truth = inside(&log, from, to);
        if !crowded && !truth.is_empty() {
            prop_assert_eq!(judged.covered, Ok(()));
            prop_assert_eq!(judged.lines_inside, truth.len() as u64);
        }
    }

    #[test]
    fn a_line_removed_from_a_full_batch_is_noticed(
        newest in 100..600_i64,
        step in 1..99_i64,
        victim in 0..100_usize,
    ) {
        // Two full readings that overlap; then the second one without one line.
        let log: Vec<Stamped> = (0..700).map(|n| (n * 10, false)).collect();
        let (early, late) = (newest * 10, (newest + step) * 10);
        let from = (newest - 99) * 10;
        let truth = inside(&log, from, late).len() as u64;
        let whole = read(&log, &[early, late]).judge(at(from), at(late));
        prop_assert_eq!((whole.covered, whole.lines_inside), (Ok(()), truth));

        let mut reading = read(&log, &[early]);
        let mut second = give(&log, late);
        second.lines.remove(victim);
        reading.take(at(late), End::new(Window { from: at(from), to: at(late) }), &second);
        prop_assert!(reading.judge(at(from), at(late)).covered.is_err());
    }

    #[test]
    fn judging_a_part_agrees_with_judging_the_whole(log in log(), from in 0..60_000_i64, length in 1..60_000_i64) {
        let to = from + length;
        let reading = read(&log, &[to, to + 5000]);
        let whole = reading.judge(at(from), at(to));
        let half = from + length / 2;
        let (first, second) = (reading.judge(at(from), at(half)), reading.judge(at(half), at(to)));
        prop_assert_eq!(first.lines_inside + second.lines_inside, whole.lines_inside);
        prop_assert_eq!(first.error_lines() + second.error_lines(), whole.error_lines());
    }
}
