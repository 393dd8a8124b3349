//! Sealed and tail. What the ticks have read is `[from, read_to)`; what is sealed of
//! it, `[from, seal)`, is never looked at again. A tick reads what came after
//! `read_to`, which becomes the newest part of the tail, and counts the facts of the
//! tail, `[seal, read_to)`. If there are as many as are known, those parts of the tail
//! that ended before the upper bound less the overlap are sealed. If there are more or
//! less, because one became visible late, the tick reads all of the tail again, and
//! seals what in it is older than the overlap. The upper bound is the database's clock
//! or the window's end. So a fact is counted if and only if it was visible at the tick
//! that sealed its time (or, while there was none, at the last tick): at most once,
//! and surely when it became visible within the overlap.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::group::{Group, Kind, Ms};
use super::histogram::Histogram;
use super::ticked::{Known, Ticked};
use crate::outcome::tick::Spark;

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
    /// Oldest first. Each part begins where the one before it ends, the first of them at the seal.
    tail: VecDeque<Part>,
    /// One point for each part that was sealed.
    sparks: VecDeque<Spark>,
}

/// What one tick left in the tail.
#[derive(Clone, Debug)]
enum Part {
    /// The facts up to here, exclusive.
    Read { to: Timestamp, counts: Box<Counts> },
    /// It was not answered.
    Hole,
}

impl Part {
    fn spark(&self) -> Spark {
        match self {
            Part::Read { counts, .. } => Spark::of(counts),
            Part::Hole => Spark { hole: true, ..Spark::default() },
        }
    }
}

impl Ledger {
    /// Opens the books for a window that begins after `from`, of facts that become visible within `overlap`.
    pub fn new(from: Timestamp, overlap: SignedDuration) -> Ledger {
        Ledger {
            overlap,
            seal: next(from),
            sealed: Counts::default(),
            tail: VecDeque::new(),
            sparks: VecDeque::new(),
        }
    }

    /// What is known when the next tick is asked.
    pub fn known(&self) -> Known {
        let mut known = Known::nothing(self.seal);
        for part in &self.tail {
            if let Part::Read { to, counts } = part {
                known.read_to = *to;
                known.facts += counts.facts();
            }
        }
        known
    }

    /// What a tick reads up to at most, exclusive, in a window whose last instant is `to`.
    pub fn end(to: Timestamp) -> Timestamp {
        next(to)
    }

    /// Books what a tick read, to which [`Ledger::known`] was told. The groups must be all of the tick's. A clock
    /// that stepped back seals nothing.
    pub fn take(&mut self, tick: &Ticked) {
        let edge = tick.upper.saturating_sub(self.overlap).unwrap_or(self.seal);
        if tick.again {
            self.read_again(tick, edge);
        } else if tick.end > self.known().read_to {
            let mut counts = Counts::default();
            tick.groups.iter().for_each(|group| counts.add(group));
            self.tail.push_back(Part::Read { to: tick.end, counts: Box::new(counts) });
        }
        self.seal_before(edge);
    }

    /// Notes a tick that was not answered. The next one reads on from where the last one ended, so nothing is lost.
    pub fn miss(&mut self) {
        // In an outage nothing is sealed, so that holes would pile up.
        if self.tail.len() >= SPARKS {
            let oldest = self.tail.iter().position(|part| matches!(part, Part::Hole));
            oldest.and_then(|oldest| self.tail.remove(oldest));
        }
        self.tail.push_back(Part::Hole);
        self.seal_before(self.seal);
    }

    /// All that is counted: sealed and tail.
    pub fn counts(&self) -> Counts {
        let mut counts = self.sealed.clone();
        for part in &self.tail {
            if let Part::Read { counts: more, .. } = part {
                counts.merge(more);
            }
        }
        counts
    }

    /// What each tick read, oldest first, the last [`SPARKS`] of them. Those that had to be read again are one.
    pub fn sparks(&self) -> impl Iterator<Item = Spark> {
        let all = self.sparks.len() + self.tail.len();
        let sealed = self.sparks.iter().copied();
        sealed.chain(self.tail.iter().map(Part::spark)).skip(all.saturating_sub(SPARKS))
    }

    /// The tail as it is now in the place of the one that was known.
    fn read_again(&mut self, tick: &Ticked, edge: Timestamp) {
        for part in std::mem::take(&mut self.tail) {
            if matches!(part, Part::Hole) {
                self.push(part.spark());
            }
        }
        // What a seal that stays says to be sealed would be read again, so it is not.
        let moves = edge > self.seal;
        let (mut old, mut young) = (Counts::default(), Counts::default());
        for group in &tick.groups {
            if group.sealed && moves { &mut old } else { &mut young }.add(group);
        }
        if moves {
            self.push(Spark::of(&old));
            self.sealed.merge(&old);
            self.seal = edge;
        }
        if tick.end > self.seal {
            self.tail.push_back(Part::Read { to: tick.end, counts: Box::new(young) });
        }
    }

    /// Seals the parts that ended by then.
    fn seal_before(&mut self, edge: Timestamp) {
        loop {
            let spark = match self.tail.front() {
                Some(Part::Read { to, counts }) if *to <= edge => {
                    self.sealed.merge(counts);
                    self.seal = *to;
                    Spark::of(counts)
                }
                Some(hole @ Part::Hole) => hole.spark(),
                _ => return,
            };
            self.tail.pop_front();
            self.push(spark);
        }
    }

    fn push(&mut self, spark: Spark) {
        if self.sparks.len() == SPARKS {
            self.sparks.pop_front();
        }
        self.sparks.push_back(spark);
    }
}

impl Spark {
    fn of(counts: &Counts) -> Spark {
        Spark { total: counts.total(), bad: counts.bad, mean_ms: counts.mean_ms(), hole: false }
    }
}

/// The microsecond after.
fn next(at: Timestamp) -> Timestamp {
    at.checked_add(NEXT).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
