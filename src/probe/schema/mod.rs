//! Tables, columns, indexes and what this role may read: claims on one shared reading
//! of the catalog. Everything is judged by its definition; a name proves nothing.

mod catalog;
mod decode;
mod explain;
mod index;
mod index_ddl;
mod judge;
mod name;
mod queries;
mod read;
mod rows;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use super::database::unavailable;
use crate::context::Attempt;
use crate::outcome::finding::{Finding, ProbeError, slug};
use crate::settings::{Names, Settings};
use name::TableName;

/// One claim on a table. The target's configuration maps names: a column is written as its key there (`fact_type`,
/// `value`, `recorded_at`, `metadata`; `created_at` of the grades), and any other column by its own name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schema {
    /// The relation exists and is a table.
    Exists { table: Table },
    /// Its columns exist with one of the named types.
    Columns { table: Table, columns: BTreeMap<String, Vec<String>> },
    /// A usable index covers these columns in this order.
    Index { table: Table, columns: Vec<String> },
    /// This role may read it.
    Select { table: Table },
    /// Row level security does not hide rows from this role.
    RowsVisible { table: Table },
    /// A time column includes a time zone.
    Zoned { table: Table, column: String },
}

/// The tables a target names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    Facts,
    Grades,
}

impl Table {
    /// Its key in the target's names.
    fn key(self) -> &'static str {
        match self {
            Table::Facts => "facts",
            Table::Grades => "grades",
        }
    }

    fn configured(self, names: &Names) -> &str {
        match self {
            Table::Facts => &names.facts,
            Table::Grades => &names.grades,
        }
    }

    fn name(self, names: &Names) -> Result<TableName, ProbeError> {
        TableName::parse(self.configured(names)).map_err(|why| {
            ProbeError::because(format!("the target's table name `{}` is not valid: {why}", self.key()))
                .hint(format!("correct `{}` under [targets.NAME.names] in the configuration", self.key()))
        })
    }

    /// The name that a column has in this database.
    fn column(self, key: &str, names: &Names) -> String {
        let configured = match (self, key) {
            (Table::Facts, "fact_type") => &names.fact_type,
            (Table::Facts, "value") => &names.value,
            (Table::Facts, "recorded_at") => &names.recorded_at,
            (Table::Facts, "metadata") => &names.metadata,
            (Table::Grades, "created_at") => &names.grades_created_at,
            _ => key,
        };
        configured.to_owned()
    }

    /// The columns that the monitoring and the weekly report need.
    fn needed(self, names: &Names) -> Vec<String> {
        let keys: &[&str] = match self {
            Table::Facts => &["fact_type", "value", "recorded_at"],
            Table::Grades => &["created_at"],
        };
        keys.iter().map(|k| self.column(k, names)).collect()
    }
}

impl Schema {
    fn table(&self) -> Table {
        match self {
            Schema::Exists { table }
            | Schema::Columns { table, .. }
            | Schema::Index { table, .. }
            | Schema::Select { table }
            | Schema::RowsVisible { table }
            | Schema::Zoned { table, .. } => *table,
        }
    }

    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        self.table().name(&attempt.cx.settings.target.names)?;
        match read::measure(attempt).await?.as_ref() {
            Ok(catalog) => Ok(self.judge(catalog, &attempt.cx.settings)),
            Err(error) => unavailable(Finding::about(self.question(&attempt.cx.settings)), error),
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        let mut claims = codes(["connection", "catalog"]);
        claims.extend(match self {
            Schema::Exists { .. } => codes(["relation", "usage-of-its-schema", "partitions"]),
            Schema::Columns { columns, .. } => {
                let columns = columns.keys().map(|key| slug(&format!("column {key}")));
                std::iter::once("columns".to_owned()).chain(columns).collect()
            }
            Schema::Index { .. } => codes(["index"]),
            Schema::Select { .. } => codes(["privilege", "read-of-one-row"]),
            Schema::RowsVisible { .. } => codes(["row-level-security"]),
            Schema::Zoned { column, .. } => vec!["time-zone".to_owned(), slug(&format!("column {column}"))],
        });
        claims
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::from(["DATABASE_URL".to_owned()])
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        explain::explain(self, settings)
    }

    pub(super) fn lint(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        match self {
            Schema::Columns { columns, .. } => {
                if columns.is_empty() {
                    wrong.push("names no column, so it compares nothing".to_owned());
                }
                for (column, _) in columns.iter().filter(|(_, kinds)| kinds.is_empty()) {
                    wrong.push(format!("names no type for the column `{column}`"));
                }
                let known = |kind: &&String| SHORT_NAMES.iter().find(|(short, _)| short == kind);
                for (short, long) in columns.values().flatten().filter_map(|k| known(&k)) {
                    wrong.push(format!("write the type `{short}` as PostgreSQL does: `{long}`"));
                }
            }
            Schema::Index { columns, .. } if columns.is_empty() => {
                wrong.push("names no column for the index, so it compares nothing".to_owned());
            }
            _ => {}
        }
        wrong
    }
}

/// Type names that `format_type` never returns, so that a claim with them could not hold.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("varchar", "character varying"),
    ("timestamptz", "timestamp with time zone"),
    ("timestamp", "timestamp without time zone"),
    ("int", "integer"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("float8", "double precision"),
    ("bool", "boolean"),
];
