//! Windows without an outage, and clocks that jump.

use jiff::SignedDuration;

use super::script::{START, Script, ahead, seconds, watch, watch_since};
use crate::outcome::tick::LiveStatus;
use crate::outcome::window::{Deploy, Ended, Mode, Window};
use crate::settings::Watch;
use crate::traffic::window::FactKind;
use crate::traffic::window::OpenTransactions;
use crate::traffic::window::after;

fn healthy(length: u64) -> Script {
    Script::steady(seconds(2), seconds(length), |_| FactKind::Ok)
}

#[tokio::test(start_paused = true)]
async fn a_healthy_window_is_watched_to_its_end() {
    let ran = watch(healthy(400), &ahead(120)).await;
    let data = ran.agrees();
    assert_eq!(data.tally.total(), 60);
    assert_eq!(
        (&ran.observation.ended, ran.observation.late, ran.observation.gaps.len()),
        (&Ended::AtItsEnd, 0, 0)
    );
    assert_eq!(data.open_transactions, OpenTransactions::Clear);
    assert_eq!(ran.observation.window, ran.observation.planned);
    assert_eq!(ran.observation.window.length(), SignedDuration::from_secs(120));
    // Two minutes, the settling time, and the answers themselves.
    assert!(ran.took >= seconds(130) && ran.took < seconds(132), "{:?}", ran.took);
    assert_eq!(ran.script.asked.lock().expect("not poisoned").len(), 1);
    let ticks = ran.ticks();
    assert_eq!(ticks.len(), 14, "at the start, every ten seconds, and after settling");
    assert_eq!(ticks.last().map(|t| (t.total, t.left_s, t.standing)), Some((60, 0, LiveStatus::Passing)));
    assert!(ticks.windows(2).all(|pair| pair[0].total <= pair[1].total));
    let begun = ran.seen.begun.lock().expect("not poisoned").clone();
    assert!(begun.len() == 1 && begun[0].1[0].contains("about 4 deliveries"), "{begun:?}");
    let summary = ran.seen.summary.lock().expect("not poisoned").clone().expect("one");
    assert!(summary.provisional && summary.total == 60);
    assert_eq!(ran.observation.tiers.as_ref().map(Vec::len), Ok(8));
}

