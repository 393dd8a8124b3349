use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::*;
use crate::outcome::window::{Deploy, Mode, Window};
use crate::settings::{Since, Watch};

/// A window with these facts, and nothing else known about them.
pub fn window_data(window: Window, tally: Tally) -> WindowData {
    WindowData {
        window,
        read_at: window.to,
        replayed_to: None,
        tally,
        success_rate: None,
        durations: Durations {
            form: Form::Checklist,
            average_ms: None,
            sum_ms: None,
            timed: 0,
            unreadable: 0,
            untimed: 0,
        },
        future: 0,
        percentiles: None,
        attempts: (0, 0),
        failures: Vec::new(),
        errors: Vec::new(),
        dead_letter_messages: Vec::new(),
        bins: Vec::new(),
        open_transactions: OpenTransactions::Clear,
    }
}

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 123_456_000);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn deploy(ago: u64) -> Result<Deploy, String> {
    Ok(Deploy { at: before(NOW, seconds(ago)), source: "release v42".to_owned(), running: false })
}

fn unknown() -> Result<Deploy, String> {
    Err("fly is not logged in".to_owned())
}

fn open(watch: &Watch, deploy: Result<Deploy, String>) -> WindowPlan {
    let moment = Moment { now: NOW, replayed_to: None };
    // This machine's clock is wrong, which must not matter.
    let read = ClockReading { at: Instant::now(), ours: after(NOW, seconds(77)), database: Ok(moment) };
    WindowPlan::new(watch, read, deploy)
}

fn past(length: Option<u64>, since: Option<Since>) -> Watch {
    Watch { length: length.map(seconds), since, ..default_watch() }
}

fn span(plan: &WindowPlan) -> (Timestamp, Timestamp) {
    (plan.planned.from, plan.planned.to)
}

#[tokio::test]
async fn a_forward_window_begins_now_whatever_the_deploy() {
    let watch = Watch { mode: Mode::Forward, ..past(Some(900), None) };
    for deploy in [deploy(60), unknown()] {
        let plan = open(&watch, deploy.clone());
        assert_eq!(span(&plan), (NOW, after(NOW, seconds(900))));
        assert_eq!((plan.deploy, plan.unplanned, plan.remarks.len()), (deploy, None, 0));
        assert!(!plan.end.borrow().over);
    }
}

#[tokio::test]
async fn a_past_window_begins_at_the_deploy_at_the_earliest() {
    let back = |by| (before(NOW, seconds(by)), NOW);
    let released = open(&past(Some(900), None), deploy(300));
    assert_eq!(span(&released), back(300));
    assert!(released.remarks[0].starts_with("the window begins at release v42"), "{:?}", released.remarks);
    assert_eq!(span(&open(&past(Some(900), None), deploy(901))), back(900));
    assert_eq!(span(&open(&past(Some(900), None), unknown())), back(900));
    assert_eq!(span(&open(&past(None, Some(Since::LastDeploy)), deploy(86_400))), back(86_400));
    let at = Since::At(before(NOW, seconds(400)));
    let since = open(&past(None, Some(at.clone())), unknown());
    assert_eq!(span(&since), back(400));
    assert_eq!(since.deploy.map(|deploy| deploy.source), Ok("--since".to_owned()));
    assert_eq!(span(&open(&past(Some(60), Some(at)), unknown())), back(60));
}

#[tokio::test]
async fn a_window_without_a_start_or_a_length_has_a_reason() {
    let later = Since::At(after(NOW, seconds(1)));
    for (plan, why) in [
        (open(&past(None, Some(Since::LastDeploy)), unknown()), "fly is not logged in"),
        (open(&past(Some(900), Some(later)), unknown()), "is empty: its start (--since)"),
    ] {
        assert!(plan.unplanned.as_ref().is_some_and(|said| said.contains(why)), "{:?}", plan.unplanned);
        assert_eq!(span(&plan), (NOW, NOW));
        assert!(plan.end.borrow().over, "it is over at once");
    }
}

#[tokio::test]
async fn without_the_databases_clock_ours_is_used_and_a_remark_says_so() {
    let error =
        ReadError { why: "connection refused".to_owned(), fix: None, database_gone: true, offline: None };
    let fault = QueryError { error, hopeless: false, ours: false };
    let ours: Timestamp = Timestamp::constant(1_700_000_000, 123_456_789);
    let read = ClockReading { at: Instant::now(), ours, database: Err(fault.clone()) };
    let plan = WindowPlan::new(&Watch { mode: Mode::Forward, ..default_watch() }, read, unknown());
    assert_eq!(plan.planned.from, Timestamp::constant(1_700_000_000, 123_456_000), "whole microseconds");
    assert_eq!(plan.clockless, Some(fault));
    assert!(plan.remarks[0].contains("connection refused"), "{:?}", plan.remarks);
}

#[tokio::test(start_paused = true)]
async fn everyone_who_waits_learns_of_the_end() {
    let plan = open(&Watch { mode: Mode::Forward, ..past(Some(900), None) }, unknown());
    let (one, other) = (plan.ending(), plan.ending());
    assert_eq!(one.window(), plan.planned);
    let earlier = Window { to: after(NOW, seconds(30)), ..plan.planned };
    plan.moved(Window { to: after(NOW, seconds(1000)), ..plan.planned });
    plan.close(earlier);
    one.over().await;
    assert_eq!(other.window(), earlier);
    other.over().await;
    let began = Instant::now();
    open(&Watch { budget: seconds(100), ..default_watch() }, unknown()).ending().over().await;
    assert!(began.elapsed() >= seconds(160), "at most the budget plus one minute");
}
