//! Runs a plan: one task per check, started as soon as the checks it needs have finished.
//! This loop alone decides what is blocked, and every planned check gets exactly one
//! outcome.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};

use super::attempt;
use super::plan::{Plan, Step};
use crate::context::Context;
use crate::exit::Exit;
use crate::outcome::Severity;
use crate::outcome::event::Event;
use crate::outcome::report::{Partial, Report, SCHEMA, SectionReport, Stopped, Tally};
use crate::outcome::{Outcome, Verdict, Why};

/// What is known about a run before it starts.
#[derive(Clone, Debug)]
pub struct RunName {
    /// Its id.
    pub run: String,
    /// `preflight`.
    pub verb: String,
    /// Notes for the report.
    pub notes: Vec<String>,
    /// A note about earlier runs that did not pass, shown only if this run passes.
    pub earlier: Option<String>,
}

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

fn partial(plan: &Plan) -> Option<Partial> {
    plan.partial().map(|planned| Partial { planned, of: plan.of })
}

fn finished(cx: &Context, outcome: &Outcome) -> Event {
    Event::Finished { outcome: Box::new(outcome.clone()), at: cx.now() }
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

/// Gives every check without an outcome one that says why, then revises outcomes if this machine is offline.
fn close(
    plan: &Plan,
    cx: &Context,
    outcomes: Vec<Option<Outcome>>,
    stopped: Option<Stopped>,
    late: bool,
    on_event: &mut dyn FnMut(&Event),
) -> Vec<Outcome> {
    let mut all: Vec<Outcome> = Vec::with_capacity(plan.steps.len());
    for (step, outcome) in plan.steps.iter().zip(outcomes) {
        all.push(outcome.unwrap_or_else(|| {
            let skipped = |why| attempt::unasked(cx, step, Verdict::Skipped(why));
            let outcome = match stopped {
                Some(Stopped::SandboxMistaken) => skipped(Why::SandboxMistaken),
                Some(_) => skipped(Why::Interrupted),
                None if late => {
                    let reason = format!("not finished within the run's timeout of {}", cx.settings.timeout);
                    attempt::broken(cx, step, reason, "allow more time with --timeout")
                }
                None => attempt::unasked(cx, step, Verdict::Error),
            };
            on_event(&finished(cx, &outcome));
            outcome
        }));
    }
    for at in super::offline::revise(plan, &cx.settings, &mut all) {
        on_event(&Event::Revised { outcome: Box::new(all[at].clone()) });
    }
    all
}

fn assemble(
    plan: &Plan,
    cx: &Context,
    name: RunName,
    outcomes: Vec<Outcome>,
    started: Timestamp,
    took: Duration,
    stopped: Option<Stopped>,
) -> Report {
    let mut outcomes: Vec<Option<Outcome>> = outcomes.into_iter().map(Some).collect();
    let sections = plan
        .sections
        .iter()
        .map(|section| SectionReport {
            id: section.id.clone(),
            title: cx.redactor.apply(&section.title).into_owned(),
            phase: section.phase.clone(),
            outcomes: section.steps.iter().filter_map(|&at| outcomes[at].take()).collect(),
        })
        .collect();
    let report = Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        run: name.run,
        verb: name.verb,
        target: cx.settings.target.name.clone(),
        started,
        took_ms: attempt::millis(took),
        partial: partial(plan),
        stopped,
        strict: cx.settings.strict,
        notes: name.notes,
        traffic: cx.traffic(),
        sections,
        tally: Tally::default(),
        exit: Exit::Undecided,
    };
    let mut report = report.seal();
    report.notes.extend(cx.notes());
    if report.exit == Exit::Ready {
        report.notes.extend(name.earlier);
    }
    if stopped == Some(Stopped::SandboxMistaken) {
        let target = &report.target;
        let note = format!(
            "a test stand-in answered, but the target is {target}: this run proves nothing about {target}"
        );
        report.notes.push(note);
    }
    report
}
