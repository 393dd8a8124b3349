//! The whole section as an operator calls it: with nothing set but `DATABASE_URL`,
//! through a pooler, with one connection, without grades; and every fix it shows,
//! run as it stands.

use std::process::Command;

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, READER, variant};

use crate::support::bench::{Bench, Ran, finish, program};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

const INDEX_HASH: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index on dashboard_facts using hash (fact_type);";

const SECTION: [&str; 2] = ["--only", "schema"];

/// A copy of the good database, spoiled by `sql`, without the mark of a rehearsal: it looks like production.
fn unmarked(name: &str, sql: &str) {
    server().copy(name, &format!("{}{sql}", variant::UNMARKED)).expect("a copy of the good database");
}

/// `preflight --only schema` with nothing in the environment but a connection string.
fn alone(dsn: &str) -> Ran {
    let home = tempfile::tempdir().expect("a temporary home");
    let arguments = ["preflight", "--format", "json", "--no-journal"];
    finish(program(home.path()).env("DATABASE_URL", dsn).args(arguments).args(SECTION))
}

#[track_caller]
fn ends(ran: &Ran, code: i32) {
    assert_eq!(ran.code, code, "{}\n{}", ran.problems(), ran.stderr);
    assert_eq!(ran.report()["exit"], code);
}

#[test]
fn the_connection_string_is_enough() {
    unmarked("alone_good", "");
    let ran = alone(&server().login(READER, "alone_good"));
    ends(&ran, 0);
    assert_eq!(ran.report()["target"], "production");
    assert_eq!(ran.problems(), "");
    assert!(ran.outcomes().iter().any(|o| o["id"] == "schema.facts-index"));
}

#[test]
fn a_bad_schema_fails_with_the_connection_string_alone() {
    for (name, sql, check) in [
        ("alone_no_table", variant::FACTS_MISSING, "schema.facts-table"),
        ("alone_no_index", variant::INDEX_MISSING, "schema.facts-index"),
        ("alone_no_select", variant::NO_SELECT, "schema.facts-select"),
        ("alone_blind", variant::RLS_WITHOUT_POLICY, "schema.facts-rows-visible"),
    ] {
        unmarked(name, sql);
        let ran = alone(&server().login(READER, name));
        ends(&ran, 1);
        assert_eq!(ran.verdict(check), "fail", "{name}");
    }
}

#[test]
fn a_rehearsals_database_is_not_taken_for_production() {
    server().copy("alone_marked", "").expect("a copy");
    ends(&alone(&server().login(READER, "alone_marked")), 2);
}

#[test]
fn a_search_path_cannot_hide_a_rehearsals_database() {
    let hide = "create schema odd; create table odd.pg_class (relname name, relkind \"char\");
        grant usage on schema odd to public; grant select on odd.pg_class to public;
        alter database alone_hidden set search_path = odd, pg_catalog, public;";
    server().copy("alone_hidden", hide).expect("a copy");
    ends(&alone(&server().login(READER, "alone_hidden")), 2);
}

#[test]
fn a_database_that_does_not_answer_is_never_a_pass() {
    let refused = alone("postgresql://u:p@127.0.0.1:1/d");
    ends(&refused, 1);
    assert_eq!(refused.verdict("schema.facts-table"), "skipped");
    let home = tempfile::tempdir().expect("a temporary home");
    let nothing = finish(program(home.path()).args(["preflight", "--format", "json"]).args(SECTION));
    ends(&nothing, 1);
    assert_eq!(nothing.verdict("environment.database-url"), "fail");
}

#[test]
fn a_prisma_string_through_a_transaction_pooler() {
    unmarked("pooled_good", "");
    unmarked("pooled_bad", variant::INDEX_MISSING);
    // One connection to the server for everybody: nothing may wait for a second one.
    let pooler = PgBouncer::start(server(), &[READER], 1);
    let at = |database: &str| {
        let dsn = pooler.login(server(), READER, database);
        alone(&format!("{dsn}?pgbouncer=true&connection_limit=1&schema=public"))
    };
    for _ in 0..2 {
        let ran = at("pooled_good");
        ends(&ran, 0);
        assert_eq!(ran.problems(), "");
    }
    let ran = at("pooled_bad");
    ends(&ran, 1);
    assert_eq!(ran.verdict("schema.facts-index"), "fail");
}

#[test]
fn a_whole_preflight_through_a_transaction_pooler() {
    server().copy("bench_pooled", "").expect("a copy");
    let pooler = PgBouncer::start(server(), &[READER], 1);
    let bench = Bench::on("bench_pooled".to_owned(), pooler.prisma_login(server(), READER, "bench_pooled"));
    let ran = bench.preflight(&["--no-journal", "--skip", "quality"]);
    ends(&ran, 0);
    assert!(
        ran.outcome("environment.database-reachable")["evidence"].to_string().contains("transaction mode")
    );
}

#[test]
fn one_connection_is_enough() {
    let role =
        "create role only_one login password 'only-one' connection limit 1; grant ops_reader to only_one;";
    server().psql("template1", role).expect("a role of this test's own");
    unmarked("alone_single", "");
    ends(&alone(&server().dsn("only_one", "only-one", "alone_single")), 0);
}

#[test]
fn a_role_whose_sessions_are_elsewhere() {
    unmarked("alone_berlin", variant::WITHOUT_TIME_ZONE);
    let ran = alone(&server().login(BERLIN, "alone_berlin"));
    ends(&ran, 0);
    assert_eq!(ran.verdict("schema.facts-time-zone"), "fail", "a warning");
    let shown = ran.outcome("environment.database-reachable")["evidence"].clone();
    let age = shown.as_array().expect("evidence").iter().find(|e| e["name"] == "newest delivery recorded");
    let age = age.expect("its age")["value"].as_str().unwrap_or_default();
    assert!(age.ends_with(" old") && !age.contains('h'), "an hour or two off: {age}");
}

