//! Tables, columns, privileges, time zones.

use hotdash_ops::testing::rehearsal::postgres::{OUTSIDER, OWNER, variant};

use super::{Reader, section};

#[tokio::test]
async fn the_good_database_passes_and_is_read_once() {
    let reader = Reader::changed("schema_good", "");
    let cx = reader.context();
    for check in section() {
        let said =
            super::Answered::from_result(super::ask(&cx, &check, std::time::Duration::from_secs(8)).await);
        said.passes().is_silent();
        assert!(!said.finding.asked.is_empty() && !said.finding.claims.is_empty());
    }
    // A change from now on is not seen in this run, but in the next.
    crate::support::server().psql("schema_good", variant::INDEX_MISSING).expect("the index goes");
    let check = super::check("facts-index");
    let answer = super::ask(&cx, &check, std::time::Duration::from_secs(8)).await;
    super::Answered::from_result(answer).passes();
    assert_eq!(reader.ask("facts-index").await.verdict, "fail");
}

#[tokio::test]
async fn a_partitioned_table_passes() {
    let reader = Reader::changed("schema_partitioned", variant::PARTITIONED);
    for id in ["facts-table", "facts-columns", "facts-index", "facts-select", "facts-rows-visible"] {
        reader.ask(id).await.passes().is_silent();
    }
    reader.ask("facts-table").await.is("pass", "a partitioned table with 4 partitions");
}

#[tokio::test]
async fn a_missing_table_breaks_every_claim_on_it() {
    let reader = Reader::changed("schema_no_facts", variant::FACTS_MISSING);
    reader
        .ask("facts-table")
        .await
        .is("fail", "there is no table dashboard_facts in the search path (public)");
    for id in ["facts-columns", "facts-index", "facts-select", "facts-rows-visible", "facts-time-zone"] {
        reader.ask(id).await.is("fail", "no table dashboard_facts");
    }
    // The grades are another table.
    reader.ask("grades-index").await.passes().is_silent();
}

#[tokio::test]
async fn missing_grades_are_a_warning() {
    let reader = Reader::changed("schema_no_grades", variant::GRADES_MISSING);
    reader.ask("grades-table").await.is("fail", "there is no table customer_grades");
    reader.ask("grades-index").await.passes().warns("no table customer_grades");
    reader.ask("grades-columns").await.passes().warns("no table customer_grades");
    let later = Reader::changed(
        "schema_later_grades",
        "alter table customer_grades rename to customer_reply_grading;",
    );
    later
        .ask("grades-table")
        .await
        .is("fail", "there is public.customer_reply_grading")
        .advises("`grades = \"customer_reply_grading\"` under [targets.sandbox.names]");
}

#[tokio::test]
async fn other_relations_in_place_of_the_table_are_reported() {
    let view = Reader::changed("schema_view", variant::FACTS_ARE_A_VIEW);
    view.ask("facts-table").await.is("fail", "a view").advises("name the table behind it");
    view.ask("facts-index").await.is("inconclusive", "a view");
    view.ask("facts-rows-visible").await.is("inconclusive", "a view");
    for (name, make, word) in [
        ("matview", "create materialized view dashboard_facts as select * from facts", "a materialized view"),
        ("sequence", "create sequence dashboard_facts", "a sequence"),
        ("index", "create index dashboard_facts on facts (id)", "an index"),
        ("type", "create type dashboard_facts as (a int)", "a composite type"),
    ] {
        let sql = format!("alter table dashboard_facts rename to facts; {make};");
        let reader = Reader::changed(&format!("schema_is_{name}"), &sql);
        reader.ask("facts-table").await.is("fail", word);
        for id in ["facts-index", "facts-select", "facts-rows-visible"] {
            assert_ne!(reader.ask(id).await.verdict, "pass", "{name}: {id}");
        }
    }
}

#[tokio::test]
async fn a_foreign_table_proves_nothing() {
    let sql = "alter table dashboard_facts rename to facts;
        create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
        create foreign table dashboard_facts (fact_type text, value jsonb, recorded_at timestamptz) server nowhere;
        grant select on dashboard_facts to ops_reader;";
    let reader = Reader::changed("schema_foreign", sql);
    reader.ask("facts-table").await.is("fail", "a foreign table");
    reader.ask("facts-index").await.is("inconclusive", "a foreign table");
    reader.ask("facts-select").await.is("fail", "foreign-data wrapper");
}

#[tokio::test]
async fn a_partitioned_table_without_partitions_fails() {
    let sql = "drop table dashboard_facts;
        create table dashboard_facts (fact_type text, value jsonb, recorded_at timestamptz) partition by range (recorded_at);
        create index on dashboard_facts (fact_type, recorded_at);
        grant select on dashboard_facts to ops_reader;";
    let reader = Reader::changed("schema_no_partitions", sql);
    reader
        .ask("facts-table")
        .await
        .is("fail", "with 0 partitions")
        .advises("PARTITION OF \"public\".\"dashboard_facts\" DEFAULT;");
    reader.ask("facts-index").await.is("fail", "no partition that could hold a row");
}

