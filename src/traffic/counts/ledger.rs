//! Sealed and tail. A tick asks for facts in `[seal, upper)`, the upper bound being
//! the database's clock or the window's end. What is older than the upper bound less
//! the overlap is sealed, and the seal moves there; the rest is the tail, which the
//! next tick reads again. So a fact is counted if and only if it was visible at the
//! first tick whose upper bound exceeds its time by more than the overlap (or, while
//! there was none, at the last tick): at most once, and surely when it became visible
//! within the overlap.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::group::{Group, Kind, Ms};
use super::histogram::Histogram;
use crate::traffic::live::Spark;

/// As many points of the sparkline are kept: an hour of ticks.
pub const SPARKS: usize = 360;

/// PostgreSQL's times are whole microseconds, so this is the next one.
const NEXT: SignedDuration = SignedDuration::from_micros(1);

/// What the ticks have counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub ok: u64,
    pub bad: u64,
    pub dead_letters: u64,
    /// Deliveries with a readable duration.
    pub timed: u64,
    /// The sum of these, in milliseconds.
    pub sum_ms: u64,
    /// Deliveries whose duration is there and is no number.
    pub unreadable: u64,
    /// Deliveries without a duration.
    pub untimed: u64,
    pub histogram: Histogram,
}

impl Counts {
    /// Deliveries, successful or not.
    pub fn total(&self) -> u64 {
        self.ok + self.bad
    }

    /// Facts of both kinds.
    pub fn facts(&self) -> u64 {
        self.total() + self.dead_letters
    }

    /// The mean of the readable durations in milliseconds. `None` without any.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.timed > 0).then(|| self.sum_ms as f64 / self.timed as f64)
    }

    fn add(&mut self, group: &Group) {
        match group.kind {
            Kind::Ok => self.ok += group.n,
            Kind::Bad => self.bad += group.n,
            Kind::DeadLetter => {
                self.dead_letters += group.n;
                return;
            }
        }
        match group.ms {
            Ms::Read(ms) => {
                self.timed += group.n;
                self.sum_ms = self.sum_ms.saturating_add(u64::from(ms).saturating_mul(group.n));
                self.histogram.add(ms, group.n);
            }
            Ms::Unreadable => self.unreadable += group.n,
            Ms::Untimed => self.untimed += group.n,
        }
    }

    fn merge(&mut self, more: &Counts) {
        self.ok += more.ok;
        self.bad += more.bad;
        self.dead_letters += more.dead_letters;
        self.timed += more.timed;
        self.sum_ms = self.sum_ms.saturating_add(more.sum_ms);
        self.unreadable += more.unreadable;
        self.untimed += more.untimed;
        self.histogram.merge(&more.histogram);
    }
}

/// The books of one watch.
#[derive(Clone, Debug)]
pub struct Ledger {
    overlap: SignedDuration,
    seal: Timestamp,
    sealed: Counts,
    tail: Counts,
    sparks: VecDeque<Spark>,
}

impl Ledger {
    /// Opens the books for a window that begins after `from`, of facts that become visible within `overlap`.
    pub fn new(from: Timestamp, overlap: SignedDuration) -> Ledger {
        Ledger {
            overlap,
            seal: next(from),
            sealed: Counts::default(),
            tail: Counts::default(),
            sparks: VecDeque::new(),
        }
    }

    /// What the next tick reads from, inclusive.
    pub fn seal(&self) -> Timestamp {
        self.seal
    }

    /// What a tick reads up to at most, exclusive, in a window whose last instant is `to`.
    pub fn end(to: Timestamp) -> Timestamp {
        next(to)
    }

    /// Books what a tick read from [`Ledger::seal`] to `upper`, exclusive: the least of the database's clock,
    /// [`Ledger::end`], and on a standby the time of its last replay. The groups must be all of the tick's.
    /// `sealed` in them is what lies before `upper` less the overlap. A clock that stepped back moves nothing.
    pub fn take(&mut self, groups: &[Group], upper: Timestamp) {
        let seal = upper.saturating_sub(self.overlap).map_or(self.seal, |edge| edge.max(self.seal));
        // What a seal that stays says to be sealed would be read again, so it is not.
        let moves = seal > self.seal;
        let (mut fresh, mut tail) = (Counts::default(), Counts::default());
        for group in groups {
            if group.sealed && moves { &mut fresh } else { &mut tail }.add(group);
        }
        self.push(Spark { total: fresh.total(), bad: fresh.bad, mean_ms: fresh.mean_ms(), hole: false });
        self.sealed.merge(&fresh);
        self.tail = tail;
        self.seal = seal;
    }

    /// Notes a tick that was not answered. The next one reads from the same seal, so nothing is lost.
    pub fn miss(&mut self) {
        self.push(Spark { hole: true, ..Spark::default() });
    }

    /// All that is counted: sealed and tail.
    pub fn counts(&self) -> Counts {
        let mut counts = self.sealed.clone();
        counts.merge(&self.tail);
        counts
    }

    /// What each tick sealed, oldest first, the last [`SPARKS`] of them.
    pub fn sparks(&self) -> impl ExactSizeIterator<Item = &Spark> {
        self.sparks.iter()
    }

    fn push(&mut self, spark: Spark) {
        if self.sparks.len() == SPARKS {
            self.sparks.pop_front();
        }
        self.sparks.push_back(spark);
    }
}

/// The microsecond after.
fn next(at: Timestamp) -> Timestamp {
    at.checked_add(NEXT).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
