use super::*;
use crate::traffic::judge::{margins, remarks, success_rate};

fn judged(bad: u64, total: u64) -> Finding {
    success_rate(&watched(bad, total), rules(&Traffic::default()))
}

#[test]
fn the_letter_decides_where_there_are_enough() {
    for (bad, total, expected, found, margin) in [
        (0, 60, Verdict::Pass, "100.00 % of 60 (0 failed)", "4 more failures would fail it"),
        (2, 60, Verdict::Pass, "96.67 % of 60 (2 failed)", "2 more failures would fail it"),
        (3, 60, Verdict::Fail, "95.00 % of 60 (3 failed)", "1 clean delivery would mend it"),
        (9, 60, Verdict::Fail, "85.00 % of 60 (9 failed)", "121 clean deliveries would mend it"),
        (1, 21, Verdict::Pass, "95.24 % of 21 (1 failed)", "1 more failure would fail it"),
        (50, 1001, Verdict::Fail, "95.00 % of 1001 (50 failed)", "1 clean delivery would mend it"),
        (49, 1001, Verdict::Pass, "95.10 % of 1001 (49 failed)", "2 more failures would fail it"),
        (1870, 37_424, Verdict::Fail, "95.00 % of 37424 (1870 failed)", "14 clean deliveries would mend it"),
        (1425, 37_424, Verdict::Pass, "96.19 % of 37424 (1425 failed)", "468 more failures would fail it"),
        (1000, 20_000, Verdict::Fail, "95.00 % of 20000 (1000 failed)", "21 clean deliveries would mend it"),
        (999, 20_000, Verdict::Pass, "95.01 % of 20000 (999 failed)", "1 more failure would fail it"),
    ] {
        let finding = judged(bad, total);
        assert_eq!((verdict(&finding), finding.claims[0].found.as_str()), (expected, found));
        assert_eq!(told(&finding, "margin"), Some(margin), "{bad} of {total}");
        assert_eq!(finding.claims[0].expected, "above 95 %");
    }
}

#[test]
fn few_deliveries_fail_where_they_prove_it_and_never_pass() {
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
    let thin = judged(0, 7);
    assert!(thin.fix.as_ref().is_some_and(|fix| fix.contains("--until-enough")), "{:?}", thin.fix);
    assert_eq!(told(&thin, "margin"), Some("0 of 7 failed; 14 more deliveries are needed for a verdict"));
    let strict = Traffic { min_events: 59, ..Traffic::default() };
    assert_eq!(verdict(&success_rate(&watched(0, 58), rules(&strict))), Verdict::Inconclusive);
    assert_eq!(verdict(&success_rate(&watched(0, 59), rules(&strict))), Verdict::Pass);
}

#[test]
fn nothing_is_not_a_success() {
    let silent = judged(0, 0);
    assert_eq!(verdict(&silent), Verdict::Inconclusive);
    assert_eq!(silent.claims[0].found, "no delivery was recorded");
    // More successes than deliveries, or NULL beside a count, is no answer.
    let mut odd = watched(0, 60);
    facts(&mut odd).letter.success_rate = None;
    assert_eq!(verdict(&success_rate(&odd, rules(&Traffic::default()))), Verdict::Inconclusive);
}

#[test]
fn the_bound_says_what_it_takes_for_granted() {
    assert_eq!(
        told(&judged(3, 60), "bound"),
        Some("less than 12.42 % fail, with 95 % confidence if failures are independent")
    );
    assert_eq!(
        margins(watched(0, 21).facts.as_ref().expect("facts"), rules(&Traffic::default())),
        [
            "2 more failures would fail it",
            "less than 13.29 % fail, with 95 % confidence if failures are independent",
            "one more delivery of 6800 ms would bring it to 500 ms",
        ]
    );
}

#[test]
fn failures_are_told_by_status_and_by_when_they_came() {
    let mut late = watched(30, 150);
    facts(&mut late).failures = vec![(Some("502".to_owned()), 28), (None, 2)];
    facts(&mut late).bins = bins(&[[(0, 10); 5].as_slice(), &[(3, 10); 10]].concat());
    let finding = success_rate(&late, rules(&Traffic::default()));
    assert_eq!(told(&finding, "failures by finalStatus"), Some("28 x 502, 2 x absent"));
    assert_eq!(
        told(&finding, "when"),
        Some("from 10:05:00Z 30 of 100 failed, else 0 of 50 (chance 9.1e-7 if failures are independent)")
    );
    assert!(remarks(&late, rules(&Traffic::default())).iter().any(|said| said.starts_with("from 10:05:00Z")));
}

#[test]
fn a_burst_at_the_restart_is_one_burst() {
    let mut burst = watched(9, 300);
    let mut counts = [(0, 20); 15];
    counts[1] = (9, 20);
    facts(&mut burst).bins = bins(&counts);
    let finding = success_rate(&burst, rules(&Traffic::default()));
    let when = told(&finding, "when").expect("a burst");
    assert_eq!(when, "one burst at the restart: 100 % of the failures lie between 10:01:00Z and 10:02:00Z");
    burst.deploy = Err("fly is not installed".to_owned());
    let finding = success_rate(&burst, rules(&Traffic::default()));
    assert!(told(&finding, "when").is_some_and(|when| when.starts_with("one burst: 100 %")));
}

#[test]
fn the_deploy_is_blamed_only_for_what_came_with_it() {
    let compared = |bad, before: Option<Stretch>| {
        let mut window = watched(bad, 60);
        window.before = before;
        let finding = success_rate(&window, rules(&Traffic::default()));
        (told(&finding, "deploy").map(str::to_owned), finding.fix)
    };
    let (text, fix) = compared(9, stretch(-930, -30, 9, 60));
    assert_eq!(text.as_deref(), Some("not your deploy: 9 of 60 failed before it, 9 of 60 since"));
    assert!(fix.is_some_and(|fix| fix.contains("before the deploy too")));
    let (text, fix) = compared(12, stretch(-930, -30, 9, 2400));
    assert_eq!(
        text.as_deref(),
        Some(
            "since the deploy 12 of 60 failed, before it 9 of 2400 (chance 3.5e-15 if failures are independent)"
        )
    );
    assert_eq!(fix, None);
    let (text, _) = compared(3, stretch(-930, -30, 0, 60));
    assert_eq!(
        text.as_deref(),
        Some(
            "since the deploy 3 of 60 failed, before it 0 of 60: that may be chance (chance 0.1218 if failures are independent)"
        )
    );
    let (text, _) = compared(0, stretch(-930, -30, 20, 60));
    assert!(text.is_some_and(|text| text.starts_with("better since the deploy")));
    let (text, _) = compared(3, stretch(-930, -30, 0, 0));
    assert!(text.is_some_and(|text| text.ends_with("nothing to compare")));
    assert_eq!(compared(0, stretch(-930, -30, 0, 60)).0, None);
    assert_eq!(compared(3, None).0, None);
}

#[test]
fn only_the_part_after_a_deploy_inside_the_window_is_its_own() {
    let mut window = watched(9, 60);
    window.deploy = Ok(Deploy { at: at(450), source: "release v43".to_owned(), running: false });
    (window.before, window.after) = (stretch(-450, 450, 9, 30), stretch(450, 900, 0, 30));
    let finding = success_rate(&window, rules(&Traffic::default()));
    let split = told(&finding, "deploy").expect("a split");
    assert!(split.starts_with("better since the deploy: 0 of 30 failed, before it 9 of 30"), "{split}");
    assert_eq!(
        finding.warnings,
        ["release v43 went out at 10:07:30Z, inside the window: two versions served in it"]
    );
}
