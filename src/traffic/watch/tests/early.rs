//! Watches that end early, and watches that must not.

use super::script::{START, Script, ahead, seconds, watch, watch_and_follow};
use crate::outcome::tick::LiveStatus;
use crate::outcome::window::Ended;
use crate::settings::Watch;
use crate::traffic::window::FactKind;
use crate::traffic::window::OpenTransactions;
use crate::traffic::window::{End, after};

#[tokio::test(start_paused = true)]
async fn a_dead_letter_ends_the_watch_at_the_next_tick() {
    for at in [3, 47, 95] {
        let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Ok);
        script.fact(seconds(at), seconds(0), FactKind::DeadLetter);
        let ran = watch(script, &ahead(120)).await;
        let data = ran.agrees();
        assert_eq!((data.tally.dead_letters, &ran.observation.ended), (1, &Ended::DeadLetter), "at {at}");
        assert!(ran.took < seconds(at + 12), "at {at}: {:?}", ran.took);
        assert!(ran.observation.window.to < ran.observation.planned.to);
        assert_eq!(ran.ticks().last().map(|tick| tick.standing), Some(LiveStatus::Failing));
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_watch_goes_on_after_failures() {
    let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Bad);
    script.fact(seconds(47), seconds(0), FactKind::DeadLetter);
    let ran = watch(script, &Watch { full: true, ..ahead(120) }).await;
    assert_eq!((ran.agrees().tally.dead_letters, &ran.observation.ended), (1, &Ended::AtItsEnd));
    assert_eq!(ran.observation.window, ran.observation.planned);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_can_no_longer_pass_ends_the_watch() {
    let script =
        Script::steady(seconds(2), seconds(1000), |n| if n % 2 == 0 { FactKind::Bad } else { FactKind::Ok });
    let ran = watch(script, &ahead(900)).await;
    let data = ran.agrees();
    let Ended::BeyondRescue(why) = &ran.observation.ended else { panic!("{:?}", ran.observation.ended) };
    let failed = format!("{} of {} failed; ", data.tally.bad, data.tally.total());
    assert!(why.starts_with(&failed) && why.ends_with(" %"), "{why}");
    // At 50 % a window can no longer pass after nine tenths: twice the expected rest is a fifth.
    assert!(ran.took > seconds(60) && ran.took < seconds(890), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn successes_that_commit_late_cause_no_early_end() {
    // Ticks seal the time of 600 successes before these are visible, and then see only failures.
    let mut script = Script::default();
    for n in 0..600 {
        script.fact(seconds(10 + n % 20), seconds(45), FactKind::Ok);
    }
    for n in 0..20 {
        script.fact(seconds(90 + n), seconds(0), FactKind::Bad);
    }
    let ran = watch(script, &ahead(180)).await;
    assert_eq!(ran.observation.ended, Ended::AtItsEnd);
    assert_eq!(ran.agrees().tally.total(), 620);
    let asked = ran.script.asked.lock().expect("not poisoned").len();
    assert!(asked >= 2, "the early end was checked and rejected: {asked}");
    assert_eq!(ran.observation.late, 600);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_dead_letter_does_not_end_the_watch() {
    let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Ok);
    script.fact(seconds(31), seconds(0), FactKind::DeadLetter);
    script.hides_dead_letters = true;
    let ran = watch(script, &ahead(120)).await;
    assert_eq!(ran.observation.ended, Ended::AtItsEnd);
    assert_eq!(
        ran.script.asked.lock().expect("not poisoned").len(),
        2,
        "once for the dead letter, once at the end"
    );
}

#[tokio::test(start_paused = true)]
async fn late_rows_are_waited_for_before_the_window_fails() {
    // At the last tick 2 of 22 have failed; rows that become visible while settling make it pass.
    let mut script = Script::default();
    for n in 0..20 {
        script.fact(seconds(5 + n), seconds(0), FactKind::Ok);
    }
    for _ in 0..2 {
        script.fact(seconds(57), seconds(0), FactKind::Bad);
    }
    for _ in 0..40 {
        script.fact(seconds(58), seconds(7), FactKind::Ok);
    }
    let ran = watch(script, &ahead(60)).await;
    assert_eq!(ran.observation.ended, Ended::AtItsEnd);
    assert_eq!((ran.agrees().tally.total(), ran.observation.window), (62, ran.observation.planned));
}

#[tokio::test(start_paused = true)]
async fn open_transactions_are_waited_for_before_failures_end_a_watch() {
    // It began before the failures and commits 600 successes, all inside the window so far.
    let mut script = Script { open: vec![(seconds(5), seconds(100))], ..Script::default() };
    for _ in 0..600 {
        script.fact(seconds(5), seconds(95), FactKind::Ok);
    }
    for n in 0..20 {
        script.fact(seconds(60 + n), seconds(0), FactKind::Bad);
    }
    let ran = watch(script, &ahead(180)).await;
    assert_eq!(ran.observation.ended, Ended::AtItsEnd);
    assert_eq!(ran.agrees().tally.total(), 620);

    // One that never ends is waited for one minute, and reported.
    let mut script = Script { open: vec![(seconds(5), seconds(4_000))], ..Script::default() };
    for n in 0..40 {
        script.fact(seconds(10 + 2 * n), seconds(0), FactKind::Bad);
    }
    let ran = watch(script, &ahead(900)).await;
    assert!(matches!(ran.observation.ended, Ended::BeyondRescue(_)), "{:?}", ran.observation.ended);
    assert!(
        matches!(ran.agrees().open_transactions, OpenTransactions::Open(_)),
        "{:?}",
        ran.agrees().open_transactions
    );
    assert!(ran.took < seconds(300), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_tentative_end_is_announced_while_it_is_confirmed() {
    for hides_dead_letters in [false, true] {
        let mut script = Script::steady(seconds(2), seconds(400), |_| FactKind::Ok);
        script.fact(seconds(31), seconds(0), FactKind::DeadLetter);
        script.hides_dead_letters = hides_dead_letters;
        let (ran, ends) = watch_and_follow(script, &ahead(120)).await;
        let (window, planned) = (ran.observation.window, ran.observation.planned);
        let perhaps = ends[0].tentative_end.expect("announced");
        assert!(perhaps >= after(START, seconds(31)) && perhaps < planned.to, "{perhaps}");
        assert_eq!(ends[0], End { tentative_end: Some(perhaps), ..End::new(planned) });
        let over = End { over: true, ..End::new(window) };
        if hides_dead_letters {
            assert_eq!((&ends[1..], window), (&[End::new(planned), over][..], planned));
        } else {
            assert_eq!((&ends[1..], window.to), (&[over][..], perhaps));
        }
    }
}
