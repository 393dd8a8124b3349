//! A database given by the user. Only an empty database is filled, and only one that a rehearsal filled before is
//! reused, so that a mistyped URL cannot put stand-ins' facts among real ones.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{good, query};
use crate::service::dsn::Dsn;

const TIMEOUT: Duration = Duration::from_secs(15);

/// The contents of the database: `marked` if it has a rehearsal's table, `empty`, or the name of something else.
const WHAT_IS_THERE: &str = "select case
    when to_regclass('hotdash_ops_sandbox') is not null then 'marked'
    else coalesce((
        select 'has ' || c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname not like 'pg\\_temp%'
            and n.nspname not like 'pg\\_toast\\_temp%'
            and not exists (select from pg_depend d
                where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        order by c.oid limit 1), 'empty')
    end";

/// Whether the facts of an earlier rehearsal are too old for the checks.
const HAS_AGED: &str =
    "select coalesce(max(recorded_at) < now() - interval '1 minute', false) from dashboard_facts";

/// Fills an empty database with the good tables and rows, and updates the times of those of an earlier rehearsal.
/// Returns the server's version.
///
/// # Errors
/// A database with any other contents, and the server's error.
pub async fn prepare(url: &str) -> Result<String> {
    let which = Dsn::parse(url).map_err(|fault| anyhow::anyhow!("--database: {fault}"))?.identity();
    let run = |sql| query::run(url, sql, TIMEOUT);
    let there = run(WHAT_IS_THERE).await.with_context(|| format!("cannot use {which}"))?;
    match there.as_str() {
        "empty" => {
            run(good::TABLES).await.with_context(|| format!("cannot fill {which}"))?;
        }
        "marked" => {
            if run(HAS_AGED).await.with_context(|| format!("cannot read the facts of {which}"))? == "t" {
                run(good::YOUNG_AGAIN)
                    .await
                    .with_context(|| format!("cannot update the facts of {which}"))?;
            }
        }
        other => bail!(
            "{which} {other} but no table hotdash_ops_sandbox: use an empty database, or one that a sandbox has \
             filled before"
        ),
    }
    let version = run("show server_version").await?;
    Ok(version.split_whitespace().next().unwrap_or_default().to_owned())
}