#[test]
fn grading_that_is_off_is_not_checked() {
    let bench = Bench::with_sql(variant::GRADES_MISSING);
    bench.edit_config("[targets.sandbox]\n", "[targets.sandbox]\ngrading = false\n");
    let ran = bench.preflight(&[SECTION[0], SECTION[1], "--no-journal", "--strict"]);
    ends(&ran, 0);
    for check in ["schema.grades-table", "schema.grades-columns", "schema.grades-index"] {
        let outcome = ran.outcome(check);
        assert_eq!(outcome["label"], "skipped", "{outcome:#}");
        assert!(outcome["verdict"]["skipped"]["excluded"].to_string().contains("grading"), "{outcome:#}");
    }
    // A section of which nothing is left to run does not pass.
    let only = bench.preflight(&["--only", "schema.grades-*", "--no-journal"]);
    assert_eq!((only.code, only.stdout.as_str()), (2, ""), "{}", only.stderr);
    assert!(only.stderr.contains("the selection leaves no check to run"), "{}", only.stderr);
}

/// Every fix in the report of a check, as statements for psql.
fn fix(ran: &Ran, check: &str) -> String {
    let outcome = ran.outcome(check);
    let evidence = outcome["evidence"].as_array().cloned().unwrap_or_default();
    let whole = evidence.iter().find(|e| e["name"] == "statements that fix it");
    let text = whole.map_or(&outcome["fix"], |e| &e["value"]).as_str().unwrap_or_default();
    text.strip_prefix("at a quiet hour (it rewrites the table): ").unwrap_or(text).to_owned()
}

#[test]
fn every_fix_that_is_shown_works() {
    let on_no_partition =
        format!("{} drop index dashboard_facts_fact_type_recorded_at_idx;", variant::PARTITIONED);
    for (sql, check) in [
        (variant::PARTITION_WITHOUT_INDEX, "schema.facts-index"),
        (on_no_partition.as_str(), "schema.facts-index"),
        (variant::INDEX_MISSING, "schema.facts-index"),
        (variant::INDEX_INVALID, "schema.facts-index"),
        (variant::INDEX_NOT_READY, "schema.facts-index"),
        (variant::INDEX_PARTIAL, "schema.facts-index"),
        (variant::INDEX_WRONG_ORDER, "schema.facts-index"),
        (variant::INDEX_ON_EXPRESSION, "schema.facts-index"),
        (variant::INDEX_BRIN, "schema.facts-index"),
        (INDEX_HASH, "schema.facts-index"),
        (variant::GRADES_INDEX_MISSING, "schema.grades-index"),
        (variant::NO_SELECT, "schema.facts-select"),
        (variant::SOME_COLUMNS, "schema.facts-select"),
        (variant::RLS_WITHOUT_POLICY, "schema.facts-rows-visible"),
        (variant::WITHOUT_TIME_ZONE, "schema.facts-time-zone"),
    ] {
        let bench = Bench::with_sql(sql);
        let arguments = ["--only", check, "--strict", "--no-journal"];
        let before = bench.preflight(&arguments);
        ends(&before, 1);
        let statements = fix(&before, check);
        bench.sql(&statements);
        let after = bench.preflight(&arguments);
        assert_eq!(after.code, 0, "{check}\n{sql}\n{statements}\n{}", after.problems());
    }
}

#[test]
fn the_partition_without_an_index_is_named_and_fixed() {
    let bench = Bench::with_sql(variant::PARTITION_WITHOUT_INDEX);
    let before = bench.preflight(&["--only", "schema.facts-index", "--no-journal"]);
    ends(&before, 1);
    let reason = before.outcome("schema.facts-index")["reason"].to_string();
    assert!(reason.contains("dashboard_facts_this has none"), "{reason}");
    for whole in ["dashboard_facts_last", "dashboard_facts_next", "dashboard_facts_other"] {
        assert!(!reason.contains(whole), "{whole} has its index: {reason}");
    }
    let statements = fix(&before, "schema.facts-index");
    assert!(statements.contains("CREATE INDEX CONCURRENTLY") && statements.contains("ATTACH PARTITION"));
    bench.sql(&statements);
    ends(&bench.preflight(&["--only", "schema", "--no-journal"]), 0);
    // And the parent's index is whole, so that a partition that is added later has one, too.
    bench.sql("do $$ begin if not (select indisvalid from pg_index
        where indexrelid = 'dashboard_facts_fact_type_recorded_at_idx'::regclass) then raise 'invalid'; end if; end $$;");
}

#[test]
fn what_explain_shows_is_what_was_checked() {
    let bench = Bench::with_sql(variant::INDEX_MISSING);
    let explained = bench.ops(&["checks", "explain", "schema.facts-index"]);
    assert_eq!(explained.code, 0, "{}", explained.stderr);
    let (_, by_hand) = explained.stdout.split_once("  by hand:\n").expect("a way to check it by hand");
    let bin = hotdash_ops::testing::rehearsal::postgres::Programs::find().expect("PostgreSQL").psql;
    let path = format!("{}:/usr/bin:/bin", bin.parent().expect("a directory").display());
    let mut shell = Command::new("sh");
    shell.args(["-ec", by_hand]).env_clear().env("PATH", path);
    let said = finish(shell.env("DATABASE_URL", &bench.vars["DATABASE_URL"]));
    assert_eq!(said.code, 0, "{by_hand}\n{}", said.stderr);
    assert!(said.stdout.contains("QUERY PLAN") || said.stdout.contains("row"), "{}", said.stdout);
}
