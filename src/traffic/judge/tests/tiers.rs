use super::*;
use crate::settings::Tier;
use crate::traffic::judge::tiers;
use crate::traffic::window::{Tally, TierCounts};

/// The runbooks' alert levels over the same facts.
fn window(bad: u64, total: u64, dead_letters: u64, attempts: (u64, u64)) -> Observation {
    let mut window = observation(bad, total);
    let counts = |tier: Tier| {
        let seconds = i64::try_from(tier.over.0.as_secs()).expect("minutes");
        TierCounts {
            tier,
            window: super::window(900 - seconds, 900),
            tally: Tally { dead_letters, ..Tally::deliveries(bad, total) },
            attempts,
        }
    };
    window.tiers = Ok(Traffic::default().tiers.into_iter().map(counts).collect());
    window
}

/// The codes of those that are triggered, and of those that are undecided.
fn fired(window: &Observation) -> (Vec<String>, Vec<String>) {
    let finding = tiers(window, rules(&Traffic::default()));
    let named = |holds: Option<bool>| -> Vec<String> {
        finding.claims.iter().filter(|c| c.holds == holds).map(|c| c.code.clone()).collect()
    };
    (named(Some(false)), named(None))
}

#[test]
fn good_traffic_triggers_none() {
    let finding = tiers(&window(0, 60, 0, (60, 60)), rules(&Traffic::default()));
    assert_eq!(verdict(&finding), Verdict::Pass);
    assert_eq!(finding.claims.len(), Traffic::default().tiers.len());
    assert_eq!(
        (finding.claims[0].expected.as_str(), finding.claims[0].found.as_str()),
        ("at least 50 % success over 10m", "100.00 % of 60")
    );
}

#[test]
fn each_is_triggered_beyond_its_own_threshold() {
    let names = |bad, total, dead, attempts| fired(&window(bad, total, dead, attempts)).0;
    assert_eq!(names(2, 60, 0, (60, 60)), ["tier-alert"]);
    assert_eq!(names(13, 60, 0, (60, 60)), ["tier-p1", "tier-alert"]);
    assert_eq!(names(12, 60, 0, (60, 60)), ["tier-alert"], "80.00 % is not below 80 %");
    assert_eq!(names(40, 60, 0, (60, 60)), ["tier-p0", "tier-p1", "tier-alert", "tier-escalation-success"]);
    assert_eq!(names(0, 60, 6, (60, 60)), ["tier-warning"]);
    assert_eq!(names(0, 60, 5, (60, 60)), Vec::<String>::new());
    assert_eq!(names(0, 60, 11, (60, 60)), ["tier-p2", "tier-warning"]);
    assert_eq!(names(0, 60, 21, (60, 60)), ["tier-p2", "tier-warning", "tier-escalation-dead-letters"]);
    assert_eq!(names(0, 60, 0, (91, 60)), ["tier-info"]);
    assert_eq!(names(0, 60, 0, (90, 60)), Vec::<String>::new());
}

#[test]
fn few_deliveries_decide_no_rate() {
    let (fires, open) = fired(&window(4, 5, 0, (5, 5)));
    assert!(fires.is_empty(), "{fires:?}");
    assert_eq!(open, ["tier-p0", "tier-p1", "tier-alert", "tier-escalation-success"]);
    let (fires, open) = fired(&window(0, 0, 0, (0, 0)));
    assert_eq!((fires.len(), open.len()), (0, Traffic::default().tiers.len()));
    assert_eq!(fired(&window(0, 0, 6, (0, 0))).0, ["tier-warning"]);
}

#[test]
fn a_clipped_alert_level_shows_its_time() {
    let mut clipped = window(0, 60, 0, (60, 60));
    clipped.tiers.as_mut().expect("tiers")[6].window = super::window(0, 900);
    let finding = tiers(&clipped, rules(&Traffic::default()));
    assert_eq!(finding.claims[6].found, "0 in 15 minutes");
    assert_eq!(finding.claims[6].expected, "at most 20 dead letters over 1h");
}

#[test]
fn unread_facts_and_a_window_that_ended_early_are_undecided() {
    let mut cut = window(0, 60, 0, (60, 60));
    cut.ended = Ended::DeadLetter;
    assert_eq!(verdict(&tiers(&cut, rules(&Traffic::default()))), Verdict::Inconclusive);
    cut.tiers = Err("timed out".to_owned());
    assert_eq!(verdict(&tiers(&cut, rules(&Traffic::default()))), Verdict::Inconclusive);
    cut.tiers = Ok(Vec::new());
    assert_eq!(verdict(&tiers(&cut, rules(&Traffic::default()))), Verdict::Inconclusive);
}
