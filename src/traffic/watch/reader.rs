//! What a watch asks of the database. Every question has a connection of its own, opened and closed, so that a
//! restart, a failover, a pooler that cuts idle connections or a sleeping laptop needs no code in the watch.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use crate::outcome::finding::CannotAsk;
use crate::outcome::window::Window;
use crate::settings::Tier;
use crate::traffic::counts::{Known, Ticked};
use crate::traffic::full::{Full, Horizon};
use crate::traffic::watched::{Stretch, TierCounts, Unasked};

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub unasked: Unasked,
    /// Asking again will hardly help: the login is refused, the table is missing.
    pub hopeless: bool,
    /// It was our side that could not ask.
    pub ours: bool,
}

impl From<CannotAsk> for Fault {
    fn from(cannot: CannotAsk) -> Fault {
        let unasked = Unasked { why: cannot.why, fix: cannot.hint, database_gone: false, offline: None };
        Fault { unasked, hopeless: true, ours: true }
    }
}

/// The database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// On a standby: what has been replayed up to then can be seen.
    pub replayed_to: Option<Timestamp>,
    /// Whether this server tells at all which transactions are open.
    pub tells_transactions: bool,
}

/// The answer to a question.
pub type Answer<T> = Result<T, Fault>;

/// The database, as a watch asks it. `within` bounds a question, its connection included.
pub trait Reader: Sync {
    /// What time it is there, and whether the facts can be read at all.
    fn moment(&self, within: Duration) -> impl Future<Output = Answer<Moment>> + Send;

    /// The facts that came since what is known, up to `to`, exclusive.
    fn tick(
        &self,
        known: Known,
        to: Timestamp,
        within: Duration,
    ) -> impl Future<Output = Answer<Ticked>> + Send;

    /// Everything about a window, at one snapshot.
    fn full(&self, window: Window, within: Duration) -> impl Future<Output = Answer<Full>> + Send;

    /// Whether a transaction is open that began at `to` or before, and may still add rows.
    fn horizon(&self, to: Timestamp, within: Duration) -> impl Future<Output = Answer<Horizon>> + Send;

    /// The deliveries of a window.
    fn stretch(&self, window: Window, within: Duration) -> impl Future<Output = Answer<Stretch>> + Send;

    /// What a tier asks of its window.
    fn tier(
        &self,
        tier: &Tier,
        window: Window,
        within: Duration,
    ) -> impl Future<Output = Answer<TierCounts>> + Send;

    /// Deliveries a minute over the last hour; `None` without any.
    fn recent_per_minute(&self, within: Duration) -> impl Future<Output = Answer<Option<f64>>> + Send;
}
