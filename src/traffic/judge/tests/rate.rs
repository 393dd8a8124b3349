use super::*;
use crate::traffic::judge::{margins, remarks, success_rate};

fn judged(bad: u64, total: u64) -> Finding {
    success_rate(&observation(bad, total), rules(&Traffic::default()))
}

#[test]
fn with_enough_deliveries_the_checklists_rule_decides() {
    for (bad, total, expected, found, margin) in [
        (0, 60, Verdict::Pass, "100.00 % (0 of 60 failed)", "4 more failures would fail it"),
        (2, 60, Verdict::Pass, "96.67 % (2 of 60 failed)", "2 more failures would fail it"),
        (3, 60, Verdict::Fail, "95.00 % (3 of 60 failed)", "1 more success would bring it above 95 %"),
        (9, 60, Verdict::Fail, "85.00 % (9 of 60 failed)", "121 more successes would bring it above 95 %"),
        (1, 21, Verdict::Pass, "95.24 % (1 of 21 failed)", "1 more failure would fail it"),
        (50, 1001, Verdict::Fail, "95.00 % (50 of 1001 failed)", "1 more success would bring it above 95 %"),
        (49, 1001, Verdict::Pass, "95.10 % (49 of 1001 failed)", "2 more failures would fail it"),
        (
            1870,
            37_424,
            Verdict::Fail,
            "95.00 % (1870 of 37424 failed)",
            "14 more successes would bring it above 95 %",
        ),
        (1425, 37_424, Verdict::Pass, "96.19 % (1425 of 37424 failed)", "468 more failures would fail it"),
        (
            1000,
            20_000,
            Verdict::Fail,
            "95.00 % (1000 of 20000 failed)",
            "21 more successes would bring it above 95 %",
        ),
        (999, 20_000, Verdict::Pass, "95.01 % (999 of 20000 failed)", "1 more failure would fail it"),
    ] {
        let finding = judged(bad, total);
        assert_eq!((verdict(&finding), finding.claims[0].found.as_str()), (expected, found));
        assert_eq!(evidence_of(&finding, "margin"), Some(margin), "{bad} of {total}");
        assert_eq!(finding.claims[0].expected, "above 95 %");
    }
}

#[test]
fn few_deliveries_may_fail_but_never_pass() {
    for (bad, total, expected) in [
        (0, 1, Verdict::Inconclusive),
        (1, 1, Verdict::Inconclusive),
        (2, 2, Verdict::Fail),
        (2, 3, Verdict::Fail),
        (3, 10, Verdict::Inconclusive),
        (4, 10, Verdict::Fail),
        (0, 20, Verdict::Inconclusive),
        (1, 20, Verdict::Inconclusive),
    ] {
        assert_eq!(verdict(&judged(bad, total)), expected, "{bad} of {total}");
    }
    let few = judged(0, 7);
    let claim = &few.claims[0];
    assert!(claim.fix.as_ref().is_some_and(|fix| fix.contains("--until-enough")), "{claim:?}");
    assert_eq!(claim.reason(), "too few deliveries for a verdict: 7 of at least 21 (0 failed)");
    assert_eq!(evidence_of(&few, "margin"), Some("7 of 21 deliveries, 0 failed"));
    let strict = Traffic { min_events: 59, ..Traffic::default() };
    assert_eq!(verdict(&success_rate(&observation(0, 58), rules(&strict))), Verdict::Inconclusive);
    assert_eq!(verdict(&success_rate(&observation(0, 59), rules(&strict))), Verdict::Pass);
}

#[test]
fn no_delivery_is_not_a_success() {
    let silent = judged(0, 0);
    assert_eq!(verdict(&silent), Verdict::Inconclusive);
    assert_eq!(silent.claims[0].reason(), "no delivery was recorded");
    // NULL with a positive count is not a valid answer.
    let mut odd = observation(0, 60);
    facts(&mut odd).success_rate = None;
    assert_eq!(verdict(&success_rate(&odd, rules(&Traffic::default()))), Verdict::Inconclusive);
}

