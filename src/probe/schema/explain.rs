//! How a person checks the same by hand: the statements as they run, with their values.

use super::name::TableName;
use super::{Schema, Table, queries};
use crate::probe::Explanation;
use crate::probe::database::psql;
use crate::settings::Settings;

/// What is checked, the statements behind it, and what is compared.
pub fn explain(schema: &Schema, settings: &Settings) -> Explanation {
    let names = &settings.target.names;
    let question = schema.question(settings);
    let Ok(name) = schema.table().name(names) else {
        return Explanation { question, ..Explanation::default() };
    };
    let table = schema.table();
    let statements = match schema {
        Schema::Exists { .. } => vec![asked(queries::RELATION, &name)],
        Schema::Columns { .. } | Schema::Zoned { .. } => vec![asked(queries::COLUMNS, &name)],
        Schema::Index { .. } if table == Table::Facts => {
            let plan = format!("EXPLAIN {}", queries::monitoring(&name.quoted(), names));
            vec![asked(queries::INDEXES, &name), plan]
        }
        Schema::Index { .. } => vec![asked(queries::INDEXES, &name)],
        Schema::Select { .. } => {
            vec![asked(queries::COLUMNS, &name), queries::reading(&name.quoted(), &table.needed(names))]
        }
        Schema::RowsVisible { .. } => vec![asked(queries::RELATION, &name), asked(queries::POLICIES, &name)],
    };
    let by_hand = statements.iter().flat_map(|sql| psql(settings, sql)).collect();
    Explanation { question, by_hand, expectations: expectations(schema, settings) }
}

fn asked(sql: &str, name: &TableName) -> String {
    queries::with_values(sql, name)
}

fn expectations(schema: &Schema, settings: &Settings) -> Vec<String> {
    let names = &settings.target.names;
    let table = schema.table();
    match schema {
        Schema::Exists { .. } => {
            vec!["relation: a table, partitioned or not, in a schema this role may use".to_owned()]
        }
        Schema::Columns { columns, .. } => columns
            .iter()
            .map(|(key, kinds)| format!("column {}: {}", table.column(key, names), kinds.join(" or ")))
            .collect(),
        Schema::Index { columns, .. } => {
            let columns: Vec<String> = columns.iter().map(|c| table.column(c, names)).collect();
            vec![
                format!("index: its first columns are {}, in this order", columns.join(", ")),
                "index: btree, not partial, valid, ready, live and not being built, on every table that holds rows"
                    .to_owned(),
            ]
        }
        Schema::Select { .. } => vec![
            format!("privilege: SELECT on {}", table.needed(names).join(", ")),
            "read of one row: an answer".to_owned(),
        ],
        Schema::RowsVisible { .. } => vec![
            "row level security: off, not applied to this role, or with a policy that shows it every row"
                .to_owned(),
        ],
        Schema::Zoned { column, .. } => {
            vec![format!("column {}: timestamp with time zone", table.column(column, names))]
        }
    }
}

impl Schema {
    /// What is checked, in one line.
    pub(super) fn question(&self, settings: &Settings) -> String {
        let table = self.table().configured(&settings.target.names);
        match self {
            Schema::Exists { .. } => format!("the catalog: relation {table}"),
            Schema::Columns { .. } => format!("the catalog: columns of {table}"),
            Schema::Index { .. } => format!("the catalog: indexes of {table} and of its partitions"),
            Schema::Select { .. } => format!("the catalog: privileges on {table}, and a read of one row"),
            Schema::RowsVisible { .. } => format!("the catalog: row level security of {table}"),
            Schema::Zoned { column, .. } => {
                format!(
                    "the catalog: type of {} in {table}",
                    self.table().column(column, &settings.target.names)
                )
            }
        }
    }
}
