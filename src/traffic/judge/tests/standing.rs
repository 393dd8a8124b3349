use super::*;
use crate::outcome::tick::Standing;
use crate::traffic::counts::Counts;
use crate::traffic::judge::standing;

fn counts(ok: u64, bad: u64, dead_letters: u64, mean_ms: u64) -> Counts {
    let timed = ok + bad;
    Counts { ok, bad, dead_letters, timed, sum_ms: mean_ms * timed, ..Counts::default() }
}

#[test]
fn the_screen_says_how_it_would_end() {
    use Standing::{Failing, Passing, Thin};
    for ((ok, bad, dead, mean), expected, reason) in [
        ((60, 0, 0, 200), Passing, "4 more failures would fail it"),
        ((51, 9, 0, 200), Failing, "9 of 60 failed; 121 clean deliveries would mend it"),
        ((0, 5, 0, 200), Failing, "5 of 5 failed: proof enough, though they are few"),
        ((7, 0, 0, 200), Thin, "0 of 7 failed; 14 more deliveries are needed for a verdict"),
        ((19, 1, 0, 900), Thin, "1 of 20 failed; 1 more delivery is needed for a verdict"),
        ((60, 0, 0, 900), Failing, "900 ms on average, not below 500 ms"),
        ((60, 0, 0, 499), Passing, "4 more failures would fail it"),
        ((0, 0, 0, 0), Thin, "no delivery yet"),
        ((60, 0, 1, 200), Failing, "1 dead letter: nothing that follows can make it good"),
        ((0, 0, 2, 0), Failing, "2 dead letters: nothing that follows can make it good"),
    ] {
        let stands = standing(&counts(ok, bad, dead, mean), &Traffic::default());
        assert_eq!(stands, (expected, reason.to_owned()));
    }
}

#[test]
fn an_average_over_too_few_durations_is_no_pass_yet() {
    let few = Counts { timed: 20, sum_ms: 4_000, untimed: 40, ..counts(60, 0, 0, 200) };
    let reason = "20 of 60 have a duration; the average needs 1 more".to_owned();
    assert_eq!(standing(&few, &Traffic::default()), (Standing::Thin, reason));
    let enough = Counts { timed: 21, sum_ms: 4_200, untimed: 39, ..counts(60, 0, 0, 200) };
    assert_eq!(standing(&enough, &Traffic::default()).0, Standing::Passing);
}

#[test]
fn a_threshold_that_nothing_passes_is_said_so() {
    let all = Traffic { success_rate: crate::settings::Percent(10_000), ..Traffic::default() };
    let expected =
        (Standing::Failing, "0 of 60 failed; no number of clean deliveries would mend it".to_owned());
    assert_eq!(standing(&counts(60, 0, 0, 200), &all), expected);
}
