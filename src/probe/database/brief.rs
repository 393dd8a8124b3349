//! Statements whose results are useful, but not worth a long wait.

use crate::service::postgres::{PgError, Row, Session};

/// Runs one statement that may take `millis` milliseconds on the server, and may wait half of that for a lock, so
/// that the lock is reported as the reason. A failure ends the transaction; the next statement begins another.
pub async fn brief(session: &Session, millis: &str, sql: &str) -> Result<Vec<Row>, PgError> {
    const BOUNDS: &str = "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', ($1::int / 2)::text, true)";
    session.rows(BOUNDS, &[millis]).await?;
    session.rows(sql, &[]).await
}
