//! What can be wrong with the schema, one thing at a time. The many shapes an
//! index or a policy can have are proved in `schema_probe`; here each claim is
//! broken through the binary.

use hotdash_ops::rehearsal::postgres::variant;

use super::Case;

pub fn cases() -> Vec<Case> {
    let mut all = facts();
    all.extend(indexes());
    all.extend(rows());
    all.extend(grades());
    all
}

fn facts() -> Vec<Case> {
    vec![
        Case::new("the table is missing", "schema.facts-table", "relation").sql(variant::FACTS_MISSING),
        Case::new("a view has the table's name", "schema.facts-table", "relation")
            .sql(variant::FACTS_ARE_A_VIEW)
            .says("view"),
        Case::new("the table's schema is closed to this role", "schema.facts-table", "usage of its schema")
            .sql("create schema closed; alter table dashboard_facts set schema closed;")
            .arrange(|b| name(b, "facts = \"closed.dashboard_facts\"")),
        Case::new("value is missing", "schema.facts-columns", "column value").sql(variant::COLUMN_MISSING),
        Case::new("value is text", "schema.facts-columns", "column value")
            .sql(variant::COLUMN_TYPE)
            .says("text"),
        Case::new("fact_type is an integer", "schema.facts-columns", "column fact_type")
            .sql("alter table dashboard_facts alter column fact_type type integer using 1;"),
        Case::new("recorded_at is a date", "schema.facts-columns", "column recorded_at")
            .sql("alter table dashboard_facts alter column recorded_at type date;"),
        Case::new("Prisma's names are not the configured ones", "schema.facts-table", "relation")
            .sql(PRISMA_ALONE),
        Case::new("the time has no zone, which warns", "schema.facts-time-zone", "column recorded_at")
            .verdict("fail", 0)
            .sql(variant::WITHOUT_TIME_ZONE),
    ]
}

const PRISMA_ALONE: &str = "alter table dashboard_facts rename to \"DashboardFact\";";

fn name(bench: &mut crate::support::bench::Bench, line: &'static str) {
    let text = format!("[targets.sandbox.names]\n{line}\n\n[targets.sandbox.fingerprints]");
    bench.edit_config("[targets.sandbox.fingerprints]", &text);
}

fn indexes() -> Vec<Case> {
    let broken = |name, sql| Case::new(name, "schema.facts-index", "index").sql(sql);
    vec![
        broken("no index", variant::INDEX_MISSING).says("CREATE INDEX CONCURRENTLY"),
        broken("the index is invalid", variant::INDEX_INVALID),
        broken("the index is not ready", variant::INDEX_NOT_READY),
        broken("the index is partial", variant::INDEX_PARTIAL),
        broken("the columns stand in the wrong order", variant::INDEX_WRONG_ORDER),
        broken("one partition has none", variant::PARTITION_WITHOUT_INDEX),
        Case::new("every partition has one", "schema.facts-index", "")
            .verdict("pass", 0)
            .sql(variant::PARTITIONED),
        Case::new("grades without an index", "schema.grades-index", "index")
            .sql(variant::GRADES_INDEX_MISSING),
    ]
}

fn rows() -> Vec<Case> {
    vec![
        Case::new("no SELECT", "schema.facts-select", "privilege")
            .sql(variant::NO_SELECT)
            .says("GRANT SELECT"),
        Case::new("a read does not answer", "schema.facts-select", "read of one row").sql(variant::NO_SELECT),
        Case::new("row level security blinds this role", "schema.facts-rows-visible", "row level security")
            .sql(variant::RLS_WITHOUT_POLICY),
        Case::new("a policy decides row by row", "schema.facts-rows-visible", "row level security")
            .verdict("inconclusive", 3)
            .sql(
                "alter table dashboard_facts enable row level security;
                 create policy one_shop on dashboard_facts for select using (shop_domain = 'one');",
            ),
    ]
}

fn grades() -> Vec<Case> {
    vec![
        Case::new("no grades table, which warns", "schema.grades-table", "relation")
            .verdict("fail", 0)
            .sql(variant::GRADES_MISSING),
        Case::new("the grades' schema is closed, which warns", "schema.grades-table", "usage of its schema")
            .verdict("fail", 0)
            .sql("create schema closed; alter table customer_grades set schema closed;")
            .arrange(|b| name(b, "grades = \"closed.customer_grades\"")),
        Case::new("no grades table, so no index to miss", "schema.grades-index", "")
            .verdict("warn", 0)
            .sql(variant::GRADES_MISSING),
        Case::new(
            "created_at of the grades is text, which warns",
            "schema.grades-columns",
            "column created_at",
        )
        .verdict("fail", 0)
        .sql("alter table customer_grades alter column created_at type text using created_at::text;"),
    ]
}
