//! After the fix is run exactly as shown, the claim holds.

use hotdash_ops::testing::rehearsal::postgres::variant;

use super::Reader;
use crate::support::server;

async fn is_fixed(name: &str, sql: &str, id: &str) {
    let name = format!("fix_{name}");
    let reader = Reader::changed(&name, sql);
    let before = reader.ask(id).await;
    assert_ne!(before.verdict, "pass", "{name} is broken: {before:#?}");
    let all = before.evidence("statements that fix it");
    let fix = if all.is_empty() { before.fix() } else { all };
    let statements = fix.strip_prefix("at a quiet hour (it rewrites the table): ").unwrap_or(fix);
    server().psql(&name, statements).unwrap_or_else(|error| panic!("{name}: {statements}\n{error:#}"));
    reader.ask(id).await.passes().is_silent();
}

const TREE: &str = "drop table dashboard_facts;
    create table dashboard_facts (fact_type text, value jsonb, recorded_at timestamptz) partition by range (recorded_at);
    create table facts_old partition of dashboard_facts for values from (minvalue) to ('2025-01-01');
    create table facts_new partition of dashboard_facts for values from ('2025-01-01') to (maxvalue) partition by list (fact_type);
    create table facts_new_retry partition of facts_new for values in ('support.webhook.retry');
    create table facts_new_other partition of facts_new default;
    grant select on dashboard_facts to ops_reader;";

#[tokio::test]
async fn an_index_fix_works_on_plain_tables() {
    for (name, sql) in [
        ("missing", variant::INDEX_MISSING),
        ("invalid", variant::INDEX_INVALID),
        ("not_ready", variant::INDEX_NOT_READY),
        ("partial", variant::INDEX_PARTIAL),
        ("order", variant::INDEX_WRONG_ORDER),
        ("expression", variant::INDEX_ON_EXPRESSION),
        ("brin", variant::INDEX_BRIN),
        ("heir", "create table facts_heir () inherits (dashboard_facts);"),
    ] {
        is_fixed(name, sql, "facts-index").await;
    }
    is_fixed("grades", variant::GRADES_INDEX_MISSING, "grades-index").await;
}

#[tokio::test]
async fn an_index_fix_works_on_partitioned_tables() {
    is_fixed("partition", variant::PARTITION_WITHOUT_INDEX, "facts-index").await;
    let bare = format!("{} drop index dashboard_facts_fact_type_recorded_at_idx;", variant::PARTITIONED);
    is_fixed("bare", &bare, "facts-index").await;
    let only = format!(
        "{bare} create index dashboard_facts_last_fact_type_recorded_at_idx on only dashboard_facts (fact_type, recorded_at);
         create index on dashboard_facts_other (recorded_at);"
    );
    is_fixed("only", &only, "facts-index").await;
    let wide = format!("{bare} create index on dashboard_facts_last (fact_type, recorded_at, shop_domain);");
    is_fixed("wide", &wide, "facts-index").await;
}

#[tokio::test]
async fn an_index_fix_works_on_trees() {
    is_fixed("tree", TREE, "facts-index").await;
    is_fixed(
        "tree_only",
        &format!("{TREE} create index top on only dashboard_facts (fact_type, recorded_at);"),
        "facts-index",
    )
    .await;
    let middle = format!(
        "{TREE} create index top on only dashboard_facts (fact_type, recorded_at);
         create index middle on only facts_new (fact_type, recorded_at);
         alter index top attach partition middle;
         create index on facts_old (fact_type, recorded_at);"
    );
    is_fixed("tree_middle", &middle, "facts-index").await;
    let own = format!(
        "{TREE} create index top on only dashboard_facts (fact_type, recorded_at);
         create index middle on only facts_new (fact_type, recorded_at);"
    );
    is_fixed("tree_own", &own, "facts-index").await;
}

#[tokio::test]
async fn odd_names_are_quoted_in_the_fix() {
    let sql = "drop index dashboard_facts_fact_type_recorded_at_idx;
        create schema \"o'dd \"\"one\"; alter table dashboard_facts set schema \"o'dd \"\"one\";
        alter table \"o'dd \"\"one\".dashboard_facts rename to \"Ta ble\";
        grant usage on schema \"o'dd \"\"one\" to ops_reader;";
    let reader = Reader::changed("fix_odd", sql).names(|n| n.facts = "\"o'dd \"\"one\".Ta ble".to_owned());
    let before = reader.ask("facts-index").await;
    before.is("fail", "Ta ble has none");
    server().psql("fix_odd", before.fix()).expect("the fix runs");
    reader.ask("facts-index").await.passes();
}

#[tokio::test]
async fn the_other_fixes_work() {
    is_fixed("select", variant::NO_SELECT, "facts-select").await;
    is_fixed("zone", variant::WITHOUT_TIME_ZONE, "facts-time-zone").await;
    is_fixed("blind", variant::RLS_WITHOUT_POLICY, "facts-rows-visible").await;
    let taken = "alter table dashboard_facts enable row level security;
        create policy hotdash_ops_reads on dashboard_facts using (id > 3);";
    is_fixed("taken", taken, "facts-rows-visible").await;
    let empty = "drop table dashboard_facts;
        create table dashboard_facts (fact_type text, value jsonb, recorded_at timestamptz) partition by range (recorded_at);
        grant select on dashboard_facts to ops_reader;";
    is_fixed("no_partitions", empty, "facts-table").await;
}
