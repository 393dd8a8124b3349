use super::*;
use crate::settings::Traffic;

/// Seconds after an hour.
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

/// One line a second, the last one at `newest`: as many as fit.
fn full(newest: i64) -> LogBatch {
    batch((newest + 1 - 100..=newest).map(info))
}

fn batch(lines: impl IntoIterator<Item = LogLine>) -> LogBatch {
    LogBatch { lines: lines.into_iter().collect(), partial: None }
}

fn reading(batches: &[(i64, LogBatch)]) -> LogReading {
    let mut reading = LogReading::new(LogTexts::from(&Traffic::default()));
    let end = End::of(Window { from: at(0), to: at(batches.last().map_or(0, |last| last.0)) });
    for (asked, batch) in batches {
        reading.take(at(*asked), end, batch);
    }
    reading
}

fn covered(batches: &[(i64, LogBatch)], from: i64, to: i64) -> Result<(), String> {
    reading(batches).judge(at(from), at(to)).covered
}

#[track_caller]
fn hole(covered: Result<(), String>, from: i64, to: i64, why: &str) {
    let said = covered.expect_err("a hole");
    let clock = |seconds| at(seconds).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let expected = format!("lines between {} and {} were not seen: ", clock(from), clock(to));
    assert!(said.starts_with(&expected) && said.contains(why), "{said}\n{expected}");
}

#[test]
fn one_batch_that_is_not_full_covers_a_day() {
    let few = || batch([info(100), info(200)]);
    assert_eq!(covered(&[(1000, few())], 0, 900), Ok(()));
    assert_eq!(covered(&[(1000, few())], 0, 1000), Ok(()), "asked at the very end");
    let day = 24 * 3600;
    assert_eq!(covered(&[(1000, few())], 1000 - day, 900), Ok(()));
    hole(covered(&[(1000, few())], 999 - day, 900), 999 - day, 1000 - day, "older than 24 hours");
}

#[test]
fn the_last_batch_is_taken_at_or_after_the_end() {
    let early =
        covered(&[(100, batch([info(50)])), (199, batch([info(50)]))], 0, 200).expect_err("too early");
    assert!(
        early.starts_with("the last reading was at 2026-02-02T02:43:19.000Z, before the window's end"),
        "{early}"
    );
    let none = covered(&[], 0, 200).expect_err("nothing");
    assert_eq!(none, "no complete reading of the log");
}

#[test]
fn a_window_without_a_line_is_not_clean() {
    for outside in [batch([info(-5)]), batch([info(0)]), batch([info(201)]), batch([info(-5), info(201)])] {
        let why = covered(&[(300, outside)], 0, 200).expect_err("no evidence");
        assert_eq!(why, "no line is stamped inside the window");
    }
    assert_eq!(covered(&[(300, batch([info(200)]))], 0, 200), Ok(()), "the end is inside");
    assert_eq!(covered(&[(300, batch([info(1)]))], 0, 200), Ok(()));
}

#[test]
fn a_full_batch_covers_back_to_its_oldest_line() {
    assert_eq!(covered(&[(200, full(200))], 101, 200), Ok(()));
    assert_eq!(covered(&[(200, full(200))], 150, 200), Ok(()));
    hole(covered(&[(200, full(200))], 100, 200), 100, 101, "does not reach back");
    let ninety_nine = batch(full(200).lines.into_iter().skip(1));
    assert_eq!(covered(&[(200, ninety_nine)], 0, 200), Ok(()), "it is not full");
    let newest_first = batch(full(200).lines.into_iter().rev());
    assert_eq!(covered(&[(200, newest_first.clone())], 101, 200), Ok(()));
    assert!(covered(&[(200, newest_first)], 100, 200).is_err());
}

#[test]
fn a_straggler_does_not_stand_for_what_it_overtook() {
    let straggling = |place: usize| {
        let mut lines = full(200).lines;
        lines.remove(0);
        lines.insert(place, info(3));
        covered(&[(200, batch(lines))], 5, 200)
    };
    hole(straggling(50), 5, 102, "does not reach back");
    hole(straggling(99), 5, 102, "does not reach back");
}

#[test]
fn full_batches_that_share_a_line_are_continuous() {
    let chain = [(100, full(100)), (199, full(199)), (290, full(290))];
    assert_eq!(covered(&chain, 1, 290), Ok(()), "each holds the newest line of the one before");
    assert_eq!(reading(&chain).judge(at(1), at(290)).lines_inside, 289, "each line is counted once");
    let torn = [(100, full(100)), (200, full(200)), (290, full(290))];
    hole(covered(&torn, 1, 290), 100, 101, "shares no line");
    assert_eq!(covered(&torn, 101, 290), Ok(()), "what was before the hole is not asked for");
    let wide = [(100, full(100)), (500, full(500))];
    hole(covered(&wide, 50, 500), 100, 401, "shares no line");
    hole(covered(&wide, 200, 300), 200, 300, "shares no line");
    hole(covered(&wide, 120, 450), 120, 401, "shares no line");
}

#[test]
fn a_later_batch_that_is_not_full_mends_every_joint() {
    let lines = |from: i64, to: i64| batch((from..=to).map(info));
    let day = 24 * 3600;
    let thinned = [(100, full(100)), (day + 150, batch([info(200), info(day)]))];
    assert_eq!(covered(&thinned, 160, day), Ok(()), "fewer in a day now");
    assert_eq!(covered(&[(100, lines(50, 100)), (130, lines(50, 130))], 40, 130), Ok(()));
    assert!(covered(&[(100, lines(50, 100)), (200, full(200))], 40, 200).is_err());
    assert_eq!(covered(&[(100, lines(50, 100)), (199, full(199))], 40, 199), Ok(()));
}

