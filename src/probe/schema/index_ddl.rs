//! The statements that create a missing index without blocking writers: an index is
//! built `CONCURRENTLY` on each table that holds rows, and only then does a
//! partitioned parent get its index and attach those that exist.

use std::collections::HashMap;

use super::catalog::{Index, Kind, Part};
use super::index::{IndexCoverage, IndexDefect, MissingIndex, flaws, served};
use super::name::{ident, idents, qualified};

/// The most bytes of a name; PostgreSQL cuts off longer ones.
const LONGEST_NAME: usize = 63;

/// The statements in the order in which to run them, each outside a transaction. Empty when no index is missing,
/// or when the missing index is being built.
pub fn statements(parts: &[Part], wanted: &[String]) -> Vec<String> {
    let served = served(parts, wanted);
    let Some(root) = parts.first() else { return Vec::new() };
    let mut repair =
        Repair { parts, wanted, taken: taken(parts), made: HashMap::new(), statements: Vec::new() };
    repair.leaves(&served, root.kind == Kind::Partitioned);
    if root.kind == Kind::Partitioned && !repair.statements.is_empty() && served.root_lacks {
        repair.parent(root);
    }
    repair.statements
}

/// True when indexes are missing only because they are still being built.
pub fn is_being_built(served: &IndexCoverage<'_>) -> bool {
    let building = |lack: &MissingIndex<'_>| {
        let flaws = lack.nearest.as_ref().map(|(_, flaws)| flaws.as_slice());
        matches!(flaws, Some([IndexDefect::Building(_)]))
    };
    !served.lacking.is_empty() && served.lacking.iter().all(building)
}

struct Repair<'a> {
    parts: &'a [Part],
    wanted: &'a [String],
    /// Schema and name of all known relations, so that new names do not collide.
    taken: Vec<(String, String)>,
    /// The index that the statements give to a leaf, by the leaf's oid.
    made: HashMap<String, String>,
    statements: Vec<String>,
}

fn taken(parts: &[Part]) -> Vec<(String, String)> {
    let tables = parts.iter().map(|p| (p.schema.clone(), p.name.clone()));
    let indexes = parts.iter().flat_map(|p| &p.indexes).map(|i| (i.schema.clone(), i.name.clone()));
    tables.chain(indexes).collect()
}

