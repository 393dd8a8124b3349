//! Writing, separate from everything that verifies: a [`Session`] can only read; only [`connect_to_write`] opens a
//! connection that can begin a writing transaction. It has the same limits as a reading one. A COMMIT without a
//! response is reported as unknown.

use std::time::Duration;

use super::transaction::{Access, Transaction};
use super::{Bounds, PgError, Row, Session, connect};
use crate::service::dsn::Dsn;
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;

/// A connection that can write.
#[derive(Debug)]
pub struct Writer {
    session: Session,
}

/// Connects for writing. `deadline` bounds the connection and everything after it together.
///
/// # Errors
/// Those of [`connect()`].
pub async fn connect_to_write(
    dsn: &Dsn,
    roots: &Roots,
    marker: &MarkerSink,
    deadline: Duration,
) -> Result<Writer, PgError> {
    Ok(Writer { session: connect(dsn, roots, marker, deadline).await? })
}

impl Writer {
    /// The same connection for reading, in READ ONLY transactions.
    pub fn reading(&self) -> &Session {
        &self.session
    }

    /// Begins a transaction that may write if the server allows it. A role or database that is read only by default
    /// stays read only and rejects the first writing statement with 25006.
    ///
    /// # Errors
    /// When it cannot be begun.
    pub async fn begin(&self, bounds: &Bounds) -> Result<Writing<'_>, PgError> {
        Ok(Writing { transaction: self.session.open(bounds, Access::Usual).await? })
    }

    /// Rolls back an open transaction and disconnects.
    pub async fn close(self) {
        self.session.close().await;
    }
}

/// An open transaction that may write. If it is dropped or abandoned, nothing is kept.
pub struct Writing<'a> {
    transaction: Transaction<'a>,
}

impl<'a> Writing<'a> {
    /// The same transaction for code that only reads.
    pub fn reading(&mut self) -> &mut Transaction<'a> {
        &mut self.transaction
    }

    /// Runs statements in one round trip and returns the rows of each that returns rows, in order. After a failure,
    /// nothing in the transaction can be committed.
    pub async fn ask(&mut self, statements: &[&str]) -> Result<Vec<Vec<Row>>, PgError> {
        self.transaction.ask(statements).await
    }

    /// Commits.
    ///
    /// # Errors
    /// [`Uncommitted`] distinguishes a rejected COMMIT from an unknown result.
    pub async fn commit(self) -> Result<(), Uncommitted> {
        self.transaction.commit().await.map_err(|error| match error {
            // The server received the COMMIT, rejected it and is alive, for example because of a deferred constraint.
            PgError::Server { .. } => Uncommitted::Rejected(error),
            error => Uncommitted::Unknown(error),
        })
    }

    /// Ends the transaction without keeping anything.
    pub async fn give_up(self) {
        self.transaction.end().await;
    }
}

/// Why a COMMIT did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncommitted {
    /// The server rejected it: nothing was kept.
    Rejected(PgError),
    /// It was sent, but there was no response: it may or may not have been kept.
    Unknown(PgError),
}
