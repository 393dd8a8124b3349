//! Claims on the table itself: it is a table, it has its columns, and they can be read.

use std::collections::BTreeMap;

use super::catalog::{Kind, Relation, TableInfo};
use super::index::listed;
use super::name::{ident, qualified};
use crate::outcome::finding::{Claim, slug};

/// What a judgement adds to a finding.
#[derive(Debug, Default)]
pub struct Judged {
    pub claims: Vec<Claim>,
    pub warnings: Vec<String>,
}

/// The relation exists, is a table in a schema that this role may use, and can hold rows.
/// `key` is the configuration's name for it, `target` the target's.
pub fn exists(info: &TableInfo, reader: &str, search_path: &str, key: &str, target: &str) -> Judged {
    let mut judged = Judged::default();
    let is_a = |found: &str, holds| Claim::compared("relation", "relation", "a table", found, holds);
    let Some(relation) = &info.found else {
        let place = match &info.asked.schema {
            Some(schema) => format!("in schema {schema}"),
            None if search_path.is_empty() => "in the search path, which is empty".to_owned(),
            None => format!("in the search path ({search_path})"),
        };
        let near = match info.alike.is_empty() {
            true => String::new(),
            false => format!("; there is {}", listed(&info.alike, |a| format!("{}.{}", a.schema, a.name))),
        };
        let claim = is_a(&format!("no such table {place}{near}"), false)
            .sentence(format!("there is no table {} {place}{near}", info.asked));
        judged.claims.push(fixed(claim, similar_table(info, reader, key, target)));
        return judged;
    };
    let name = relation.full_name();
    judged.claims.push(match relation.kind {
        Kind::Partitioned => {
            let partitions = relation.partitions();
            let s = if partitions == 1 { "" } else { "s" };
            is_a(&format!("a partitioned table with {partitions} partition{s}"), true)
        }
        kind if kind.is_table() => is_a(kind.describe(), true),
        kind => is_a(kind.describe(), false)
            .sentence(format!("{name} is {}, not a table", kind.describe()))
            .fix(format!(
                "name the table behind it: {key} = \"...\" under [targets.{target}.names] in the configuration"
            )),
    });
    let usable = |found: &str, holds| {
        let expected = format!("USAGE on {} granted to {reader}", relation.schema);
        Claim::compared("usage-of-its-schema", "usage of its schema", expected, found, holds)
    };
    judged.claims.push(if relation.schema_usable {
        usable("granted", true)
    } else {
        usable("not granted", false)
            .sentence(format!("USAGE on schema {} is not granted to {reader}", relation.schema))
            .fix(usage(&relation.schema, reader))
    });
    if relation.kind == Kind::Partitioned {
        let count = relation.partitions();
        let claim = Claim::compared("partitions", "partitions", "at least 1", count.to_string(), count > 0);
        let create = || {
            let default = first_partition(relation);
            format!("CREATE TABLE {default} PARTITION OF {} DEFAULT;", relation.quoted())
        };
        judged.claims.push(fixed(claim, (count == 0).then(create)));
    }
    if relation.unlogged {
        judged.warnings.push(format!("{name} is unlogged: it is emptied when the server crashes"));
    }
    judged
}

/// The claim with a fix, if there is one.
fn fixed(claim: Claim, fix: Option<String>) -> Claim {
    match fix {
        Some(fix) => claim.fix(fix),
        None => claim,
    }
}

fn first_partition(relation: &Relation) -> String {
    qualified(&relation.schema, &format!("{}_default", relation.name))
}

fn usage(schema: &str, reader: &str) -> String {
    format!("GRANT USAGE ON SCHEMA {} TO {};", ident(schema), ident(reader))
}

fn similar_table(info: &TableInfo, reader: &str, key: &str, target: &str) -> Option<String> {
    let near = info.alike.first()?;
    if info.asked.schema.is_none() && near.name == info.asked.table && !near.schema_usable {
        return Some(format!(
            "{} and add `{key} = \"{}.{}\"` under [targets.{target}.names] in the configuration",
            usage(&near.schema, reader),
            near.schema,
            near.name
        ));
    }
    let name = match near.schema.as_str() {
        "public" => near.name.clone(),
        schema => format!("{schema}.{}", near.name),
    };
    Some(format!(
        "if {name} is meant, add `{key} = \"{name}\"` under [targets.{target}.names] in the configuration"
    ))
}