impl Repair<'_> {
    fn leaves(&mut self, served: &IndexCoverage<'_>, partitioned: bool) {
        for lack in &served.lacking {
            let part = lack.part;
            let state = lack.nearest.as_ref().and_then(|(index, flaws)| match flaws.as_slice() {
                [only @ (IndexDefect::Invalid | IndexDefect::Dying | IndexDefect::Building(_))] => {
                    Some((*index, only))
                }
                _ => None,
            });
            match state {
                Some((_, IndexDefect::Building(_))) => continue,
                // Rebuilding a unique index would fail again on the same duplicates, so it is replaced. One that is
                // attached to a parent's index cannot be dropped alone.
                Some((index, IndexDefect::Invalid)) if !index.unique || index.attached_to.is_some() => {
                    self.statements.push(format!("REINDEX INDEX CONCURRENTLY {};", index.quoted()));
                    self.made.insert(part.oid.clone(), index.quoted());
                    continue;
                }
                Some((index, _)) => {
                    self.statements.push(format!("DROP INDEX CONCURRENTLY {};", index.quoted()));
                }
                None => {}
            }
            if partitioned {
                let name = self.free_name(part);
                let on = part.quoted();
                self.statements.push(format!(
                    "CREATE INDEX CONCURRENTLY {} ON {on} ({});",
                    ident(&name),
                    idents(self.wanted)
                ));
                self.made.insert(part.oid.clone(), qualified(&part.schema, &name));
            } else {
                let on = part.quoted();
                self.statements.push(format!("CREATE INDEX CONCURRENTLY ON {on} ({});", idents(self.wanted)));
            }
        }
    }

    /// Gives a partitioned table its index. `CREATE INDEX` on it attaches the indexes of its partitions; if an
    /// invalid index exists already, the missing partitions are attached to it.
    fn parent(&mut self, parent: &Part) {
        let own = parent.indexes.iter().find(|i| self.is_ours_but_invalid(i));
        let Some(own) = own else {
            self.equal_indexes_of_children(parent);
            let statement = format!("CREATE INDEX ON {} ({});", parent.quoted(), idents(self.wanted));
            self.statements.push(statement);
            return;
        };
        let own = own.clone();
        let children: Vec<Part> =
            self.parts.iter().filter(|p| p.parent.as_ref() == Some(&parent.oid)).cloned().collect();
        for child in children.iter().filter(|c| !c.detaching) {
            let attached = child.indexes.iter().find(|i| i.attached_to.as_ref() == Some(&own.oid));
            match (attached, child.kind) {
                (Some(_), Kind::Partitioned) => self.parent(child),
                (Some(_), _) => {}
                (None, Kind::Partitioned) => {
                    let name = self.free_name(child);
                    let statement = format!(
                        "CREATE INDEX {} ON {} ({});",
                        ident(&name),
                        child.quoted(),
                        idents(self.wanted)
                    );
                    self.statements.push(statement);
                    self.attach(&own, &qualified(&child.schema, &name));
                }
                (None, _) => {
                    let index = self.made.get(&child.oid).cloned().or_else(|| {
                        child.indexes.iter().find(|i| flaws(i, self.wanted).is_empty()).map(Index::quoted)
                    });
                    if let Some(index) = index {
                        self.attach(&own, &index);
                    }
                }
            }
        }
    }

    /// `CREATE INDEX` on a parent attaches only indexes with the same definition, and builds the rest while it blocks
    /// writers. So a partition that is served by a wider index first gets an equal one.
    fn equal_indexes_of_children(&mut self, parent: &Part) {
        let children: Vec<Part> =
            self.parts.iter().filter(|p| p.parent.as_ref() == Some(&parent.oid)).cloned().collect();
        for child in children.iter().filter(|c| !c.detaching) {
            if child.kind == Kind::Partitioned {
                self.equal_indexes_of_children(child);
            } else if !self.made.contains_key(&child.oid) && !child.indexes.iter().any(|i| self.is_equal(i)) {
                let name = self.free_name(child);
                let on = child.quoted();
                let columns = idents(self.wanted);
                self.statements
                    .push(format!("CREATE INDEX CONCURRENTLY {} ON {on} ({columns});", ident(&name)));
                self.made.insert(child.oid.clone(), qualified(&child.schema, &name));
            }
        }
    }

    fn is_equal(&self, index: &Index) -> bool {
        let same = index.keys.len() == self.wanted.len() && !index.has_include && !index.unique;
        same && flaws(index, self.wanted).is_empty()
    }

    fn attach(&mut self, parent: &Index, child: &str) {
        self.statements.push(format!("ALTER INDEX {} ATTACH PARTITION {child};", parent.quoted()));
    }

    fn is_ours_but_invalid(&self, index: &Index) -> bool {
        flaws(index, self.wanted) == [IndexDefect::Invalid]
            && index.keys.len() == self.wanted.len()
            && !index.unique
    }

    /// A name like those that PostgreSQL generates, which no known relation has.
    fn free_name(&mut self, part: &Part) -> String {
        let stem = format!("{}_{}", part.name, self.wanted.join("_"));
        let numbered = |number: u32| {
            let tail = if number == 0 { "_idx".to_owned() } else { format!("_idx{number}") };
            let mut stem = stem.clone();
            while stem.len() + tail.len() > LONGEST_NAME {
                stem.pop();
            }
            (part.schema.clone(), stem + &tail)
        };
        let free = (0..).map(numbered).find(|candidate| !self.taken.contains(candidate)).unwrap_or_default();
        self.taken.push(free.clone());
        free.1
    }
}
