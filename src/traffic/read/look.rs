//! The first look: what answers, what its table is like, and whether this role sees
//! its rows. A table or column that is missing, or may not be read, is found here.

use jiff::Timestamp;

use super::{BRIEF, decode, one};
use crate::service::postgres::{PgFault, Session, quote_ident, quote_name};
use crate::settings::Names;
use crate::traffic::query::{Engine, Source, Stamp};

/// What is known of the database before the watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub source: Source,
    /// The database's clock at this moment.
    pub now: Timestamp,
    /// On a standby: up to when it has replayed; the epoch when it cannot say.
    pub replayed_to: Option<Timestamp>,
    /// Row level security keeps facts from this role; how. Counts would then be too small without an error.
    pub rows_hidden: Option<String>,
}

/// Looks at the database.
///
/// # Errors
/// When the database does not answer, or the facts cannot be read: SQLSTATE 42P01, 42703 and 42501 tell a
/// missing table, a missing column and a missing permission.
pub async fn look(session: &Session, names: &Names) -> Result<Look, PgFault> {
    let version = session.rows("SELECT version()::text AS version", &[]).await?;
    let engine = match version.first().and_then(|row| row.get("version")) {
        Some(version) if version.contains("CockroachDB") => Engine::Cockroach,
        Some(_) => Engine::Postgres,
        None => return Err(decode::odd("the version is missing")),
    };
    let stamp = stamp(session, names).await?;
    let source = Source { names: names.clone(), stamp, engine };
    let rows_hidden = match engine {
        Engine::Postgres => hidden(session, names).await?,
        Engine::Cockroach => None,
    };
    // This ends the transaction that the others were asked in, and with it what it has locked.
    let answers = session.batch(&BRIEF, &[&now(engine)]).await?;
    let row = one(&answers, 0)?;
    let (now, replayed_to) = decode::clock(row)?;
    Ok(Look { source, now, replayed_to, rows_hidden })
}

fn now(engine: Engine) -> String {
    let replayed = match engine {
        Engine::Postgres => {
            "CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_xact_replay_timestamp(), TIMESTAMPTZ 'epoch') END"
        }
        Engine::Cockroach => "NULL",
    };
    format!("SELECT clock_timestamp()::text AS now, {replayed}::text AS replayed_to")
}

/// The type of the column that dates a fact: asked of an expression, so that a domain shows what is beneath it,
/// and of no row, so that the columns that will be read are asked for and nothing is read.
async fn stamp(session: &Session, names: &Names) -> Result<Stamp, PgFault> {
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
        found => Err(PgFault::Odd(format!(
            "the column {} holds no time but {}; correct `recorded_at` under [names] in the configuration",
            names.recorded_at,
            found.unwrap_or("nothing that is known")
        ))),
    }
}

/// What the policies for reading that bear on this role let through. A condition that is not there lets nothing
/// through and restricts nothing.
const POLICIES: &str = "WITH mine AS (
  SELECT p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS condition FROM pg_policy p
  WHERE p.polrelid = to_regclass($1) AND p.polcmd IN ('r', '*')
    AND EXISTS (SELECT FROM unnest(p.polroles) AS r(oid) WHERE r.oid = 0 OR pg_has_role(r.oid, 'USAGE')))
SELECT row_security_active(c.oid)::text AS bound, current_user::text AS role,
       EXISTS (SELECT FROM mine WHERE polpermissive AND condition = 'true')::text AS everything,
       EXISTS (SELECT FROM mine WHERE polpermissive AND condition <> 'false')::text AS something,
       EXISTS (SELECT FROM mine WHERE NOT polpermissive AND condition <> 'true')::text AS restricted
FROM pg_class c WHERE c.oid = to_regclass($1)";

async fn hidden(session: &Session, names: &Names) -> Result<Option<String>, PgFault> {
    let answers = vec![session.rows(POLICIES, &[&quote_name(&names.facts)]).await?];
    let row = one(&answers, 0)?;
    let is = |column| decode::flag(row, column);
    let role = row.get("role").unwrap_or("this role");
    Ok(if !is("bound")? || (is("everything")? && !is("restricted")?) {
        None
    } else if is("something")? {
        Some(format!("row level security decides row by row what {role} sees of {}", names.facts))
    } else {
        Some(format!("row level security lets {role} see no row of {}", names.facts))
    })
}
