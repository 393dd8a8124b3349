//! The first query: the types of the table, and whether this role sees the rows. A table or column
//! that is missing or unreadable is found here.

use jiff::Timestamp;

use super::one;
use crate::service::postgres::{PgError, Session, quote_ident, quote_name};
use crate::settings::Names;
use crate::traffic::sql::{Source, Stamp};

/// What is known about the database before the watch.
#[derive(Clone, Debug, PartialEq)]
pub struct TableInfo {
    pub source: Source,
    /// The database's clock at this moment.
    pub now: Timestamp,
    /// On a standby: the time up to which it has replayed; the epoch if unknown.
    pub replayed_to: Option<Timestamp>,
    /// How row level security hides facts from this role. Counts would then be too low, without an error.
    pub rows_hidden: Option<String>,
}

/// Inspects the database.
///
/// # Errors
/// When the database does not answer, or the facts cannot be read: SQLSTATE 42P01 is a missing table, 42703 a missing
/// column, 42501 a missing permission.
pub async fn table_info(session: &Session, names: &Names) -> Result<TableInfo, PgError> {
    let source = Source { names: names.clone(), stamp: stamp(session, names).await? };
    let rows_hidden = hidden(session, names).await?;
    session.end_transaction().await;
    let info = session.info();
    Ok(TableInfo { source, now: info.now(), replayed_to: info.replayed_to, rows_hidden })
}

/// The type of the column with a fact's time. It is taken from an expression, so that a domain shows its base type, and
/// without reading a row, so that the columns are checked and no data is read.
async fn stamp(session: &Session, names: &Names) -> Result<Stamp, PgError> {
    let sql = format!(
        "SELECT pg_typeof(f.at + interval '0 seconds')::text AS stamp FROM (SELECT 1) AS one LEFT JOIN \
         (SELECT {} AS at, {} AS kind, {}->>'success' AS success FROM {} LIMIT 0) AS f ON true",
        quote_ident(&names.recorded_at),
        quote_ident(&names.fact_type),
        quote_ident(&names.value),
        quote_name(&names.facts)
    );
    let rows = session.rows(&sql, &[]).await?;
    match rows.first().and_then(|row| row.get("stamp")) {
        Some("timestamp with time zone") => Ok(Stamp::Zoned),
        Some("timestamp without time zone") => Ok(Stamp::Plain),
        found => Err(PgError::NotTimestamp {
            column: names.recorded_at.clone(),
            found: found.unwrap_or("of an unknown type").to_owned(),
        }),
    }
}

/// What the read policies that apply to this role allow. A missing condition allows nothing and restricts nothing.
const POLICIES: &str = "WITH mine AS (
  SELECT p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS condition FROM pg_policy p
  WHERE p.polrelid = to_regclass($1) AND p.polcmd IN ('r', '*')
    AND EXISTS (SELECT FROM unnest(p.polroles) AS r(oid) WHERE r.oid = 0 OR pg_has_role(r.oid, 'USAGE')))
SELECT row_security_active(c.oid)::text AS bound,
       EXISTS (SELECT FROM mine WHERE polpermissive AND condition = 'true')::text AS everything,
       EXISTS (SELECT FROM mine WHERE polpermissive AND condition <> 'false')::text AS something,
       EXISTS (SELECT FROM mine WHERE NOT polpermissive AND condition <> 'true')::text AS restricted
FROM pg_class c WHERE c.oid = to_regclass($1)";

async fn hidden(session: &Session, names: &Names) -> Result<Option<String>, PgError> {
    let answers = vec![session.rows(POLICIES, &[&quote_name(&names.facts)]).await?];
    let row = one(&answers, 0)?;
    let is = |column| row.flag(column);
    let role = &session.info().role;
    Ok(if !is("bound")? || (is("everything")? && !is("restricted")?) {
        None
    } else if is("something")? {
        Some(format!("row level security filters the rows of {} for {role}", names.facts))
    } else {
        Some(format!("row level security hides all rows of {} from {role}", names.facts))
    })
}
