//! What bounds a session: its deadline here, and the settings of each of its transactions on the server.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::PgError;
use crate::service::unreachable::Unreachable;

/// What bounds a session.
pub(super) struct Limits {
    /// `SET LOCAL search_path`, if the DSN names a schema, preceded by a separator.
    pub path: String,
    pub deadline: Instant,
    /// The time from the first attempt to connect to the deadline.
    pub given: Duration,
}

impl Limits {
    /// The settings of every transaction. The server's timeout is slightly shorter than ours, so that its error can
    /// still arrive.
    pub fn settings(&self, statement: Duration, lock: Duration) -> String {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let ours = left.saturating_sub((left / 10).min(Duration::from_millis(250)));
        let statement = ours.min(statement).as_millis().max(1);
        let lock = (statement / 2).min(lock.as_millis()).max(1);
        let idle = left.as_millis() + 5_000;
        format!(
            "SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL idle_in_transaction_session_timeout = {idle}; SET LOCAL TimeZone = 'UTC'; \
             SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'{}",
            self.path
        )
    }

    /// The answer, if it arrives before the deadline.
    pub async fn in_time<T>(&self, answer: impl Future<Output = Result<T, PgError>>) -> Result<T, PgError> {
        let late = PgError::Unreachable(Unreachable::TimedOut { after: self.given });
        timeout_at(self.deadline, answer).await.unwrap_or(Err(late))
    }

    pub fn error(&self, error: &tokio_postgres::Error) -> PgError {
        PgError::from_error(error, "", self.given)
    }
}
