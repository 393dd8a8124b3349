use super::*;
use crate::traffic::judge::standing;
use crate::traffic::live::Standing;

#[test]
fn the_screen_says_how_it_would_end() {
    for (ok, bad, dead, expected, reason) in [
        (60, 0, 0, Standing::Passing, "4 more failures would fail it"),
        (51, 9, 0, Standing::Failing, "121 clean deliveries would mend it"),
        (0, 5, 0, Standing::Failing, "5 of 5 failed: proof enough, though they are few"),
        (7, 0, 0, Standing::Thin, "7 deliveries of the 21 that can pass"),
        (0, 1, 0, Standing::Thin, "1 delivery of the 21 that can pass"),
        (0, 0, 0, Standing::Thin, "no delivery yet"),
        (60, 0, 1, Standing::Failing, "1 dead letter: nothing that follows can make it good"),
        (0, 0, 2, Standing::Failing, "2 dead letters: nothing that follows can make it good"),
    ] {
        assert_eq!(standing(ok, bad, dead, &Traffic::default()), (expected, reason.to_owned()));
    }
}

#[test]
fn a_threshold_that_nothing_passes_is_said_so() {
    let all = Traffic { success_rate: crate::settings::Percent(10_000), ..Traffic::default() };
    let expected = (Standing::Failing, "no number of clean deliveries would mend it".to_owned());
    assert_eq!(standing(60, 0, 0, &all), expected);
}
