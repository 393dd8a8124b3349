//! Runs a plan: one task per check, started as soon as the checks it needs have finished.
//! This loop alone decides what is blocked, and every planned check gets exactly one
//! outcome.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};

use super::RunName;
use super::attempt;
use super::closing::{assemble, close, finished, partial};
use super::plan::{Plan, Step};
use crate::context::Context;
use crate::outcome::Severity;
use crate::outcome::event::Event;
use crate::outcome::report::{Report, Stopped};
use crate::outcome::{Outcome, Verdict, Why};

/// How many checks run at the same time: more than any section needs, few enough for a laptop's DNS.
const MAX_CONCURRENT_CHECKS: usize = 24;

struct Running {
    tasks: JoinSet<(usize, Outcome)>,
    which: HashMap<Id, usize>,
    outcomes: Vec<Option<Outcome>>,
    started: Vec<bool>,
    places: Arc<Semaphore>,
    checkout: Arc<Mutex<()>>,
    retries: mpsc::UnboundedSender<Event>,
}

/// Runs `plan` to its end, to the run's deadline, or until it is stopped. `stop` resolves when a signal arrives.
pub async fn run(
    plan: &Plan,
    cx: &Arc<Context>,
    name: RunName,
    mut lines: mpsc::Receiver<Event>,
    stop: impl Future<Output = Stopped>,
    on_event: &mut dyn FnMut(&Event),
) -> Report {
    let began = Instant::now();
    let started_at = cx.now();
    on_event(&planned(plan, cx, &name, started_at));
    let (retries, mut retried) = mpsc::unbounded_channel();
    let mut running = Running {
        tasks: JoinSet::new(),
        which: HashMap::new(),
        outcomes: vec![None; plan.steps.len()],
        started: vec![false; plan.steps.len()],
        places: Arc::new(Semaphore::new(MAX_CONCURRENT_CHECKS)),
        checkout: Arc::new(Mutex::new(())),
        retries,
    };
    let deadline = tokio::time::sleep(cx.settings.timeout.0);
    tokio::pin!(deadline);
    tokio::pin!(stop);
    let mut stopped = None;
    let mut late = false;
    loop {
        advance(plan, cx, &mut running, on_event);
        if running.tasks.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            how = &mut stop => { stopped = Some(how); break; }
            () = cx.until_mistaken() => { stopped = Some(Stopped::SandboxMistaken); break; }
            () = &mut deadline => { late = true; break; }
            Some(line) = lines.recv() => on_event(&line),
            Some(event) = retried.recv() => on_event(&event),
            Some(ended) = running.tasks.join_next_with_id() => {
                let (at, outcome) = take(ended, plan, cx, &mut running.which);
                on_event(&finished(cx, &outcome));
                running.outcomes[at] = Some(outcome);
            }
        }
    }
    running.tasks.shutdown().await;
    if cx.sandbox_mistaken() {
        stopped = Some(Stopped::SandboxMistaken);
    }
    let outcomes = close(plan, cx, running.outcomes, stopped, late, on_event);
    let report = assemble(plan, cx, name, outcomes, started_at, began.elapsed(), stopped);
    on_event(&Event::Ended {
        exit: report.exit,
        tally: report.tally,
        took_ms: report.took_ms,
        stopped,
        notes: report.notes.clone(),
        traffic: report.traffic.clone().map(Box::new),
        at: cx.now(),
    });
    report
}

fn planned(plan: &Plan, cx: &Context, name: &RunName, at: Timestamp) -> Event {
    Event::Planned {
        run: name.run.clone(),
        verb: name.verb.clone(),
        target: cx.settings.target.name.clone(),
        strict: cx.settings.strict,
        partial: partial(plan),
        at,
        checks: plan.steps.iter().map(|s| s.check.id.clone()).collect(),
    }
}

/// Settles the checks that do not run and starts those that are ready, until nothing changes.
fn advance(plan: &Plan, cx: &Arc<Context>, running: &mut Running, on_event: &mut dyn FnMut(&Event)) {
    let mut moved = true;
    while moved {
        moved = false;
        for (at, step) in plan.steps.iter().enumerate() {
            if running.started[at] {
                continue;
            }
            let why = match &step.excluded {
                Some(by) => Some(Why::Excluded(by.clone())),
                None => match ready(step, &running.outcomes) {
                    Ready::Wait => continue,
                    Ready::Ask => None,
                    Ready::Blocked(parent) => Some(Why::Blocked(parent)),
                },
            };
            running.started[at] = true;
            moved = true;
            match why {
                Some(why) => {
                    let outcome = attempt::unasked(cx, step, Verdict::Skipped(why));
                    on_event(&finished(cx, &outcome));
                    running.outcomes[at] = Some(outcome);
                }
                None => {
                    let check = &step.check;
                    // A title may be the operator's own.
                    let (id, title) = (check.id.clone(), cx.redactor.apply(&check.entry.title).into_owned());
                    on_event(&Event::Started { id, title, at: cx.now() });
                    start(at, step, cx, running);
                }
            }
        }
    }
}

enum Ready {
    Wait,
    Ask,
    Blocked(String),
}

/// A check is blocked by a check it needs that failed, could not run or was blocked itself, but not if that check is
/// undecided, only a warning, or waived.
fn ready(step: &Step, outcomes: &[Option<Outcome>]) -> Ready {
    let mut blocked = None;
    for &parent in &step.needs {
        let Some(outcome) = &outcomes[parent] else { return Ready::Wait };
        let stops = match outcome.verdict {
            Verdict::Fail | Verdict::Error | Verdict::Skipped(Why::Blocked(_)) => {
                outcome.severity == Severity::Blocker && !outcome.waived()
            }
            _ => false,
        };
        if stops && blocked.is_none() {
            blocked = Some(outcome.id.clone());
        }
    }
    if step.after.iter().any(|&other| outcomes[other].is_none()) {
        return Ready::Wait;
    }
    blocked.map_or(Ready::Ask, Ready::Blocked)
}

fn start(at: usize, step: &Step, cx: &Arc<Context>, running: &mut Running) {
    let (cx, step, retries) = (cx.clone(), step.clone(), running.retries.clone());
    let (places, checkout) = (running.places.clone(), running.checkout.clone());
    let handle = running.tasks.spawn(async move {
        // Commands in the checkout run one after another; the wait does not count as their time.
        let turn = match step.check.entry.probe.runs_in_checkout(&cx.settings) {
            true => Some(checkout.lock_owned().await),
            false => None,
        };
        let place = match turn {
            Some(_) => None,
            None => places.acquire_owned().await.ok(),
        };
        let outcome = attempt::ask(&cx, &step, &retries).await;
        drop((turn, place));
        (at, outcome)
    });
    running.which.insert(handle.id(), at);
}

/// The outcome of a finished task; a panic becomes one `error` row.
fn take(
    ended: Result<(Id, (usize, Outcome)), JoinError>,
    plan: &Plan,
    cx: &Context,
    which: &mut HashMap<Id, usize>,
) -> (usize, Outcome) {
    match ended {
        Ok((id, (at, outcome))) => {
            which.remove(&id);
            (at, outcome)
        }
        Err(error) => {
            let at = which.remove(&error.id()).unwrap_or_default();
            let reason = "the probe panicked; this is a bug in hotdash-ops";
            let fix = "report the bug with the journal of this run";
            (at, attempt::broken(cx, &plan.steps[at], reason, fix))
        }
    }
}
