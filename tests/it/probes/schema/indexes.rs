//! Indexes, by what they are and not by what they are called.

use hotdash_ops::testing::rehearsal::postgres::{OWNER, variant};

use super::Reader;
use crate::support::server;

const GONE: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;";

async fn with(name: &str, sql: &str) -> super::Answered {
    Reader::changed(&format!("index_{name}"), sql).ask("facts-index").await
}

/// With another index in the place of the good one.
async fn instead(name: &str, create: &str) -> super::Answered {
    with(name, &format!("{GONE} {create};")).await
}

#[tokio::test]
async fn an_index_that_serves_the_query_can_have_other_forms() {
    with("otherwise", variant::INDEX_OTHERWISE).await.is("pass", "by_kind_and_age");
    instead("include", "create index on dashboard_facts (fact_type, recorded_at) include (shop_domain)")
        .await
        .passes();
    instead("unique", "create unique index on dashboard_facts (fact_type, recorded_at, id)").await.passes();
    instead("nulls", "create index on dashboard_facts (fact_type desc nulls last, recorded_at nulls first)")
        .await
        .passes();
    instead("pattern", "create index on dashboard_facts (fact_type text_pattern_ops, recorded_at)")
        .await
        .passes();
    instead("varchar", "create index on dashboard_facts (fact_type varchar_ops, recorded_at)").await.passes();
    with("beside", "create index another on dashboard_facts (fact_type) where id = 7").await.passes();
}

#[tokio::test]
async fn an_index_that_does_not_serve_the_query_is_recognised() {
    for (name, sql, found) in [
        ("missing", variant::INDEX_MISSING, "dashboard_facts has none"),
        ("invalid", variant::INDEX_INVALID, "is invalid"),
        ("not_ready", variant::INDEX_NOT_READY, "is invalid"),
        ("not_live", variant::INDEX_NOT_LIVE, "is being dropped"),
        ("partial", variant::INDEX_PARTIAL, "is partial"),
        ("order", variant::INDEX_WRONG_ORDER, "is on (\"recorded_at\", \"fact_type\")"),
        ("expression", variant::INDEX_ON_EXPRESSION, "is on (an expression, \"recorded_at\")"),
        ("brin", variant::INDEX_BRIN, "is a brin index"),
    ] {
        with(name, sql).await.is("fail", found);
    }
    for (name, create, found) in [
        ("short", "create index on dashboard_facts (fact_type)", "is on (\"fact_type\")"),
        (
            "between",
            "create index on dashboard_facts (fact_type, shop_domain, recorded_at)",
            "is on (\"fact_type\", \"shop_domain\"",
        ),
        (
            "included",
            "create index on dashboard_facts (fact_type) include (recorded_at)",
            "is on (\"fact_type\")",
        ),
        (
            "hash",
            "create index on dashboard_facts using hash (fact_type)",
            "is on (\"fact_type\") and is a hash index",
        ),
        ("gin", "create index on dashboard_facts using gin (value)", "has none"),
        (
            "collation",
            "create index on dashboard_facts (fact_type collate \"C.utf8\", recorded_at)",
            "a collation other than",
        ),
        (
            "zone",
            "create index on dashboard_facts (fact_type, (recorded_at at time zone 'UTC'))",
            "an expression",
        ),
    ] {
        instead(name, create).await.is("fail", found);
    }
}

#[tokio::test]
async fn an_operator_class_of_another_order_does_not_serve() {
    let sql = format!(
        "{GONE} create function backwards(timestamptz, timestamptz) returns int language sql immutable
           as 'select timestamptz_cmp($2, $1)';
         create operator class backwards for type timestamptz using btree as
           operator 1 > , operator 2 >= , operator 3 = , operator 4 <= , operator 5 < ,
           function 1 backwards(timestamptz, timestamptz);
         create index backwards_idx on dashboard_facts (fact_type, recorded_at backwards);"
    );
    with("backwards", &sql).await.is("fail", "operator class for \"recorded_at\"");
}

