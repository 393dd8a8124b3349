//! The queries of a watch. Each opens and closes its own connection, so that the watch needs no code for a restart, a
//! failover, a pooler that closes idle connections or a laptop that slept.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use crate::outcome::window::Window;
use crate::settings::Tier;
use crate::traffic::read::{TickCursor, TickResult};
use crate::traffic::window::{Moment, OpenTransactions, Period, QueryError, TierCounts, WindowData};

/// The result of a query.
pub type QueryResult<T> = Result<T, QueryError>;

/// The database as a watch uses it. `within` limits a query, including its connection.
pub trait Reader: Sync {
    /// The time there, and whether the facts can be read at all.
    fn moment(&self, within: Duration) -> impl Future<Output = QueryResult<Moment>> + Send;

    /// The facts that were added since `known`, up to `to`, exclusive.
    fn tick(
        &self,
        known: TickCursor,
        to: Timestamp,
        within: Duration,
    ) -> impl Future<Output = QueryResult<TickResult>> + Send;

    /// Everything about a window, in one snapshot.
    fn window_data(
        &self,
        window: Window,
        within: Duration,
    ) -> impl Future<Output = QueryResult<WindowData>> + Send;

    /// Whether a transaction that began at `to` or before is open and may still add rows.
    fn open_transactions(
        &self,
        to: Timestamp,
        within: Duration,
    ) -> impl Future<Output = QueryResult<OpenTransactions>> + Send;

    /// The deliveries of a window.
    fn period(&self, window: Window, within: Duration) -> impl Future<Output = QueryResult<Period>> + Send;

    /// The counts that an alert level needs from its window.
    fn tier(
        &self,
        tier: &Tier,
        window: Window,
        within: Duration,
    ) -> impl Future<Output = QueryResult<TierCounts>> + Send;

    /// Deliveries per minute over the last hour; `None` without any.
    fn recent_per_minute(&self, within: Duration) -> impl Future<Output = QueryResult<Option<f64>>> + Send;
}
