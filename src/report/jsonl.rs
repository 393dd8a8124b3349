//! The run as JSON lines: one object per line, each with its `event`. On stdout the
//! lines are written live; from a report there is one `planned`, one `finished` per
//! check in checklist order, and one `ended`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::json;
use crate::outcome::Outcome;
use crate::outcome::event::Event;
use crate::outcome::report::Report;

/// The version of the lines, in the `planned` line.
pub const SCHEMA: &str = "hotdash-ops.events/1";

/// One event as one line, with its newline. Outcomes carry their `label`, as in the json document.
pub fn line(event: &Event) -> String {
    let mut record = json::value(event);
    if let Some(fields) = record.as_object_mut() {
        match event {
            Event::Planned { .. } => {
                fields.shift_insert(1, "schema".to_owned(), SCHEMA.into());
            }
            Event::Finished { outcome, .. } | Event::Revised { outcome } => {
                fields.insert("outcome".to_owned(), json::outcome(outcome));
            }
            _ => {}
        }
    }
    compact(&record)
}

/// The lines of a finished run.
pub fn render(report: &Report) -> String {
    let planned = Event::Planned {
        run: report.run.clone(),
        verb: report.verb.clone(),
        target: report.target.clone(),
        strict: report.strict,
        partial: report.partial,
        checks: report.outcomes().map(|o| o.id.clone()).collect(),
        at: report.started,
    };
    let ended = Event::Ended {
        exit: report.exit,
        tally: report.tally,
        took_ms: report.took_ms,
        stopped: report.stopped,
        notes: report.notes.clone(),
        traffic: report.traffic.clone().map(Box::new),
        at: later(report.started, report.took_ms),
    };
    let finished = report.outcomes().map(|outcome| Event::Finished {
        outcome: Box::new(outcome.clone()),
        at: finished_at(report, outcome),
    });
    [planned].into_iter().chain(finished).chain([ended]).map(|event| line(&event)).collect()
}

/// A check that was never run has no time of its own and gets the end of the run.
fn finished_at(report: &Report, outcome: &Outcome) -> Timestamp {
    match outcome.started {
        Some(started) => later(started, outcome.took_ms),
        None => later(report.started, report.took_ms),
    }
}

fn later(start: Timestamp, ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    start.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(start)
}

fn compact(record: &Value) -> String {
    format!("{}\n", json::unambiguous(&record.to_string()))
}