#[tokio::test]
async fn a_failed_build_leaves_an_unusable_index() {
    let name = "index_failed_build";
    let reader = Reader::changed(name, GONE);
    let failed = server().psql(
        name,
        "create unique index concurrently facts_unique on dashboard_facts (fact_type, recorded_at, (1 / (id - 5)));",
    );
    assert!(failed.is_err(), "the build fails");
    let said = reader.ask("facts-index").await;
    said.is("fail", "the closest, facts_unique, is invalid");
    said.advises("DROP INDEX CONCURRENTLY \"public\".\"facts_unique\"; CREATE INDEX CONCURRENTLY ON");
}

#[tokio::test]
async fn an_index_that_is_being_built_fails_until_it_is_built() {
    let name = "index_building";
    let reader = Reader::changed(name, GONE);
    // An older transaction with a snapshot keeps the build waiting.
    let (holder, connection) = tokio_postgres::connect(&server().login(OWNER, name), tokio_postgres::NoTls)
        .await
        .expect("the owner");
    let line = tokio::spawn(connection);
    holder
        .batch_execute("begin; insert into dashboard_facts (fact_type, value) values ('x', '{}')")
        .await
        .expect("an open transaction");
    let (builder, connection) = tokio_postgres::connect(&server().login(OWNER, name), tokio_postgres::NoTls)
        .await
        .expect("the owner");
    let other_line = tokio::spawn(connection);
    let build = tokio::spawn(async move {
        builder
            .batch_execute("create index concurrently slow_idx on dashboard_facts (fact_type, recorded_at)")
            .await
    });
    // The owner sees the progress of its own build; others see an index that is not valid.
    let owner = Reader::at(server().login(OWNER, name));
    let mut said = owner.ask("facts-index").await;
    for _ in 0..100 {
        if said.found().contains("slow_idx") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        said = owner.ask("facts-index").await;
    }
    said.is("fail", "is being built (").advises("wait until the index is built");
    assert!(!said.fix().contains("CREATE"), "a second index helps nobody: {}", said.fix());
    assert_eq!(reader.ask("facts-index").await.verdict, "fail");
    holder.batch_execute("rollback").await.expect("it ends");
    build.await.expect("it ends").expect("it is built");
    reader.ask("facts-index").await.is("pass", "slow_idx");
    line.abort();
    other_line.abort();
}

#[tokio::test]
async fn every_partition_needs_one() {
    let said = with("partition", variant::PARTITION_WITHOUT_INDEX).await;
    said.is("fail", "dashboard_facts_this has none").advises("ATTACH PARTITION");
    let sql = format!("{} drop index dashboard_facts_fact_type_recorded_at_idx;", variant::PARTITIONED);
    with("no_partition", &sql)
        .await
        .is("fail", "dashboard_facts_last has none, dashboard_facts_next has none");
    let sql = format!(
        "{} drop index dashboard_facts_fact_type_recorded_at_idx;
         create index dashboard_facts_fact_type_recorded_at_idx on only dashboard_facts (fact_type, recorded_at);",
        variant::PARTITIONED
    );
    with("only_parent", &sql).await.is("fail", "has none");
    let sql = format!(
        "{} update pg_index set indisvalid = false where indrelid = 'dashboard_facts_next'::regclass
            and pg_get_indexdef(indexrelid) like '%fact_type, recorded_at)';",
        variant::PARTITIONED
    );
    with("invalid_partition", &sql).await.is("fail", "dashboard_facts_next has none; the closest");
}

#[tokio::test]
async fn partitions_with_indexes_of_their_own_pass_with_a_warning() {
    let sql = format!(
        "{} drop index dashboard_facts_fact_type_recorded_at_idx;
         create index on dashboard_facts_last (fact_type, recorded_at);
         create index on dashboard_facts_this (fact_type, recorded_at);
         create index on dashboard_facts_next (fact_type, recorded_at);
         create index on dashboard_facts_other (fact_type, recorded_at);",
        variant::PARTITIONED
    );
    with("own", &sql).await.passes().warns("a partition that is added later");
}

