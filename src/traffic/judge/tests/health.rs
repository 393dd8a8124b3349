use super::*;
use crate::traffic::judge::health;
use crate::traffic::window::HealthSample;

/// One probe a minute: `+` good, `-` failed, `?` rate limited, `o` failed without a route.
fn samples(pattern: &str) -> Vec<HealthSample> {
    (0..)
        .zip(pattern.chars())
        .map(|(minute, c)| HealthSample {
            at: at(60 * minute),
            good: c == '+',
            what: if c == '+' { "200".to_owned() } else { "503".to_owned() },
            throttled: c == '?',
            offline: (c == 'o').then(|| "chat.example".to_owned()),
        })
        .collect()
}

/// Judged in a window with one minute per probe.
fn judged(pattern: &str) -> Finding {
    let mut observation = observation(0, 60);
    observation.window = window(0, 60 * i64::try_from(pattern.len()).expect("a few"));
    health("GET https://chat.example/api", &samples(pattern), Some(&observation), rules(&Traffic::default()))
}

#[test]
fn two_failures_in_a_row_fail_and_one_warns() {
    for (pattern, expected, warnings) in [
        ("+", Verdict::Pass, 0),
        ("+++++", Verdict::Pass, 0),
        ("++-++", Verdict::Pass, 1),
        ("-+-+-+", Verdict::Pass, 1),
        ("++--+", Verdict::Fail, 1),
        ("--", Verdict::Fail, 1),
        ("+++--", Verdict::Fail, 1),
        ("-?-++", Verdict::Fail, 1),
        ("+++-", Verdict::Inconclusive, 1),
        ("-", Verdict::Inconclusive, 1),
        ("??", Verdict::Inconclusive, 0),
        ("+?", Verdict::Pass, 0),
        ("+??", Verdict::Inconclusive, 0),
        ("", Verdict::Inconclusive, 0),
    ] {
        let finding = judged(pattern);
        assert_eq!((verdict(&finding), finding.warnings.len()), (expected, warnings), "{pattern}");
    }
    assert_eq!(judged("++--+").claims[0].found, "503 at 10:02:00Z, 503 at 10:03:00Z");
}

#[test]
fn a_machine_without_a_route_may_itself_be_offline() {
    assert_eq!(judged("+oo").claims[0].offline.as_deref(), Some("chat.example"));
    assert_eq!(judged("-+oo").claims[0].offline, None);
}

#[test]
fn good_health_in_a_window_that_ended_early_is_undecided() {
    let mut cut = observation(0, 60);
    cut.ended = Ended::DeadLetter;
    let traffic = Traffic::default();
    let over = |pattern| verdict(&health("GET /api", &samples(pattern), Some(&cut), rules(&traffic)));
    assert_eq!((over("+++"), over("+--")), (Verdict::Inconclusive, Verdict::Fail));
    assert_eq!(verdict(&health("GET /api", &samples("+++"), None, rules(&traffic))), Verdict::Pass);
}

#[test]
fn a_window_during_which_the_machine_slept_is_undecided() {
    let traffic = Traffic::default();
    let of = |observation: &Observation, pattern: &str| {
        verdict(&health("GET /api", &samples(pattern), Some(observation), rules(&traffic)))
    };
    // A quarter of an hour has fifteen probes, and one at its end.
    let mut quarter = observation(0, 60);
    for (pattern, expected) in [
        ("++", Verdict::Inconclusive),
        ("+++++++", Verdict::Inconclusive),
        ("++++++++", Verdict::Pass),
        ("++++++++++++++++", Verdict::Pass),
        ("--", Verdict::Fail),
    ] {
        assert_eq!(of(&quarter, pattern), expected, "{pattern}");
    }
    quarter.mode = Mode::Past;
    assert_eq!(of(&quarter, "+"), Verdict::Pass, "for a past window only the present can be probed");
}
