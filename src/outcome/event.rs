//! The events of a run. Progress, the live `jsonl` stream and the journal are made from
//! them; the report is made from the outcomes they carry.

use jiff::Timestamp;
use serde::Serialize;

use super::Outcome;
use super::report::{Partial, Stopped, Tally};
use crate::exit::Exit;
use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::Window;

/// One event. Every text in it has been redacted.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The plan is fixed and no check has started. `checks` are the ids in checklist order.
    Planned {
        run: String,
        verb: String,
        target: String,
        strict: bool,
        partial: Option<Partial>,
        checks: Vec<String>,
        at: Timestamp,
    },
    /// A check has started.
    Started { id: String, title: String, at: Timestamp },
    /// A command of check `id` has written a line.
    Line { id: String, stream: Stream, text: String },
    /// Attempt number `attempt` (from 1) failed for `reason`, and another will follow.
    Retrying { id: String, attempt: u32, reason: String, at: Timestamp },
    /// The watch of a window begins; `remarks` say what the window can detect at the recent rate.
    Watching { window: Window, remarks: Vec<String>, at: Timestamp },
    /// The watch has read the facts again.
    Tick(Box<Tick>),
    /// A check has its outcome, run or not.
    Finished { outcome: Box<Outcome>, at: Timestamp },
    /// A later result changed an outcome (the machine is offline).
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

/// The stream to which a command wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    Stdout,
    Stderr,
}
