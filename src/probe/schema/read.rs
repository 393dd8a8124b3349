//! The one shared reading: a connection, a read-only transaction, a few catalog
//! queries, a read of one row, and the planner's plan.

use std::sync::Arc;

use super::Table;
use super::catalog::{Catalog, ReadError, Relation, TableInfo};
use super::name::TableName;
use super::{decode, queries};
use crate::context::{Attempt, Context, Key};
use crate::outcome::finding::ProbeError;
use crate::probe::database::{DatabaseError, brief, dsn};
use crate::service::postgres::{Row, Session, connect};

/// How long the read of a row and the plan may each take on the server, in milliseconds. The catalog's answers are
/// used even when these are slow.
const TIMEOUT_MS: &str = "2500";

/// The catalog as the reader sees it.
const CATALOG: Key<Result<Catalog, DatabaseError>> = Key::new("the catalog");

/// The measurement that all checks of the schema share.
///
/// # Errors
/// [`ProbeError`] when `DATABASE_URL` is missing or cannot be read.
pub async fn look(attempt: &Attempt<'_>) -> Result<Arc<Result<Catalog, DatabaseError>>, ProbeError> {
    let cx = attempt.cx;
    let dsn = dsn(cx)?;
    let (context, deadline) = (Arc::clone(cx), attempt.deadline);
    let take = async move {
        let session = match connect(&dsn, &context.roots, &context.marker, deadline).await {
            Ok(session) => session,
            Err(fault) => return Err(DatabaseError::from(&fault)),
        };
        let catalog = catalog(&session, &context).await;
        session.close().await;
        catalog
    };
    Ok(cx.measure(CATALOG, attempt.again, take).await)
}

async fn catalog(session: &Session, cx: &Context) -> Result<Catalog, DatabaseError> {
    let names = &cx.settings.target.names;
    let who = one(ask(session, queries::SESSION, None).await?)?;
    // A name that is not valid is reported by the checks that use it.
    let mut looks = [Table::Facts, Table::Grades].map(|table| table.name(names).ok());
    let mut found = [None, None];
    for (name, found) in looks.iter_mut().zip(&mut found) {
        if let Some(name) = name.take() {
            *found = Some(find(session, name).await?);
        }
    }
    // What may fail or be slow comes last: a failure ends the transaction, but not the connection.
    for (table, found) in [Table::Facts, Table::Grades].into_iter().zip(&mut found) {
        if let Some(relation) = found.as_mut().and_then(|look| look.found.as_mut()) {
            relation.read = read(session, relation, &table.needed(names)).await;
        }
    }
    let [facts, grades] = found;
    let plan = match facts.as_ref().and_then(|f| f.found.as_ref()) {
        Some(relation) => plan(session, &queries::monitoring(&relation.quoted(), names)).await,
        None => Err("there is no table".to_owned()),
    };
    Ok(Catalog {
        reader: decode::text(&who, "reader").map_err(DatabaseError::unreadable)?,
        search_path: decode::text(&who, "search_path").map_err(DatabaseError::unreadable)?,
        facts,
        grades,
        plan,
    })
}

async fn find(session: &Session, asked: TableName) -> Result<TableInfo, DatabaseError> {
    let rows = ask(session, queries::RELATION, Some(&asked)).await?;
    let Some(row) = rows.first() else {
        let alike = all(&ask(session, queries::ALIKE, Some(&asked)).await?, decode::alike)?;
        return Ok(TableInfo { asked, found: None, alike });
    };
    let mut relation = decode::relation(row).map_err(DatabaseError::unreadable)?;
    relation.columns = all(&ask(session, queries::COLUMNS, Some(&asked)).await?, decode::column)?;
    let rows = ask(session, queries::INDEXES, Some(&asked)).await?;
    relation.parts = decode::parts(&rows).map_err(DatabaseError::unreadable)?;
    relation.policies = all(&ask(session, queries::POLICIES, Some(&asked)).await?, decode::policy)?;
    Ok(TableInfo { asked, found: Some(relation), alike: Vec::new() })
}

async fn ask(session: &Session, sql: &str, name: Option<&TableName>) -> Result<Vec<Row>, DatabaseError> {
    let parameters: Vec<&str> = name.map_or_else(Vec::new, |n| vec![n.schema_or_empty(), &n.table]);
    session.rows(sql, &parameters).await.map_err(|fault| DatabaseError::from(&fault))
}

fn one(rows: Vec<Row>) -> Result<Row, DatabaseError> {
    rows.into_iter().next().ok_or_else(|| DatabaseError::unreadable("no row"))
}

fn all<T>(rows: &[Row], decode: impl Fn(&Row) -> Result<T, String>) -> Result<Vec<T>, DatabaseError> {
    rows.iter().map(decode).collect::<Result<_, _>>().map_err(DatabaseError::unreadable)
}

async fn read(session: &Session, relation: &Relation, needed: &[String]) -> Result<u64, ReadError> {
    let columns: Vec<String> = needed.iter().filter(|n| relation.column(n).is_some()).cloned().collect();
    let refusal = |why: String| ReadError { why };
    let rows = brief(session, TIMEOUT_MS, &queries::reading(&relation.quoted(), &columns))
        .await
        .map_err(|fault| refusal(fault.to_string()))?;
    let count = rows.first().ok_or_else(|| "no answer".to_owned()).and_then(|r| decode::text(r, "rows"));
    count.and_then(|c| c.parse().map_err(|_| format!("`{c}` rows"))).map_err(refusal)
}

async fn plan(session: &Session, query: &str) -> Result<String, String> {
    let rows =
        brief(session, TIMEOUT_MS, &format!("EXPLAIN {query}")).await.map_err(|fault| fault.to_string())?;
    let lines: Vec<&str> = rows.iter().filter_map(|r| r.get("QUERY PLAN")).collect();
    if lines.is_empty() { Err("the planner returned nothing".to_owned()) } else { Ok(lines.join("\n")) }
}
