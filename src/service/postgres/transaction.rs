//! Transactions with bounds of their own: a batch of statements in one round trip,
//! and several statements on one snapshot, one of which may fail. Both go by the
//! simple protocol, whose values are the texts that `psql` shows; statements are
//! written by this program, and hold no value but times that it wrote itself.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::sync::MutexGuard;
use tokio::time::timeout_at;
use tokio_postgres::SimpleQueryMessage;

use super::{MOST_BYTES, MOST_ROWS, PgFault, Row, Session};

/// Whether the session's transaction is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// None is open.
    Idle,
    /// That of [`Session::rows`] is.
    Open,
    /// One may be: it failed, or was left before its end.
    Unsure,
}

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    ReadOnly,
    /// As the server allows: a role or database that is set to read only by default stays so.
    Usual,
}

/// What the statements of a transaction may see and take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest that one statement may take on the server. What is left of the session's time bounds it, too.
    pub statement: Duration,
    /// The longest wait for a lock.
    pub lock: Duration,
    /// All statements see the same rows (REPEATABLE READ); otherwise each sees its own moment's.
    pub one_snapshot: bool,
}

impl Session {
    /// Runs statements in one READ ONLY transaction of their own and in one round trip; gives the rows of
    /// each that has any to give, in order. The transaction of [`Session::rows`] ends.
    ///
    /// # Errors
    /// The first statement that fails ends the batch.
    pub async fn batch(&self, bounds: &Bounds, statements: &[&str]) -> Result<Vec<Vec<Row>>, PgFault> {
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

    /// Begins a READ ONLY transaction of its own. The transaction of [`Session::rows`] ends, and others wait
    /// until this one is dropped.
    ///
    /// # Errors
    /// When it cannot be begun.
    pub async fn transaction(&self, bounds: &Bounds) -> Result<Transaction<'_>, PgFault> {
        self.open(bounds, Access::ReadOnly).await
    }

    pub(super) async fn open(&self, bounds: &Bounds, access: Access) -> Result<Transaction<'_>, PgFault> {
        let mut state = self.state.lock().await;
        let sql = self.beginning(*state, bounds, access);
        *state = State::Unsure;
        let mut transaction = Transaction { session: self, state, statement: bounds.statement };
        match self.simple(&sql, bounds.statement).await {
            Ok(_) => Ok(transaction),
            Err(fault) => {
                self.roll_back(&mut transaction.state).await;
                Err(fault)
            }
        }
    }

    fn beginning(&self, state: State, bounds: &Bounds, access: Access) -> String {
        let end = if state == State::Idle { "" } else { "ROLLBACK; " };
        let snapshot = match (bounds.one_snapshot, access) {
            (true, _) => " ISOLATION LEVEL REPEATABLE READ",
            (false, Access::ReadOnly) => "",
            // What is written hangs on what others have committed meanwhile, whatever this role's default is.
            (false, Access::Usual) => " ISOLATION LEVEL READ COMMITTED",
        };
        let access = if access == Access::ReadOnly { " READ ONLY" } else { "" };
        let settings = self.settings(bounds.statement, bounds.lock);
        format!("{end}BEGIN{snapshot}{access}; {settings}")
    }

    /// A failed transaction answers nothing more. Where even this fails, so will the next statement, and say why.
    pub(super) async fn roll_back(&self, state: &mut State) {
        *state = State::Unsure;
        if let Ok(Ok(())) = timeout_at(self.deadline, self.client.batch_execute("ROLLBACK")).await {
            *state = State::Idle;
        }
    }

    async fn simple(&self, sql: &str, allowed: Duration) -> Result<Vec<Vec<Row>>, PgFault> {
        let asked = async {
            let fault = |e: &tokio_postgres::Error| PgFault::from_error(e, "", allowed.min(self.given));
            let stream = self.client.simple_query_raw(sql).await.map_err(|e| fault(&e))?;
            let mut stream = std::pin::pin!(stream);
            let mut answers = Answers::default();
            while let Some(message) = stream.try_next().await.map_err(|e| fault(&e))? {
                answers.take(&message)?;
            }
            Ok(answers.of_statements)
        };
        timeout_at(self.deadline, asked).await.unwrap_or_else(|_| Err(self.late()))
    }
}

/// An open transaction, READ ONLY unless a [`super::Writer`] began it. Dropping it before [`Transaction::end`] rolls it back when the session is
/// used next, or closed.
pub struct Transaction<'a> {
    session: &'a Session,
    state: MutexGuard<'a, State>,
    statement: Duration,
}

impl Transaction<'_> {
    /// Runs statements in one round trip; gives the rows of each that has any to give, in order. After a
    /// failure the transaction answers nothing more.
    pub async fn ask(&mut self, statements: &[&str]) -> Result<Vec<Vec<Row>>, PgFault> {
        self.session.simple(&statements.join(";\n"), self.statement).await
    }

    /// Runs one statement behind a savepoint: when it fails, the transaction goes on as if it had not been asked.
    ///
    /// # Errors
    /// Why the statement failed. If the connection is gone, so is the transaction.
    pub async fn attempt(&mut self, statement: &str) -> Result<Vec<Row>, PgFault> {
        let guarded = format!("SAVEPOINT attempt; {statement}; RELEASE SAVEPOINT attempt");
        match self.ask(&[&guarded]).await {
            Ok(answers) => Ok(answers.into_iter().next().unwrap_or_default()),
            Err(fault) => {
                self.ask(&["ROLLBACK TO SAVEPOINT attempt"]).await?;
                Err(fault)
            }
        }
    }

    /// Ends it in good order, with nothing committed.
    pub async fn end(mut self) {
        self.session.roll_back(&mut self.state).await;
    }

    pub(super) async fn commit(mut self) -> Result<(), PgFault> {
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

/// The rows that came so far, by statement.
#[derive(Default)]
struct Answers {
    of_statements: Vec<Vec<Row>>,
    columns: Arc<[String]>,
    rows: usize,
    bytes: usize,
}

impl Answers {
    fn take(&mut self, message: &SimpleQueryMessage) -> Result<(), PgFault> {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                self.columns = columns.iter().map(|c| c.name().to_owned()).collect();
                self.of_statements.push(Vec::new());
            }
            SimpleQueryMessage::Row(row) => {
                let mut values = Row::new(&self.columns);
                for (at, column) in row.columns().iter().enumerate() {
                    let value =
                        row.try_get(at).map_err(|_| PgFault::NotText { column: column.name().to_owned() })?;
                    values.push(value);
                }
                self.rows += 1;
                self.bytes += values.text.len();
                if self.rows > MOST_ROWS || self.bytes > MOST_BYTES {
                    return Err(PgFault::TooMuch);
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
