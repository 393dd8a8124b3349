//! From the catalog to claims. Pure: a catalog and the settings go in, a finding
//! comes out.

use super::catalog::{Catalog, Kind, Look, Relation};
use super::index::{listed, served};
use super::name::idents;
use super::table::{Judged, columns, exists, select, wanted, zoned};
use super::{Schema, Table, mend, rows};
use crate::outcome::finding::{Claim, Finding};
use crate::settings::Settings;

/// As many statements as fit into one line of advice; the evidence has all of them.
const STATEMENTS_SHOWN: usize = 6;

impl Schema {
    /// States what the catalog says about this claim.
    pub(super) fn judge(&self, catalog: &Catalog, settings: &Settings) -> Finding {
        let table = self.table();
        let finding = Finding::about(self.question(settings));
        let look = match table {
            Table::Facts => &catalog.facts,
            Table::Grades => &catalog.grades,
        };
        let Some(look) = look else {
            return finding.claim(Claim::open("the catalog", "an answer", "the table was not looked for"));
        };
        let mut finding = finding.evidence("role", &catalog.reader);
        if let Some(relation) = &look.found {
            finding = finding
                .evidence("relation", format!("{}, {}", relation.full_name(), relation.kind.words()))
                .evidence("owner", &relation.owner);
        }
        match (self, &look.found) {
            (Schema::Exists { .. }, _) => {
                let target = &settings.target.name;
                let judged = exists(look, &catalog.reader, &catalog.search_path, table.key(), target);
                with(finding.evidence("search path", &catalog.search_path), judged)
            }
            (_, None) => self.without_table(finding, look),
            (_, Some(relation)) => self.of_relation(finding, relation, catalog, settings),
        }
    }

    /// A table that must be there makes every claim on it false. Grades may be absent, which is a claim of
    /// its own: the others are about a table that there is.
    fn without_table(&self, finding: Finding, look: &Look) -> Finding {
        let absent = format!("no table {}", look.asked);
        match self.table() {
            Table::Facts => finding.claim(Claim::new(self.subject(), "present", absent, false)),
            Table::Grades => finding
                .claim(Claim::new(self.subject(), "as required where there are grades", &absent, true))
                .warn(format!("{absent}: replies are not graded here, or its migration has not run")),
        }
    }

    fn subject(&self) -> &'static str {
        match self {
            Schema::Exists { .. } => "relation",
            Schema::Columns { .. } => "columns",
            Schema::Index { .. } => "index",
            Schema::Select { .. } => "privilege",
            Schema::RowsVisible { .. } => "row level security",
            Schema::Zoned { .. } => "time zone",
        }
    }

    fn of_relation(
        &self,
        finding: Finding,
        relation: &Relation,
        catalog: &Catalog,
        settings: &Settings,
    ) -> Finding {
        let (table, names, reader) = (self.table(), &settings.target.names, catalog.reader.as_str());
        match self {
            Schema::Columns { columns: kinds, .. } => {
                let wanted = wanted(kinds, |key| table.column(key, names));
                with(finding, columns(relation, &wanted, &settings.target.name))
            }
            Schema::Select { .. } => with(finding, select(relation, &table.needed(names), reader)),
            Schema::Zoned { column, .. } => with(finding, zoned(relation, &table.column(column, names))),
            Schema::RowsVisible { .. } => visible(finding, relation, reader),
            Schema::Index { columns, .. } => {
                let wanted: Vec<String> = columns.iter().map(|c| table.column(c, names)).collect();
                let finding = indexed(finding, relation, &wanted);
                match (table, &catalog.plan) {
                    (Table::Facts, Ok(plan)) => finding.evidence("plan of the monitoring query", plan),
                    (Table::Facts, Err(why)) => {
                        finding.evidence("plan of the monitoring query", format!("none: {why}"))
                    }
                    (Table::Grades, _) => finding,
                }
            }
            Schema::Exists { .. } => finding,
        }
    }
}

fn with(mut finding: Finding, judged: Judged) -> Finding {
    finding.claims.extend(judged.claims);
    finding.warnings.extend(judged.warnings);
    finding.fix = finding.fix.or(judged.fix);
    finding
}

fn visible(finding: Finding, relation: &Relation, reader: &str) -> Finding {
    if !relation.kind.is_table() {
        let found = format!("{}: what it hides cannot be seen from here", relation.kind.words());
        return finding.claim(Claim::open(
            "row level security",
            format!("it hides no row from {reader}"),
            found,
        ));
    }
    let (claim, fix) = rows::claim(relation, reader);
    let mut finding = finding.claim(claim);
    for policy in relation.policies.iter().filter(|p| p.for_select) {
        let kind = if policy.permissive { "permissive" } else { "restrictive" };
        let whose = if policy.for_me { "" } else { ", not for this role" };
        let using = policy.condition.as_deref().unwrap_or("nothing");
        finding =
            finding.evidence(format!("policy {}", policy.name), format!("{kind}{whose}, using {using}"));
    }
    finding.fix = fix;
    finding
}

fn indexed(finding: Finding, relation: &Relation, wanted: &[String]) -> Finding {
    let served = served(&relation.parts, wanted);
    let everywhere = if relation.kind == Kind::Partitioned { " on every partition" } else { "" };
    let expected = format!("a valid, whole btree that begins with ({}){everywhere}", idents(wanted));
    let mut claim = Claim::open("index", expected, served.found());
    claim.holds = served.holds();
    let mut finding = finding.claim(claim);
    if served.holds() == Some(true) && served.root_lacks {
        finding = finding.warn(format!(
            "{} itself has no such valid index: a partition that is added later will be without",
            relation.name
        ));
    }
    if !served.detaching.is_empty() {
        let names = listed(&served.detaching, |p| p.name.clone());
        finding = finding.warn(format!("half detached, so that no query sees its rows: {names}"));
    }
    for index in relation.parts.first().iter().flat_map(|p| &p.indexes) {
        finding = finding.evidence(format!("index {}", index.name), index.described());
    }
    if served.holds() == Some(true) {
        return finding;
    }
    let statements = mend::statements(&relation.parts, wanted);
    if mend::is_being_built(&served) {
        finding.fix("wait until the index is built (SELECT phase, blocks_done, blocks_total FROM pg_stat_progress_create_index), then ask again")
    } else if statements.is_empty() {
        finding
    } else {
        let mut fix = statements.iter().take(STATEMENTS_SHOWN).cloned().collect::<Vec<_>>().join(" ");
        if statements.len() > STATEMENTS_SHOWN {
            fix.push_str(&format!(" -- and {} more, see the evidence", statements.len() - STATEMENTS_SHOWN));
        }
        finding.evidence("statements that mend it", statements.join("\n")).fix(fix)
    }
}