/// Each of these columns exists with one of its types. The key is the configuration's name for the column.
pub fn columns(relation: &Relation, wanted: &[(&str, String, &[String])], target: &str) -> Judged {
    let mut judged = Judged::default();
    for (key, name, kinds) in wanted {
        let expected = kinds.join(" or ");
        let claim = |found: &str, holds| {
            Claim::compared(code(key), format!("column {name}"), &expected, found, holds)
        };
        judged.claims.push(match relation.column(name) {
            None => {
                let near = relation.columns.iter().find(|c| plain(&c.name) == plain(name));
                let others = match near {
                    Some(near) => format!("there is {}", near.name),
                    None => format!("it has {}", listed(&relation.columns, |c| c.name.clone())),
                };
                let claim = claim(&format!("no such column; {others}"), false)
                    .sentence(format!("{} has no column {name}; {others}", relation.full_name()));
                let line = near.map(|near| {
                    let key = config_key(key);
                    format!(
                        "add `{key} = \"{}\"` under [targets.{target}.names] in the configuration",
                        near.name
                    )
                });
                fixed(claim, line)
            }
            Some(column) => {
                let holds =
                    kinds.contains(&column.kind) || column.base.as_ref().is_some_and(|b| kinds.contains(b));
                match &column.base {
                    Some(base) => claim(&format!("{} (a domain over {base})", column.kind), holds),
                    None => claim(&column.kind, holds),
                }
            }
        });
    }
    judged
}

/// A column's code, from its key in the check and not from its name in the database.
fn code(key: &str) -> String {
    format!("column-{}", slug(key))
}

/// A name without the differences between the app's generations: underscores and case.
fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn config_key(key: &str) -> &str {
    if key == "created_at" { "grades_created_at" } else { key }
}

/// The role may read these columns, and a read of one row works.
pub fn select(relation: &Relation, needed: &[String], reader: &str) -> Judged {
    let mut judged = Judged::default();
    let (name, columns) = (relation.full_name(), needed.join(", "));
    let present: Vec<&str> =
        needed.iter().map(String::as_str).filter(|n| relation.column(n).is_some()).collect();
    let denied: Vec<&str> = present
        .iter()
        .copied()
        .filter(|n| !relation.selectable && !relation.column(n).is_some_and(|c| c.selectable))
        .collect();
    let privilege = |found: &str, holds| {
        let expected = format!("SELECT on {columns} granted to {reader}");
        Claim::compared("privilege", "privilege", expected, found, holds)
    };
    judged.claims.push(if present.is_empty() {
        privilege("none of these columns exists", false).sentence(format!("{name} has none of {columns}"))
    } else if denied.is_empty() {
        privilege("granted", true)
    } else {
        let denied = denied.join(", ");
        privilege(&format!("not granted on {denied}"), false)
            .sentence(format!("SELECT on {name} is not granted to {reader} ({denied})"))
            .fix(format!("GRANT SELECT ON {} TO {};", relation.quoted(), ident(reader)))
    });
    let answer =
        |found: &str, holds| Claim::compared("read-of-one-row", "read of one row", "an answer", found, holds);
    judged.claims.push(match &relation.read {
        Ok(0) => answer("answered, no row", true),
        Ok(_) => answer("answered, one row", true),
        Err(refusal) => {
            let claim = answer(&refusal.why, false)
                .sentence(format!("reading one row of {name} failed: {}", refusal.why));
            fixed(claim, (!relation.schema_usable).then(|| usage(&relation.schema, reader)))
        }
    });
    judged
}

/// The time column includes a time zone. The key is the configuration's name for the column.
pub fn zoned(relation: &Relation, key: &str, column: &str) -> Judged {
    let kind = relation.column(column).map(|c| c.base.as_deref().unwrap_or(&c.kind));
    let claim = |found: &str, holds| {
        let expected = "timestamp with time zone";
        Claim::compared(code(key), format!("column {column}"), expected, found, holds)
    };
    let claim = match kind {
        Some(kind @ "timestamp with time zone") => claim(kind, true),
        Some(kind @ "timestamp without time zone") => claim(kind, false)
            .sentence(format!(
                "column {column} has no time zone: it is read as UTC, and sessions in another zone misread it"
            ))
            .fix(format!(
                "at a quiet hour (it rewrites the table): ALTER TABLE {} ALTER COLUMN {} TYPE timestamptz USING {} AT TIME ZONE 'UTC';",
                relation.quoted(),
                ident(column),
                ident(column)
            )),
        Some(kind) => claim(kind, false),
        None => claim("no such column", false)
            .sentence(format!("{} has no column {column}", relation.full_name())),
    };
    Judged { claims: vec![claim], ..Judged::default() }
}

/// For a check's own list of types, in the order of its columns.
pub fn wanted(
    columns: &BTreeMap<String, Vec<String>>,
    name: impl Fn(&str) -> String,
) -> Vec<(&str, String, &[String])> {
    columns.iter().map(|(key, kinds)| (key.as_str(), name(key), kinds.as_slice())).collect()
}