#[test]
fn the_bound_states_its_assumption() {
    assert_eq!(
        evidence_of(&judged(3, 60), "bound"),
        Some("failure rate below 12.42 % (95 % confidence, if failures are independent)")
    );
    assert_eq!(
        margins(observation(0, 21).facts.as_ref().expect("facts"), rules(&Traffic::default())),
        [
            "2 more failures would fail it",
            "failure rate below 13.29 % (95 % confidence, if failures are independent)",
            "a single delivery of 6800 ms would bring the average to 500 ms",
        ]
    );
}

#[test]
fn failures_are_shown_by_status_and_by_time() {
    let mut late = observation(30, 150);
    facts(&mut late).failures = vec![(Some("502".to_owned()), 28), (None, 2)];
    facts(&mut late).bins = bins(&[[(0, 10); 5].as_slice(), &[(3, 10); 10]].concat());
    let finding = success_rate(&late, rules(&Traffic::default()));
    assert_eq!(evidence_of(&finding, "failures by finalStatus"), Some("28 × 502, 2 × missing"));
    assert_eq!(
        evidence_of(&finding, "when"),
        Some(
            "from 10:05:00Z on, 30 of 100 failed; before that, 0 of 50 (p = 9.1e-7, if failures are independent)"
        )
    );
    assert!(remarks(&late, rules(&Traffic::default())).iter().any(|said| said.starts_with("from 10:05:00Z")));
}

#[test]
fn a_burst_at_the_restart_is_one_burst() {
    let mut burst = observation(9, 300);
    let mut counts = [(0, 20); 15];
    counts[1] = (9, 20);
    facts(&mut burst).bins = bins(&counts);
    let finding = success_rate(&burst, rules(&Traffic::default()));
    let when = evidence_of(&finding, "when").expect("a burst");
    assert_eq!(
        when,
        "100 % of the failures came in one burst at the restart, between 10:01:00Z and 10:02:00Z"
    );
    burst.deploy = Err("fly is not installed".to_owned());
    let finding = success_rate(&burst, rules(&Traffic::default()));
    assert!(evidence_of(&finding, "when").is_some_and(|when| when.contains("in one burst, between")));
}

#[test]
fn only_new_failures_are_attributed_to_the_deploy() {
    let compared = |bad, before: Option<Period>| {
        let mut window = observation(bad, 60);
        window.before = before;
        let finding = success_rate(&window, rules(&Traffic::default()));
        (evidence_of(&finding, "deploy").map(str::to_owned), finding.claims[0].fix.clone())
    };
    let (text, fix) = compared(9, period(-930, -30, 9, 60));
    assert_eq!(text.as_deref(), Some("not caused by this deploy: 9 of 60 failed before it, 9 of 60 since"));
    assert!(fix.is_some_and(|fix| fix.contains("before the deploy")));
    let (text, fix) = compared(12, period(-930, -30, 9, 2400));
    assert_eq!(
        text.as_deref(),
        Some(
            "worse since the deploy: 12 of 60 failed, before it 9 of 2400 (p = 3.5e-15, if failures are independent)"
        )
    );
    assert_eq!(fix, None);
    let (text, _) = compared(3, period(-930, -30, 0, 60));
    assert_eq!(
        text.as_deref(),
        Some(
            "3 of 60 failed since the deploy, 0 of 60 before it: this may be chance (p = 0.1218, if failures are independent)"
        )
    );
    let (text, _) = compared(0, period(-930, -30, 20, 60));
    assert!(text.is_some_and(|text| text.starts_with("better since the deploy")));
    let (text, _) = compared(3, period(-930, -30, 0, 0));
    assert!(text.is_some_and(|text| text.ends_with("nothing to compare")));
    assert_eq!(compared(0, period(-930, -30, 0, 60)).0, None);
    assert_eq!(compared(3, None).0, None);
}

#[test]
fn a_deploy_inside_the_window_is_compared_from_its_start() {
    let mut window = observation(9, 60);
    window.deploy = Ok(Deploy { at: at(450), source: "release v43".to_owned(), running: false });
    (window.before, window.after) = (period(-450, 450, 9, 30), period(450, 900, 0, 30));
    let finding = success_rate(&window, rules(&Traffic::default()));
    let split = evidence_of(&finding, "deploy").expect("a split");
    assert!(split.starts_with("better since the deploy: 0 of 30 failed, before it 9 of 30"), "{split}");
    assert_eq!(
        finding.warnings,
        ["release v43 was deployed at 10:07:30Z, inside the window, so two versions served in it"]
    );
}
