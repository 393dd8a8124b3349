use super::*;
use crate::outcome::tick::LiveStatus;
use crate::traffic::judge::live_status;
use crate::traffic::read::TickCounts;

fn counts(ok: u64, bad: u64, dead_letters: u64, mean_ms: u64) -> TickCounts {
    let timed = ok + bad;
    TickCounts {
        tally: Tally { ok, bad, dead_letters },
        timed,
        sum_ms: mean_ms * timed,
        ..TickCounts::default()
    }
}

#[test]
fn the_status_is_how_the_window_would_end_now() {
    use LiveStatus::{Failing, Passing, Thin};
    for ((ok, bad, dead, mean), expected, reason) in [
        ((60, 0, 0, 200), Passing, "4 more failures would fail it"),
        ((51, 9, 0, 200), Failing, "9 of 60 failed; 121 more successes would bring it above 95 %"),
        ((0, 5, 0, 200), Failing, "5 of 5 failed, which is enough to fail even with few deliveries"),
        ((7, 0, 0, 200), Thin, "7 of 21 deliveries, 0 failed"),
        ((19, 1, 0, 900), Thin, "20 of 21 deliveries, 1 failed"),
        ((60, 0, 0, 900), Failing, "average duration 900 ms, must be below 500 ms"),
        ((60, 0, 0, 499), Passing, "4 more failures would fail it"),
        ((0, 0, 0, 0), Thin, "no deliveries"),
        ((60, 0, 1, 200), Failing, "1 dead letter; later traffic cannot change this"),
        ((0, 0, 2, 0), Failing, "2 dead letters; later traffic cannot change this"),
    ] {
        let status = live_status(&counts(ok, bad, dead, mean), &Traffic::default());
        assert_eq!(status, (expected, reason.to_owned()));
    }
}

#[test]
fn an_average_over_too_few_durations_does_not_pass_yet() {
    let few = TickCounts { timed: 20, sum_ms: 4_000, untimed: 40, ..counts(60, 0, 0, 200) };
    let reason = "20 of 60 deliveries have a duration; the average needs 1 more".to_owned();
    assert_eq!(live_status(&few, &Traffic::default()), (LiveStatus::Thin, reason));
    let enough = TickCounts { timed: 21, sum_ms: 4_200, untimed: 39, ..counts(60, 0, 0, 200) };
    assert_eq!(live_status(&enough, &Traffic::default()).0, LiveStatus::Passing);
}

#[test]
fn an_unreachable_threshold_is_reported() {
    let all = Traffic { success_rate: crate::settings::Percent(10_000), ..Traffic::default() };
    let expected =
        (LiveStatus::Failing, "0 of 60 failed; no number of successes would bring it above 100 %".to_owned());
    assert_eq!(live_status(&counts(60, 0, 0, 200), &all), expected);
}
