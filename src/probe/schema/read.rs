//! The one shared measurement: a connection, a read-only transaction, a few catalog queries, a read of one row, and the
//! planner's plan.

use std::sync::Arc;
use std::time::Duration;

use super::Table;
use super::catalog::{Catalog, ReadError, Relation, TableInfo};
use super::name::TableName;
use super::{decode, queries};
use crate::context::{Attempt, Context, Key};
use crate::outcome::finding::ProbeError;
use crate::probe::database::dsn;
use crate::service::postgres::{PgError, Session, connect};

/// How long the read of a row and the plan may each take on the server. The catalog's answers are used even when these
/// are slow.
const READ_TIMEOUT: Duration = Duration::from_millis(2500);

/// The catalog as the reader sees it.
const CATALOG: Key<Result<Catalog, PgError>> = Key::new("the catalog");

/// The measurement that all checks of the schema share.
///
/// # Errors
/// [`ProbeError`] when `DATABASE_URL` is missing or cannot be read.
pub async fn measure(attempt: &Attempt<'_>) -> Result<Arc<Result<Catalog, PgError>>, ProbeError> {
    let cx = attempt.cx;
    let dsn = dsn(cx)?;
    let (context, deadline) = (Arc::clone(cx), attempt.deadline);
    let take = async move {
        let session = connect(&dsn, &context.roots, &context.marker, deadline).await?;
        let catalog = catalog(&session, &context).await;
        session.close().await;
        catalog
    };
    Ok(cx.measure(CATALOG, attempt.again, take).await)
}

async fn catalog(session: &Session, cx: &Context) -> Result<Catalog, PgError> {
    let names = &cx.settings.target.names;
    session.rows(queries::NO_JIT, &[]).await?;
    // A name that is not valid is reported by the checks that use it.
    let mut wanted = [Table::Facts, Table::Grades].map(|table| table.name(names).ok());
    let mut found = [None, None];
    for (name, found) in wanted.iter_mut().zip(&mut found) {
        if let Some(name) = name.take() {
            *found = Some(find(session, name).await?);
        }
    }
    // What may fail or be slow comes last: a failure ends the transaction, but not the connection.
    for (table, found) in [Table::Facts, Table::Grades].into_iter().zip(&mut found) {
        if let Some(relation) = found.as_mut().and_then(|info| info.found.as_mut()) {
            relation.read = read(session, relation, &table.needed(names)).await;
        }
    }
    let [facts, grades] = found;
    let plan = match facts.as_ref().and_then(|f| f.found.as_ref()) {
        Some(relation) => plan(session, &queries::monitoring(&relation.quoted(), names)).await,
        None => Err("there is no table".to_owned()),
    };
    Ok(Catalog {
        reader: session.info().role.clone(),
        search_path: session.info().search_path.clone(),
        facts,
        grades,
        plan,
    })
}

async fn find(session: &Session, asked: TableName) -> Result<TableInfo, PgError> {
    let parameters = [asked.schema_or_empty(), &asked.table];
    let rows = async |sql: &str| session.rows(sql, &parameters).await;
    let relation = rows(queries::RELATION).await?;
    let Some(row) = relation.first() else {
        let alike = rows(queries::ALIKE).await?.iter().map(decode::alike).collect::<Result<_, _>>()?;
        return Ok(TableInfo { asked, found: None, alike });
    };
    let mut relation = decode::relation(row)?;
    relation.columns = rows(queries::COLUMNS).await?.iter().map(decode::column).collect::<Result<_, _>>()?;
    relation.parts = decode::parts(&rows(queries::INDEXES).await?)?;
    relation.policies =
        rows(queries::POLICIES).await?.iter().map(decode::policy).collect::<Result<_, _>>()?;
    Ok(TableInfo { asked, found: Some(relation), alike: Vec::new() })
}

async fn read(session: &Session, relation: &Relation, needed: &[String]) -> Result<u64, ReadError> {
    let columns: Vec<String> = needed.iter().filter(|n| relation.column(n).is_some()).cloned().collect();
    let sql = queries::reading(&relation.quoted(), &columns);
    let count = async {
        let rows = session.rows_within(READ_TIMEOUT, &sql).await?;
        rows.first().ok_or_else(|| PgError::unexpected("it has no row"))?.count("rows")
    };
    count.await.map_err(|error| ReadError { why: error.to_string() })
}

async fn plan(session: &Session, query: &str) -> Result<String, String> {
    let rows = session
        .rows_within(READ_TIMEOUT, &format!("EXPLAIN {query}"))
        .await
        .map_err(|error| error.to_string())?;
    let lines: Vec<&str> = rows.iter().filter_map(|r| r.get("QUERY PLAN")).collect();
    if lines.is_empty() { Err("the planner returned nothing".to_owned()) } else { Ok(lines.join("\n")) }
}
