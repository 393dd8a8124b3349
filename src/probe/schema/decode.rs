//! From rows of text to the catalog's types. A cell that is missing, unexpectedly
//! NULL, or of another type is an error, never a default.

use super::catalog::{Alike, Column, Index, Kind, Part, Policy, ReadError, Relation};
use crate::service::postgres::Row;

/// A column of the answer that may be NULL.
fn maybe(row: &Row, column: &str) -> Result<Option<String>, String> {
    if row.columns().iter().any(|c| c == column) {
        return Ok(row.get(column).map(str::to_owned));
    }
    Err(format!("the answer has no column {column}"))
}

/// A column of the answer that is never NULL.
///
/// # Errors
/// When it is missing or NULL.
pub fn text(row: &Row, column: &str) -> Result<String, String> {
    maybe(row, column)?.ok_or_else(|| format!("{column} is NULL in the answer"))
}

/// A boolean, written `true` or `false`.
///
/// # Errors
/// When it is anything else.
pub fn flag(row: &Row, column: &str) -> Result<bool, String> {
    match text(row, column)?.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("{column} is `{other}` in the answer instead of true or false")),
    }
}

/// The relation itself; the results of the other queries are filled in later.
pub fn relation(row: &Row) -> Result<Relation, String> {
    Ok(Relation {
        schema: text(row, "schema")?,
        name: text(row, "name")?,
        kind: Kind::of(&text(row, "kind")?),
        unlogged: flag(row, "unlogged")?,
        owner: text(row, "owner")?,
        schema_usable: flag(row, "schema_usable")?,
        selectable: flag(row, "selectable")?,
        row_security: flag(row, "row_security")?,
        row_security_binds: flag(row, "row_security_binds_me")?,
        columns: Vec::new(),
        parts: Vec::new(),
        policies: Vec::new(),
        read: Err(ReadError { why: "no read was attempted".to_owned() }),
    })
}

pub fn alike(row: &Row) -> Result<Alike, String> {
    Ok(Alike {
        schema: text(row, "schema")?,
        name: text(row, "name")?,
        schema_usable: flag(row, "schema_usable")?,
    })
}

pub fn column(row: &Row) -> Result<Column, String> {
    Ok(Column {
        name: text(row, "name")?,
        kind: text(row, "type")?,
        base: maybe(row, "base_type")?,
        selectable: flag(row, "selectable")?,
    })
}

pub fn policy(row: &Row) -> Result<Policy, String> {
    Ok(Policy {
        name: text(row, "policy")?,
        permissive: flag(row, "permissive")?,
        for_select: flag(row, "for_select")?,
        for_me: flag(row, "for_me")?,
        condition: maybe(row, "condition")?,
    })
}

/// Groups rows, one per table and index, into tables with the root first.
pub fn parts(rows: &[Row]) -> Result<Vec<Part>, String> {
    let mut parts: Vec<Part> = Vec::new();
    for row in rows {
        let oid = text(row, "part_oid")?;
        let at = match parts.iter().position(|p| p.oid == oid) {
            Some(at) => at,
            None => {
                parts.push(Part {
                    oid,
                    parent: maybe(row, "parent_oid")?,
                    schema: text(row, "schema")?,
                    name: text(row, "part")?,
                    kind: Kind::of(&text(row, "kind")?),
                    detaching: flag(row, "detaching")?,
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

fn index(row: &Row) -> Result<Option<Index>, String> {
    let Some(oid) = maybe(row, "index_oid")? else { return Ok(None) };
    let keys = text(row, "keys")?;
    Ok(Some(Index {
        oid,
        schema: text(row, "schema")?,
        name: text(row, "index")?,
        method: text(row, "method")?,
        valid: flag(row, "valid")?,
        ready: flag(row, "ready")?,
        live: flag(row, "live")?,
        unique: flag(row, "is_unique")?,
        partial: flag(row, "partial")?,
        attached_to: maybe(row, "attached_to")?,
        building: maybe(row, "building")?,
        keys: serde_json::from_str(&keys).map_err(|e| format!("the keys of an index: {e}"))?,
        has_include: flag(row, "has_include")?,
    }))
}
