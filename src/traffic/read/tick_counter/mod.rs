//! Counting facts exactly once over many ticks. The ticks have read `[from, read_to)`. The sealed part of it,
//! `[from, seal)`, is never read again; the rest, `[seal, read_to)`, is the tail. A tick reads what came after `read_to`,
//! which becomes the newest part of the tail, and counts the facts of the tail. If their number is the known one, those
//! parts of the tail that ended before the upper bound minus the overlap are sealed. If it differs, because a fact became
//! visible late, the tick reads the whole tail again, and seals what is older than the overlap. The upper bound is the
//! database's clock or the window's end. So a fact is counted if and only if it was visible at the tick that sealed its
//! time (or, as long as there is none, at the last tick): at most once, and certainly if it became visible within the
//! overlap.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Group, Ms};
use crate::outcome::tick::Spark;
use crate::traffic::stats::Histogram;
use crate::traffic::window::{FactKind, Tally};

/// How many points of the sparkline are kept: an hour of ticks.
pub const MAX_SPARKS: usize = 360;

/// PostgreSQL's times are whole microseconds, so this is the step to the next one.
const NEXT: SignedDuration = SignedDuration::from_micros(1);

/// What the ticks have counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickCounts {
    pub tally: Tally,
    /// Deliveries with a readable duration.
    pub timed: u64,
    /// The sum of these, in milliseconds.
    pub sum_ms: u64,
    /// Deliveries with a duration that is not a number.
    pub unreadable: u64,
    /// Deliveries without a duration.
    pub untimed: u64,
    pub histogram: Histogram,
}

