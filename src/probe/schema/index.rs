//! Whether an index really serves a query: judged by its definition, never by its
//! name, on every table that holds rows.

use std::fmt;

use super::catalog::{Index, Kind, Part};
use super::name::ident;

/// Why an index does not serve the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexDefect {
    /// Its keys do not begin with the columns in their order. The keys it has.
    Keys(Vec<Option<String>>),
    Method(String),
    Collation(String),
    /// The column's operator class does not support the operator that the query uses.
    Operators(String),
    Partial,
    /// It is being built. The phase.
    Building(String),
    /// Its build failed or was interrupted.
    Invalid,
    /// It is being dropped.
    Dying,
}

impl fmt::Display for IndexDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IndexDefect::Keys(keys) => {
                let keys = keys.iter().map(|k| k.as_deref().map_or("an expression".to_owned(), ident));
                write!(f, "is on ({})", keys.collect::<Vec<_>>().join(", "))
            }
            IndexDefect::Method(method) => write!(f, "is a {method} index, not btree"),
            IndexDefect::Collation(column) => {
                write!(f, "sorts {} by a collation other than the column's", ident(column))
            }
            IndexDefect::Operators(column) => {
                write!(f, "has an operator class for {} that the query does not use", ident(column))
            }
            IndexDefect::Partial => f.write_str("is partial, so it covers only the rows of its WHERE clause"),
            IndexDefect::Building(phase) => write!(f, "is being built ({phase})"),
            IndexDefect::Invalid => {
                f.write_str("is invalid, because its build failed or was interrupted, so no query uses it")
            }
            IndexDefect::Dying => f.write_str("is being dropped"),
        }
    }
}

/// What prevents `index` from serving `wanted`: equality on all columns but the last, and a range on the last.
/// Empty when it serves.
pub fn flaws(index: &Index, wanted: &[String]) -> Vec<IndexDefect> {
    let mut flaws = Vec::new();
    let names: Vec<Option<String>> = index.keys.iter().map(|k| k.column.clone()).collect();
    let prefix = names.len() >= wanted.len() && wanted.iter().zip(&names).all(|(w, n)| n.as_ref() == Some(w));
    if !prefix || wanted.is_empty() {
        flaws.push(IndexDefect::Keys(names));
    } else {
        for (at, (column, key)) in wanted.iter().zip(&index.keys).enumerate() {
            if key.collation != Some(true) {
                flaws.push(IndexDefect::Collation(column.clone()));
            }
            let answers = if at + 1 == wanted.len() { key.later } else { key.equal };
            if !answers {
                flaws.push(IndexDefect::Operators(column.clone()));
            }
        }
    }
    if index.method != "btree" {
        flaws.retain(|f| matches!(f, IndexDefect::Keys(_)));
        flaws.push(IndexDefect::Method(index.method.clone()));
    }
    if index.partial {
        flaws.push(IndexDefect::Partial);
    }
    if let Some(phase) = &index.building {
        flaws.push(IndexDefect::Building(phase.clone()));
    } else if !index.live {
        flaws.push(IndexDefect::Dying);
    } else if !index.valid || !index.ready {
        flaws.push(IndexDefect::Invalid);
    }
    flaws
}

/// A table without a suitable index, and the index that comes closest.
#[derive(Clone, Debug)]
pub struct MissingIndex<'a> {
    pub part: &'a Part,
    pub nearest: Option<(&'a Index, Vec<IndexDefect>)>,
}

/// Which tables of a tree have a suitable index.
#[derive(Debug, Default)]
pub struct IndexCoverage<'a> {
    /// Tables with rows, and the index that serves each.
    pub by: Vec<(&'a Part, &'a Index)>,
    pub lacking: Vec<MissingIndex<'a>>,
    /// Foreign tables and views, whose indexes cannot be seen from here.
    pub unseen: Vec<&'a Part>,
    /// Partitions whose detachment is unfinished; queries do not see them.
    pub detaching: Vec<&'a Part>,
    /// The root is partitioned and has no valid index of its own, so later partitions get none.
    pub root_lacks: bool,
}

