//! PostgreSQL, read only except for [`Writer`]. One connection at a time with one READ ONLY transaction, bounded by
//! statement and lock timeouts on the server (set inside the transaction, because poolers reject them at the start)
//! and by a deadline on our side. Statements are unnamed, so that they work through a transaction-mode pooler. Time
//! zone and date style are set, because a session's defaults would change how times are read.

mod connect;
mod encrypt;
mod fault;
mod quote;
mod transaction;
mod write;

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, RowStream};

use super::unreachable::Unreachable;

pub use connect::connect;
pub use fault::PgError;
pub use quote::{quote_ident, quote_literal, quote_name};
use transaction::State;
pub use transaction::{Bounds, Transaction};
pub use write::{Uncommitted, Writer, Writing, connect_to_write};

/// The maximum number of rows; no query here should return more.
pub const MOST_ROWS: usize = 100_000;
/// The maximum number of bytes; no query here should return more.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

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
    /// `SET LOCAL search_path`, if the DSN names a schema, preceded by a separator.
    path: String,
    deadline: Instant,
    given: Duration,
    protection: Protection,
}

/// A row of a result. Every value is text or NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    columns: Arc<[String]>,
    /// All values, one after another. A tick has hundreds of rows, and one allocation for each value would cost more
    /// than everything else that is done with it here.
    text: String,
    /// The range of each value in `text`.
    places: Vec<Option<(usize, usize)>>,
}

impl Row {
    fn new(columns: &Arc<[String]>) -> Row {
        Row { columns: Arc::clone(columns), text: String::new(), places: Vec::with_capacity(columns.len()) }
    }

    fn push(&mut self, value: Option<&str>) {
        self.places.push(value.map(|value| (self.text.len(), self.text.len() + value.len())));
        self.text.push_str(value.unwrap_or_default());
    }

    fn value(&self, at: usize) -> Option<&str> {
        let (from, to) = (*self.places.get(at)?)?;
        self.text.get(from..to)
    }

    /// The value of a column; `None` when it is NULL or there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.value(self.columns.iter().position(|c| c == column)?)
    }

    /// Whether any value of the row satisfies the predicate.
    pub fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        (0..self.places.len()).filter_map(|at| self.value(at)).any(is)
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
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
        let answer = timeout_at(self.deadline, asked).await.unwrap_or_else(|_| Err(self.late()));
        if answer.is_ok() {
            *state = State::Open;
        } else {
            self.roll_back(&mut state).await;
        }
        answer
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
        let begin = format!("{end}BEGIN READ ONLY; {}", self.settings(Duration::MAX, Duration::from_secs(5)));
        self.client.batch_execute(&begin).await.map_err(|e| self.fault(&e))
    }

    /// The settings of every transaction. The server's timeout is slightly shorter than ours, so that its error can
    /// still arrive.
    fn settings(&self, statement: Duration, lock: Duration) -> String {
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

    async fn ask(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, PgError> {
        // Collected, because with a closure over borrowed strings the future is not provably Send.
        let typed: Vec<(&str, Type)> = parameters.iter().map(|p| (*p, Type::TEXT)).collect();
        let stream = self.client.query_typed_raw(sql, typed).await.map_err(|e| self.fault(&e))?;
        self.collect(stream).await
    }

    async fn collect(&self, stream: RowStream) -> Result<Vec<Row>, PgError> {
        let mut stream = std::pin::pin!(stream);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let mut columns: Option<Arc<[String]>> = None;
        while let Some(row) = stream.try_next().await.map_err(|e| self.fault(&e))? {
            let names =
                columns.get_or_insert_with(|| row.columns().iter().map(|c| c.name().to_owned()).collect());
            let mut values = Row::new(names);
            for (at, column) in row.columns().iter().enumerate() {
                let value: Option<&str> =
                    row.try_get(at).map_err(|_| PgError::NotText { column: column.name().to_owned() })?;
                values.push(value);
            }
            bytes += values.text.len();
            rows.push(values);
            if rows.len() > MOST_ROWS || bytes > MOST_BYTES {
                return Err(PgError::TooMuch);
            }
        }
        Ok(rows)
    }

    fn fault(&self, error: &tokio_postgres::Error) -> PgError {
        PgError::from_error(error, "", self.given)
    }

    fn late(&self) -> PgError {
        PgError::Unreachable(Unreachable::TimedOut { after: self.given })
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