#[test]
fn a_short_batch_that_lost_lines_of_the_one_before_is_not_believed() {
    let fifty = |newest: i64| batch((newest - 49..=newest).map(info));
    assert_eq!(covered(&[(100, fifty(100))], 0, 100), Ok(()));
    let why = covered(&[(100, fifty(100)), (170, fifty(170))], 0, 170).expect_err("it cannot be whole");
    assert!(why.ends_with("(one reading failed: a reading of 50 lines lacks 50 of the one before)"), "{why}");
    let why = covered(&[(100, full(100)), (140, fifty(140))], 50, 140).expect_err("it cannot be whole");
    assert!(why.contains("lacks 90 of the one before"), "{why}");
    let again = [(100, fifty(100)), (140, fifty(140)), (150, batch((51..=150).map(info)))];
    assert_eq!(covered(&again, 0, 150), Ok(()), "a good one follows");
    let day = 24 * 3600;
    let aged = [(100, batch([info(50), info(100)])), (day + 60, batch([info(day)]))];
    assert_eq!(covered(&aged, 200, day), Ok(()), "a line that is a day old may go");
}

#[test]
fn a_partial_batch_shows_errors_and_covers_nothing() {
    let partial = LogBatch {
        partial: Some("the last object breaks off".to_owned()),
        ..batch([line(5, "error", "boom")])
    };
    let judged = reading(&[(200, partial.clone())]).judge(at(0), at(200));
    assert_eq!((judged.error_lines(), judged.lines_inside), (1, 1));
    let why = judged.covered.expect_err("not covered");
    assert_eq!(why, "no complete reading of the log (one reading failed: the last object breaks off)");
    assert_eq!(covered(&[(200, partial), (230, batch([info(5)]))], 0, 200), Ok(()), "a good one follows");
    let mut missed = reading(&[(100, full(100))]);
    missed.miss("fly is not logged in");
    missed.miss("fly gave no answer within 10s");
    let why = missed.judge(at(50), at(200)).covered.expect_err("not covered");
    assert!(why.ends_with("(2 readings failed, the last one: fly gave no answer within 10s)"), "{why}");
}

#[test]
fn an_error_inside_fails_whatever_is_covered() {
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
fn lines_are_counted_once_and_twins_twice() {
    let twin = || line(5, "error", "twin");
    let batches = [(10, batch([twin()])), (20, batch([twin(), twin()])), (30, batch([twin(), twin()]))];
    let judged = reading(&batches).judge(at(0), at(30));
    assert_eq!((judged.error_lines(), judged.lines_inside), (2, 2));
    let elsewhere = LogLine::new(Some(at(5)), "error", "twin", "another machine");
    let judged = reading(&[(10, batch([twin(), elsewhere]))]).judge(at(0), at(10));
    assert_eq!((judged.errors.len(), judged.error_lines()), (1, 2));
}

#[test]
fn a_line_without_a_time_proves_nothing_and_may_be_an_error() {
    let unstamped = |level: &str| LogLine::new(None, level, "boom", "machine");
    let clean = batch([info(5), unstamped("info")]);
    assert_eq!(covered(&[(30, clean)], 0, 30), Ok(()));
    let judged = reading(&[(30, batch([info(5), unstamped("error")]))]).judge(at(0), at(30));
    assert_eq!((judged.error_lines(), judged.lines_inside), (0, 1));
    let why = judged.covered.expect_err("it cannot be told");
    assert_eq!(why, "an error line without a readable time may belong to the window: boom");
    // Neither a start nor a joint can be proved by it.
    let nameless = batch((0..100).map(|_| unstamped("info")));
    assert!(covered(&[(30, nameless.clone())], 0, 30).is_err());
    let joint = |newest: i64| batch(full(newest).lines.into_iter().skip(1).chain([unstamped("info")]));
    hole(covered(&[(100, joint(100)), (300, joint(300))], 50, 300), 100, 202, "shares no line");
}

#[test]
fn many_different_errors_are_kept_in_bounds() {
    let word =
        |n: i64| (0..4).map(|digit| (b'a' + (n >> (4 * digit) & 15) as u8) as char).collect::<String>();
    let lines = (0..400).map(|n| line(n + 1, "error", &word(n)));
    let lines: Vec<LogLine> = lines.collect();
    let batches: Vec<(i64, LogBatch)> =
        lines.chunks(99).enumerate().map(|(n, chunk)| (500 + n as i64, batch(chunk.to_vec()))).collect();
    let judged = reading(&batches).judge(at(0), at(500));
    assert_eq!((judged.error_lines(), judged.errors.len()), (400, GROUPS + 1));
    assert_eq!(judged.errors[0], ErrorGroup { message: OTHERS.to_owned(), count: 350, first: at(51) });
}

#[test]
fn the_words_of_lines_are_not_kept() {
    let lines = [line(5, "info", "canary"), line(6, "error", "Failed: {\"content\":\"canary\"}")];
    assert!(!format!("{:?}", reading(&[(10, batch(lines))])).contains("canary"));
}
