//! Claims on the table itself: that it is one, its columns, and that they may be read.

use std::collections::BTreeMap;

use super::catalog::{Kind, Look, Relation};
use super::index::listed;
use super::name::{ident, qualified};
use crate::outcome::finding::Claim;

/// What a judgement adds to a finding.
#[derive(Debug, Default)]
pub struct Judged {
    pub claims: Vec<Claim>,
    pub warnings: Vec<String>,
    pub fix: Option<String>,
}

impl Judged {
    fn claim(&mut self, claim: Claim, fix: impl FnOnce() -> Option<String>) {
        if claim.holds != Some(true) && self.fix.is_none() {
            self.fix = fix();
        }
        self.claims.push(claim);
    }
}

/// The relation exists, is a table, stands in a schema this role may use, and can hold rows.
/// `key` is the configuration's name for it, `target` the target's.
pub fn exists(look: &Look, reader: &str, search_path: &str, key: &str, target: &str) -> Judged {
    let mut judged = Judged::default();
    let what = "relation";
    let Some(relation) = &look.found else {
        let place = match &look.asked.schema {
            Some(schema) => format!("no such relation in schema {schema}"),
            None if search_path.is_empty() => "no such relation: the search path is empty".to_owned(),
            None => format!("no such relation in the search path ({search_path})"),
        };
        let near = match look.alike.is_empty() {
            true => String::new(),
            false => format!("; there is {}", listed(&look.alike, |a| format!("{}.{}", a.schema, a.name))),
        };
        judged.claim(Claim::new(what, "a table", place + &near, false), || {
            alike_fix(look, reader, key, target)
        });
        return judged;
    };
    let is_table = relation.kind.is_table();
    let found = match relation.kind {
        Kind::Partitioned => format!("a partitioned table with {} partitions", relation.partitions()),
        kind => kind.words().to_owned(),
    };
    judged.claim(Claim::new(what, "a table", found, is_table), || {
        Some(format!(
            "name the table behind it: {key} = \"...\" under [targets.{target}.names] in the configuration"
        ))
    });
    let words = if relation.schema_usable { "granted" } else { "not granted" };
    let expected = format!("USAGE on {} granted to {reader}", relation.schema);
    judged.claim(Claim::new("usage of its schema", expected, words, relation.schema_usable), || {
        Some(usage(&relation.schema, reader))
    });
    if relation.kind == Kind::Partitioned {
        let count = relation.partitions();
        let claim = Claim::new("partitions", "at least 1", count.to_string(), count > 0);
        judged.claim(claim, || {
            Some(format!(
                "CREATE TABLE {} PARTITION OF {} DEFAULT;",
                first_partition(relation),
                relation.quoted()
            ))
        });
    }
    if relation.unlogged {
        judged
            .warnings
            .push(format!("{} is unlogged: a crash of the server empties it", relation.full_name()));
    }
    judged
}

fn first_partition(relation: &Relation) -> String {
    qualified(&relation.schema, &format!("{}_default", relation.name))
}

fn usage(schema: &str, reader: &str) -> String {
    format!("GRANT USAGE ON SCHEMA {} TO {};", ident(schema), ident(reader))
}

fn alike_fix(look: &Look, reader: &str, key: &str, target: &str) -> Option<String> {
    let near = look.alike.first()?;
    if look.asked.schema.is_none() && near.name == look.asked.table && !near.schema_usable {
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
        let what = format!("column {name}");
        let expected = kinds.join(" or ");
        match relation.column(name) {
            None => {
                let near = relation.columns.iter().find(|c| plain(&c.name) == plain(name));
                let found = match near {
                    Some(near) => format!("no such column; there is {}", near.name),
                    None => {
                        format!("no such column; it has {}", listed(&relation.columns, |c| c.name.clone()))
                    }
                };
                judged.claim(Claim::new(what, expected, found, false), || {
                    near.map(|n| {
                        let key = config_key(key);
                        format!(
                            "add `{key} = \"{}\"` under [targets.{target}.names] in the configuration",
                            n.name
                        )
                    })
                });
            }
            Some(column) => {
                let holds =
                    kinds.contains(&column.kind) || column.base.as_ref().is_some_and(|b| kinds.contains(b));
                let found = match &column.base {
                    Some(base) => format!("{} (a domain over {base})", column.kind),
                    None => column.kind.clone(),
                };
                judged.claim(Claim::new(what, expected, found, holds), || None);
            }
        }
    }
    judged
}

/// A name without what differs between the app's generations.
fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

fn config_key(key: &str) -> &str {
    if key == "created_at" { "grades_created_at" } else { key }
}

/// The role may read these columns, and a read of one row works.
pub fn select(relation: &Relation, needed: &[String], reader: &str) -> Judged {
    let mut judged = Judged::default();
    let present: Vec<&str> =
        needed.iter().map(String::as_str).filter(|n| relation.column(n).is_some()).collect();
    let denied: Vec<&str> = present
        .iter()
        .copied()
        .filter(|n| !relation.selectable && !relation.column(n).is_some_and(|c| c.selectable))
        .collect();
    let found = match (present.is_empty(), denied.is_empty()) {
        (true, _) => "none of these columns exists".to_owned(),
        (false, true) => "granted".to_owned(),
        (false, false) => format!("not granted on {}", denied.join(", ")),
    };
    let grant = || Some(format!("GRANT SELECT ON {} TO {};", relation.quoted(), ident(reader)));
    let expected = format!("SELECT on {} granted to {reader}", needed.join(", "));
    let granted = denied.is_empty() && !present.is_empty();
    judged.claim(Claim::new("privilege", expected, found, granted), grant);
    let (found, holds) = match &relation.read {
        Ok(0) => ("answered, no row".to_owned(), true),
        Ok(_) => ("answered, a row".to_owned(), true),
        Err(refusal) => (refusal.why.clone(), false),
    };
    judged.claim(Claim::new("read of one row", "an answer", found, holds), || {
        if !relation.schema_usable { Some(usage(&relation.schema, reader)) } else { None }
    });
    judged
}

/// The time column carries a zone.
pub fn zoned(relation: &Relation, column: &str) -> Judged {
    let mut judged = Judged::default();
    let what = format!("column {column}");
    let kind = relation.column(column).map(|c| c.base.clone().unwrap_or_else(|| c.kind.clone()));
    let (found, holds) = match kind.as_deref() {
        Some("timestamp with time zone") => ("timestamp with time zone".to_owned(), true),
        Some("timestamp without time zone") => (
            "timestamp without time zone: it is read as UTC, and sessions in another zone misread it"
                .to_owned(),
            false,
        ),
        Some(other) => (other.to_owned(), false),
        None => ("no such column".to_owned(), false),
    };
    judged.claim(Claim::new(what, "timestamp with time zone", found, holds), || {
        (kind.as_deref() == Some("timestamp without time zone")).then(|| {
            let column = ident(column);
            format!(
                "at a quiet hour (it rewrites the table): ALTER TABLE {} ALTER COLUMN {column} TYPE timestamptz USING {column} AT TIME ZONE 'UTC';",
                relation.quoted()
            )
        })
    });
    judged
}

/// For a check's own list of types, in the order of its columns.
pub fn wanted(
    columns: &BTreeMap<String, Vec<String>>,
    name: impl Fn(&str) -> String,
) -> Vec<(&str, String, &[String])> {
    columns.iter().map(|(key, kinds)| (key.as_str(), name(key), kinds.as_slice())).collect()
}
