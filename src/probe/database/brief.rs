//! Questions whose answers are worth knowing and not worth waiting for.

use crate::service::postgres::{PgFault, Row, Session};

/// Runs one statement that may take this many milliseconds on the server, and may wait half of them for a
/// lock, so that the lock is named as the reason. A failure ends the transaction; the next statement begins another.
pub async fn brief(session: &Session, millis: &str, sql: &str) -> Result<Vec<Row>, PgFault> {
    const BOUNDS: &str = "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', ($1::int / 2)::text, true)";
    session.rows(BOUNDS, &[millis]).await?;
    session.rows(sql, &[]).await
}
