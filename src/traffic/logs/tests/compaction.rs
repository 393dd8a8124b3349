//! The memory for a long log is bounded, and lines counted early are judged as if all had been kept.

use proptest::prelude::*;

use super::super::*;
use crate::settings::Traffic;

/// The smallest limit at which no line is counted that may appear again, with 100 lines near the window's start.
const MIN_LINES: usize = 4 * MAX_BATCH_LINES;

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_770_000_000_000 + milliseconds).expect("a time")
}

fn reading(room: usize) -> LogReading {
    LogReading { room, ..LogReading::new(LogTexts::from(&Traffic::default())) }
}

/// A line, and when it arrived.
type Arrived = (i64, LogLine);

/// Lines in order of arrival: with that time or some seconds earlier, of all classes, and some repeated up to three times.
fn log() -> impl Strategy<Value = Vec<Arrived>> {
    let gap = prop_oneof![6 => 0..400_i64, 4 => 0..20_i64, 1 => 0..20_000_i64];
    let late = prop_oneof![6 => Just(0_i64), 1 => 0..3000_i64];
    let copies = prop_oneof![8 => Just(1_usize), 1 => 2..4_usize];
    let lines = prop::collection::vec((gap, late, copies, 0..40_u8), 300..1500);
    lines.prop_map(|lines| {
        let (mut now, mut log) = (0, Vec::new());
        for (n, (gap, late, copies, class)) in lines.into_iter().enumerate() {
            now += gap;
            let (level, text) = match class {
                0..3 => ("error", ["no", "never", "not now"][usize::from(class)]),
                3 => ("info", "Agent SDK returned non-success"),
                _ => ("info", "fine"),
            };
            let stamp = (class != 39).then(|| at(now - late));
            let line = LogLine::new(stamp, level, &format!("{text} {n}"), "m");
            log.extend(std::iter::repeat_n((now, line), copies));
        }
        log
    })
}

/// One reading: how many lines arrived since the one before, and what happens.
#[derive(Clone, Copy, Debug)]
struct Round {
    step: usize,
    /// Which part of the newest 100 lines is printed, if not all, and whether that is noticed.
    cut: Option<(usize, usize, bool)>,
    news: News,
}

/// What is announced about the window.
#[derive(Clone, Copy, Debug)]
enum News {
    Nothing,
    /// It may have ended at the previous reading.
    Perhaps,
    /// It goes on as planned.
    GoesOn,
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let cut = prop_oneof![8 => Just(None), 1 => (0..100_usize, 0..101_usize, any::<bool>()).prop_map(Some)];
    let news = prop_oneof![8 => Just(News::Nothing), 1 => Just(News::Perhaps), 1 => Just(News::GoesOn)];
    let step = prop_oneof![4 => 0..90_usize, 1 => 90..150_usize];
    prop::collection::vec((step, cut, news).prop_map(|(step, cut, news)| Round { step, cut, news }), 5..45)
}

/// Feeds the log to both readings, and returns the final window. Its start is moved by `moved` at that reading, and it is
/// extended by `longer` milliseconds whenever it is over, up to three times.
fn feed(
    log: &[Arrived],
    rounds: &[Round],
    planned: Window,
    moved: Option<(usize, i64)>,
    longer: i64,
    into: &mut [LogReading; 2],
) -> Window {
    let (mut planned, mut arrived, mut before, mut longer) =
        (planned, 0, at(0), vec![longer; if longer > 0 { 3 } else { 0 }]);
    let (mut perhaps, mut read) = (None, false);
    for (n, round) in rounds.iter().enumerate() {
        arrived = (arrived + round.step).min(log.len());
        let Some((now, _)) = arrived.checked_sub(1).map(|last| &log[last]) else { continue };
        let now = at(*now);
        // The clock may change only before anything was read by it, and before the end.
        if let Some((_, by)) = moved.filter(|(when, _)| *when == n && !read && now < planned.to) {
            let by = SignedDuration::from_millis(by);
            planned = Window { from: planned.from + by, to: planned.to + by };
        }
        match round.news {
            News::Nothing => {}
            News::Perhaps => perhaps = Some(before.clamp(planned.from, planned.to)),
            News::GoesOn => perhaps = None,
        }
        read |= perhaps.is_some();
        if perhaps.is_none()
            && now >= planned.to
            && let Some(by) = longer.pop()
        {
            planned.to = planned.to.max(now) + SignedDuration::from_millis(by);
        }
        let end = End { tentative_end: perhaps, ..End::new(planned) };
        let newest = &log[arrived.saturating_sub(MAX_BATCH_LINES)..arrived];
        let (from, to, noticed) = round.cut.unwrap_or((0, MAX_BATCH_LINES, true));
        let (to, whole) = (to.min(newest.len()), newest.len());
        let lines: Vec<LogLine> = newest[from.min(to)..to].iter().map(|line| line.1.clone()).collect();
        let partial = (noticed && lines.len() < whole).then(|| "cut".to_owned());
        for reading in &mut *into {
            if lines.is_empty() {
                reading.miss("fly printed no log line")
            } else {
                reading.take(now, end, &LogBatch { lines: lines.clone(), partial: partial.clone() })
            }
        }
        before = now;
    }
    Window { to: perhaps.unwrap_or(planned.to), ..planned }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counting_early_never_changes_the_judgement(
        log in log(),
        rounds in rounds(),
        from in 0..60_000_i64,
        length in 1..300_000_i64,
        moved in prop::option::weighted(0.3, (0..30_usize, -300..300_i64)),
        longer in prop_oneof![Just(0_i64), 1..20_000_i64],
    ) {
        let planned = Window { from: at(from), to: at(from + length) };
        // Only a limited number of lines near the start is kept.
        let near = |by: i64| {
            let by = SignedDuration::from_millis(by.abs());
            let close = |line: &&Arrived| line.1.at.is_some_and(|at| at.duration_since(planned.from).abs() <= by);
            log.iter().filter(close).count()
        };
        let moved = moved.filter(|(_, by)| near(*by) <= MAX_BATCH_LINES);
        let mut both = [reading(MIN_LINES), reading(usize::MAX)];
        let window = feed(&log, &rounds, planned, moved, longer, &mut both);
        let [counted, kept] = both;
        prop_assert!(counted.seen.len() <= MIN_LINES);
        prop_assert_eq!(counted.judge(window.from, window.to), kept.judge(window.from, window.to));
    }
}

