//! The window: which time is judged. Its edges are the database's clock.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The time `(from, to]`, in whole microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Not in the window itself.
    pub from: Timestamp,
    /// The last instant in it.
    pub to: Timestamp,
}

impl Window {
    /// How long it is; never negative.
    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from).max(SignedDuration::ZERO)
    }

    /// Its length in minutes.
    pub fn minutes(&self) -> f64 {
        self.length().as_secs_f64() / 60.0
    }

    /// Whether an instant lies in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        at > self.from && at <= self.to
    }
}

/// Where the window lies when the watch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// From now on.
    Forward,
    /// Up to now.
    Past,
}

/// How the watch of a window ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The whole window was watched.
    AtItsEnd,
    /// A dead letter ended it: nothing that follows could make it good.
    DeadLetter,
    /// So many had failed that no clean rest of the window could make it good; the sentence says the numbers.
    BeyondRescue(String),
}

impl Ended {
    /// True when less than the planned window was watched.
    pub fn early(&self) -> bool {
        *self != Ended::AtItsEnd
    }
}

/// A stretch of time in which the database did not answer the ticks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last time it had answered, or the watch's start.
    pub from: Timestamp,
    /// When it answered again; the end of the watch if it did not.
    pub to: Timestamp,
    /// What was said instead of an answer: `connection refused`.
    pub why: String,
}

/// When the version that is watched began to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deploy {
    pub at: Timestamp,
    /// `release v42`, or `--since`.
    pub source: String,
    /// The release is not finished yet.
    pub running: bool,
}
