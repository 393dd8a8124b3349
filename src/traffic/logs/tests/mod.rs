mod compaction;
mod property;

use super::*;
use crate::settings::Traffic;

/// `seconds` after a fixed time.
fn at(seconds: i64) -> Timestamp {
    at_ms(seconds * 1000)
}

fn at_ms(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_770_000_000_000 + milliseconds).expect("a time")
}

fn line(seconds: i64, level: &str, message: &str) -> LogLine {
    LogLine::new(Some(at(seconds)), level, message, "machine")
}

fn info(seconds: i64) -> LogLine {
    line(seconds, "info", &format!("line of second {seconds}"))
}

/// A full batch of one line a second, the last one at `newest`.
fn full(newest: i64) -> LogBatch {
    batch((newest + 1 - 100..=newest).map(info))
}

fn batch(lines: impl IntoIterator<Item = LogLine>) -> LogBatch {
    LogBatch { lines: lines.into_iter().collect(), partial: None }
}

fn reading(batches: &[(i64, LogBatch)]) -> LogReading {
    let mut reading = LogReading::new(LogTexts::from(&Traffic::default()));
    let end = End::new(Window { from: at(0), to: at(batches.last().map_or(0, |last| last.0)) });
    for (asked, batch) in batches {
        reading.take(at(*asked), end, batch);
    }
    reading
}

fn covered(batches: &[(i64, LogBatch)], from: i64, to: i64) -> Result<(), String> {
    reading(batches).judge(at(from), at(to)).covered
}

#[track_caller]
fn gap(covered: Result<(), String>, from: i64, to: i64, cause: &str) {
    let why = covered.expect_err("a gap");
    let clock = |seconds| at(seconds).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let expected = format!("the log between {} and {} is unknown: ", clock(from), clock(to));
    assert!(why.starts_with(&expected) && why.contains(cause), "{why}\n{expected}");
}

#[test]
fn one_batch_that_is_not_full_covers_a_day() {
    let few = || batch([info(100), info(200)]);
    assert_eq!(covered(&[(1000, few())], 0, 900), Ok(()));
    assert_eq!(covered(&[(1000, few())], 0, 1000), Ok(()), "read exactly at the end");
    let day = 24 * 3600;
    assert_eq!(covered(&[(1000, few())], 1000 - day, 900), Ok(()));
    gap(covered(&[(1000, few())], 999 - day, 900), 999 - day, 1000 - day, "for only 24 hours");
}

#[test]
fn the_last_batch_must_be_read_at_or_after_the_end() {
    let early =
        covered(&[(100, batch([info(50)])), (199, batch([info(50)]))], 0, 200).expect_err("too early");
    assert!(
        early.starts_with("the log was last read at 2026-02-02T02:43:19.000Z, before the window's end"),
        "{early}"
    );
    let none = covered(&[], 0, 200).expect_err("nothing");
    assert_eq!(none, "the log was never read completely");
}

#[test]
fn a_window_without_a_line_is_undecided() {
    for outside in [batch([info(-5)]), batch([info(0)]), batch([info(201)]), batch([info(-5), info(201)])] {
        let why = covered(&[(300, outside)], 0, 200).expect_err("no evidence");
        assert_eq!(why, "the log has no line in this window");
    }
    assert_eq!(covered(&[(300, batch([info(200)]))], 0, 200), Ok(()), "the end belongs to the window");
    assert_eq!(covered(&[(300, batch([info(1)]))], 0, 200), Ok(()));
}

#[test]
fn a_full_batch_covers_back_to_its_oldest_line() {
    assert_eq!(covered(&[(200, full(200))], 101, 200), Ok(()));
    assert_eq!(covered(&[(200, full(200))], 150, 200), Ok(()));
    gap(covered(&[(200, full(200))], 100, 200), 100, 101, "only its newest lines");
    let ninety_nine = batch(full(200).lines.into_iter().skip(1));
    assert_eq!(covered(&[(200, ninety_nine)], 0, 200), Ok(()), "it is not full");
    let newest_first = batch(full(200).lines.into_iter().rev());
    assert_eq!(covered(&[(200, newest_first.clone())], 101, 200), Ok(()));
    assert!(covered(&[(200, newest_first)], 100, 200).is_err());
}

