//! What the catalog says about a table, as plain data. Rows arrive as text; a cell
//! that is missing or of another kind is an error, never a default.

use serde::Deserialize;

use super::name::{TableName, qualified};

/// A row of text cells, in the order of the statement's columns.
pub type Row = Vec<Option<String>>;

/// One shared look at the schema.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The role that reads.
    pub reader: String,
    pub search_path: String,
    /// `None` when it was not looked for.
    pub facts: Option<Look>,
    pub grades: Option<Look>,
    /// The planner's view of the monitoring query, or why there is none.
    pub plan: Result<String, String>,
}

/// What was found under a table's name.
#[derive(Clone, Debug)]
pub struct Look {
    pub asked: TableName,
    pub found: Option<Relation>,
    /// Tables that may have been meant. Looked for only when nothing was found.
    pub alike: Vec<Alike>,
}

/// A table whose name is near the one asked for.
#[derive(Clone, Debug)]
pub struct Alike {
    pub schema: String,
    pub name: String,
    pub schema_usable: bool,
}

/// A relation.
#[derive(Clone, Debug)]
pub struct Relation {
    pub schema: String,
    pub name: String,
    pub kind: Kind,
    pub unlogged: bool,
    pub owner: String,
    pub schema_usable: bool,
    /// SELECT on the whole table is granted.
    pub selectable: bool,
    pub row_security: bool,
    /// Row level security is on, and binds the role that reads.
    pub row_security_binds: bool,
    pub columns: Vec<Column>,
    /// The table itself first, then its partitions and heirs to any depth.
    pub parts: Vec<Part>,
    pub policies: Vec<Policy>,
    /// How many rows a read of at most one row gave, or why it failed.
    pub read: Result<u64, Refusal>,
}

/// Why the server refused a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A lower-case fragment with the SQLSTATE.
    pub why: String,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    /// As `format_type` writes it, without length or precision.
    pub kind: String,
    /// For a domain, the type beneath it.
    pub base: Option<String>,
    pub selectable: bool,
}

/// A table of the tree: the root, a partition, or an heir.
#[derive(Clone, Debug)]
pub struct Part {
    pub oid: String,
    pub parent: Option<String>,
    pub schema: String,
    pub name: String,
    pub kind: Kind,
    /// `DETACH PARTITION CONCURRENTLY` was begun and not finished: queries through the parent do not see it.
    pub detaching: bool,
    pub indexes: Vec<Index>,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    pub oid: String,
    pub schema: String,
    pub name: String,
    /// The index of the parent table that it is attached to.
    pub attached_to: Option<String>,
    pub method: String,
    pub valid: bool,
    pub ready: bool,
    pub live: bool,
    pub unique: bool,
    pub partial: bool,
    /// The phase, while it is being built.
    pub building: Option<String>,
    pub keys: Vec<Key>,
    pub has_include: bool,
    pub definition: String,
}

/// A key column of an index.
#[derive(Clone, Debug, Deserialize)]
pub struct Key {
    /// `None` for an expression.
    pub column: Option<String>,
    /// It is sorted by the column's own collation; `None` for an expression.
    pub collation: Option<bool>,
    /// Its operator class answers `=`.
    pub equal: bool,
    /// Its operator class answers `>`.
    pub later: bool,
}

/// A policy of row level security.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: String,
    pub permissive: bool,
    pub for_select: bool,
    /// It applies to the role that reads.
    pub for_me: bool,
    /// The `USING` expression, if there is one.
    pub condition: Option<String>,
}

/// What a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Table,
    Partitioned,
    View,
    Materialized,
    Foreign,
    Sequence,
    Index,
    Composite,
    Other,
}

impl Kind {
    fn of(letter: &str) -> Kind {
        match letter {
            "r" => Kind::Table,
            "p" => Kind::Partitioned,
            "v" => Kind::View,
            "m" => Kind::Materialized,
            "f" => Kind::Foreign,
            "S" => Kind::Sequence,
            "i" | "I" => Kind::Index,
            "c" => Kind::Composite,
            _ => Kind::Other,
        }
    }

    /// With its article, for a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Table => "a table",
            Kind::Partitioned => "a partitioned table",
            Kind::View => "a view",
            Kind::Materialized => "a materialized view",
            Kind::Foreign => "a foreign table",
            Kind::Sequence => "a sequence",
            Kind::Index => "an index",
            Kind::Composite => "a composite type",
            Kind::Other => "a relation of another kind",
        }
    }

    pub fn is_table(self) -> bool {
        matches!(self, Kind::Table | Kind::Partitioned)
    }
}

