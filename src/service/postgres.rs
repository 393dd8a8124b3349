//! PostgreSQL, read only but for the one type that writes ([`Writer`]). One connection at a time, opened and closed; one READ ONLY
//! transaction with bounds on the server's side (statement and lock time-outs, set
//! inside the transaction, because poolers refuse them at the start) and a deadline
//! on ours. Statements are unnamed, so that a transaction-mode pooler can carry them.
//! Time zone and date style are set, because a session elsewhere would read other times.

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
pub use fault::PgFault;
pub use quote::{quote_ident, quote_literal, quote_name};
use transaction::State;
pub use transaction::{Bounds, Transaction};
pub use write::{Uncommitted, Writer, Writing, connect_to_write};

/// More rows than any question here has an answer of.
pub const MOST_ROWS: usize = 100_000;
/// More bytes than any question here has an answer of.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// A Unix socket: it does not leave this machine.
    LocalSocket,
    /// Not encrypted.
    Plain,
    /// Encrypted; with whom was not verified.
    Encrypted,
    /// Encrypted, with a server that a trusted root vouches for, under whatever name.
    Chain,
    /// Encrypted, with the server of this name.
    ChainAndName,
}

/// A connection with at most one open transaction, which is read only.
pub struct Session {
    client: Client,
    worker: Worker,
    state: Mutex<State>,
    /// `SET LOCAL search_path`, where the DSN names a schema; with a separator before it.
    path: String,
    deadline: Instant,
    given: Duration,
    protection: Protection,
}

/// One row of an answer. Every value is text or NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    columns: Arc<[String]>,
    /// All values, one behind the other: a tick has hundreds of rows, and an allocation for each value costs more
    /// than all else that is done with it here.
    text: String,
    /// Where each value lies in it.
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

    /// The value of a column; `None` when it is NULL, and when there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.value(self.columns.iter().position(|c| c == column)?)
    }

    /// Whether a value of the row is such.
    pub fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        (0..self.places.len()).filter_map(|at| self.value(at)).any(is)
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

impl Session {
    /// Runs one statement in the transaction, which is begun if it is not open. Parameters are
    /// text; every selected column must be text, too (`::text`). After a failure the next
    /// statement begins a new transaction.
    pub async fn rows(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, PgFault> {
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

    /// True when nobody between here and the server can read along.
    pub fn encrypted(&self) -> bool {
        !matches!(self.protection, Protection::Plain | Protection::LocalSocket)
    }

    /// True when a trusted root vouched for the server (`verify-ca` and `verify-full`).
    pub fn verified(&self) -> bool {
        matches!(self.protection, Protection::Chain | Protection::ChainAndName)
    }

    /// How the connection is protected, exactly.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// Rolls back and hangs up, so that the server (and a pooler) sees an orderly end.
    pub async fn close(self) {
        let goodbye = Duration::from_millis(500);
        let Session { client, mut worker, state, .. } = self;
        if state.into_inner() != State::Idle {
            let _ = timeout(goodbye, client.batch_execute("ROLLBACK")).await;
        }
        // The worker says goodbye to the server once the client is gone.
        drop(client);
        let _ = timeout(goodbye, &mut worker.0).await;
    }

    async fn begin(&self, before: State) -> Result<(), PgFault> {
        let end = if before == State::Idle { "" } else { "ROLLBACK; " };
        let begin = format!("{end}BEGIN READ ONLY; {}", self.settings(Duration::MAX, Duration::from_secs(5)));
        self.client.batch_execute(&begin).await.map_err(|e| self.fault(&e))
    }

    /// What holds for every transaction. The server gives up a little earlier than we do, so that its reason
    /// can still arrive.
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

    async fn ask(&self, sql: &str, parameters: &[&str]) -> Result<Vec<Row>, PgFault> {
        // Collected, because with a closure over borrowed texts the future is not provably Send.
        let typed: Vec<(&str, Type)> = parameters.iter().map(|p| (*p, Type::TEXT)).collect();
        let stream = self.client.query_typed_raw(sql, typed).await.map_err(|e| self.fault(&e))?;
        self.collect(stream).await
    }

    async fn collect(&self, stream: RowStream) -> Result<Vec<Row>, PgFault> {
        let mut stream = std::pin::pin!(stream);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let mut columns: Option<Arc<[String]>> = None;
        while let Some(row) = stream.try_next().await.map_err(|e| self.fault(&e))? {
            let names =
                columns.get_or_insert_with(|| row.columns().iter().map(|c| c.name().to_owned()).collect());
            let mut values = Row::new(names);
            for (at, column) in row.columns().iter().enumerate() {
                let value: Option<&str> =
                    row.try_get(at).map_err(|_| PgFault::NotText { column: column.name().to_owned() })?;
                values.push(value);
            }
            bytes += values.text.len();
            rows.push(values);
            if rows.len() > MOST_ROWS || bytes > MOST_BYTES {
                return Err(PgFault::TooMuch);
            }
        }
        Ok(rows)
    }

    fn fault(&self, error: &tokio_postgres::Error) -> PgFault {
        PgFault::from_error(error, "", self.given)
    }

    fn late(&self) -> PgFault {
        PgFault::Unreachable(Unreachable::TimedOut { after: self.given })
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
