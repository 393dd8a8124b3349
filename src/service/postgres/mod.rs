//! PostgreSQL, read only except for [`Writer`]. One connection at a time with one READ ONLY transaction, bounded by
//! statement and lock timeouts on the server (set inside the transaction, because poolers reject them at the start)
//! and by a deadline on our side. Statements are unnamed, so that they work through a transaction-mode pooler. Time
//! zone and date style are set, because a session's defaults would change how times are read.

mod advice;
mod connect;
mod encrypt;
mod error;
mod info;
mod limits;
mod quote;
mod row;
mod transaction;
mod write;

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, RowStream};

pub use advice::Task;
pub use connect::connect;
pub use error::PgError;
pub use info::SessionInfo;
use limits::Limits;
pub use quote::{quote_ident, quote_literal, quote_name};
pub use row::Row;
use transaction::State;
pub use transaction::{Bounds, Transaction};
pub use write::{Uncommitted, Writer, Writing, connect_to_write};

/// How long [`Session::rows`] waits for a lock, so that the lock is reported as the reason and not the statement's timeout.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum number of rows; no query here should return more.
pub const MAX_ROWS: usize = 100_000;
/// The maximum number of bytes; no query here should return more.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// A Unix socket: it does not leave this machine.
    LocalSocket,
    /// Not encrypted.
    Plain,
    /// Encrypted, but the server's identity was not verified.
    Encrypted,
    /// Encrypted, and the server's certificate is signed by a trusted root; its name was not verified.
    Chain,
    /// Encrypted, and the server's certificate and name were verified.
    ChainAndName,
}

/// A connection with at most one open transaction, which is read only.
pub struct Session {
    client: Client,
    worker: Worker,
    state: Mutex<State>,
    limits: Limits,
    protection: Protection,
    info: SessionInfo,
}

impl Session {
    /// Runs one statement in the transaction and begins one if none is open. Parameters are text; every selected column
    /// must also be text (`::text`). After a failure, the next statement begins a new transaction.
    pub async fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, PgError> {
        let mut state = self.state.lock().await;
        let before = std::mem::replace(&mut *state, State::Unsure);
        let asked = async {
            if before != State::Open {
                self.begin(before).await?;
            }
            self.ask(sql, parameters).await
        };
        let answer = self.limits.in_time(asked).await;
        if answer.is_ok() {
            *state = State::Open;
        } else {
            self.roll_back(&mut state).await;
        }
        answer
    }

    /// Runs one statement that may take this long on the server, and may wait half of that for a lock. A failure ends the
    /// transaction; the next statement begins another.
    pub async fn rows_within(&self, timeout: Duration, sql: &str) -> Result<Vec<Row>, PgError> {
        const BOUNDS: &str = "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', ($1::int / 2)::text, true)";
        self.rows(BOUNDS, &[&timeout.as_millis().to_string()]).await?;
        self.rows(sql, &[]).await
    }

    /// Ends the transaction of [`Session::rows`] and releases its locks, for a session that stays open.
    pub async fn end_transaction(&self) {
        let mut state = self.state.lock().await;
        if *state != State::Idle {
            self.roll_back(&mut state).await;
        }
    }

    /// What the server reported about itself when the session was opened.
    pub fn info(&self) -> &SessionInfo {
        &self.info
    }

    /// True when the traffic cannot be read on its way to the server.
    pub fn encrypted(&self) -> bool {
        !matches!(self.protection, Protection::Plain | Protection::LocalSocket)
    }

    /// True when the server's certificate is signed by a trusted root (`verify-ca` and `verify-full`).
    pub fn verified(&self) -> bool {
        matches!(self.protection, Protection::Chain | Protection::ChainAndName)
    }

    /// How exactly the connection is protected.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// Rolls back and disconnects, so that the server (and a pooler) sees an orderly end.
    pub async fn close(self) {
        let goodbye = Duration::from_millis(500);
        let Session { client, mut worker, state, .. } = self;
        if state.into_inner() != State::Idle {
            let _ = timeout(goodbye, client.batch_execute("ROLLBACK")).await;
        }
        // The connection task sends the disconnect message once the client is dropped.
        drop(client);
        let _ = timeout(goodbye, &mut worker.0).await;
    }

    async fn begin(&self, before: State) -> Result<(), PgError> {
        let end = if before == State::Idle { "" } else { "ROLLBACK; " };
        let begin = format!("{end}BEGIN READ ONLY; {}", self.limits.settings(Duration::MAX, LOCK_TIMEOUT));
        self.client.batch_execute(&begin).await.map_err(|e| self.limits.error(&e))
    }

    async fn ask(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, PgError> {
        // Collected, because with a closure over borrowed strings the future is not provably Send.
        let typed: Vec<(&str, Type)> = parameters.iter().map(|p| (*p, Type::TEXT)).collect();
        let stream = self.client.query_typed_raw(sql, typed).await.map_err(|e| self.limits.error(&e))?;
        self.collect(stream).await
    }

    async fn collect(&self, stream: RowStream) -> Result<Vec<Row>, PgError> {
        let mut stream = std::pin::pin!(stream);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let mut columns: Option<Arc<[String]>> = None;
        while let Some(row) = stream.try_next().await.map_err(|e| self.limits.error(&e))? {
            let names =
                columns.get_or_insert_with(|| row.columns().iter().map(|c| c.name().to_owned()).collect());
            let mut values = Row::new(names);
            for (at, column) in row.columns().iter().enumerate() {
                let value: Option<&str> =
                    row.try_get(at).map_err(|_| PgError::NotText { column: column.name().to_owned() })?;
                values.push(value);
            }
            bytes += values.bytes();
            rows.push(values);
            if rows.len() > MAX_ROWS || bytes > MAX_BYTES {
                return Err(PgError::TooMuch);
            }
        }
        Ok(rows)
    }
}

/// The task that moves bytes between the client and the socket. It ends with the session.
struct Worker(JoinHandle<()>);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({:?})", self.protection)
    }
}
