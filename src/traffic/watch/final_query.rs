//! The final query: after the window's end, once late rows have had time to arrive, one statement over the whole window.
//! Additional queries (alert levels, the time before the deploy) may fail without affecting the verdict.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use super::reader::{QueryResult, Reader};
use super::tick_loop::TICK_TIMEOUT;
use super::{View, Watch, WatchEnd};
use crate::outcome::window::{Ended, Mode, Window};
use crate::traffic::window::{Observation, Period, ReadError, TierCounts};
use crate::traffic::window::{OpenTransactions, WindowData};
use crate::traffic::window::{after, before};

/// Time limit of the statement; the server's own limit is a little shorter.
pub(super) const WINDOW_TIMEOUT: Duration = Duration::from_secs(65);
/// The least time that a query gets, even if the budget is used up.
const MIN_TIME: Duration = Duration::from_secs(5);
/// How long to wait for transactions that began before the window's end.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait for a standby that may never catch up.
const STANDBY_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two attempts.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// After this many permanent errors in a row the query is given up.
const MAX_REJECTED: u32 = 3;
/// A deploy longer ago than this is not compared with.
const RECENT_DEPLOY: Duration = Duration::from_secs(3600);

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Everything the watch measured.
    pub(super) async fn finish(mut self, end: WatchEnd) -> Observation {
        let (ended, facts) = match end {
            WatchEnd::Early(ended, data) => (ended, Ok(*data)),
            WatchEnd::Broken(why) => (Ended::AtItsEnd, Err(why)),
            WatchEnd::AtItsEnd => {
                self.settle().await;
                let open_transactions = self.open_transactions(self.window.to).await;
                let facts = self.final_query().await.map(|data| WindowData { open_transactions, ..data });
                (Ended::AtItsEnd, facts)
            }
        };
        let answered = facts.as_ref().ok();
        if let Some(data) = answered {
            self.gaps.close(data.read_at);
        }
        let late = match (answered, self.plan.mode) {
            (Some(data), Mode::Forward) => {
                let counted = i64::try_from(self.counter.counts().tally.facts()).unwrap_or(i64::MAX);
                let found = data.tally.facts();
                i64::try_from(found).unwrap_or(i64::MAX).saturating_sub(counted)
            }
            _ => 0,
        };
        let (before, after) = match answered {
            Some(data) if data.tally.bad > 0 => self.around_the_deploy().await,
            _ => (None, None),
        };
        let tiers = match &facts {
            Ok(_) => self.tiers().await,
            Err(error) => Err(error.why.clone()),
        };
        Observation {
            mode: self.plan.mode,
            planned: self.planned,
            window: self.window,
            deploy: self.plan.deploy.clone(),
            ended,
            facts,
            gaps: self.gaps.all(self.clock.now()),
            late,
            sparks: self.counter.sparks().collect(),
            tiers,
            before,
            after,
            remarks: self.remarks,
        }
    }

    /// Waits for rows that were committed around the window's end, as far as the budget allows.
    async fn settle(&mut self) {
        let settled = after(self.window.to, self.rules.settle.0);
        sleep_until(self.clock.when(settled).min(self.spent)).await;
        // One more tick, so that only facts that ticks really missed are called late.
        if self.plan.mode == Mode::Forward
            && let Err(fault) = self.tick().await
        {
            self.missed(&fault);
        }
    }

    /// Waits for transactions that began at `to` or before, because they may still add rows to the window. On a standby,
    /// also waits until it has replayed the window.
    pub(super) async fn open_transactions(&self, to: Timestamp) -> OpenTransactions {
        let began = Instant::now();
        // Hidden transactions that are open at the first query may have begun in the window; later ones have not.
        let mut awaited: Option<BTreeSet<String>> = None;
        loop {
            let asked = self.reader.open_transactions(to, self.left(TICK_TIMEOUT)).await;
            let mut seen = asked.unwrap_or_else(|fault| OpenTransactions::Unknown(fault.error.why));
            if let OpenTransactions::Hidden { transactions, .. } = &seen {
                let first = awaited.get_or_insert_with(|| transactions.clone());
                if first.is_disjoint(transactions) {
                    seen = OpenTransactions::Clear;
                }
            }
            let moment = self.reader.moment(self.left(TICK_TIMEOUT)).await.ok();
            let behind = moment.and_then(|moment| moment.replayed_to).is_some_and(|replayed| replayed < to);
            let visible = moment.is_none_or(|moment| moment.replayed_to.is_none());
            let until = match seen {
                OpenTransactions::Open(_) | OpenTransactions::Hidden { .. } => began + TRANSACTION_TIMEOUT,
                // A server that does not know now may know a moment later.
                OpenTransactions::Unknown(_) if visible => began + TRANSACTION_TIMEOUT,
                // A standby of an idle primary stays behind forever.
                _ if behind => began + STANDBY_TIMEOUT,
                _ => began,
            };
            if Instant::now() + RETRY_PAUSE >= until.min(self.spent) {
                return seen;
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// The statement over the whole window, repeated until it is answered or the budget is used up.
    async fn final_query(&mut self) -> Result<WindowData, ReadError> {
        let (mut rejected, mut shown) = (0, None);
        loop {
            let fault = match self.catch_up().await {
                Err(fault) if fault.error.database_gone => fault,
                _ => match self.reader.window_data(self.window, self.left(WINDOW_TIMEOUT)).await {
                    Ok(data) => return Ok(data),
                    Err(fault) => fault,
                },
            };
            // Repeated more often than ticks, but shown only as often.
            if shown.is_none_or(|at: Instant| at.elapsed() >= self.rules.tick.0) {
                self.missed(&fault);
                shown = Some(Instant::now());
            }
            rejected = if fault.hopeless { rejected + 1 } else { 0 };
            if rejected >= MAX_REJECTED || Instant::now() + RETRY_PAUSE >= self.spent {
                return Err(fault.error);
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// After a gap at the window's end, one more tick, so that facts of the gap are not called late. It also places the
    /// window by the database's clock, if that was unknown until now.
    async fn catch_up(&mut self) -> QueryResult<()> {
        match self.plan.mode {
            Mode::Forward if self.gaps.is_open() => self.tick().await,
            _ => Ok(()),
        }
    }

    /// The time the budget leaves for a query, at most `most`.
    fn left(&self, most: Duration) -> Duration {
        self.spent.saturating_duration_since(Instant::now()).max(MIN_TIME).min(most)
    }

    /// Deliveries before the deploy, if the window begins soon after it or contains it; and those after it, if the window
    /// contains it.
    async fn around_the_deploy(&mut self) -> (Option<Period>, Option<Period>) {
        let Ok(deploy) = &self.plan.deploy else { return (None, None) };
        let at = deploy.at;
        if at >= self.window.to || after(at, RECENT_DEPLOY) < self.window.from {
            return (None, None);
        }
        let length = Duration::try_from(self.window.length()).unwrap_or(Duration::ZERO);
        let earlier = Window { from: before(at, length), to: at };
        let earlier = self.reader.period(earlier, self.left(WINDOW_TIMEOUT)).await.ok();
        let later = if self.window.holds(at) {
            let rest = Window { from: at, to: self.window.to };
            self.reader.period(rest, self.left(WINDOW_TIMEOUT)).await.ok()
        } else {
            None
        };
        (earlier, later)
    }

    /// The counts of each alert level's own window, clipped at the deploy.
    async fn tiers(&mut self) -> Result<Vec<TierCounts>, String> {
        let to = self.window.to;
        let deploy: Option<Timestamp> = self.plan.deploy.as_ref().ok().map(|deploy| deploy.at);
        let mut counts = Vec::with_capacity(self.rules.tiers.len());
        for tier in &self.rules.tiers {
            let from = before(to, tier.over.0);
            let window = Window { from: deploy.map_or(from, |at| from.max(at.min(to))), to };
            let answer = self.reader.tier(tier, window, self.left(WINDOW_TIMEOUT)).await;
            counts.push(answer.map_err(|fault| fault.error.why)?);
        }
        Ok(counts)
    }
}
