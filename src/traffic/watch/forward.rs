//! The ticks of a window that lies ahead.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::clock::{Clock, Step};
use super::reader::{Answer, Fault, Reader};
use super::{Turn, View, Watch};
use crate::outcome::tick::Standing;
use crate::outcome::window::Window;
use crate::traffic::counts::Ledger;
use crate::traffic::opening::after;
use crate::traffic::watched::Unasked;

/// What one tick may take, its connection included.
pub(super) const TICK_DEADLINE: Duration = Duration::from_secs(5);
/// What is kept of the budget for the last word, where there is that much to spare.
const RESERVE: Duration = Duration::from_secs(60);
/// So many sentences are kept.
const MOST_REMARKS: usize = 20;

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Ticks until the window is over by the database's clock.
    pub(super) async fn forward(&mut self) -> Turn {
        let mut next = Instant::now();
        loop {
            sleep_until(next.min(self.clock.when(self.window.to))).await;
            // What was slept through is not caught up with: one tick reads it all.
            if next <= Instant::now() {
                next = (next + self.rules.tick.0).max(Instant::now());
            }
            match self.tick().await {
                Ok(()) => {
                    if let Some((ended, full)) = self.early().await {
                        return Turn::Early(ended, full);
                    }
                }
                Err(fault) => self.missed(&fault),
            }
            if self.clock.now() >= self.window.to {
                if !self.goes_on() {
                    return Turn::AtItsEnd;
                }
                next = self.clock.when(self.window.to);
            }
            if Instant::now() >= self.spent {
                return Turn::Broken(self.beyond_the_budget());
            }
        }
    }

    /// Looks at the facts once.
    pub(super) async fn tick(&mut self) -> Answer<()> {
        if !self.clocked {
            let before = Instant::now();
            let moment = self.reader.moment(TICK_DEADLINE).await?;
            self.anchor(moment.now, before);
        }
        let before = Instant::now();
        let ticked =
            self.reader.tick(self.ledger.known(), Ledger::end(self.window.to), TICK_DEADLINE).await?;
        let now = ticked.now;
        match self.clock.heard(now, before, self.rules.tick.0) {
            Step::Even => {}
            Step::Back(by) => self.remark(format!(
                "the database's clock went back by {by:#} at {now}: ticks miss what it dates before the seal, the last word does not"
            )),
            Step::Ahead(by) => self.remark(format!(
                "nobody looked for {by:#} up to {now}: this machine slept, or the database's clock was set forward; nothing is lost by it"
            )),
        }
        self.gaps.close(now);
        self.ledger.take(&ticked);
        self.seen_to = self.seen_to.max(now);
        self.show(None);
        Ok(())
    }

    /// Keeps a sentence for the report; servers that take turns with different clocks would fill it.
    fn remark(&mut self, sentence: String) {
        if self.remarks.len() < MOST_REMARKS {
            self.remarks.push(sentence);
        }
    }

    /// Declares that a tick had no answer.
    pub(super) fn missed(&mut self, fault: &Fault) {
        self.gaps.open(self.clock.last(), &fault.unasked.why);
        self.ledger.miss();
        self.show(Some(&fault.unasked.why));
    }

    /// The database has told its clock for the first time: the window is laid anew by it. Nothing has been read yet.
    fn anchor(&mut self, now: Timestamp, at: Instant) {
        let elapsed = at.saturating_duration_since(self.opening.began);
        let length = self.window.length();
        let from = crate::traffic::opening::before(now, elapsed);
        let to = after(from, Duration::try_from(length).unwrap_or(Duration::ZERO));
        self.window = Window { from, to };
        self.planned = self.window;
        self.ledger = Ledger::new(from, super::overlap(self.rules));
        self.clock = Clock::new(now, at);
        self.gaps.begin_at(from);
        self.seen_to = from;
        self.clocked = true;
        self.opening.moved(self.window);
    }

    /// Whether the watch goes on beyond the window's end, because there is too little to tell.
    fn goes_on(&mut self) -> bool {
        let spare = self
            .opening
            .budget
            .saturating_sub(Duration::try_from(self.planned.length()).unwrap_or(Duration::ZERO));
        let reserve = self.rules.settle.0 + RESERVE.min(spare / 4);
        let tick = self.rules.tick.0;
        if !self.wish.until_enough
            || self.standing().0 != Standing::Thin
            || Instant::now() + tick + reserve > self.spent
        {
            return false;
        }
        self.window.to = after(self.window.to.max(self.clock.now()), tick);
        self.opening.moved(self.window);
        true
    }

    fn beyond_the_budget(&self) -> Unasked {
        Unasked {
            why: format!(
                "the budget is spent, and by the database's clock, which went back, the window ends only at {}",
                self.window.to
            ),
            fix: Some("mend time synchronisation of the database's servers, and watch again".to_owned()),
            database_gone: true,
            offline: None,
        }
    }
}
