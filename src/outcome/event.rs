//! What happens during a run, as it happens. Progress, the live `jsonl` stream
//! and the journal are all made from these values; the report is made from the
//! outcomes they carry.

use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use super::report::{Partial, Stopped, Tally};
use crate::exit::Exit;
use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::Window;

/// One thing that happened. Every text in it has been redacted.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The plan stands, and nothing has been asked yet. `checks` are the ids in checklist order.
    Planned {
        run: String,
        verb: String,
        target: String,
        strict: bool,
        partial: Option<Partial>,
        checks: Vec<String>,
        at: Timestamp,
    },
    /// A check is being asked.
    Started { id: String, title: String, at: Timestamp },
    /// A running command of check `id` has written a line.
    Line { id: String, stream: Stream, text: String },
    /// Attempt number `attempt` (from 1) did not pass for `reason`, and there will be another.
    Retrying { id: String, attempt: u32, reason: String, at: Timestamp },
    /// The watch of a window begins; the sentences say what the window can see at the recent rate.
    Watching { window: Window, remarks: Vec<String>, at: Timestamp },
    /// The watch has looked at the facts once more.
    Tick(Box<Tick>),
    /// A check has its outcome, asked or not.
    Finished { outcome: Box<Outcome>, at: Timestamp },
    /// What was learned later changed an outcome (the machine turned out to be offline).
    Revised { outcome: Box<Outcome> },
    /// The run is over; always the last event.
    Ended {
        exit: Exit,
        tally: Tally,
        took_ms: u64,
        stopped: Option<Stopped>,
        notes: Vec<String>,
        /// The window's numbers, when the run watched traffic.
        #[serde(skip_serializing_if = "Option::is_none")]
        traffic: Option<Box<Summary>>,
        at: Timestamp,
    },
}

/// Where a command wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    Stdout,
    Stderr,
}
