//! Claims on one shared look at the database connection: whether it answers, is the
//! primary, and is the database that the target names.

mod brief;
mod contact;
mod trouble;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::codes::codes;
use crate::context::{Asking, Context};
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::service::dsn::Dsn;
use crate::service::postgres::quote_ident;
use crate::settings::Settings;
pub(super) use brief::brief;
use contact::Contact;
pub(super) use trouble::Trouble;

/// One claim on the connection that `DATABASE_URL` gives.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Database {
    /// It connects and answers.
    Reachable,
    /// It is the primary, not a standby.
    Primary,
    /// It is the database the target names.
    Name,
}

impl Database {
    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        let dsn = dsn(asking.cx)?;
        let asked = format!("DATABASE_URL ({})", dsn.identity());
        let contact = contact::make(asking, dsn).await;
        match contact.as_ref() {
            Ok(contact) => Ok(self.judge(Finding::about(asked), contact, &asking.cx.settings)),
            Err(trouble) => trouble.finding(Finding::about(asked)),
        }
    }

    fn judge(&self, finding: Finding, contact: &Contact, settings: &Settings) -> Finding {
        match self {
            Database::Reachable => contact.reachable(finding),
            Database::Primary => primary(finding, contact),
            Database::Name => name(finding, contact, settings),
        }
    }

    pub(super) fn explain(&self, settings: &Settings) -> Asked {
        let (question, sql, expectation) = match self {
            Database::Reachable => {
                ("DATABASE_URL connects and answers", contact::SESSION, "an answer".to_owned())
            }
            Database::Primary => (
                "DATABASE_URL leads to the primary",
                "SELECT pg_is_in_recovery()",
                "false: not in recovery".to_owned(),
            ),
            Database::Name => {
                let target = &settings.target;
                let expected = target.database.clone().unwrap_or_else(|| target.line_to_add("database"));
                ("DATABASE_URL leads to the target's database", "SELECT current_database()", expected)
            }
        };
        Asked {
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

fn primary(finding: Finding, contact: &Contact) -> Finding {
    let found = if contact.in_recovery { "a standby, in recovery" } else { "the primary" };
    finding
        .evidence("server", format!("PostgreSQL {}", contact.version))
        .claim(Claim::new("role of the server", "the primary", found, !contact.in_recovery))
        .fix("put the primary's host into DATABASE_URL: facts cannot be written to a standby, and it may lag behind")
}

fn name(finding: Finding, contact: &Contact, settings: &Settings) -> Finding {
    let what = "name of the database";
    match &settings.target.database {
        Some(expected) => {
            let holds = contact.database == *expected;
            finding.claim(Claim::new(what, expected, &contact.database, holds)).fix(format!(
                "put the database {expected} into DATABASE_URL, or correct `database` under [targets.{}] in the configuration",
                settings.target.name
            ))
        }
        None => {
            let line = settings.target.line_to_add("database");
            let found = format!("{}, and nothing configured to compare it with", contact.database);
            finding.claim(Claim::open(what, "the database that the target names", found)).fix(line)
        }
    }
}

/// `DATABASE_URL`, understood.
///
/// # Errors
/// When it is unset, not text, or no connection string; its value is never shown.
pub(super) fn dsn(cx: &Context) -> Result<Dsn, CannotAsk> {
    let text = cx.variable("DATABASE_URL")?;
    Dsn::parse(text).map_err(|fault| CannotAsk::because(format!("DATABASE_URL {fault}")))
}

/// Lines that ask the same by hand. psql refuses parameters that only Prisma knows, so for such a string
/// all parameters are cut off, and what the session must know of them is said in another way.
pub(super) fn psql(settings: &Settings, sql: &str) -> Vec<String> {
    let dsn = settings.vars.filled("DATABASE_URL").and_then(|text| Dsn::parse(text.trim()).ok());
    let (command, path) = match dsn.filter(|d| !d.ignored.is_empty() || d.schema.is_some()) {
        Some(dsn) => {
            let path = dsn.schema.filter(|s| s != "public").map(|s| quote_ident(&s));
            (format!("PGSSLMODE={} psql -X \"${{DATABASE_URL%%\\?*}}\"", dsn.sslmode), path)
        }
        None => ("psql -X \"$DATABASE_URL\"".to_owned(), None),
    };
    // In one string with the statement, and so in one transaction, which a pooler keeps together.
    let path = path.map(|p| format!("SET LOCAL search_path = {p}; ")).unwrap_or_default();
    let statement = format!("{path}{sql}").replace('\'', r"'\''");
    format!("{command} -c '{statement}'").lines().map(str::to_owned).collect()
}
