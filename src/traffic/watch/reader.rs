//! The queries of a watch. Each opens and closes its own connection, so that the watch needs no code for a restart, a
//! failover, a pooler that closes idle connections or a laptop that slept.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use crate::outcome::finding::ProbeError;
use crate::outcome::window::Window;
use crate::settings::Tier;
use crate::traffic::counts::{TickCursor, TickResult};
use crate::traffic::full::{OpenTransactions, WindowData};
use crate::traffic::watched::{ReadError, Stretch, TierCounts};

/// Why a query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    pub unasked: ReadError,
    /// Repeating it will not help: the login was rejected, the table is missing.
    pub hopeless: bool,
    /// The problem is on our side.
    pub ours: bool,
}

impl From<ProbeError> for QueryError {
    fn from(cannot: ProbeError) -> QueryError {
        let unasked = ReadError { why: cannot.why, fix: cannot.hint, database_gone: false, offline: None };
        QueryError { unasked, hopeless: true, ours: true }
    }
}

/// The database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// On a standby: it shows what it has replayed up to this time.
    pub replayed_to: Option<Timestamp>,
    /// Whether this server can show which transactions are open.
    pub tells_transactions: bool,
}

/// The result of a query.
pub type Answer<T> = Result<T, QueryError>;

/// The database as a watch uses it. `within` limits a query, including its connection.
pub trait Reader: Sync {
    /// The time there, and whether the facts can be read at all.
    fn moment(&self, within: Duration) -> impl Future<Output = Answer<Moment>> + Send;

    /// The facts that were added since `known`, up to `to`, exclusive.
    fn tick(
        &self,
        known: TickCursor,
        to: Timestamp,
        within: Duration,
    ) -> impl Future<Output = Answer<TickResult>> + Send;

    /// Everything about a window, in one snapshot.
    fn full(&self, window: Window, within: Duration) -> impl Future<Output = Answer<WindowData>> + Send;

    /// Whether a transaction that began at `to` or before is open and may still add rows.
    fn horizon(
        &self,
        to: Timestamp,
        within: Duration,
    ) -> impl Future<Output = Answer<OpenTransactions>> + Send;

    /// The deliveries of a window.
    fn stretch(&self, window: Window, within: Duration) -> impl Future<Output = Answer<Stretch>> + Send;

    /// The counts that an alert level needs from its window.
    fn tier(
        &self,
        tier: &Tier,
        window: Window,
        within: Duration,
    ) -> impl Future<Output = Answer<TierCounts>> + Send;

    /// Deliveries per minute over the last hour; `None` without any.
    fn recent_per_minute(&self, within: Duration) -> impl Future<Output = Answer<Option<f64>>> + Send;
}
