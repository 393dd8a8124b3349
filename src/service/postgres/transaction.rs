//! Transactions with their own limits: a batch of statements in one round trip, and several statements on one
//! snapshot, one of which may fail. Both use the simple protocol, whose values are texts as in `psql`. This program
//! writes all statements itself, and they contain no values except timestamps that it formats.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::sync::MutexGuard;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::limits::Limits;
use super::{MAX_BYTES, MAX_ROWS, PgError, Row, Session, SessionInfo};

/// The state of the session's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No transaction is open.
    Idle,
    /// The transaction of [`Session::rows`] is open.
    Open,
    /// A transaction may be open: it failed, or was dropped before its end.
    Unsure,
}

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    ReadOnly,
    /// As the server allows: a role or database that is read only by default stays read only.
    Usual,
}

/// The limits of the statements in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The statement timeout on the server. The rest of the session's time is a limit, too.
    pub statement: Duration,
    /// The lock timeout.
    pub lock: Duration,
    /// Whether all statements see the same snapshot (REPEATABLE READ); otherwise each sees the current rows.
    pub one_snapshot: bool,
}

impl Session {
    /// Runs statements in one READ ONLY transaction and in one round trip. Returns the rows of each statement that
    /// returns rows, in order. Ends the transaction of [`Session::rows`].
    ///
    /// # Errors
    /// The first statement that fails ends the batch.
    pub async fn batch(&self, bounds: &Bounds, statements: &[&str]) -> Result<Vec<Vec<Row>>, PgError> {
        let mut state = self.state.lock().await;
        let sql = format!(
            "{}; {}; COMMIT",
            self.beginning(*state, bounds, Access::ReadOnly),
            statements.join(";\n")
        );
        *state = State::Unsure;
        let answer = self.simple(&sql, bounds.statement).await;
        if answer.is_ok() {
            *state = State::Idle;
        } else {
            self.roll_back(&mut state).await;
        }
        answer
    }

    /// Begins a READ ONLY transaction. Ends the transaction of [`Session::rows`]; other callers wait until this one is
    /// dropped.
    ///
    /// # Errors
    /// When it cannot be begun.
    pub async fn transaction(&self, bounds: &Bounds) -> Result<Transaction<'_>, PgError> {
        self.open(bounds, Access::ReadOnly).await
    }

    pub(super) async fn open(&self, bounds: &Bounds, access: Access) -> Result<Transaction<'_>, PgError> {
        let mut state = self.state.lock().await;
        let sql = self.beginning(*state, bounds, access);
        *state = State::Unsure;
        let mut transaction = Transaction { session: self, state, statement: bounds.statement };
        match self.simple(&sql, bounds.statement).await {
            Ok(_) => Ok(transaction),
            Err(error) => {
                self.roll_back(&mut transaction.state).await;
                Err(error)
            }
        }
    }

    fn beginning(&self, state: State, bounds: &Bounds, access: Access) -> String {
        let end = if state == State::Idle { "" } else { "ROLLBACK; " };
        let snapshot = match (bounds.one_snapshot, access) {
            (true, _) => " ISOLATION LEVEL REPEATABLE READ",
            (false, Access::ReadOnly) => "",
            // What is written depends on what others have committed meanwhile, whatever the role's default is.
            (false, Access::Usual) => " ISOLATION LEVEL READ COMMITTED",
        };
        let access = if access == Access::ReadOnly { " READ ONLY" } else { "" };
        let settings = self.limits.settings(bounds.statement, bounds.lock);
        format!("{end}BEGIN{snapshot}{access}; {settings}")
    }

    /// Rolls back, because a failed transaction rejects everything else. If even this fails, the next statement fails
    /// too and reports why.
    pub(super) async fn roll_back(&self, state: &mut State) {
        *state = State::Unsure;
        if let Ok(Ok(())) = timeout_at(self.limits.deadline, self.client.batch_execute("ROLLBACK")).await {
            *state = State::Idle;
        }
    }

    async fn simple(&self, sql: &str, allowed: Duration) -> Result<Vec<Vec<Row>>, PgError> {
        simple(&self.client, &self.limits, sql, allowed).await
    }
}

