//! The tick loop of a window that lies ahead.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::clock::{Clock, Step};
use super::reader::{QueryResult, Reader};
use super::{View, Watch, WatchEnd};
use crate::outcome::tick::LiveStatus;
use crate::outcome::window::Window;
use crate::traffic::read::TickCounter;
use crate::traffic::window::after;
use crate::traffic::window::{QueryError, ReadError};

/// Time limit of one tick, including its connection.
pub(super) const TICK_TIMEOUT: Duration = Duration::from_secs(5);
/// The part of the budget that is kept for the final query, if there is that much to spare.
const RESERVE: Duration = Duration::from_secs(60);
/// How many remarks are kept.
const MAX_REMARKS: usize = 20;

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Ticks until the window is over by the database's clock.
    pub(super) async fn forward(&mut self) -> WatchEnd {
        let mut next = Instant::now();
        loop {
            sleep_until(next.min(self.clock.when(self.window.to))).await;
            // Ticks missed while the machine slept are not repeated: one tick reads everything since.
            if next <= Instant::now() {
                next = (next + self.rules.tick.0).max(Instant::now());
            }
            match self.tick().await {
                Ok(()) => {
                    if let Some((ended, data)) = self.early().await {
                        return WatchEnd::Early(ended, data);
                    }
                }
                Err(fault) => self.missed(&fault),
            }
            if self.clock.now() >= self.window.to {
                if !self.extend() {
                    return WatchEnd::AtItsEnd;
                }
                next = self.clock.when(self.window.to);
            }
            if Instant::now() >= self.spent {
                return WatchEnd::Broken(self.budget_used_up());
            }
        }
    }

    /// Reads the new facts once.
    pub(super) async fn tick(&mut self) -> QueryResult<()> {
        if !self.clocked {
            let before = Instant::now();
            let moment = self.reader.moment(TICK_TIMEOUT).await?;
            self.anchor(moment.now, before);
        }
        let before = Instant::now();
        let ticked =
            self.reader.tick(self.counter.cursor(), TickCounter::end(self.window.to), TICK_TIMEOUT).await?;
        let now = ticked.now;
        match self.clock.answered(now, before, self.rules.tick.0) {
            Step::Even => {}
            Step::Back(by) => self.remark(format!(
                "the database's clock went back by {by:#} at {now}: the ticks may miss facts dated in that time, the final query does not"
            )),
            Step::Ahead(by) => self.remark(format!(
                "no tick for {by:#} until {now}: this machine slept, or the database's clock was set forward; no data is lost"
            )),
        }
        self.gaps.close(now);
        self.counter.take(&ticked);
        self.seen_to = self.seen_to.max(now);
        self.show(None);
        Ok(())
    }

    /// Keeps a sentence for the report, up to a limit: alternating servers with different clocks would add one per tick.
    fn remark(&mut self, sentence: String) {
        if self.remarks.len() < MAX_REMARKS {
            self.remarks.push(sentence);
        }
    }

    /// Records that a tick had no answer.
    pub(super) fn missed(&mut self, fault: &QueryError) {
        self.gaps.open(self.clock.last(), &fault.error.why);
        self.counter.miss();
        self.show(Some(&fault.error.why));
    }

    /// Places the window by the database's clock, at its first answer. Nothing has been read before that.
    fn anchor(&mut self, now: Timestamp, at: Instant) {
        let elapsed = at.saturating_duration_since(self.plan.began);
        let length = self.window.length();
        let from = crate::traffic::window::before(now, elapsed);
        let to = after(from, Duration::try_from(length).unwrap_or(Duration::ZERO));
        self.window = Window { from, to };
        self.planned = self.window;
        self.counter = TickCounter::new(from, super::overlap(self.rules));
        self.clock = Clock::new(now, at);
        self.gaps.begin_at(from);
        self.seen_to = from;
        self.clocked = true;
        self.plan.moved(self.window);
    }

    /// Whether the watch goes on beyond the planned end, because there are too few deliveries for a verdict.
    fn extend(&mut self) -> bool {
        let spare = self
            .plan
            .budget
            .saturating_sub(Duration::try_from(self.planned.length()).unwrap_or(Duration::ZERO));
        let reserve = self.rules.settle.0 + RESERVE.min(spare / 4);
        let tick = self.rules.tick.0;
        if !self.requested.until_enough
            || self.status().0 != LiveStatus::Thin
            || Instant::now() + tick + reserve > self.spent
        {
            return false;
        }
        self.window.to = after(self.window.to.max(self.clock.now()), tick);
        self.plan.moved(self.window);
        true
    }

    fn budget_used_up(&self) -> ReadError {
        ReadError {
            why: format!(
                "the time budget is used up, but the database's clock went back, and by it the window only ends at {}",
                self.window.to
            ),
            fix: Some(
                "fix the time synchronisation of the database's servers, then run hotdash-ops monitor again"
                    .to_owned(),
            ),
            database_gone: true,
            offline: None,
        }
    }
}
