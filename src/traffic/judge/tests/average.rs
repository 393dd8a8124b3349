use super::*;
use crate::traffic::judge::average;

/// A window of `total` deliveries, of which `timed` have durations with this sum.
fn window(total: u64, sum: &str, timed: u64) -> Observation {
    let mut window = observation(0, total);
    let totals = &mut facts(&mut window).durations;
    (totals.sum_ms, totals.timed) = (Some(sum.to_owned()), timed);
    window
}

fn judged(window: &Observation) -> Finding {
    average(window, rules(&Traffic::default()))
}

#[test]
fn the_average_is_compared_to_the_last_digit() {
    for (total, sum, expected, margin) in [
        (60, "29999", Verdict::Pass, Some("a single delivery of 501 ms would bring the average to 500 ms")),
        (60, "30000", Verdict::Fail, None),
        (
            60,
            "29999.99999999999999999999",
            Verdict::Pass,
            Some("a single delivery of 501 ms would bring the average to 500 ms"),
        ),
        (60, "30000.00000000000000000001", Verdict::Fail, None),
        (21, "10080", Verdict::Pass, Some("a single delivery of 920 ms would bring the average to 500 ms")),
        (20, "10000", Verdict::Inconclusive, None),
    ] {
        let finding = judged(&window(total, sum, total));
        assert_eq!(
            (verdict(&finding), evidence_of(&finding, "margin")),
            (expected, margin),
            "{sum} of {total}"
        );
    }
}

#[test]
fn too_few_durations_stay_undecided() {
    assert_eq!(verdict(&judged(&window(0, "0", 0))), Verdict::Inconclusive);
    assert_eq!(verdict(&judged(&window(60, "2000", 20))), Verdict::Inconclusive);
    assert_eq!(verdict(&judged(&window(60, "2100", 21))), Verdict::Pass);
    let mut nulls = observation(0, 60);
    let totals = &mut facts(&mut nulls).durations;
    (totals.sum_ms, totals.average_ms, totals.timed) = (None, None, 0);
    assert_eq!(verdict(&judged(&nulls)), Verdict::Inconclusive);
    for no_time in ["NaN", "Infinity", "", "-Infinity"] {
        assert_eq!(verdict(&judged(&window(60, no_time, 60))), Verdict::Inconclusive, "{no_time}");
    }
}

#[test]
fn a_negative_sum_is_not_a_duration() {
    assert_eq!(verdict(&judged(&window(60, "-1", 60))), Verdict::Inconclusive);
    assert_eq!(verdict(&judged(&window(60, "0", 60))), Verdict::Pass);
}

#[test]
fn at_most_one_in_a_hundred_may_be_unreadable() {
    let unreadable = |n: u64, form: Form| {
        let mut window = window(200, "39000", 200 - n);
        facts(&mut window).durations.unreadable = n;
        facts(&mut window).durations.form = form;
        judged(&window)
    };
    let one = unreadable(1, Form::Guarded);
    assert_eq!(verdict(&one), Verdict::Pass);
    assert_eq!(one.warnings, ["1 delivery has a duration that is not a number"]);
    assert_eq!(verdict(&unreadable(2, Form::Guarded)), Verdict::Pass);
    let many = unreadable(3, Form::Guarded);
    assert_eq!(verdict(&many), Verdict::Inconclusive);
    let why = many.claims[0].reason();
    assert!(why.starts_with("3 of 200 durations are not numbers"), "{why}");
    // Where the checklist's own statement could average them, its result counts.
    let own = unreadable(50, Form::Checklist);
    assert_eq!((verdict(&own), own.warnings.len()), (Verdict::Pass, 0));
    assert_eq!(evidence_of(&own, "unreadable"), Some("50 deliveries"));
}

#[test]
fn the_average_is_truncated_and_never_rounded_up() {
    let mut close = window(60, "29999.99", 60);
    facts(&mut close).durations.average_ms = Some("499.9998333333333333".to_owned());
    assert_eq!(judged(&close).claims[0].found, "499.99 ms over 60 durations");
    facts(&mut close).durations.average_ms = Some("480".to_owned());
    assert_eq!(judged(&close).claims[0].found, "480 ms over 60 durations");
}

#[test]
fn missing_durations_are_a_warning() {
    let mut some = window(60, "10000", 50);
    facts(&mut some).durations.untimed = 10;
    assert_eq!(judged(&some).warnings, ["10 deliveries have no duration"]);
}
