//! Rules that apply to all claims of a watch.

use super::*;
use crate::outcome::window::Gap;
use crate::traffic::judge::{average, database, dead_letters, remarks, success_rate};

type Judge = fn(&Observation, Rules<'_>) -> Finding;
const JUDGES: [Judge; 3] = [success_rate, dead_letters, average];

fn verdicts(window: &Observation, rules: Rules<'_>) -> [Verdict; 3] {
    JUDGES.map(|judge| verdict(&judge(window, rules)))
}

const OPEN: [Verdict; 3] = [Verdict::Inconclusive, Verdict::Inconclusive, Verdict::Inconclusive];
const PASSES: [Verdict; 3] = [Verdict::Pass, Verdict::Pass, Verdict::Pass];

/// A good half hour.
fn half_an_hour() -> Observation {
    let mut window = observation(0, 60);
    window.window = super::window(0, 1800);
    facts(&mut window).window = window.window;
    window
}

#[test]
fn a_good_window_passes_and_unread_facts_never_do() {
    let traffic = Traffic::default();
    let mut window = observation(0, 60);
    assert_eq!(verdicts(&window, rules(&traffic)), PASSES);
    for gone in [true, false] {
        window.facts = Err(error(gone));
        assert_eq!(verdicts(&window, rules(&traffic)), OPEN);
        let finding = success_rate(&window, rules(&traffic));
        let claim = &finding.claims[0];
        assert!(claim.reason().contains("connection refused"), "{}", claim.reason());
        assert_eq!(claim.fix.as_deref(), Some("start it"));
    }
}

#[test]
fn without_traffic_everything_is_undecided() {
    assert_eq!(verdicts(&observation(0, 0), rules(&Traffic::default())), OPEN);
}

#[test]
fn a_window_that_ended_early_decides_only_what_ended_it() {
    let traffic = Traffic::default();
    let mut window = observation(12, 60);
    facts(&mut window).tally.dead_letters = 1;
    window.ended = Ended::DeadLetter;
    assert_eq!(
        verdicts(&window, rules(&traffic)),
        [Verdict::Inconclusive, Verdict::Fail, Verdict::Inconclusive]
    );
    facts(&mut window).tally.dead_letters = 0;
    window.ended = Ended::BeyondRescue("12 of 60 failed".to_owned());
    assert_eq!(
        verdicts(&window, rules(&traffic)),
        [Verdict::Fail, Verdict::Inconclusive, Verdict::Inconclusive]
    );
    let why = average(&window, rules(&traffic)).claims[0].reason();
    assert_eq!(why, "not enough data: too many failures ended the watch after 15 minutes");
    // The same if it was slow: the duration did not end the watch.
    facts(&mut window).durations.sum_ms = Some("99999999".to_owned());
    assert_eq!(verdicts(&window, rules(&traffic))[2], Verdict::Inconclusive);
}

#[test]
fn a_window_that_became_good_after_ending_early_does_not_pass() {
    let mut window = observation(0, 60);
    window.ended = Ended::BeyondRescue("12 of 60 failed".to_owned());
    assert_eq!(verdicts(&window, rules(&Traffic::default())), OPEN);
}

#[test]
fn the_criteria_need_half_an_hour_except_in_the_sandbox() {
    let traffic = Traffic::default();
    assert_eq!(verdicts(&half_an_hour(), criteria(&traffic)), PASSES);
    let mut short = half_an_hour();
    short.window = super::window(0, 1799);
    assert_eq!(verdicts(&short, criteria(&traffic)), OPEN);
    assert_eq!(verdicts(&short, rules(&traffic)), PASSES);
    assert_eq!(verdicts(&short, Rules { sandbox: true, ..criteria(&traffic) }), PASSES);
    // A failure in a shorter window is still a failure.
    let mut bad = observation(30, 60);
    facts(&mut bad).tally.dead_letters = 1;
    facts(&mut bad).durations.sum_ms = Some("60000".to_owned());
    assert_eq!(verdicts(&bad, criteria(&traffic)), [Verdict::Fail, Verdict::Fail, Verdict::Fail]);
}

#[test]
fn a_past_window_without_a_deploy_warns_and_does_not_satisfy_the_criteria() {
    let traffic = Traffic::default();
    let mut past = half_an_hour();
    past.deploy = Err("`fly_app` is not configured".to_owned());
    assert_eq!(verdicts(&past, criteria(&traffic)), PASSES, "a forward window has its own start");
    past.mode = Mode::Past;
    assert_eq!(verdicts(&past, criteria(&traffic)), OPEN);
    assert_eq!(verdicts(&past, rules(&traffic)), PASSES);
    let warnings = success_rate(&past, rules(&traffic)).warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("traffic of an earlier version"), "{warnings:?}");
    past.mode = Mode::Forward;
    assert!(success_rate(&past, rules(&traffic)).warnings.is_empty());
}