/// Examines every table of the tree that holds rows.
pub fn served<'a>(parts: &'a [Part], wanted: &[String]) -> IndexCoverage<'a> {
    let mut served = IndexCoverage::default();
    for part in parts {
        let serving = part.indexes.iter().find(|i| flaws(i, wanted).is_empty());
        match part.kind {
            Kind::Partitioned => served.root_lacks |= part.parent.is_none() && serving.is_none(),
            _ if part.detaching => served.detaching.push(part),
            Kind::Table | Kind::Materialized => match serving {
                Some(index) => served.by.push((part, index)),
                None => served.lacking.push(MissingIndex { part, nearest: nearest(part, wanted) }),
            },
            _ => served.unseen.push(part),
        }
    }
    served
}

/// The index that was most likely meant: first one with the right keys and another flaw, else one that begins with
/// one of the columns or has them all.
fn nearest<'a>(part: &'a Part, wanted: &[String]) -> Option<(&'a Index, Vec<IndexDefect>)> {
    let shared =
        |i: &Index| wanted.iter().filter(|w| i.keys.iter().any(|k| k.column.as_ref() == Some(*w))).count();
    let begins = |i: &Index| match i.keys.first() {
        Some(key) => key.column.as_ref().is_none_or(|c| wanted.contains(c)),
        None => false,
    };
    part.indexes
        .iter()
        .filter(|i| shared(i) > 0 && (begins(i) || shared(i) == wanted.len()))
        .map(|i| (i, flaws(i, wanted)))
        .min_by_key(|(i, flaws)| {
            (flaws.iter().any(|f| matches!(f, IndexDefect::Keys(_))), usize::MAX - shared(i), flaws.len())
        })
}

impl IndexCoverage<'_> {
    /// `None` when it cannot be decided. False for a tree without a table that holds rows.
    pub fn holds(&self) -> Option<bool> {
        match (self.lacking.is_empty(), self.unseen.is_empty(), self.by.is_empty()) {
            (false, _, _) => Some(false),
            (true, false, _) => None,
            (true, true, true) => Some(false),
            (true, true, false) => Some(true),
        }
    }

    /// What was found, in one line.
    pub fn found(&self) -> String {
        let mut parts = Vec::new();
        if !self.lacking.is_empty() {
            parts.push(listed(&self.lacking, describe_lack));
        }
        if !self.unseen.is_empty() {
            parts.push(listed(&self.unseen, |p| {
                format!("{} is {}, whose indexes cannot be seen from here", p.name, p.kind.describe())
            }));
        }
        if parts.is_empty() && self.by.is_empty() {
            parts.push("no partition that could hold a row".to_owned());
        }
        if parts.is_empty() {
            let on_parts = self.by.len() > 1 || self.by.iter().any(|(p, _)| p.parent.is_some());
            parts.push(listed(&self.by, |(part, index)| match on_parts {
                true => format!("{} on {}", index.name, part.name),
                false => index.name.clone(),
            }));
        }
        parts.join("; ")
    }
}

fn describe_lack(lack: &MissingIndex<'_>) -> String {
    match &lack.nearest {
        None => format!("{} has none", lack.part.name),
        Some((index, flaws)) => {
            let flaws = flaws.iter().map(IndexDefect::to_string).collect::<Vec<_>>().join(" and ");
            format!("{} has none; the closest, {}, {flaws}", lack.part.name, index.name)
        }
    }
}

/// The first four in words, and how many more there are.
pub fn listed<T>(items: &[T], words: impl Fn(&T) -> String) -> String {
    const SHOWN: usize = 4;
    let mut text = items.iter().take(SHOWN).map(words).collect::<Vec<_>>().join(", ");
    if items.len() > SHOWN {
        text.push_str(&format!(" and {} more", items.len() - SHOWN));
    }
    text
}
