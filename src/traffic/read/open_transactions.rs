//! Whether a transaction that began in the window may still add rows to it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{BRIEF, one};
use crate::service::postgres::{PgError, Session};
use crate::traffic::window::OpenTransactions;

const PREPARED: &str =
    "SELECT count(*) AS prepared FROM pg_prepared_xacts WHERE database = current_database()";

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
/// there is none, and only then begin the transaction of [`super::full()`]: an earlier snapshot would miss what is
/// committed in between. What is unknown now may be known a moment later.
///
/// # Errors
/// When the database does not answer. If it rejects the query, the result is unknown.
pub async fn open_transactions(session: &Session, window_to: Timestamp) -> Result<OpenTransactions, PgError> {
    let answers = match session.batch(&BRIEF, &[PREPARED, SESSIONS]).await {
        Ok(answers) => answers,
        Err(PgError::Server { message, .. }) => {
            return Ok(OpenTransactions::Unknown(format!("the open transactions cannot be read: {message}")));
        }
        Err(fault) => return Err(fault),
    };
    let (prepared, sessions) = (one(&answers, 0)?, one(&answers, 1)?);
    if session.info().standby {
        let why = "a standby does not know which transactions are open on its primary";
        return Ok(OpenTransactions::Unknown(why.to_owned()));
    }
    match prepared.count("prepared")? {
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