#[test]
fn a_straggler_does_not_extend_the_coverage() {
    let straggling = |place: usize| {
        let mut lines = full(200).lines;
        lines.remove(0);
        lines.insert(place, info(3));
        covered(&[(200, batch(lines))], 5, 200)
    };
    gap(straggling(50), 5, 102, "only its newest lines");
    gap(straggling(99), 5, 102, "only its newest lines");
}

#[test]
fn full_batches_that_share_a_line_are_connected() {
    let chain = [(100, full(100)), (199, full(199)), (290, full(290))];
    assert_eq!(covered(&chain, 1, 290), Ok(()), "each has the newest line of the one before");
    assert_eq!(reading(&chain).judge(at(1), at(290)).lines_inside, 289, "each line is counted once");
    let torn = [(100, full(100)), (200, full(200)), (290, full(290))];
    gap(covered(&torn, 1, 290), 100, 101, "faster than it was read");
    assert_eq!(covered(&torn, 101, 290), Ok(()), "the gap lies before the window");
    let wide = [(100, full(100)), (500, full(500))];
    gap(covered(&wide, 50, 500), 100, 401, "faster than it was read");
    gap(covered(&wide, 200, 300), 200, 300, "faster than it was read");
    gap(covered(&wide, 120, 450), 120, 401, "faster than it was read");
}

#[test]
fn a_later_batch_that_is_not_full_closes_every_gap() {
    let lines = |from: i64, to: i64| batch((from..=to).map(info));
    let day = 24 * 3600;
    let thinned = [(100, full(100)), (day + 150, batch([info(200), info(day)]))];
    assert_eq!(covered(&thinned, 160, day), Ok(()), "fewer lines in the last day");
    assert_eq!(covered(&[(100, lines(50, 100)), (130, lines(50, 130))], 40, 130), Ok(()));
    assert!(covered(&[(100, lines(50, 100)), (200, full(200))], 40, 200).is_err());
    assert_eq!(covered(&[(100, lines(50, 100)), (199, full(199))], 40, 199), Ok(()));
}

#[test]
fn a_short_batch_that_lost_lines_is_rejected() {
    let fifty = |newest: i64| batch((newest - 49..=newest).map(info));
    assert_eq!(covered(&[(100, fifty(100))], 0, 100), Ok(()));
    let why = covered(&[(100, fifty(100)), (170, fifty(170))], 0, 170).expect_err("incomplete");
    assert!(
        why.ends_with("(1 reading failed: a reading of 50 lines is missing 50 lines of the one before)"),
        "{why}"
    );
    let why = covered(&[(100, full(100)), (140, fifty(140))], 50, 140).expect_err("incomplete");
    assert!(why.contains("is missing 90 lines of the one before"), "{why}");
    let again = [(100, fifty(100)), (140, fifty(140)), (150, batch((51..=150).map(info)))];
    assert_eq!(covered(&again, 0, 150), Ok(()), "a complete one follows");
    let day = 24 * 3600;
    let aged = [(100, batch([info(50), info(100)])), (day + 60, batch([info(day)]))];
    assert_eq!(covered(&aged, 200, day), Ok(()), "a line that is a day old may be missing");
}

#[test]
fn a_partial_batch_shows_errors_and_covers_nothing() {
    let partial = LogBatch {
        partial: Some("the last object is incomplete".to_owned()),
        ..batch([line(5, "error", "boom")])
    };
    let judged = reading(&[(200, partial.clone())]).judge(at(0), at(200));
    assert_eq!((judged.error_lines(), judged.lines_inside), (1, 1));
    let why = judged.covered.expect_err("not covered");
    assert_eq!(why, "the log was never read completely (1 reading failed: the last object is incomplete)");
    assert_eq!(covered(&[(200, partial), (230, batch([info(5)]))], 0, 200), Ok(()), "a complete one follows");
    let mut missed = reading(&[(100, full(100))]);
    missed.miss("fly is not logged in");
    missed.miss("fly did not answer within 10s");
    let why = missed.judge(at(50), at(200)).covered.expect_err("not covered");
    assert!(why.ends_with("(2 readings failed, the last one: fly did not answer within 10s)"), "{why}");
}

