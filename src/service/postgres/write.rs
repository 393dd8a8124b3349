//! Writing, apart from everything that verifies: a [`Session`] can only read, and
//! only what was opened by [`connect_to_write`] begins a transaction that may write.
//! It is bounded as a reading one is, and a COMMIT without an answer is told as
//! what it is: nobody knows.

use std::time::Duration;

use super::transaction::{Access, Transaction};
use super::{Bounds, PgFault, Row, Session, connect};
use crate::service::dsn::Dsn;
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;

/// A connection that may write.
#[derive(Debug)]
pub struct Writer {
    session: Session,
}

/// Connects to write. `deadline` bounds this and everything that follows, together.
///
/// # Errors
/// As [`connect`].
pub async fn connect_to_write(
    dsn: &Dsn,
    roots: &Roots,
    marker: &MarkerSink,
    deadline: Duration,
) -> Result<Writer, PgFault> {
    Ok(Writer { session: connect(dsn, roots, marker, deadline).await? })
}

impl Writer {
    /// The same connection for what only reads, in READ ONLY transactions.
    pub fn reading(&self) -> &Session {
        &self.session
    }

    /// Begins a transaction that may write, where the server allows it: a role or database that is read only by
    /// default is left so, and refuses the first statement that writes with 25006.
    ///
    /// # Errors
    /// When it cannot be begun.
    pub async fn begin(&self, bounds: &Bounds) -> Result<Writing<'_>, PgFault> {
        Ok(Writing { transaction: self.session.open(bounds, Access::Usual).await? })
    }

    /// Rolls back what is open, and hangs up.
    pub async fn close(self) {
        self.session.close().await;
    }
}

/// An open transaction that may write. Dropped or given up, it leaves nothing behind.
pub struct Writing<'a> {
    transaction: Transaction<'a>,
}

impl<'a> Writing<'a> {
    /// The same transaction for those who only read.
    pub fn reading(&mut self) -> &mut Transaction<'a> {
        &mut self.transaction
    }

    /// Runs statements in one round trip; gives the rows of each that has any to give, in order. After a
    /// failure nothing of the transaction can be kept.
    pub async fn ask(&mut self, statements: &[&str]) -> Result<Vec<Vec<Row>>, PgFault> {
        self.transaction.ask(statements).await
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// [`Uncommitted`] tells whether it is known that nothing was kept.
    pub async fn commit(self) -> Result<(), Uncommitted> {
        self.transaction.commit().await.map_err(|fault| match fault {
            // The server took the COMMIT, refused it and lives: a constraint that waited for the end, for example.
            PgFault::Server { .. } => Uncommitted::Refused(fault),
            fault => Uncommitted::Unknown(fault),
        })
    }

    /// Ends it, with nothing kept.
    pub async fn give_up(self) {
        self.transaction.end().await;
    }
}

/// Why a COMMIT did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncommitted {
    /// The server refused it: nothing was kept.
    Refused(PgFault),
    /// It was sent, and no answer came: it may have been kept or not.
    Unknown(PgFault),
}
