//! The end of a run: every planned check has an outcome, and the report is made.

use std::time::Duration;

use jiff::Timestamp;

use super::attempt;
use super::plan::Plan;
use crate::context::Context;
use crate::exit::Exit;
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

pub(super) fn partial(plan: &Plan) -> Option<Partial> {
    plan.partial().map(|planned| Partial { planned, of: plan.of })
}

pub(super) fn finished(cx: &Context, outcome: &Outcome) -> Event {
    Event::Finished { outcome: Box::new(outcome.clone()), at: cx.now() }
}

/// Gives every check without an outcome one that says why, then revises outcomes if this machine is offline.
pub(super) fn close(
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

/// The report of a run that has ended.
pub(super) fn assemble(
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
