//! From the catalog and the settings to a finding. Pure.

use super::catalog::{Catalog, Kind, Relation, TableInfo};
use super::index::{listed, served};
use super::name::idents;
use super::table::{Judged, columns, exists, select, wanted, zoned};
use super::{Schema, Table, index_ddl, rows};
use crate::outcome::finding::{Claim, Finding};
use crate::settings::Settings;

/// How many statements the fix shows; the evidence has all of them.
const STATEMENTS_SHOWN: usize = 6;

impl Schema {
    /// The claims on what the catalog contains.
    pub(super) fn judge(&self, catalog: &Catalog, settings: &Settings) -> Finding {
        let table = self.table();
        let finding = Finding::about(self.question(settings));
        let info = match table {
            Table::Facts => &catalog.facts,
            Table::Grades => &catalog.grades,
        };
        let Some(info) = info else {
            return finding.claim(
                Claim::undecided("catalog", "catalog", "a description of the table", "nothing")
                    .sentence("the table was not looked up in the catalog"),
            );
        };
        let mut finding = finding.evidence("role", &catalog.reader);
        if let Some(relation) = &info.found {
            finding = finding
                .evidence("relation", format!("{}, {}", relation.full_name(), relation.kind.describe()))
                .evidence("owner", &relation.owner);
        }
        match (self, &info.found) {
            (Schema::Exists { .. }, _) => {
                let target = &settings.target.name;
                let judged = exists(info, &catalog.reader, &catalog.search_path, table.key(), target);
                with(finding.evidence("search path", &catalog.search_path), judged)
            }
            (_, None) => self.without_table(finding, info),
            (_, Some(relation)) => self.of_relation(finding, relation, catalog, settings),
        }
    }

    /// Without the facts table every claim on it fails. The grades table may be absent, which a check of its own
    /// reports; the other checks on it pass with a warning.
    fn without_table(&self, finding: Finding, info: &TableInfo) -> Finding {
        let absent = format!("no table {}", info.asked);
        let (code, what) = self.subject();
        match self.table() {
            Table::Facts => finding.claim(
                Claim::compared(code, what, "present", absent, false)
                    .sentence(format!("table {} does not exist", info.asked)),
            ),
            Table::Grades => finding
                .claim(Claim::compared(code, what, "as required if the table exists", &absent, true))
                .warn(format!("{absent}: replies are not graded here, or its migration has not run")),
        }
    }

    /// The code and the words of a claim on a table that does not exist.
    fn subject(&self) -> (&'static str, &'static str) {
        match self {
            Schema::Exists { .. } => ("relation", "relation"),
            Schema::Columns { .. } => ("columns", "columns"),
            Schema::Index { .. } => ("index", "index"),
            Schema::Select { .. } => ("privilege", "privilege"),
            Schema::RowsVisible { .. } => ("row-level-security", "row level security"),
            Schema::Zoned { .. } => ("time-zone", "time zone"),
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
            Schema::Zoned { column, .. } => {
                with(finding, zoned(relation, column, &table.column(column, names)))
            }
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
    finding
}

fn visible(finding: Finding, relation: &Relation, reader: &str) -> Finding {
    if !relation.kind.is_table() {
        let kind = relation.kind.describe();
        let claim = Claim::undecided(
            "row-level-security",
            "row level security",
            format!("hides no row from {reader}"),
            kind,
        );
        return finding.claim(claim.sentence(format!(
            "{} is {kind}, so the rows that it hides cannot be determined",
            relation.full_name()
        )));
    }
    let mut finding = finding.claim(rows::claim(relation, reader));
    for policy in relation.policies.iter().filter(|p| p.for_select) {
        let kind = if policy.permissive { "permissive" } else { "restrictive" };
        let whose = if policy.for_me { "" } else { ", not for this role" };
        let using = policy.condition.as_deref().unwrap_or("nothing");
        finding =
            finding.evidence(format!("policy {}", policy.name), format!("{kind}{whose}, using {using}"));
    }
    finding
}

fn indexed(finding: Finding, relation: &Relation, wanted: &[String]) -> Finding {
    let served = served(&relation.parts, wanted);
    let holds = served.holds();
    let everywhere = if relation.kind == Kind::Partitioned { " on every partition" } else { "" };
    let columns = idents(wanted);
    let expected = format!("a valid btree that begins with ({columns}) and is not partial{everywhere}");
    let mut claim = Claim::undecided("index", "index", expected, served.found());
    claim.holds = holds;
    match holds {
        Some(true) => {}
        Some(false) => claim = claim.sentence(format!("no usable index on ({columns}): {}", served.found())),
        None => claim = claim.sentence(format!("the index cannot be checked: {}", served.found())),
    }
    let statements =
        if holds == Some(true) { Vec::new() } else { index_ddl::statements(&relation.parts, wanted) };
    if holds != Some(true) && index_ddl::is_being_built(&served) {
        claim = claim.fix("wait until the index is built (SELECT phase, blocks_done, blocks_total FROM pg_stat_progress_create_index), then run the check again");
    } else if !statements.is_empty() {
        let mut fix = statements.iter().take(STATEMENTS_SHOWN).cloned().collect::<Vec<_>>().join(" ");
        if statements.len() > STATEMENTS_SHOWN {
            fix.push_str(&format!(" -- and {} more, see the evidence", statements.len() - STATEMENTS_SHOWN));
        }
        claim = claim.fix(fix);
    }
    let mut finding = finding.claim(claim);
    if holds == Some(true) && served.root_lacks {
        finding = finding.warn(format!(
            "{} itself has no such valid index, so a partition that is added later will have none",
            relation.name
        ));
    }
    if !served.detaching.is_empty() {
        let names = listed(&served.detaching, |p| p.name.clone());
        finding = finding.warn(format!(
            "detachment is unfinished, so no query sees the rows of these partitions: {names}"
        ));
    }
    for index in relation.parts.first().iter().flat_map(|p| &p.indexes) {
        finding = finding.evidence(format!("index {}", index.name), index.described());
    }
    if statements.is_empty() || index_ddl::is_being_built(&served) {
        return finding;
    }
    finding.evidence("statements that fix it", statements.join("\n"))
}
