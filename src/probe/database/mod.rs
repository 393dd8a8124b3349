//! Claims on one shared measurement of the database connection: the database answers,
//! is the primary, and is the one that the target names.

mod connection;
mod error;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use crate::context::{Attempt, Context};
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::dsn::Dsn;
use crate::service::postgres::{SessionInfo, quote_ident};
use crate::settings::Settings;
use connection::Connection;
pub(super) use error::unavailable;

/// One claim on the connection that `DATABASE_URL` gives.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Database {
    /// The database accepts the connection and answers.
    Reachable,
    /// The server is the primary, not a standby.
    Primary,
    /// The database has the name that the target gives.
    Name,
}

impl Database {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let dsn = dsn(attempt.cx)?;
        let asked = format!("DATABASE_URL ({})", dsn.identity());
        let finding = Finding::about(asked);
        match connection::measure(attempt, dsn).await.as_ref() {
            Ok(connection) => Ok(self.judge(finding, connection, &attempt.cx.settings)),
            Err(error) => unavailable(finding, error),
        }
    }

    fn judge(&self, finding: Finding, connection: &Connection, settings: &Settings) -> Finding {
        match self {
            Database::Reachable => connection.reachable(finding),
            Database::Primary => primary(finding, &connection.info),
            Database::Name => name(finding, &connection.info, settings),
        }
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let (question, sql, expectation) = match self {
            Database::Reachable => {
                ("does the database in DATABASE_URL answer?", SessionInfo::SQL, "an answer".to_owned())
            }
            Database::Primary => (
                "does DATABASE_URL point to the primary?",
                "SELECT pg_is_in_recovery()",
                "false: not in recovery".to_owned(),
            ),
            Database::Name => {
                let target = &settings.target;
                let expected = target.database.clone().unwrap_or_else(|| target.line_to_add("database"));
                ("does DATABASE_URL point to the target's database?", "SELECT current_database()", expected)
            }
        };
        Explanation {
            question: question.to_owned(),
            by_hand: psql(settings, sql),
            expectations: vec![format!("answer: {expectation}")],
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match self {
            Database::Reachable => codes(["connection"]),
            Database::Primary => codes(["connection", "role-of-the-server"]),
            Database::Name => codes(["connection", "name-of-the-database"]),
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::from(["DATABASE_URL".to_owned()])
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}

fn primary(finding: Finding, info: &SessionInfo) -> Finding {
    let claim = |found: &str, holds| {
        Claim::compared("role-of-the-server", "role of the server", "the primary", found, holds)
    };
    let finding = finding.evidence("server", format!("PostgreSQL {}", info.version));
    finding.claim(if info.standby {
        claim("a standby", false)
            .sentence("DATABASE_URL points to a standby, not to the primary")
            .fix("put the primary's host into DATABASE_URL: facts cannot be written to a standby, and it may lag behind")
    } else {
        claim("the primary", true)
    })
}

fn name(finding: Finding, info: &SessionInfo, settings: &Settings) -> Finding {
    let (code, what) = ("name-of-the-database", "name of the database");
    let target = &settings.target;
    finding.claim(match &target.database {
        Some(expected) => {
            let holds = info.database == *expected;
            let claim = Claim::compared(code, what, expected, &info.database, holds);
            let fix = format!(
                "put the database {expected} into DATABASE_URL, or correct `database` under [targets.{}] in the configuration",
                target.name
            );
            if holds { claim } else { claim.fix(fix) }
        }
        None => Claim::undecided(code, what, "the database that the target names", &info.database)
            .sentence(format!(
                "`database` is not configured for {}, so the database {} cannot be checked",
                target.name, info.database
            ))
            .fix(target.line_to_add("database")),
    })
}

/// `DATABASE_URL`, parsed.
///
/// # Errors
/// When it is unset, not text, or not a connection string; its value is never shown.
pub(super) fn dsn(cx: &Context) -> Result<Dsn, ProbeError> {
    let text = cx.variable("DATABASE_URL")?;
    Dsn::parse(text).map_err(|error| ProbeError::because(format!("DATABASE_URL {error}")))
}

/// Lines that run the same statement by hand. psql rejects parameters that only Prisma knows, so for such a string
/// all parameters are cut off, and those that the session needs are passed in another way.
pub(super) fn psql(settings: &Settings, sql: &str) -> Vec<String> {
    let dsn = settings.vars.filled("DATABASE_URL").and_then(|text| Dsn::parse(text.trim()).ok());
    let (command, path) = match dsn.filter(|d| !d.ignored.is_empty() || d.schema.is_some()) {
        Some(dsn) => {
            let path = dsn.schema.filter(|s| s != "public").map(|s| quote_ident(&s));
            (format!("PGSSLMODE={} psql -X \"${{DATABASE_URL%%\\?*}}\"", dsn.sslmode), path)
        }
        None => ("psql -X \"$DATABASE_URL\"".to_owned(), None),
    };
    // In one string with the statement, so that a pooler runs both in one transaction.
    let path = path.map(|p| format!("SET LOCAL search_path = {p}; ")).unwrap_or_default();
    let statement = format!("{path}{sql}").replace('\'', r"'\''");
    format!("{command} -c '{statement}'").lines().map(str::to_owned).collect()
}
