//! From rows of text to the catalog's types.

use super::catalog::{Alike, Column, Index, Kind, Part, Policy, ReadError, Relation};
use crate::service::postgres::{PgError, Row};

fn optional(row: &Row, column: &str) -> Result<Option<String>, PgError> {
    Ok(row.optional(column)?.map(str::to_owned))
}

/// The relation itself; the results of the other queries are filled in later.
pub fn relation(row: &Row) -> Result<Relation, PgError> {
    Ok(Relation {
        schema: row.text("schema")?.to_owned(),
        name: row.text("name")?.to_owned(),
        kind: Kind::from_relkind(row.text("kind")?),
        unlogged: row.flag("unlogged")?,
        owner: row.text("owner")?.to_owned(),
        schema_usable: row.flag("schema_usable")?,
        selectable: row.flag("selectable")?,
        row_security: row.flag("row_security")?,
        row_security_binds: row.flag("row_security_binds_me")?,
        columns: Vec::new(),
        parts: Vec::new(),
        policies: Vec::new(),
        read: Err(ReadError { why: "no read was attempted".to_owned() }),
    })
}

pub fn alike(row: &Row) -> Result<Alike, PgError> {
    Ok(Alike {
        schema: row.text("schema")?.to_owned(),
        name: row.text("name")?.to_owned(),
        schema_usable: row.flag("schema_usable")?,
    })
}

pub fn column(row: &Row) -> Result<Column, PgError> {
    Ok(Column {
        name: row.text("name")?.to_owned(),
        kind: row.text("type")?.to_owned(),
        base: optional(row, "base_type")?,
        selectable: row.flag("selectable")?,
    })
}

pub fn policy(row: &Row) -> Result<Policy, PgError> {
    Ok(Policy {
        name: row.text("policy")?.to_owned(),
        permissive: row.flag("permissive")?,
        for_select: row.flag("for_select")?,
        for_me: row.flag("for_me")?,
        condition: optional(row, "condition")?,
    })
}

/// Groups rows, one per table and index, into tables with the root first.
pub fn parts(rows: &[Row]) -> Result<Vec<Part>, PgError> {
    let mut parts: Vec<Part> = Vec::new();
    for row in rows {
        let oid = row.text("part_oid")?.to_owned();
        let at = match parts.iter().position(|p| p.oid == oid) {
            Some(at) => at,
            None => {
                parts.push(Part {
                    oid,
                    parent: optional(row, "parent_oid")?,
                    schema: row.text("schema")?.to_owned(),
                    name: row.text("part")?.to_owned(),
                    kind: Kind::from_relkind(row.text("kind")?),
                    detaching: row.flag("detaching")?,
                    indexes: Vec::new(),
                });
                parts.len() - 1
            }
        };
        if let Some(index) = index(row)?
            && !parts[at].indexes.iter().any(|i| i.oid == index.oid)
        {
            parts[at].indexes.push(index);
        }
    }
    Ok(parts)
}

fn index(row: &Row) -> Result<Option<Index>, PgError> {
    let Some(oid) = optional(row, "index_oid")? else { return Ok(None) };
    let keys = row.text("keys")?;
    Ok(Some(Index {
        oid,
        schema: row.text("schema")?.to_owned(),
        name: row.text("index")?.to_owned(),
        method: row.text("method")?.to_owned(),
        valid: row.flag("valid")?,
        ready: row.flag("ready")?,
        live: row.flag("live")?,
        unique: row.flag("is_unique")?,
        partial: row.flag("partial")?,
        attached_to: optional(row, "attached_to")?,
        building: optional(row, "building")?,
        keys: serde_json::from_str(keys)
            .map_err(|e| PgError::unexpected(format!("the keys of an index: {e}")))?,
        has_include: row.flag("has_include")?,
    }))
}