#[test]
fn errors_inside_are_found_even_without_coverage() {
    let lines = [
        line(0, "error", "before"),
        line(1, "error", "first 17"),
        line(2, "error", "first 18"),
        line(3, "info", "[support.webhook] Webhook sent to dead letter queue"),
        line(4, "info", "[support.webhook] Agent SDK returned non-success"),
        line(200, "error", "first 19"),
        line(201, "error", "after"),
    ];
    let judged = reading(&[(100, batch(lines))]).judge(at(0), at(200));
    assert!(judged.covered.is_err());
    let group =
        |message: &str, count, first| ErrorGroup { message: message.to_owned(), count, first: at(first) };
    let dead = group("[support.webhook] Webhook sent to dead letter queue", 1, 3);
    assert_eq!(judged.errors, [group("first #", 3, 1), dead]);
    assert_eq!((judged.error_lines(), judged.warned, judged.lines_inside), (4, 1, 5));
}

#[test]
fn repeated_lines_are_counted_once_and_identical_lines_twice() {
    let twin = || line(5, "error", "twin");
    let batches = [(10, batch([twin()])), (20, batch([twin(), twin()])), (30, batch([twin(), twin()]))];
    let judged = reading(&batches).judge(at(0), at(30));
    assert_eq!((judged.error_lines(), judged.lines_inside), (2, 2));
    let elsewhere = LogLine::new(Some(at(5)), "error", "twin", "another machine");
    let judged = reading(&[(10, batch([twin(), elsewhere]))]).judge(at(0), at(10));
    assert_eq!((judged.errors.len(), judged.error_lines()), (1, 2));
}

#[test]
fn a_line_without_a_time_proves_nothing() {
    let unstamped = |level: &str| LogLine::new(None, level, "boom", "machine");
    let clean = batch([info(5), unstamped("info")]);
    assert_eq!(covered(&[(30, clean)], 0, 30), Ok(()));
    let judged = reading(&[(30, batch([info(5), unstamped("error")]))]).judge(at(0), at(30));
    assert_eq!((judged.error_lines(), judged.lines_inside), (0, 1));
    let why = judged.covered.expect_err("undecided");
    assert_eq!(why, "an error line without a readable time may belong to this window: boom");
    // It proves neither how far back a batch reaches nor that two batches are connected.
    let nameless = batch((0..100).map(|_| unstamped("info")));
    assert!(covered(&[(30, nameless.clone())], 0, 30).is_err());
    let joint = |newest: i64| batch(full(newest).lines.into_iter().skip(1).chain([unstamped("info")]));
    gap(covered(&[(100, joint(100)), (300, joint(300))], 50, 300), 100, 202, "faster than it was read");
}

#[test]
fn the_number_of_different_errors_is_bounded() {
    let word =
        |n: i64| (0..4).map(|digit| (b'a' + (n >> (4 * digit) & 15) as u8) as char).collect::<String>();
    let lines = (0..400).map(|n| line(n + 1, "error", &word(n)));
    let lines: Vec<LogLine> = lines.collect();
    let batches: Vec<(i64, LogBatch)> =
        lines.chunks(99).enumerate().map(|(n, chunk)| (500 + n as i64, batch(chunk.to_vec()))).collect();
    let judged = reading(&batches).judge(at(0), at(500));
    assert_eq!((judged.error_lines(), judged.errors.len()), (400, MAX_GROUPS + 1));
    assert_eq!(judged.errors[0], ErrorGroup { message: OTHERS.to_owned(), count: 350, first: at(51) });
}

#[test]
fn the_text_of_plain_lines_is_not_kept() {
    let lines = [line(5, "info", "canary"), line(6, "error", "Failed: {\"content\":\"canary\"}")];
    assert!(!format!("{:?}", reading(&[(10, batch(lines))])).contains("canary"));
}