#[tokio::test(start_paused = true)]
async fn rows_that_commit_late_are_waited_for() {
    let mut script = healthy(400);
    // Begun ten seconds before the end, committed forty after it.
    for _ in 0..11 {
        script.fact(seconds(110), seconds(50), FactKind::Bad);
    }
    script.open.push((seconds(110), seconds(160)));
    let ran = watch(script, &ahead(120)).await;
    let data = ran.agrees();
    assert_eq!(
        (data.tally.bad, ran.observation.late, &data.open_transactions),
        (11, 11, &OpenTransactions::Clear)
    );
    assert!(ran.took > seconds(160) && ran.took < seconds(165), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn hidden_transactions_are_waited_for_by_id() {
    let mut script = healthy(400);
    script.fact(seconds(110), seconds(40), FactKind::Bad);
    script.open.push((seconds(110), seconds(150)));
    script.hides_transactions = true;
    let ran = watch(script, &ahead(120)).await;
    let data = ran.agrees();
    assert_eq!((data.tally.bad, &data.open_transactions), (1, &OpenTransactions::Clear));
    assert!(ran.took > seconds(150) && ran.took < seconds(155), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_never_ends_is_waited_for_one_minute() {
    let mut script = healthy(400);
    script.open.push((seconds(50), seconds(100_000)));
    let ran = watch(script, &ahead(120)).await;
    let since = ran.script.clock(seconds(50));
    assert_eq!(ran.agrees().open_transactions, OpenTransactions::Open(since));
    assert!(ran.took > seconds(185) && ran.took < seconds(195), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn after_an_hour_of_sleep_one_tick_reads_everything() {
    let mut script = healthy(60);
    // This machine's own clock stood still meanwhile.
    script.steps.push((seconds(60), SignedDuration::from_hours(1)));
    for n in 0..30 {
        let at = after(START, seconds(62 + 2 * n));
        script.facts.push(super::script::Fact { at, seen: seconds(60), kind: FactKind::Ok });
    }
    let ran = watch(script, &ahead(120)).await;
    assert_eq!(ran.agrees().tally.total(), 60);
    assert_eq!((ran.observation.late, ran.observation.gaps.len()), (0, 0));
    let said = ran.observation.remarks.join("\n");
    assert!(said.contains("no tick for 59m") || said.contains("no tick for 1h"), "{said}");
    assert!(ran.took < seconds(90), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_steps_back_loses_nothing() {
    let mut script = Script::default();
    script.steps.push((seconds(60), SignedDuration::from_secs(-30)));
    for n in 0..120 {
        script.fact(seconds(1 + n), seconds(0), if n % 40 == 39 { FactKind::Bad } else { FactKind::Ok });
    }
    let ran = watch(script, &ahead(120)).await;
    let data = ran.agrees();
    // The window ends by the clock that stepped, half a minute later.
    assert_eq!(data.tally.total(), 120);
    assert!(ran.observation.late > 0, "ticks miss facts dated before the seal: {}", ran.observation.late);
    assert!(ran.observation.remarks.join("\n").contains("went back by 29"), "{:?}", ran.observation.remarks);
    assert!(ran.took > seconds(160) && ran.took < seconds(165), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_window_moved_beyond_the_budget_has_no_result() {
    let mut script = healthy(120);
    script.steps.push((seconds(60), SignedDuration::from_hours(-2)));
    let ran = watch(script, &ahead(120)).await;
    let why = ran.observation.facts.expect_err("no result of the final query");
    assert!(why.why.contains("went back") && why.database_gone, "{why:?}");
    assert!(ran.took < seconds(435), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn until_enough_watches_until_there_are_enough_deliveries() {
    // One in ten seconds: twelve at the window's end, twenty-one after 210 seconds.
    let script = Script::steady(seconds(10), seconds(1000), |_| FactKind::Ok);
    let requested = Watch { until_enough: true, budget: seconds(600), ..ahead(120) };
    let ran = watch(script, &requested).await;
    assert!((21..=22).contains(&ran.agrees().tally.total()), "{:?}", ran.agrees().tally);
    assert_eq!(ran.observation.planned.length(), SignedDuration::from_secs(120));
    assert!(ran.observation.window.length() >= SignedDuration::from_secs(205));
    assert_eq!(ran.observation.ended, Ended::AtItsEnd);
}

#[tokio::test(start_paused = true)]
async fn until_enough_ends_with_the_budget() {
    let script = Script::steady(seconds(60), seconds(1000), |_| FactKind::Ok);
    let requested = Watch { until_enough: true, budget: seconds(600), ..ahead(120) };
    let ran = watch(script, &requested).await;
    assert!(ran.agrees().tally.total() < 21);
    assert!(ran.took > seconds(500) && ran.took <= seconds(600), "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn a_past_window_is_judged_after_settling() {
    let mut script = Script::default();
    let began = after(START, seconds(0));
    for n in 1..=30 {
        let at = crate::traffic::window::before(began, seconds(20 * n));
        let kind = if n == 25 { FactKind::Bad } else { FactKind::Ok };
        script.facts.push(super::script::Fact { at, seen: seconds(0), kind });
    }
    let requested = Watch { mode: Mode::Past, budget: seconds(300), ..ahead(900) };
    let deploy = Deploy {
        at: crate::traffic::window::before(began, seconds(410)),
        source: "release v42".to_owned(),
        running: false,
    };
    let at = deploy.at;
    let ran = watch_since(script, &requested, Ok(deploy)).await;
    let data = ran.agrees();
    assert_eq!((data.tally.total(), data.tally.bad), (20, 0));
    assert_eq!(ran.observation.window.from, at);
    assert!(ran.ticks().is_empty() && ran.observation.late == 0);
    assert!(ran.took >= seconds(10) && ran.took < seconds(12), "{:?}", ran.took);
    let begun = ran.seen.begun.lock().expect("not poisoned")[0].1.join("\n");
    assert!(begun.contains("begins at release v42"), "{begun}");
}

#[tokio::test(start_paused = true)]
async fn failures_are_compared_with_the_time_before_the_deploy() {
    let mut script =
        Script::steady(seconds(2), seconds(200), |n| if n % 4 == 0 { FactKind::Bad } else { FactKind::Ok });
    let at = crate::traffic::window::before(START, seconds(30));
    for n in 1..=20 {
        let at = crate::traffic::window::before(at, seconds(n));
        script.facts.push(super::script::Fact { at, seen: seconds(0), kind: FactKind::Ok });
    }
    let deploy = Deploy { at, source: "release v42".to_owned(), running: false };
    let requested = Watch { full: true, ..ahead(120) };
    let ran = watch_since(script, &requested, Ok(deploy)).await;
    let before = ran.observation.before.expect("the deploy was half a minute before");
    assert_eq!((before.tally.total(), before.tally.bad), (20, 0));
    assert_eq!(before.window, Window { from: crate::traffic::window::before(at, seconds(120)), to: at });
    assert_eq!(ran.observation.after, None);
    let tiers = ran.observation.tiers.expect("asked");
    assert!(tiers.iter().all(|tier| tier.window.from == at), "clipped at the deploy");
}