/// Runs statements through the simple protocol. `allowed` is their timeout on the server.
pub(super) async fn simple(
    client: &Client,
    limits: &Limits,
    sql: &str,
    allowed: Duration,
) -> Result<Vec<Vec<Row>>, PgError> {
    let answered = async {
        let error = |e: &tokio_postgres::Error| PgError::from_error(e, "", allowed.min(limits.given));
        let stream = client.simple_query_raw(sql).await.map_err(|e| error(&e))?;
        let mut stream = std::pin::pin!(stream);
        let mut answers = Answers::default();
        while let Some(message) = stream.try_next().await.map_err(|e| error(&e))? {
            answers.take(&message)?;
        }
        Ok(answers.of_statements)
    };
    limits.in_time(answered).await
}

/// An open transaction, READ ONLY unless a [`super::Writer`] began it. If it is dropped before [`Transaction::end`],
/// it is rolled back when the session is used next or closed.
pub struct Transaction<'a> {
    session: &'a Session,
    state: MutexGuard<'a, State>,
    statement: Duration,
}

impl Transaction<'_> {
    /// Runs statements in one round trip and returns the rows of each that returns rows, in order. After a failure the
    /// transaction rejects everything else.
    pub async fn ask(&mut self, statements: &[&str]) -> Result<Vec<Vec<Row>>, PgError> {
        self.session.simple(&statements.join(";\n"), self.statement).await
    }

    /// Runs one statement behind a savepoint: if it fails, the transaction continues as if it had not been run.
    ///
    /// # Errors
    /// Why the statement failed. If the connection is lost, so is the transaction.
    pub async fn attempt(&mut self, statement: &str) -> Result<Vec<Row>, PgError> {
        let guarded = format!("SAVEPOINT attempt; {statement}; RELEASE SAVEPOINT attempt");
        match self.ask(&[&guarded]).await {
            Ok(answers) => Ok(answers.into_iter().next().unwrap_or_default()),
            Err(error) => {
                self.ask(&["ROLLBACK TO SAVEPOINT attempt"]).await?;
                Err(error)
            }
        }
    }

    /// What the server reports about itself in this transaction, which a pooler may have given to another server than the
    /// session's opening.
    pub async fn info(&mut self) -> Result<SessionInfo, PgError> {
        let sent = Instant::now();
        SessionInfo::from_rows(&self.ask(&[SessionInfo::SQL]).await?, sent)
    }

    /// Ends the transaction without committing anything.
    pub async fn end(mut self) {
        self.session.roll_back(&mut self.state).await;
    }

    pub(super) async fn commit(mut self) -> Result<(), PgError> {
        *self.state = State::Unsure;
        let answer = self.session.simple("COMMIT", self.statement).await;
        if answer.is_ok() {
            *self.state = State::Idle;
        } else {
            self.session.roll_back(&mut self.state).await;
        }
        answer.map(|_| ())
    }
}

/// The rows received so far, by statement.
#[derive(Default)]
struct Answers {
    of_statements: Vec<Vec<Row>>,
    columns: Arc<[String]>,
    rows: usize,
    bytes: usize,
}

impl Answers {
    fn take(&mut self, message: &SimpleQueryMessage) -> Result<(), PgError> {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                self.columns = columns.iter().map(|c| c.name().to_owned()).collect();
                self.of_statements.push(Vec::new());
            }
            SimpleQueryMessage::Row(row) => {
                let mut values = Row::new(&self.columns);
                for (at, column) in row.columns().iter().enumerate() {
                    let value =
                        row.try_get(at).map_err(|_| PgError::NotText { column: column.name().to_owned() })?;
                    values.push(value);
                }
                self.rows += 1;
                self.bytes += values.bytes();
                if self.rows > MAX_ROWS || self.bytes > MAX_BYTES {
                    return Err(PgError::TooMuch);
                }
                if let Some(answer) = self.of_statements.last_mut() {
                    answer.push(values);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
