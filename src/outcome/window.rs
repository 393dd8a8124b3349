//! The window: the time that is judged, by the database's clock.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The time `(from, to]`, in whole microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Exclusive.
    pub from: Timestamp,
    /// Inclusive.
    pub to: Timestamp,
}

impl Window {
    /// Its length; never negative.
    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from).max(SignedDuration::ZERO)
    }

    /// Its length in minutes.
    pub fn minutes(&self) -> f64 {
        self.length().as_secs_f64() / 60.0
    }

    /// Whether the window contains this time.
    pub fn holds(&self, at: Timestamp) -> bool {
        at > self.from && at <= self.to
    }
}

/// Where the window lies relative to the start of the watch.
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
    /// A dead letter ended it: later traffic could not change the verdict.
    DeadLetter,
    /// Too many deliveries had failed for the window to pass, whatever followed; with a sentence that states the numbers.
    BeyondRescue(String),
}

impl Ended {
    /// True if less than the planned window was watched.
    pub fn early(&self) -> bool {
        *self != Ended::AtItsEnd
    }
}

/// A period in which the database did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When it last answered, or the watch's start.
    pub from: Timestamp,
    /// When it answered again, or the end of the watch.
    pub to: Timestamp,
    /// The error: `connection refused`.
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
