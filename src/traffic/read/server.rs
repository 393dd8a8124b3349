//! What the server reports about itself: the types of the table, whether this role sees the rows, and whether a transaction
//! that began in the window may still add rows to it. A table or column that is missing or unreadable is found here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{BRIEF, one};
use crate::service::postgres::{PgError, Session, quote_ident, quote_name};
use crate::settings::Names;
use crate::traffic::sql::{Source, Stamp};
use crate::traffic::window::OpenTransactions;

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

/// Read each time, because a pooler may have changed the server behind the session.
const SERVER: &str = "SELECT pg_is_in_recovery() AS standby,
       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared";

/// `xact_start` is the `now()` of a transaction. For sessions of other roles neither it nor the backend type is visible,
/// but the lock that every transaction holds on itself until its commit is visible can be seen by everyone; a session
/// without one is idle. Sessions of other databases cannot write here, and those without a user are the server's own.
const SESSIONS: &str = "WITH others AS (
  SELECT pid, usename, xact_start, backend_type = 'client backend' AS client,
         backend_type IS NULL OR query = '<insufficient privilege>' AS hidden
  FROM pg_stat_activity
  WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid())
SELECT min(CASE WHEN client THEN xact_start END)::text AS open_since,
       string_agg(CASE WHEN hidden THEN held.virtualtransaction END, ' ') AS hidden,
       min(CASE WHEN hidden AND held.virtualtransaction IS NOT NULL THEN usename END) AS whose
FROM others LEFT JOIN (SELECT DISTINCT pid, virtualtransaction FROM pg_locks WHERE locktype = 'virtualxid') AS held
     USING (pid)";

/// Checks, in its own transaction, whether a transaction that began at `window_to` or before is still open. Repeat it until
/// there is none, and only then begin the transaction of [`super::window_data()`]: an earlier snapshot would miss what is
/// committed in between. What is unknown now may be known a moment later.
///
/// # Errors
/// When the database does not answer. If it rejects the query, the result is unknown.
pub async fn open_transactions(session: &Session, window_to: Timestamp) -> Result<OpenTransactions, PgError> {
    let answers = match session.batch(&BRIEF, &[SERVER, SESSIONS]).await {
        Ok(answers) => answers,
        Err(PgError::Server { message, .. }) => {
            return Ok(OpenTransactions::Unknown(format!("the open transactions cannot be read: {message}")));
        }
        Err(fault) => return Err(fault),
    };
    let (server, sessions) = (one(&answers, 0)?, one(&answers, 1)?);
    if server.flag("standby")? {
        let why = "a standby does not know which transactions are open on its primary";
        return Ok(OpenTransactions::Unknown(why.to_owned()));
    }
    match server.count("prepared")? {
        0 => {}
        1 => return Ok(OpenTransactions::Unknown("1 prepared transaction is open".to_owned())),
        n => return Ok(OpenTransactions::Unknown(format!("{n} prepared transactions are open"))),
    }
    if let Some(since) = sessions.time("open_since")?.filter(|since| *since <= window_to) {
        return Ok(OpenTransactions::Open(since));
    }
    let transactions: BTreeSet<String> =
        sessions.get("hidden").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if transactions.is_empty() {
        return Ok(OpenTransactions::Clear);
    }
    let (whose, me) = (sessions.get("whose").unwrap_or("another role"), &session.info().role);
    let why = format!(
        "a transaction of {whose} is open, and {me} cannot see since when; GRANT pg_read_all_stats TO {me}"
    );
    Ok(OpenTransactions::Hidden { why, transactions })
}