/// 10,000 lines, 0.1 s apart, in full batches that overlap by half.
fn long(room: usize, window: Window) -> LogReading {
    let mut reading = reading(room);
    for end in (MAX_BATCH_LINES..=10_000).step_by(MAX_BATCH_LINES / 2) {
        let lines = (end - MAX_BATCH_LINES..end).map(|n| {
            let level = if n % 100 == 7 { "error" } else { "info" };
            LogLine::new(Some(at(n as i64 * 100)), level, &format!("line x{n}"), "m")
        });
        let batch = LogBatch { lines: lines.collect(), partial: None };
        reading.take(at(end as i64 * 100), End::new(window), &batch);
    }
    reading
}

#[test]
fn every_line_of_a_long_window_is_counted_but_few_are_kept() {
    let window = Window { from: at(0), to: at(1_000_000) };
    let reading = long(MIN_LINES, window);
    assert!(reading.seen.len() <= MIN_LINES, "{}", reading.seen.len());
    let judged = reading.judge(window.from, window.to);
    assert_eq!((judged.covered, judged.lines_inside), (Ok(()), 9_999), "the first has the time of the edge");
    let group = ErrorGroup { message: "line x#".to_owned(), count: 100, first: at(700) };
    assert_eq!(judged.errors, [group]);
}

#[test]
fn a_window_moved_slightly_is_judged_exactly() {
    let reading = long(MIN_LINES, Window { from: at(50_000), to: at(1_000_000) });
    for (from, lines) in [(50_000, 9_499), (50_300, 9_496), (49_700, 9_502)] {
        let judged = reading.judge(at(from), at(1_000_000));
        assert_eq!((judged.covered, judged.lines_inside), (Ok(()), lines), "{from}");
    }
}

#[test]
fn a_window_that_cuts_through_counted_lines_is_undecided() {
    let window = Window { from: at(0), to: at(1_000_000) };
    let judged = long(MIN_LINES, window).judge(at(100_000), at(1_000_000));
    let why = judged.covered.expect_err("undecided");
    assert!(why.ends_with("may lie inside or outside this one"), "{why}");
    assert!(judged.lines_inside > 0, "those that were kept");
}

#[test]
fn memory_is_bounded_for_every_log() {
    let day = 24 * 3600 * 1000;
    let window = Window { from: at(0), to: at(day) };
    let word = |n: i64| (0..6).map(|digit| (b'g' + (n >> (3 * digit) & 7) as u8) as char).collect::<String>();
    // No two batches share a line, no two errors a message, and times are of any day.
    for (name, stamp, partial) in [
        ("busy", (|n| Some(at(n))) as fn(i64) -> Option<Timestamp>, false),
        ("partial", |n| Some(at(n)), true),
        ("not in order", |n| Some(at((n * 7919 % 1000 - 500) * 86_400_000)), false),
        ("still to come", |n| Some(at(500_000_000 + n)), false),
        ("near the beginning", |n| Some(at(n % 7)), false),
        ("without times", |_| None, false),
    ] {
        let mut reading = reading(MAX_LINES);
        for round in 0..250_i64 {
            let lines = (round * 100..round * 100 + 100)
                .map(|n| LogLine::new(stamp(n), if n % 8 == 0 { "error" } else { "info" }, &word(n), "m"));
            let partial = partial.then(|| "cut".to_owned());
            reading.take(
                at(round * 100 + 99),
                End::new(window),
                &LogBatch { lines: lines.collect(), partial },
            );
            assert!(reading.seen.len() <= MAX_LINES && reading.quotes.len() <= MAX_GROUPS + 1, "{name}");
        }
        assert!(reading.seen.capacity() <= 4 * MAX_LINES, "{name}: {}", reading.seen.capacity());
        let said = reading.judge(window.from, window.to);
        assert!(said.covered.is_err(), "{name}");
        assert!(said.errors.len() <= MAX_GROUPS + 1, "{name}");
    }
}
