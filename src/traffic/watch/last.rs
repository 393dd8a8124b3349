//! The last word: after the window's end, once late rows have had their time, one statement over all of it. What is
//! asked besides (tiers, the time before the deploy) may fail without spoiling the verdict.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::forward::TICK_DEADLINE;
use super::reader::{Answer, Reader};
use super::{Turn, View, Watch};
use crate::outcome::window::{Ended, Mode, Window};
use crate::traffic::full::{Full, Horizon};
use crate::traffic::opening::{after, before};
use crate::traffic::watched::{Stretch, TierCounts, Unasked, Watched};

/// What the statement itself may take; the server gives up a little earlier.
const DEADLINE: Duration = Duration::from_secs(65);
/// What the last attempt gets in any case.
const LEAST: Duration = Duration::from_secs(5);
/// How long transactions are waited for that began before the window's end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long is waited for what may never be known.
const HASTE: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);
/// So many refusals in a row are believed.
const BELIEVED: u32 = 3;
/// A deploy so long ago is not compared with.
const RECENT: Duration = Duration::from_secs(3600);

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// What the whole watch measured.
    pub(super) async fn finish(mut self, turn: Turn) -> Watched {
        let (ended, facts) = match turn {
            Turn::Early(ended, full) => (ended, Ok(*full)),
            Turn::Broken(why) => (Ended::AtItsEnd, Err(why)),
            Turn::AtItsEnd => {
                self.settle().await;
                let horizon = self.horizon(self.window.to).await;
                let facts = self.last_word().await.map(|full| Full { horizon, ..full });
                (Ended::AtItsEnd, facts)
            }
        };
        let answered = facts.as_ref().ok();
        if let Some(full) = answered {
            self.gaps.close(full.asked_at);
        }
        let late = match (answered, self.opening.mode) {
            (Some(full), Mode::Forward) => {
                let counted = i64::try_from(self.ledger.counts().facts()).unwrap_or(i64::MAX);
                let found = full.letter.total.saturating_add(full.dead_letters);
                i64::try_from(found).unwrap_or(i64::MAX).saturating_sub(counted)
            }
            _ => 0,
        };
        let (before, after) = match answered {
            Some(full) if full.letter.bad() > 0 => self.around_the_deploy().await,
            _ => (None, None),
        };
        let tiers = match &facts {
            Ok(_) => self.tiers().await,
            Err(unasked) => Err(unasked.why.clone()),
        };
        Watched {
            mode: self.opening.mode,
            planned: self.planned,
            window: self.window,
            deploy: self.opening.deploy.clone(),
            ended,
            facts,
            gaps: self.gaps.all(self.clock.now()),
            late,
            sparks: self.ledger.sparks().collect(),
            tiers,
            before,
            after,
            remarks: self.remarks,
        }
    }

    /// Lets rows arrive that were committed around the window's end, as far as the budget allows.
    async fn settle(&mut self) {
        let settled = after(self.window.to, self.rules.settle.0);
        sleep_until(self.clock.when(settled).min(self.spent)).await;
        // Its tail is read once more, so that what is called late has really been missed by ticks.
        if self.opening.mode == Mode::Forward
            && let Err(fault) = self.tick().await
        {
            self.missed(&fault);
        }
    }

    /// Waits for transactions that began up to `to`: they may still add rows to that time. On a standby also for what
    /// it has not replayed yet.
    pub(super) async fn horizon(&self, to: Timestamp) -> Horizon {
        let began = Instant::now();
        // What is open at the first question and hidden may have begun in the window; what begins after it has not.
        let mut awaited: Option<BTreeSet<String>> = None;
        loop {
            let asked = self.reader.horizon(to, self.left(TICK_DEADLINE)).await;
            let mut seen = asked.unwrap_or_else(|fault| Horizon::Unknown(fault.unasked.why));
            if let Horizon::Hidden { transactions, .. } = &seen {
                let first = awaited.get_or_insert_with(|| transactions.clone());
                if first.is_disjoint(transactions) {
                    seen = Horizon::Clear;
                }
            }
            let moment = self.reader.moment(self.left(TICK_DEADLINE)).await.ok();
            let behind = moment.and_then(|moment| moment.replayed_to).is_some_and(|replayed| replayed < to);
            let told = moment.is_none_or(|moment| moment.tells_transactions);
            let until = match seen {
                Horizon::Open(_) => began + PATIENCE,
                Horizon::Hidden { .. } => began + PATIENCE,
                // What the server does not tell now it may tell a moment later.
                Horizon::Unknown(_) if told => began + PATIENCE,
                // A standby whose primary has nothing to do stays behind for ever.
                _ if behind => began + HASTE,
                _ => began,
            };
            if Instant::now() + PAUSE >= until.min(self.spent) {
                return seen;
            }
            sleep(PAUSE).await;
        }
    }

    /// The statement over the whole window, asked again until it is answered or the budget is spent.
    async fn last_word(&mut self) -> Result<Full, Unasked> {
        let (mut refused, mut shown) = (0, None);
        loop {
            let fault = match self.catch_up().await {
                Err(fault) if fault.unasked.database_gone => fault,
                _ => match self.reader.full(self.window, self.left(DEADLINE)).await {
                    Ok(full) => return Ok(full),
                    Err(fault) => fault,
                },
            };
            // Asked more often than ticks are, and shown as often.
            if shown.is_none_or(|at: Instant| at.elapsed() >= self.rules.tick.0) {
                self.missed(&fault);
                shown = Some(Instant::now());
            }
            refused = if fault.hopeless { refused + 1 } else { 0 };
            if refused >= BELIEVED || Instant::now() + PAUSE >= self.spent {
                return Err(fault.unasked);
            }
            sleep(PAUSE).await;
        }
    }

    /// After a gap at the window's end one more tick, so that what came in the gap is not called late; it also lays the
    /// window by the database's clock, where that was not known until now.
    async fn catch_up(&mut self) -> Answer<()> {
        match self.opening.mode {
            Mode::Forward if self.gaps.is_open() => self.tick().await,
            _ => Ok(()),
        }
    }

    /// What the budget leaves for a question, at most `most`.
    fn left(&self, most: Duration) -> Duration {
        self.spent.saturating_duration_since(Instant::now()).max(LEAST).min(most)
    }

    /// The time before the deploy, when the window begins at it, soon after it, or holds it; and what of the window
    /// comes after it.
    async fn around_the_deploy(&mut self) -> (Option<Stretch>, Option<Stretch>) {
        let Ok(deploy) = &self.opening.deploy else { return (None, None) };
        let at = deploy.at;
        if at >= self.window.to || after(at, RECENT) < self.window.from {
            return (None, None);
        }
        let length = Duration::try_from(self.window.length()).unwrap_or(Duration::ZERO);
        let earlier = Window { from: before(at, length), to: at };
        let earlier = self.reader.stretch(earlier, self.left(DEADLINE)).await.ok();
        let later = match self.window.holds(at) {
            true => {
                let rest = Window { from: at, to: self.window.to };
                self.reader.stretch(rest, self.left(DEADLINE)).await.ok()
            }
            false => None,
        };
        (earlier, later)
    }

    /// What each tier's own window holds, clipped at the deploy.
    async fn tiers(&mut self) -> Result<Vec<TierCounts>, String> {
        let to = self.window.to;
        let deploy: Option<Timestamp> = self.opening.deploy.as_ref().ok().map(|deploy| deploy.at);
        let mut counts = Vec::with_capacity(self.rules.tiers.len());
        for tier in &self.rules.tiers {
            let from = before(to, tier.over.0);
            let window = Window { from: deploy.map_or(from, |at| from.max(at.min(to))), to };
            let answer = self.reader.tier(tier, window, self.left(DEADLINE)).await;
            counts.push(answer.map_err(|fault| fault.unasked.why)?);
        }
        Ok(counts)
    }
}