impl Relation {
    /// Reads the row of the relation's own question; the other questions fill the rest.
    ///
    /// # Errors
    /// The cell that is missing or of another kind.
    pub fn decode(row: &Row) -> Result<Relation, String> {
        let cells = Cells(row);
        Ok(Relation {
            schema: cells.text(0)?,
            name: cells.text(1)?,
            kind: Kind::of(&cells.text(2)?),
            unlogged: cells.flag(3)?,
            owner: cells.text(4)?,
            schema_usable: cells.flag(5)?,
            selectable: cells.flag(6)?,
            row_security: cells.flag(7)?,
            row_security_binds: cells.flag(8)?,
            columns: Vec::new(),
            parts: Vec::new(),
            policies: Vec::new(),
            read: Err(Refusal { why: "it was not read".to_owned() }),
        })
    }

    /// Quoted with its schema.
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// Schema and name for a sentence.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The partitions that take rows and are not being detached.
    pub fn partitions(&self) -> usize {
        self.parts.iter().filter(|p| p.parent.is_some() && p.kind != Kind::Partitioned && !p.detaching).count()
    }
}

impl Alike {
    /// # Errors
    /// The cell that is missing or of another kind.
    pub fn decode(row: &Row) -> Result<Alike, String> {
        let cells = Cells(row);
        Ok(Alike { schema: cells.text(0)?, name: cells.text(1)?, schema_usable: cells.flag(2)? })
    }
}

impl Column {
    /// # Errors
    /// The cell that is missing or of another kind.
    pub fn decode(row: &Row) -> Result<Column, String> {
        let cells = Cells(row);
        Ok(Column {
            name: cells.text(0)?,
            kind: cells.text(1)?,
            base: cells.maybe(2)?,
            selectable: cells.flag(3)?,
        })
    }
}

impl Policy {
    /// # Errors
    /// The cell that is missing or of another kind.
    pub fn decode(row: &Row) -> Result<Policy, String> {
        let cells = Cells(row);
        Ok(Policy {
            name: cells.text(0)?,
            permissive: cells.flag(1)?,
            for_select: cells.flag(2)?,
            for_me: cells.flag(3)?,
            condition: cells.maybe(4)?,
        })
    }
}

impl Part {
    /// Gathers the rows of the question for indexes, one row per table and index, into tables.
    ///
    /// # Errors
    /// The cell that is missing or of another kind.
    pub fn decode_all(rows: &[Row]) -> Result<Vec<Part>, String> {
        let mut parts: Vec<Part> = Vec::new();
        for row in rows {
            let cells = Cells(row);
            let oid = cells.text(0)?;
            let at = match parts.iter().position(|p| p.oid == oid) {
                Some(at) => at,
                None => {
                    parts.push(Part {
                        oid,
                        parent: cells.maybe(1)?,
                        schema: cells.text(2)?,
                        name: cells.text(3)?,
                        kind: Kind::of(&cells.text(4)?),
                        detaching: cells.flag(5)?,
                        indexes: Vec::new(),
                    });
                    parts.len() - 1
                }
            };
            if let Some(index) = Index::decode(&cells)?
                && !parts[at].indexes.iter().any(|i| i.oid == index.oid)
            {
                parts[at].indexes.push(index);
            }
        }
        Ok(parts)
    }

    /// Quoted with its schema.
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

impl Index {
    fn decode(cells: &Cells<'_>) -> Result<Option<Index>, String> {
        let Some(oid) = cells.maybe(6)? else { return Ok(None) };
        let keys = cells.text(16)?;
        Ok(Some(Index {
            oid,
            schema: cells.text(2)?,
            name: cells.text(7)?,
            method: cells.text(8)?,
            valid: cells.flag(9)?,
            ready: cells.flag(10)?,
            live: cells.flag(11)?,
            unique: cells.flag(12)?,
            partial: cells.flag(13)?,
            attached_to: cells.maybe(14)?,
            building: cells.maybe(15)?,
            keys: serde_json::from_str(&keys).map_err(|e| format!("the keys of an index: {e}"))?,
            has_include: cells.flag(17)?,
            definition: cells.text(18)?,
        }))
    }

    /// Quoted with its schema, which is its table's.
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

/// Cells by place.
pub struct Cells<'a>(pub &'a [Option<String>]);

impl Cells<'_> {
    /// # Errors
    /// When there are fewer columns.
    pub fn maybe(&self, at: usize) -> Result<Option<String>, String> {
        self.0.get(at).cloned().ok_or_else(|| format!("the answer has no column {}", at + 1))
    }

    /// # Errors
    /// When the cell is NULL or there are fewer columns.
    pub fn text(&self, at: usize) -> Result<String, String> {
        self.maybe(at)?.ok_or_else(|| format!("column {} of the answer is NULL", at + 1))
    }

    /// # Errors
    /// When the cell is not `true` or `false`.
    pub fn flag(&self, at: usize) -> Result<bool, String> {
        match self.text(at)?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("column {} of the answer is `{other}`, neither true nor false", at + 1)),
        }
    }
}
