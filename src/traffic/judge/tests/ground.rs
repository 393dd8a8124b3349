//! What holds for all claims of a watch.

use super::*;
use crate::outcome::window::Gap;
use crate::traffic::judge::{average, database, dead_letters, remarks, success_rate};

type Judge = fn(&Watched, Rules<'_>) -> Finding;
const LETTERS: [Judge; 3] = [success_rate, dead_letters, average];

fn verdicts(window: &Watched, rules: Rules<'_>) -> [Verdict; 3] {
    LETTERS.map(|judge| verdict(&judge(window, rules)))
}

const OPEN: [Verdict; 3] = [Verdict::Inconclusive, Verdict::Inconclusive, Verdict::Inconclusive];
const PASSES: [Verdict; 3] = [Verdict::Pass, Verdict::Pass, Verdict::Pass];

/// Half an hour that is good.
fn half_an_hour() -> Watched {
    let mut window = watched(0, 60);
    window.window = super::window(0, 1800);
    facts(&mut window).window = window.window;
    window
}

#[test]
fn a_good_window_passes_and_facts_that_were_not_read_never_do() {
    let traffic = Traffic::default();
    let mut window = watched(0, 60);
    assert_eq!(verdicts(&window, rules(&traffic)), PASSES);
    for gone in [true, false] {
        window.facts = Err(unasked(gone));
        assert_eq!(verdicts(&window, rules(&traffic)), OPEN);
        let finding = success_rate(&window, rules(&traffic));
        assert!(finding.claims[0].found.contains("connection refused"), "{}", finding.claims[0].found);
        assert_eq!(finding.fix.as_deref(), Some("start it"));
    }
}

#[test]
fn no_traffic_leaves_everything_open() {
    assert_eq!(verdicts(&watched(0, 0), rules(&Traffic::default())), OPEN);
}

#[test]
fn a_window_cut_short_judges_only_what_cut_it() {
    let traffic = Traffic::default();
    let mut window = watched(12, 60);
    facts(&mut window).dead_letters = 1;
    window.ended = Ended::DeadLetter;
    assert_eq!(
        verdicts(&window, rules(&traffic)),
        [Verdict::Inconclusive, Verdict::Fail, Verdict::Inconclusive]
    );
    facts(&mut window).dead_letters = 0;
    window.ended = Ended::BeyondRescue("12 of 60 failed".to_owned());
    assert_eq!(
        verdicts(&window, rules(&traffic)),
        [Verdict::Fail, Verdict::Inconclusive, Verdict::Inconclusive]
    );
    let found = &average(&window, rules(&traffic)).claims[0].found;
    assert!(found.contains("window cut at 10:15:00Z"), "{found}");
    // A slow one too: it did not end the watch.
    facts(&mut window).letter.sum_ms = Some("99999999".to_owned());
    assert_eq!(verdicts(&window, rules(&traffic))[2], Verdict::Inconclusive);
}

#[test]
fn a_window_that_turned_good_after_it_had_ended_early_is_not_a_pass() {
    let mut window = watched(0, 60);
    window.ended = Ended::BeyondRescue("12 of 60 failed".to_owned());
    assert_eq!(verdicts(&window, rules(&Traffic::default())), OPEN);
}

#[test]
fn the_criteria_ask_for_half_an_hour_but_in_the_sandbox() {
    let traffic = Traffic::default();
    assert_eq!(verdicts(&half_an_hour(), criteria(&traffic)), PASSES);
    let mut short = half_an_hour();
    short.window = super::window(0, 1799);
    assert_eq!(verdicts(&short, criteria(&traffic)), OPEN);
    assert_eq!(verdicts(&short, rules(&traffic)), PASSES);
    assert_eq!(verdicts(&short, Rules { sandbox: true, ..criteria(&traffic) }), PASSES);
    // What fails in half of it fails.
    let mut bad = watched(30, 60);
    facts(&mut bad).dead_letters = 1;
    facts(&mut bad).letter.sum_ms = Some("60000".to_owned());
    assert_eq!(verdicts(&bad, criteria(&traffic)), [Verdict::Fail, Verdict::Fail, Verdict::Fail]);
}

#[test]
fn a_past_window_without_a_deploy_warns_and_does_not_satisfy_the_criteria() {
    let traffic = Traffic::default();
    let mut past = half_an_hour();
    past.deploy = Err("`fly_app` is not configured".to_owned());
    assert_eq!(verdicts(&past, criteria(&traffic)), PASSES, "a window watched forward begins by itself");
    past.mode = Mode::Past;
    assert_eq!(verdicts(&past, criteria(&traffic)), OPEN);
    assert_eq!(verdicts(&past, rules(&traffic)), PASSES);
    let warnings = success_rate(&past, rules(&traffic)).warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("earlier version's traffic"), "{warnings:?}");
    past.mode = Mode::Forward;
    assert!(success_rate(&past, rules(&traffic)).warnings.is_empty());
}