impl TickCounts {
    /// The mean of the readable durations in milliseconds. `None` without any.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.timed > 0).then(|| self.sum_ms as f64 / self.timed as f64)
    }

    fn add(&mut self, group: &Group) {
        self.tally.add(group.kind, group.n);
        if group.kind == FactKind::DeadLetter {
            return;
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

    fn spark(&self) -> Spark {
        Spark { total: self.tally.total(), bad: self.tally.bad, mean_ms: self.mean_ms(), hole: false }
    }

    fn merge(&mut self, more: &TickCounts) {
        self.tally.merge(&more.tally);
        self.timed += more.timed;
        self.sum_ms = self.sum_ms.saturating_add(more.sum_ms);
        self.unreadable += more.unreadable;
        self.untimed += more.untimed;
        self.histogram.merge(&more.histogram);
    }
}

/// The counts of one watch.
#[derive(Clone, Debug)]
pub struct TickCounter {
    overlap: SignedDuration,
    seal: Timestamp,
    sealed: TickCounts,
    /// Oldest first. Each part begins where the one before it ends, the first at the seal.
    tail: VecDeque<Part>,
    /// One point for each sealed part.
    sparks: VecDeque<Spark>,
}

/// What one tick added to the tail.
#[derive(Clone, Debug)]
enum Part {
    /// The facts up to here, exclusive.
    Read { to: Timestamp, counts: Box<TickCounts> },
    /// The tick had no answer.
    Hole,
}

impl Part {
    fn spark(&self) -> Spark {
        match self {
            Part::Read { counts, .. } => counts.spark(),
            Part::Hole => Spark { hole: true, ..Spark::default() },
        }
    }
}

impl TickCounter {
    /// Starts counting for a window that begins after `from`, for facts that become visible within `overlap`.
    pub fn new(from: Timestamp, overlap: SignedDuration) -> TickCounter {
        TickCounter {
            overlap,
            seal: next(from),
            sealed: TickCounts::default(),
            tail: VecDeque::new(),
            sparks: VecDeque::new(),
        }
    }

    /// What the next tick needs to know.
    pub fn cursor(&self) -> TickCursor {
        let mut known = TickCursor::nothing(self.seal);
        for part in &self.tail {
            if let Part::Read { to, counts } = part {
                known.read_to = *to;
                known.facts += counts.tally.facts();
            }
        }
        known
    }

    /// The exclusive end of a tick's range, in a window whose last instant is `to`.
    pub fn end(to: Timestamp) -> Timestamp {
        next(to)
    }

    /// Adds the result of a tick that was given [`TickCounter::cursor`], with all of its groups. A clock that stepped back seals
    /// nothing.
    pub fn take(&mut self, tick: &TickResult) {
        let edge = tick.upper.saturating_sub(self.overlap).unwrap_or(self.seal);
        if tick.again {
            self.read_again(tick, edge);
        } else if tick.end > self.cursor().read_to {
            let mut counts = TickCounts::default();
            tick.groups.iter().for_each(|group| counts.add(group));
            self.tail.push_back(Part::Read { to: tick.end, counts: Box::new(counts) });
        }
        self.seal_before(edge);
    }

    /// Records a tick without an answer. The next one continues where the last one ended, so nothing is lost.
    pub fn miss(&mut self) {
        // Nothing is sealed during an outage, so the holes must be limited.
        if self.tail.len() >= MAX_SPARKS {
            let oldest = self.tail.iter().position(|part| matches!(part, Part::Hole));
            oldest.and_then(|oldest| self.tail.remove(oldest));
        }
        self.tail.push_back(Part::Hole);
        self.seal_before(self.seal);
    }

    /// All counts: sealed and tail.
    pub fn counts(&self) -> TickCounts {
        let mut counts = self.sealed.clone();
        for part in &self.tail {
            if let Part::Read { counts: more, .. } = part {
                counts.merge(more);
            }
        }
        counts
    }

    /// What each of the last [`MAX_SPARKS`] ticks read, oldest first. Ticks that had to be read again are one point.
    pub fn sparks(&self) -> impl Iterator<Item = Spark> {
        let all = self.sparks.len() + self.tail.len();
        let sealed = self.sparks.iter().copied();
        sealed.chain(self.tail.iter().map(Part::spark)).skip(all.saturating_sub(MAX_SPARKS))
    }

    /// Replaces the tail by what was read again.
    fn read_again(&mut self, tick: &TickResult, edge: Timestamp) {
        for part in std::mem::take(&mut self.tail) {
            if matches!(part, Part::Hole) {
                self.push(part.spark());
            }
        }
        // If the seal does not move, facts marked as sealed will be read again, so they stay in the tail.
        let moves = edge > self.seal;
        let (mut old, mut young) = (TickCounts::default(), TickCounts::default());
        for group in &tick.groups {
            if group.sealed && moves { &mut old } else { &mut young }.add(group);
        }
        if moves {
            self.push(old.spark());
            self.sealed.merge(&old);
            self.seal = edge;
        }
        if tick.end > self.seal {
            self.tail.push_back(Part::Read { to: tick.end, counts: Box::new(young) });
        }
    }

    /// Seals the parts that ended by `edge`.
    fn seal_before(&mut self, edge: Timestamp) {
        loop {
            let spark = match self.tail.front() {
                Some(Part::Read { to, counts }) if *to <= edge => {
                    self.sealed.merge(counts);
                    self.seal = *to;
                    counts.spark()
                }
                Some(hole @ Part::Hole) => hole.spark(),
                _ => return,
            };
            self.tail.pop_front();
            self.push(spark);
        }
    }

    fn push(&mut self, spark: Spark) {
        if self.sparks.len() == MAX_SPARKS {
            self.sparks.pop_front();
        }
        self.sparks.push_back(spark);
    }
}

/// The next microsecond.
fn next(at: Timestamp) -> Timestamp {
    at.checked_add(NEXT).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;

/// What earlier ticks have read and may have to read again: the number of facts in `[seal, read_to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickCursor {
    pub seal: Timestamp,
    /// At or after the seal.
    pub read_to: Timestamp,
    pub facts: u64,
}

impl TickCursor {
    /// Nothing was read yet; the time begins at `seal`.
    pub fn nothing(seal: Timestamp) -> TickCursor {
        TickCursor { seal, read_to: seal, facts: 0 }
    }
}

/// What one tick read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickResult {
    /// The database's clock.
    pub now: Timestamp,
    /// The end of what was read, exclusive: the clock, but not beyond the requested end.
    pub end: Timestamp,
    /// Everything before this was visible: the end, but on a standby not beyond what it has replayed.
    pub upper: Timestamp,
    /// Whether everything since the seal was read, because it had changed or may have; otherwise only what came after
    /// [`TickCursor::read_to`].
    pub again: bool,
    pub groups: Vec<Group>,
}
