//! The rows of the table, and the hour that is compared with them. Read-only.

use std::time::Duration;

use super::BaselineError;
use super::row::{Number, Row};
use super::sql;
use super::table::{Column, Found, Place};
use crate::service::postgres::{self, Bounds, PgError, Session, Transaction};
use crate::traffic::read::{self, Hour};
use crate::traffic::sql::Source;

/// Time limits of every query about baselines.
pub(super) const BOUNDS: Bounds =
    Bounds { statement: Duration::from_secs(60), lock: Duration::from_secs(5), one_snapshot: false };

/// The baselines in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Newest first.
    pub rows: Vec<Row>,
    /// Whether the table exists.
    pub table: bool,
}

/// Reads the table.
///
/// # Errors
/// When the database does not answer or rejects a query; the inner error says why the table cannot be read.
pub async fn recorded(session: &Session) -> Result<Result<Recorded, BaselineError>, PgError> {
    let mut transaction = session.transaction(&BOUNDS).await?;
    let answer = read_all(&mut transaction).await;
    transaction.end().await;
    answer
}

async fn read_all(transaction: &mut Transaction<'_>) -> Result<Result<Recorded, BaselineError>, PgError> {
    let place = place(transaction).await?;
    let detailed = match place.readable() {
        Ok(Some(found)) => found.keeps_details(),
        Ok(None) => return Ok(Ok(Recorded { rows: Vec::new(), table: false })),
        Err(unfit) => return Ok(Err(unfit)),
    };
    let answers = transaction.ask(&[&sql::all(detailed)]).await?;
    let rows = answers.into_iter().flatten().map(|row| stored(&row)).collect();
    Ok(Ok(Recorded { rows, table: true }))
}

/// The last hour, read in one snapshot.
///
/// # Errors
/// When the database does not answer or rejects a query.
pub async fn hour_now(session: &Session, source: &Source) -> Result<Hour, PgError> {
    let mut transaction = session.transaction(&Bounds { one_snapshot: true, ..BOUNDS }).await?;
    let hour = read::hour(&mut transaction, source).await;
    transaction.end().await;
    hour
}

/// Reads the catalogue.
pub(super) async fn place(transaction: &mut Transaction<'_>) -> Result<Place, PgError> {
    let answers = transaction.ask(&[sql::PLACE, sql::KIND, sql::COLUMNS]).await?;
    let text = |row: &postgres::Row, column: &str| row.get(column).unwrap_or_default().to_owned();
    let is = |row: &postgres::Row, column: &str| matches!(row.get(column), Some("true" | "t"));
    let [here, kind, columns] = answers.as_slice() else {
        return Err(PgError::unexpected("it is incomplete"));
    };
    let Some(here) = here.first() else {
        return Err(PgError::unexpected("it has no row"));
    };
    let column = |row: &postgres::Row| Column {
        name: text(row, "name"),
        category: text(row, "category"),
        type_name: text(row, "type"),
    };
    let found = kind.first().map(|row| Found {
        schema: text(row, "schema"),
        kind: text(row, "kind"),
        may_insert: is(row, "may_insert"),
        may_select: is(row, "may_select"),
        columns: columns.iter().map(column).collect(),
    });
    Ok(Place {
        schema: here.get("schema").map(str::to_owned),
        role: text(here, "role"),
        may_create: is(here, "may_create"),
        found,
        schemas: here.get("schemas").map(str::to_owned),
    })
}

/// A stored row.
pub(super) fn stored(row: &postgres::Row) -> Row {
    let number = |column| Number(row.get(column).map(str::to_owned));
    Row {
        captured: row.get("captured_at").map(str::to_owned),
        success_rate: number("success_rate"),
        avg_response_ms: number("avg_response_ms"),
        requests_per_minute: number("requests_per_minute"),
        daily_dlq_count: number("daily_dlq_count"),
        details: None,
    }
    .with_details(row.get("details"))
}