#[test]
fn an_empty_window_is_none() {
    let mut empty = watched(0, 60);
    empty.window = super::window(0, 0);
    assert_eq!(verdicts(&empty, rules(&Traffic::default())), OPEN);
}

#[test]
fn what_a_pass_should_not_hide_is_a_warning() {
    let traffic = Traffic::default();
    let said = |change: fn(&mut Watched)| {
        let mut window = watched(0, 60);
        change(&mut window);
        assert!(!remarks(&window, rules(&traffic)).is_empty());
        let finding = success_rate(&window, rules(&traffic));
        assert_eq!(verdict(&finding), Verdict::Pass);
        finding.warnings.join("; ")
    };
    let running = |w: &mut Watched| w.deploy.as_mut().expect("a deploy").running = true;
    assert!(said(running).contains("release v42 is still running"));
    let future = |w: &mut Watched| facts(w).future = 3;
    assert!(said(future).contains("3 facts are dated after the database's clock"));
    let open = |w: &mut Watched| facts(w).horizon = Horizon::Open(at(131));
    assert!(said(open).contains("open since 2026-01-01T10:02:11Z"));
    let gap = |w: &mut Watched| {
        w.gaps.push(Gap { from: at(60), to: at(100), why: "connection refused".to_owned() });
    };
    assert!(said(gap).contains("did not answer from 10:01:00Z to 10:01:40Z (connection refused)"));
    let behind = |w: &mut Watched| facts(w).replayed_to = Some(at(870));
    assert!(said(behind).contains("replayed up to 10:14:30Z, 30 s before"));
}

#[test]
fn a_standby_far_behind_has_not_seen_the_window() {
    let mut window = watched(0, 60);
    facts(&mut window).replayed_to = Some(at(800));
    assert_eq!(verdicts(&window, rules(&Traffic::default())), OPEN);
    facts(&mut window).replayed_to = Some(at(900));
    assert_eq!(verdicts(&window, rules(&Traffic::default())), PASSES);
}

#[test]
fn late_facts_and_an_unknown_horizon_are_told() {
    let mut window = watched(0, 60);
    window.late = 11;
    facts(&mut window).horizon = Horizon::Unknown("another role's transactions".to_owned());
    let finding = success_rate(&window, rules(&Traffic::default()));
    assert_eq!(told(&finding, "late"), Some("11 facts became visible after the ticks had passed by"));
    assert!(
        told(&finding, "horizon").is_some_and(|horizon| horizon.ends_with("another role's transactions"))
    );
    assert_eq!((finding.warnings.len(), remarks(&window, rules(&Traffic::default())).len()), (0, 2));
}

#[test]
fn the_database_is_reachable_unless_it_was_gone_at_the_end() {
    let mut window = watched(0, 0);
    assert_eq!(verdict(&database(&window)), Verdict::Pass);
    window.gaps.push(Gap { from: at(60), to: at(100), why: "connection refused".to_owned() });
    let finding = database(&window);
    assert_eq!((verdict(&finding), finding.warnings.len()), (Verdict::Pass, 1));
    assert_eq!(told(&finding, "gap"), Some("2026-01-01T10:01:00Z to 10:01:40Z: connection refused"));
    window.facts = Err(unasked(true));
    assert_eq!(verdict(&database(&window)), Verdict::Fail);
    window.facts = Err(Unasked { offline: Some("db.example".to_owned()), ..unasked(true) });
    assert_eq!(database(&window).claims[0].offline.as_deref(), Some("db.example"));
    window.facts = Err(unasked(false));
    let refused = database(&window);
    assert_eq!(verdict(&refused), Verdict::Pass);
    assert!(refused.claims[0].found.starts_with("a refusal"), "{}", refused.claims[0].found);
}

#[test]
fn a_database_that_no_statement_was_put_to_has_not_answered_it() {
    let mut window = watched(0, 0);
    (window.planned, window.window) = (super::window(0, 0), super::window(0, 0));
    window.facts = Err(Unasked { why: "the window is empty".to_owned(), ..unasked(false) });
    let finding = database(&window);
    assert_eq!(verdict(&finding), Verdict::Inconclusive);
    assert!(finding.claims[0].found.contains("the window is empty"), "{}", finding.claims[0].found);
}