#[test]
fn an_empty_window_is_undecided() {
    let mut empty = observation(0, 60);
    empty.window = super::window(0, 0);
    assert_eq!(verdicts(&empty, rules(&Traffic::default())), OPEN);
}

#[test]
fn a_pass_carries_warnings_about_its_window() {
    let traffic = Traffic::default();
    let warned = |change: fn(&mut Observation)| {
        let mut window = observation(0, 60);
        change(&mut window);
        assert!(!remarks(&window, rules(&traffic)).is_empty());
        let finding = success_rate(&window, rules(&traffic));
        assert_eq!(verdict(&finding), Verdict::Pass);
        finding.warnings.join("; ")
    };
    let running = |w: &mut Observation| w.deploy.as_mut().expect("a deploy").running = true;
    assert!(warned(running).contains("release v42 is still being deployed"));
    let future = |w: &mut Observation| facts(w).future = 3;
    assert!(warned(future).contains("3 facts are dated after the database's current time"));
    let open = |w: &mut Observation| facts(w).open_transactions = OpenTransactions::Open(at(131));
    assert!(warned(open).contains("open since 2026-01-01T10:02:11Z"));
    let gap = |w: &mut Observation| {
        w.gaps.push(Gap { from: at(60), to: at(100), why: "connection refused".to_owned() });
    };
    assert!(warned(gap).contains("did not answer from 10:01:00Z to 10:01:40Z (connection refused)"));
    let behind = |w: &mut Observation| facts(w).replayed_to = Some(at(870));
    assert!(warned(behind).contains("replayed up to 10:14:30Z, 30 s before"));
}

#[test]
fn a_standby_far_behind_leaves_the_window_undecided() {
    let mut window = observation(0, 60);
    facts(&mut window).replayed_to = Some(at(800));
    assert_eq!(verdicts(&window, rules(&Traffic::default())), OPEN);
    facts(&mut window).replayed_to = Some(at(900));
    assert_eq!(verdicts(&window, rules(&Traffic::default())), PASSES);
}

#[test]
fn late_facts_and_unknown_transactions_are_shown() {
    let mut window = observation(0, 60);
    window.late = 11;
    facts(&mut window).open_transactions =
        OpenTransactions::Unknown("another role's transactions".to_owned());
    let finding = success_rate(&window, rules(&Traffic::default()));
    assert_eq!(
        evidence_of(&finding, "late"),
        Some("11 facts became visible only after the ticks had read that time")
    );
    assert!(
        evidence_of(&finding, "open transactions")
            .is_some_and(|text| text.ends_with("another role's transactions"))
    );
    assert_eq!((finding.warnings.len(), remarks(&window, rules(&Traffic::default())).len()), (0, 2));
}

#[test]
fn the_database_passes_unless_it_was_gone_at_the_end() {
    let mut window = observation(0, 0);
    assert_eq!(verdict(&database(&window)), Verdict::Pass);
    window.gaps.push(Gap { from: at(60), to: at(100), why: "connection refused".to_owned() });
    let finding = database(&window);
    assert_eq!((verdict(&finding), finding.warnings.len()), (Verdict::Pass, 1));
    assert_eq!(evidence_of(&finding, "gap"), Some("2026-01-01T10:01:00Z to 10:01:40Z: connection refused"));
    window.facts = Err(error(true));
    assert_eq!(verdict(&database(&window)), Verdict::Fail);
    window.facts = Err(ReadError { offline: Some("db.example".to_owned()), ..error(true) });
    assert_eq!(database(&window).claims[0].offline.as_deref(), Some("db.example"));
    window.facts = Err(error(false));
    let refused = database(&window);
    assert_eq!(verdict(&refused), Verdict::Pass);
    assert!(refused.claims[0].found.starts_with("it rejected the query"), "{}", refused.claims[0].found);
}

#[test]
fn a_database_that_was_not_queried_is_undecided() {
    let mut window = observation(0, 0);
    (window.planned, window.window) = (super::window(0, 0), super::window(0, 0));
    window.facts = Err(ReadError { why: "the window is empty".to_owned(), ..error(false) });
    let finding = database(&window);
    assert_eq!(verdict(&finding), Verdict::Inconclusive);
    let why = finding.claims[0].reason();
    assert!(why.contains("the window is empty"), "{why}");
}
