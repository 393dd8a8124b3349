//! What opens a session: one statement that reads everything about the server itself, whatever is read from the session
//! afterwards.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_postgres::Client;

use super::limits::Limits;
use super::transaction::simple;
use super::{PgError, Row};
use crate::service::unreachable::Unreachable;

/// What a server reports about itself and the session.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    pub database: String,
    /// The role of the session, which may be another than the DSN's behind a pooler.
    pub role: String,
    /// The schemas in which names are looked up, separated by commas.
    pub search_path: String,
    /// `server_version`, for example `15.8 (Debian 15.8-0+deb12u1)`.
    pub version: String,
    /// The server's own port; `None` on a Unix socket.
    pub port: Option<String>,
    pub standby: bool,
    /// Whether a transaction is read-only unless it demands otherwise: by the role, the database, or as a standby.
    pub read_only: bool,
    /// On a standby: the time up to which it has replayed; the epoch if unknown.
    pub replayed_to: Option<Timestamp>,
    /// Whether the database has the table that marks a rehearsal's.
    pub(super) rehearsal: bool,
    /// The server's clock, read between `sent` and `received`.
    clock: Timestamp,
    sent: Instant,
    received: Instant,
}

impl SessionInfo {
    /// The statement. Every name is qualified: a schema that the search path puts first could otherwise hide the mark of a
    /// rehearsal, or a standby, with a table or function of its own.
    pub const SQL: &str = "SELECT pg_catalog.current_database() AS database, current_user AS role,
       pg_catalog.array_to_string(pg_catalog.current_schemas(false), ', ') AS search_path,
       pg_catalog.current_setting('server_version') AS version, pg_catalog.inet_server_port() AS port,
       pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.current_setting('default_transaction_read_only') AS read_only,
       CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN coalesce(pg_catalog.pg_last_xact_replay_timestamp(), 'epoch') END AS replayed_to,
       EXISTS (SELECT FROM pg_catalog.pg_class
               WHERE relname = 'hotdash_ops_sandbox' AND relkind IN ('r', 'p')) AS rehearsal,
       pg_catalog.clock_timestamp() AS now";

    /// Opens the session.
    pub(super) async fn read(client: &Client, limits: &Limits) -> Result<SessionInfo, PgError> {
        let settings = limits.settings(Duration::MAX, Duration::from_secs(5));
        let sent = Instant::now();
        let sql = format!("BEGIN READ ONLY; {settings}; {}; COMMIT", SessionInfo::SQL);
        let answers = simple(client, limits, &sql, Duration::MAX).await.map_err(|error| match error {
            // The server ends this statement just before we would: it has not answered.
            PgError::Cancelled { .. } | PgError::Locked { .. } => {
                PgError::Unreachable(Unreachable::TimedOut { after: limits.given })
            }
            other => other,
        })?;
        SessionInfo::from_rows(&answers, sent)
    }

    /// From the answer to [`SessionInfo::SQL`], which was sent at `sent`.
    pub(super) fn from_rows(answers: &[Vec<Row>], sent: Instant) -> Result<SessionInfo, PgError> {
        let received = Instant::now();
        let row = answers.iter().flatten().next().ok_or_else(|| PgError::unexpected("it has no row"))?;
        let text = |column| row.text(column).map(str::to_owned);
        let standby = row.flag("standby")?;
        Ok(SessionInfo {
            database: text("database")?,
            role: text("role")?,
            search_path: text("search_path")?,
            version: text("version")?,
            port: row.optional("port")?.map(str::to_owned),
            standby,
            read_only: standby || row.text("read_only")? != "off",
            replayed_to: row.time("replayed_to")?,
            rehearsal: row.flag("rehearsal")?,
            clock: row.time("now")?.ok_or_else(|| PgError::unexpected("now is NULL"))?,
            sent,
            received,
        })
    }

    /// The server's clock at this moment, as far as it has advanced like ours since it was read, in whole microseconds
    /// like every time of PostgreSQL.
    pub fn now(&self) -> Timestamp {
        let since = i64::try_from(self.received.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.clock.checked_add(SignedDuration::from_micros(since)).unwrap_or(self.clock)
    }

    /// How far the server's clock is ahead of `ours`, this machine's clock at this moment, and the uncertainty of that.
    pub fn ahead_of(&self, ours: Timestamp) -> (SignedDuration, SignedDuration) {
        let half = SignedDuration::try_from(self.received.duration_since(self.sent) / 2).unwrap_or_default();
        (self.now().duration_since(ours) + half, half)
    }
}
