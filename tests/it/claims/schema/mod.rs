//! What can be wrong with the schema, one thing at a time. The many shapes an
//! index or a policy can have are proved in `schema_probe`; here each claim is
//! broken through the binary.

mod names;
mod whole;

use hotdash_ops::rehearsal::postgres::{BERLIN, BYPASSING, OUTSIDER, OWNER, variant};

use super::Case;
use crate::support::bench::Bench;
use crate::support::server;

pub fn cases() -> Vec<Case> {
    let mut all = facts();
    all.extend(indexes());
    all.extend(rows());
    all.extend(grades());
    all.extend(names::cases());
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
            .says("TYPE timestamptz USING")
            .sql(variant::WITHOUT_TIME_ZONE),
        Case::new("the time has no zone, and warnings count", "schema.facts-time-zone", "column recorded_at")
            .arrange(|b| b.set("HOTDASH_OPS_STRICT", "true"))
            .sql(variant::WITHOUT_TIME_ZONE),
        Case::good("a time without zone is still a time", "schema.facts-columns")
            .sql(variant::WITHOUT_TIME_ZONE),
        Case::new("recorded_at is missing", "schema.facts-columns", "column recorded_at")
            .says("public.dashboard_facts has no column recorded_at")
            .sql("alter table dashboard_facts drop column recorded_at;"),
        Case::new("no table, so there is nothing to check", "schema.facts-index", "")
            .verdict("skipped", 1)
            .says("blocked by schema.facts-table")
            .sql(variant::FACTS_MISSING),
        Case::new("a view has no index that could be seen", "schema.facts-index", "index")
            .verdict("inconclusive", 3)
            .without("schema.facts-table")
            .sql(variant::FACTS_ARE_A_VIEW),
        Case::good("no facts have been recorded yet", "schema.facts-select").sql(variant::NO_ROWS),
    ]
}

const PRISMA_ALONE: &str = "alter table dashboard_facts rename to \"DashboardFact\";";

/// Adds a line to the names of the target.
fn name(bench: &Bench, line: &str) {
    let text = format!("[targets.sandbox.names]\n{line}\n\n[targets.sandbox.fingerprints]");
    bench.edit_config("[targets.sandbox.fingerprints]", &text);
}

/// Has the program log in as another role of the cluster.
fn login(bench: &mut Bench, role: &str) {
    let dsn = server().login(role, &bench.database);
    bench.set("DATABASE_URL", dsn);
}

fn indexes() -> Vec<Case> {
    let broken = |name, sql| Case::new(name, "schema.facts-index", "index").sql(sql);
    vec![
        broken("no index", variant::INDEX_MISSING).says("CREATE INDEX CONCURRENTLY"),
        broken("the index is invalid", variant::INDEX_INVALID),
        broken("the index is not ready", variant::INDEX_NOT_READY),
        broken("the index is being dropped", variant::INDEX_NOT_LIVE).says("is being dropped"),
        broken("the index is partial", variant::INDEX_PARTIAL).says("is partial"),
        broken("the columns are in the wrong order", variant::INDEX_WRONG_ORDER)
            .says("is on (\\\"recorded_at\\\", \\\"fact_type\\\")"),
        broken("the index is on an expression", variant::INDEX_ON_EXPRESSION).says("an expression"),
        broken("the index is a brin", variant::INDEX_BRIN).says("is a brin index, not btree"),
        broken("the index is a hash", INDEX_HASH).says("is a hash index, not btree"),
        broken("the index has the first column only", INDEX_SHORT).says("is on (\\\"fact_type\\\")"),
        broken("one partition has none", variant::PARTITION_WITHOUT_INDEX)
            .says("dashboard_facts_this has none"),
        Case::good("every partition has one", "schema.facts-index").sql(variant::PARTITIONED),
        Case::good("another name, a further column, descending", "schema.facts-index")
            .sql(variant::INDEX_OTHERWISE),
        Case::good("the plan is shown", "schema.facts-index").shows("plan of the monitoring query"),
        Case::good("the plan may be missing", "schema.facts-index")
            .shows("permission denied")
            .sql(variant::NO_SELECT),
        Case::new("grades without an index", "schema.grades-index", "index")
            .sql(variant::GRADES_INDEX_MISSING),
    ]
}

const INDEX_HASH: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index on dashboard_facts using hash (fact_type);";
const INDEX_SHORT: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index on dashboard_facts (fact_type);";

fn rows() -> Vec<Case> {
    vec![
        Case::new("no SELECT", "schema.facts-select", "privilege")
            .sql(variant::NO_SELECT)
            .says("GRANT SELECT"),
        Case::new("a read does not answer", "schema.facts-select", "read of one row").sql(variant::NO_SELECT),
        Case::new("some columns may be read", "schema.facts-select", "privilege")
            .sql(variant::SOME_COLUMNS)
            .says("SELECT on public.dashboard_facts is not granted to ops_reader (value)"),
        Case::good("the columns that count may be read", "schema.facts-select").sql(ENOUGH_COLUMNS),
        Case::new("a role that may read nothing", "schema.facts-select", "privilege")
            .arrange(|b| login(b, OUTSIDER)),
        Case::good("the tables' owner", "schema.facts-select").arrange(|b| login(b, OWNER)),
        Case::good("a session whose clock is Berlin's", "schema.facts-select")
            .sql(variant::WITHOUT_TIME_ZONE)
            .arrange(|b| login(b, BERLIN)),
        Case::new("row level security blinds this role", "schema.facts-rows-visible", "row level security")
            .sql(variant::RLS_WITHOUT_POLICY),
        Case::new(
            "without a policy, and forced on the owner",
            "schema.facts-rows-visible",
            "row level security",
        )
        .sql(variant::RLS_FORCED)
        .arrange(|b| login(b, OWNER)),
        Case::good("row level security does not bind its owner", "schema.facts-rows-visible")
            .sql(variant::RLS_WITHOUT_POLICY)
            .arrange(|b| login(b, OWNER)),
        Case::good("row level security does not bind a role with BYPASSRLS", "schema.facts-rows-visible")
            .sql(variant::RLS_FORCED)
            .arrange(|b| login(b, BYPASSING)),
        Case::good("a policy shows every row", "schema.facts-rows-visible").sql(variant::RLS_WITH_POLICY),
        Case::new("a policy decides row by row", "schema.facts-rows-visible", "row level security")
            .verdict("inconclusive", 3)
            .sql(
                "alter table dashboard_facts enable row level security;
                 create policy one_shop on dashboard_facts for select using (shop_domain = 'one');",
            ),
    ]
}

const ENOUGH_COLUMNS: &str = "revoke select on dashboard_facts from ops_reader;
    grant select (fact_type, value, recorded_at) on dashboard_facts to ops_reader;";

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
