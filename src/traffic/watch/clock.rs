//! The database's clock as a watch knows it, and the stretches in which it did not answer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::outcome::window::Gap;
use crate::traffic::opening::after;

/// Less than this is no step: clocks are slewed, and answers take their time.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);
/// Nobody has looked for longer than a tick and this: the machine slept.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// What an answer of the database says about its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It went on as ours did.
    Even,
    /// It went back, at least so far.
    Back(SignedDuration),
    /// So much more time passed there than here: this machine slept, or that clock was set forward.
    Ahead(SignedDuration),
}

/// The last answer, and between which moments of our own clock, which is never set, it was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    now: Timestamp,
    before: Instant,
    after: Instant,
}

impl Clock {
    pub(super) fn new(now: Timestamp, at: Instant) -> Clock {
        Clock { now, before: at, after: at }
    }

    /// When it answered last.
    pub(super) fn last(&self) -> Timestamp {
        self.now
    }

    /// What time it is there at the least, if its clock went on since.
    pub(super) fn now(&self) -> Timestamp {
        after(self.now, self.after.elapsed())
    }

    /// When it will be `at` there.
    pub(super) fn when(&self, at: Timestamp) -> Instant {
        self.after + Duration::try_from(at.duration_since(self.now)).unwrap_or(Duration::ZERO)
    }

    /// Takes an answer that was given between `before` and now. `tick` is the time between two questions.
    pub(super) fn heard(&mut self, now: Timestamp, before: Instant, tick: Duration) -> Step {
        let read = Instant::now();
        let least = after(self.now, before.saturating_duration_since(self.after));
        let most = after(self.now, read.saturating_duration_since(self.before));
        *self = Clock { now, before, after: read };
        let (back, ahead) = (least.duration_since(now), now.duration_since(most));
        if back > TOLERANCE {
            Step::Back(back)
        } else if ahead > SignedDuration::try_from(tick).unwrap_or(SignedDuration::MAX).saturating_add(SLACK)
        {
            Step::Ahead(ahead)
        } else {
            Step::Even
        }
    }
}

/// The stretches without an answer, the last one perhaps still open.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    done: Vec<Gap>,
    open: Option<(Timestamp, String)>,
}

/// So many gaps are kept one by one; a database that comes and goes for days would fill the memory.
const MOST: usize = 200;

impl Gaps {
    /// A question failed; `since` is when the database had answered last.
    pub(super) fn open(&mut self, since: Timestamp, why: &str) {
        self.open.get_or_insert_with(|| (since, why.to_owned()));
    }

    /// True while questions fail.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The watch began at `at`, as is known only now; it has had no answer since.
    pub(super) fn begin_at(&mut self, at: Timestamp) {
        if let Some((from, _)) = &mut self.open {
            *from = at;
        }
    }

    /// It answered at `at`.
    pub(super) fn close(&mut self, at: Timestamp) {
        if let Some((from, why)) = self.open.take() {
            self.add(Gap { from, to: at.max(from), why });
        }
    }

    fn add(&mut self, gap: Gap) {
        if self.done.len() < MOST {
            self.done.push(gap);
        } else if let Some(last) = self.done.last_mut() {
            last.to = gap.to;
            last.why = "several gaps, more than are kept one by one; in between it answered".to_owned();
        }
    }

    /// All of them at `end`.
    pub(super) fn all(&self, end: Timestamp) -> Vec<Gap> {
        let mut gaps = Gaps { done: self.done.clone(), open: self.open.clone() };
        gaps.close(end);
        gaps.done
    }
}