#[tokio::test]
async fn an_unlogged_table_is_a_warning() {
    let reader = Reader::changed("schema_unlogged", "alter table dashboard_facts set unlogged;");
    reader.ask("facts-table").await.passes().warns("unlogged");
}

#[tokio::test]
async fn columns_are_judged_by_type() {
    let missing = Reader::changed("schema_column_missing", variant::COLUMN_MISSING);
    missing.ask("facts-columns").await.is("fail", "no such column");
    // What can be read may still be read.
    missing.ask("facts-select").await.passes();
    let text = Reader::changed("schema_column_text", variant::COLUMN_TYPE);
    text.ask("facts-columns").await.is("fail", "text | timestamp with time zone | text");
    for (name, sql, verdict) in [
        ("varchar", "alter table dashboard_facts alter fact_type type varchar(80)", "pass"),
        ("char", "alter table dashboard_facts alter fact_type type char(80)", "fail"),
        ("json", "alter table dashboard_facts alter value type json", "pass"),
        ("precision", "alter table dashboard_facts alter recorded_at type timestamptz(3)", "pass"),
        ("date", "alter table dashboard_facts alter recorded_at type date", "fail"),
        (
            "domain",
            "create domain kind as text; alter table dashboard_facts alter fact_type type kind",
            "pass",
        ),
        ("array", "alter table dashboard_facts alter fact_type type text[] using array[fact_type]", "fail"),
    ] {
        let reader = Reader::changed(&format!("schema_kind_{name}"), sql);
        assert_eq!(reader.ask("facts-columns").await.verdict, verdict, "{name}");
    }
    let dropped = "alter table customer_grades rename created_at to \"createdAt\";";
    let reader = Reader::changed("schema_grades_column", dropped);
    reader
        .ask("grades-columns")
        .await
        .is("fail", "there is createdAt")
        .advises("`grades_created_at = \"createdAt\"` under [targets.sandbox.names]");
}

#[tokio::test]
async fn a_timestamp_without_time_zone_is_recognised() {
    let reader = Reader::changed("schema_zone", variant::WITHOUT_TIME_ZONE);
    reader.ask("facts-columns").await.passes();
    reader.ask("facts-time-zone").await.is("fail", "read as UTC").advises("TYPE timestamptz USING");
    let date = Reader::changed("schema_zone_date", "alter table dashboard_facts alter recorded_at type date");
    date.ask("facts-time-zone").await.is("fail", "date");
    let gone = Reader::changed("schema_zone_gone", "alter table dashboard_facts drop recorded_at");
    gone.ask("facts-time-zone").await.is("fail", "no such column");
}

#[tokio::test]
async fn reading_needs_permission() {
    let none = Reader::changed("schema_no_select", variant::NO_SELECT);
    none.ask("facts-select")
        .await
        .is("fail", "not granted on fact_type, value, recorded_at | permission denied")
        .advises("GRANT SELECT ON \"public\".\"dashboard_facts\" TO \"ops_reader\";");
    let some = Reader::changed("schema_some_columns", variant::SOME_COLUMNS);
    some.ask("facts-select").await.is("fail", "not granted on value");
    let enough = "revoke select on dashboard_facts from ops_reader;
        grant select (fact_type, value, recorded_at) on dashboard_facts to ops_reader;";
    Reader::changed("schema_enough_columns", enough).ask("facts-select").await.passes();
    let reader = Reader::changed("schema_outsider", "").by(OUTSIDER, "schema_outsider");
    reader.ask("facts-table").await.passes();
    reader.ask("facts-select").await.is("fail", "permission denied");
    let owner = Reader::changed("schema_owner", "").by(OWNER, "schema_owner");
    owner.ask("facts-select").await.passes();
}

#[tokio::test]
async fn an_empty_table_may_be_read() {
    Reader::changed("schema_no_rows", variant::NO_ROWS).ask("facts-select").await.is("pass", "no row");
}

#[tokio::test]
async fn a_locked_table_fails_without_hanging() {
    let reader = Reader::changed("schema_locked", "");
    let dsn = server_login("schema_locked");
    let (client, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await.expect("the owner");
    let line = tokio::spawn(connection);
    client.batch_execute("begin; lock dashboard_facts in access exclusive mode").await.expect("a lock");
    let said = reader.ask("facts-select").await;
    said.is("fail", "lock timeout");
    // The catalog's answers are kept, and the missing plan is reported.
    let said = reader.ask("facts-index").await;
    assert!(said.passes().evidence("plan of the monitoring query").starts_with("none: "), "{said:#?}");
    line.abort();
}

fn server_login(database: &str) -> String {
    crate::support::server().login(OWNER, database)
}
