//! The database's clock as the watch knows it, and the periods in which the database did not answer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::outcome::window::Gap;
use crate::traffic::window::after;

/// Smaller differences are not a step: clocks are slewed, and answers take time.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);
/// A jump ahead of more than one tick plus this means that the machine slept or the clock was changed.
const SLACK: SignedDuration = SignedDuration::from_secs(2);

/// What an answer of the database shows about its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It advanced as ours did.
    Even,
    /// It went back by at least this much.
    Back(SignedDuration),
    /// This much more time passed there than here: this machine slept, or that clock was set forward.
    Ahead(SignedDuration),
}

/// The last answer, and the two moments of our own monotonic clock between which it was given.
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

    /// The database's time at its last answer.
    pub(super) fn last(&self) -> Timestamp {
        self.now
    }

    /// The earliest time it can be there now, if its clock kept running.
    pub(super) fn now(&self) -> Timestamp {
        after(self.now, self.after.elapsed())
    }

    /// When the database's clock will show `at`.
    pub(super) fn when(&self, at: Timestamp) -> Instant {
        self.after + Duration::try_from(at.duration_since(self.now)).unwrap_or(Duration::ZERO)
    }

    /// Takes an answer that was given between `before` and now. `tick` is the time between two ticks.
    pub(super) fn answered(&mut self, now: Timestamp, before: Instant, tick: Duration) -> Step {
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

/// The periods without an answer; the last one may still be open.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    done: Vec<Gap>,
    open: Option<(Timestamp, String)>,
}

/// How many gaps are kept one by one, so that a database that comes and goes for days does not fill the memory.
const MAX_GAPS: usize = 200;

impl Gaps {
    /// A query failed; `since` is when the database last answered.
    pub(super) fn open(&mut self, since: Timestamp, why: &str) {
        self.open.get_or_insert_with(|| (since, why.to_owned()));
    }

    /// True while queries fail.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Corrects the start of the open gap: the watch began at `at`, which is known only now, and has had no answer since.
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
        if self.done.len() < MAX_GAPS {
            self.done.push(gap);
        } else if let Some(last) = self.done.last_mut() {
            last.to = gap.to;
            last.why = "several gaps, combined here; the database answered in between".to_owned();
        }
    }

    /// All gaps, with an open one closed at `end`.
    pub(super) fn all(&self, end: Timestamp) -> Vec<Gap> {
        let mut gaps = Gaps { done: self.done.clone(), open: self.open.clone() };
        gaps.close(end);
        gaps.done
    }
}
