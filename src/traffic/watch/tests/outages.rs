//! Databases that crash.

use std::time::Duration;

use super::script::{START, Script, ahead, seconds, watch};
use crate::outcome::window::{Ended, Mode};
use crate::settings;
use crate::traffic::window::FactKind;
use crate::traffic::window::{after, before};

/// A small deterministic random number generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[tokio::test(start_paused = true)]
async fn random_crashes_lose_no_fact() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let mut script = Script::default();
        let (mut down, mut at) = (Vec::new(), 5 + dice.below(40));
        while at < 170 {
            let length = 1 + dice.below(35);
            down.push((seconds(at), seconds(at + length)));
            at += length + 5 + dice.below(60);
        }
        script.down.clone_from(&down);
        for n in 0..1200 {
            let at = Duration::from_millis(100 * n);
            let kind = if dice.below(50) == 0 { FactKind::Bad } else { FactKind::Ok };
            // The app cannot write while the database is down.
            if !down.iter().any(|(from, to)| (*from..*to).contains(&at)) {
                script.fact(at, Duration::from_millis(dice.below(3000)), kind);
            }
        }
        let ran = watch(script, &ahead(120)).await;
        let data = ran.agrees();
        let written = ran.script.facts.iter().filter(|fact| ran.observation.window.holds(fact.at)).count();
        assert_eq!(data.tally.total(), written as u64, "seed {seed}");
        assert_eq!(ran.observation.late, 0, "seed {seed}");
        assert_eq!(ran.observation.ended, Ended::AtItsEnd, "seed {seed}");
        let troubled = ran.ticks().iter().filter(|tick| tick.trouble.is_some()).count();
        assert_eq!(troubled == 0, ran.observation.gaps.is_empty(), "seed {seed}");
        for gap in &ran.observation.gaps {
            assert!(gap.from < gap.to && gap.why == "connection refused", "seed {seed}: {gap:?}");
            // The database answered at the start and at the end of a gap.
            let dead = |at| {
                let since = Duration::try_from(at - START).expect("after the start");
                down.iter().any(|(from, to)| (*from..*to).contains(&since))
            };
            assert!(!dead(gap.from) && !dead(gap.to), "seed {seed}: {gap:?}");
            let within = |from, to| after(START, from) >= gap.from && after(START, to) <= gap.to;
            assert!(down.iter().any(|(from, to)| within(*from, *to)), "seed {seed}: {gap:?} in {down:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_stays_down_is_tried_until_the_budget_is_used_up() {
    let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Ok);
    script.down.push((seconds(50), seconds(100_000)));
    let ran = watch(script, &ahead(120)).await;
    let why = ran.observation.facts.clone().expect_err("it did not answer");
    assert!(why.database_gone && why.why == "connection refused", "{why:?}");
    assert!(ran.took > seconds(400) && ran.took <= seconds(421), "{:?}", ran.took);
    let [gap] = &ran.observation.gaps[..] else { panic!("{:?}", ran.observation.gaps) };
    assert!(gap.from >= after(START, seconds(40)) && gap.from < after(START, seconds(50)), "{gap:?}");
    assert!(gap.to >= after(START, seconds(400)), "{gap:?}");
    assert_eq!(ran.observation.tiers, Err("connection refused".to_owned()));
    let shown = ran.ticks().len();
    assert!(shown < 50, "shown every ten seconds, however often it is tried: {shown}");
    let summary = ran.seen.summary.lock().expect("not poisoned").clone().expect("what ticks saw");
    assert!(summary.provisional && (20..=25).contains(&summary.total), "{}", summary.total);
}

#[tokio::test(start_paused = true)]
async fn an_outage_at_the_windows_end_is_waited_out() {
    let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Ok);
    script.down.push((seconds(110), seconds(200)));
    let ran = watch(script, &ahead(120)).await;
    assert_eq!(ran.agrees().tally.total(), 60);
    assert_eq!(ran.observation.late, 0, "facts of the gap are not late");
    assert!(ran.took > seconds(200) && ran.took < seconds(210), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_down_at_first_places_the_window_when_it_is_back() {
    let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Ok);
    script.down.push((seconds(0), seconds(35)));
    let ran = watch(script, &ahead(120)).await;
    // This machine's clock is a minute ahead; the window follows the database's.
    let from = ran.observation.window.from;
    assert!(from >= START && from < after(START, seconds(1)), "{from}");
    assert_eq!(ran.observation.planned, ran.observation.window);
    assert!((59..=60).contains(&ran.agrees().tally.total()));
    assert_eq!(ran.observation.gaps.len(), 1);
    assert_eq!(ran.observation.gaps[0].from, from);
    assert!(
        ran.observation.remarks.join("\n").contains("uses this machine's clock"),
        "{:?}",
        ran.observation.remarks
    );
    assert!(before(ran.observation.window.to, seconds(120)) == from);
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_reported_at_once() {
    let script = Script { refuses: true, ..Script::default() };
    let ran = watch(script, &ahead(900)).await;
    let why = ran.observation.facts.expect_err("there is no table");
    assert!(!why.database_gone && why.why.contains("does not exist"), "{why:?}");
    assert!(ran.took < seconds(2), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_past_window_of_an_unreachable_database_is_given_up_soon() {
    let script = Script { down: vec![(seconds(0), seconds(100_000))], ..Script::default() };
    let requested = settings::Watch { mode: Mode::Past, ..ahead(900) };
    let ran = watch(script, &requested).await;
    let why = ran.observation.facts.expect_err("it did not answer");
    assert!(why.database_gone, "{why:?}");
    assert!(ran.took >= seconds(28) && ran.took < seconds(32), "{:?}", ran.took);
}