#[tokio::test]
async fn partitions_of_partitions_are_checked() {
    let tree = "drop table dashboard_facts;
        create table dashboard_facts (fact_type text, value jsonb, recorded_at timestamptz) partition by range (recorded_at);
        create table facts_old partition of dashboard_facts for values from (minvalue) to ('2025-01-01');
        create table facts_new partition of dashboard_facts for values from ('2025-01-01') to (maxvalue) partition by list (fact_type);
        create table facts_new_retry partition of facts_new for values in ('support.webhook.retry');
        create table facts_new_other partition of facts_new default;
        grant select on dashboard_facts to ops_reader;";
    let whole = format!("{tree} create index on dashboard_facts (fact_type, recorded_at);");
    with("sub", &whole).await.is("pass", "on facts_new_other").is_silent();
    let holed = format!(
        "{tree} create index on facts_old (fact_type, recorded_at); create index on facts_new_other (fact_type, recorded_at);"
    );
    with("sub_hole", &holed).await.is("fail", "facts_new_retry has none");
}

#[tokio::test]
async fn inherited_tables_are_read_too() {
    let sql =
        "create table facts_heir () inherits (dashboard_facts); grant select on facts_heir to ops_reader;";
    with("heir", sql).await.is("fail", "facts_heir has none");
    let sql = format!("{sql} create index on facts_heir (fact_type, recorded_at);");
    with("heir_indexed", &sql).await.is("pass", "on facts_heir");
}

#[tokio::test]
async fn a_foreign_partition_cannot_be_judged() {
    let sql = format!(
        "{} create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
         drop index dashboard_facts_fact_type_recorded_at_idx;
         drop table dashboard_facts_other;
         create index on dashboard_facts_last (fact_type, recorded_at);
         create index on dashboard_facts_this (fact_type, recorded_at);
         create index on dashboard_facts_next (fact_type, recorded_at);
         alter table dashboard_facts drop constraint dashboard_facts_pkey1;
         create foreign table far partition of dashboard_facts default server nowhere;",
        variant::PARTITIONED
    );
    with("foreign", &sql).await.is("inconclusive", "far is a foreign table");
}

#[tokio::test]
async fn a_half_detached_partition_is_reported() {
    let name = "index_detached";
    let reader =
        Reader::changed(name, &format!("{} drop table dashboard_facts_other;", variant::PARTITIONED));
    // The second step waits for this transaction, and then it is cancelled.
    let (holder, connection) = tokio_postgres::connect(&server().login(OWNER, name), tokio_postgres::NoTls)
        .await
        .expect("the owner");
    let line = tokio::spawn(connection);
    holder.batch_execute("begin; select count(*) from dashboard_facts").await.expect("an open transaction");
    let cut = server().psql(
        name,
        "set statement_timeout = '500ms'; alter table dashboard_facts detach partition dashboard_facts_last concurrently;",
    );
    assert!(cut.is_err(), "the detaching is cut short");
    holder.batch_execute("rollback").await.expect("it ends");
    server().psql(name, "drop index if exists dashboard_facts_last_fact_type_recorded_at_idx").err();
    let said = reader.ask("facts-index").await;
    said.passes().warns(
        "detachment is unfinished, so no query sees the rows of these partitions: dashboard_facts_last",
    );
    assert!(!said.found().contains("dashboard_facts_last"), "{}", said.found());
    line.abort();
}

#[tokio::test]
async fn grades_have_an_index_of_their_own() {
    Reader::changed("index_grades", variant::GRADES_INDEX_MISSING)
        .ask("grades-index")
        .await
        .is("fail", "customer_grades has none")
        .advises("CREATE INDEX CONCURRENTLY ON \"public\".\"customer_grades\" (\"created_at\");");
    let second =
        "drop index customer_grades_created_at_idx; create index on customer_grades (tone, created_at);";
    Reader::changed("index_grades_second", second)
        .ask("grades-index")
        .await
        .is("fail", "is on (\"tone\", \"created_at\")");
}

#[tokio::test]
async fn the_query_plan_is_shown_and_never_judged() {
    let said = Reader::changed("index_plan", "").ask("facts-index").await;
    assert!(said.passes().evidence("plan of the monitoring query").contains("dashboard_facts"), "{said:#?}");
    let said = Reader::changed("index_no_plan", variant::NO_SELECT).ask("facts-index").await;
    assert!(
        said.passes().evidence("plan of the monitoring query").contains("permission denied"),
        "{said:#?}"
    );
}
