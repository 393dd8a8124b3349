//! The catalog's description of a table, as plain data.

use serde::Deserialize;

use super::name::{TableName, ident, qualified};

/// One shared reading of the catalog.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The role of the connection.
    pub reader: String,
    pub search_path: String,
    /// `None` when its configured name is not valid.
    pub facts: Option<TableInfo>,
    pub grades: Option<TableInfo>,
    /// The plan of the monitoring query, or why there is none.
    pub plan: Result<String, String>,
}

/// What was found under a table's name.
#[derive(Clone, Debug)]
pub struct TableInfo {
    pub asked: TableName,
    pub found: Option<Relation>,
    /// Tables with a similar name. Read only when nothing was found.
    pub alike: Vec<Alike>,
}

/// A table whose name is similar to the one asked for.
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
    /// Row level security is on and applies to the role of the connection.
    pub row_security_binds: bool,
    pub columns: Vec<Column>,
    /// The table itself first, then its partitions and child tables at any depth.
    pub parts: Vec<Part>,
    pub policies: Vec<Policy>,
    /// How many rows a read of at most one row returned, or why it failed.
    pub read: Result<u64, ReadError>,
}

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// A lower-case fragment.
    pub why: String,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    /// The type as `format_type` writes it, without length or precision.
    pub kind: String,
    /// The base type of a domain.
    pub base: Option<String>,
    pub selectable: bool,
}

/// A table of the tree: the root, a partition, or a child table.
#[derive(Clone, Debug)]
pub struct Part {
    pub oid: String,
    pub parent: Option<String>,
    pub schema: String,
    pub name: String,
    pub kind: Kind,
    /// `DETACH PARTITION CONCURRENTLY` was started but not finished: queries of the parent do not see it.
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
    /// The phase of the build, while it is being built.
    pub building: Option<String>,
    pub keys: Vec<Key>,
    pub has_include: bool,
}

/// A key column of an index.
#[derive(Clone, Debug, Deserialize)]
pub struct Key {
    /// `None` for an expression.
    pub column: Option<String>,
    /// It has the column's own collation; `None` for an expression.
    pub collation: Option<bool>,
    /// Its operator class supports `=`.
    pub equal: bool,
    /// Its operator class supports `>`.
    pub later: bool,
}

/// A policy of row level security.
#[derive(Clone, Debug)]
pub struct Policy {
    pub name: String,
    pub permissive: bool,
    pub for_select: bool,
    /// It applies to the role of the connection.
    pub for_me: bool,
    /// The `USING` expression, if there is one.
    pub condition: Option<String>,
}

/// The kind of a relation.
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
    /// Reads `relkind`.
    pub fn from_relkind(relkind: &str) -> Kind {
        match relkind {
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
    pub fn describe(self) -> &'static str {
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

    /// The number of partitions that hold rows and are not being detached.
    pub fn partitions(&self) -> usize {
        self.parts
            .iter()
            .filter(|p| p.parent.is_some() && p.kind != Kind::Partitioned && !p.detaching)
            .count()
    }
}

impl Part {
    /// Quoted with its schema.
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}

impl Index {
    /// Its definition in a few words: `unique btree ("fact_type", "recorded_at"), partial`.
    pub fn described(&self) -> String {
        let keys = self.keys.iter().map(|k| k.column.as_deref().map_or("an expression".to_owned(), ident));
        let mut words = format!("{} ({})", self.method, keys.collect::<Vec<_>>().join(", "));
        if self.unique {
            words.insert_str(0, "unique ");
        }
        for (holds, word) in [
            (self.has_include, ", including others"),
            (self.partial, ", partial"),
            (!(self.valid && self.ready && self.live), ", not valid"),
        ] {
            if holds {
                words.push_str(word);
            }
        }
        words
    }

    /// Quoted with its schema, which is its table's.
    pub fn quoted(&self) -> String {
        qualified(&self.schema, &self.name)
    }
}
