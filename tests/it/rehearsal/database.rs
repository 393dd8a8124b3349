//! The sandbox's database: `sandbox --database URL` and which databases it takes, and the native engine by name.

use hotdash_ops::testing::rehearsal::postgres::{OWNER, READER};

use crate::support::bench::{Ran, finish, program};
use crate::support::server;

/// The whole preflight in a sandbox on this database.
fn preflight_on(url: &str) -> Ran {
    let home = tempfile::tempdir().expect("a home");
    let inside = ["hotdash-ops", "preflight", "--format", "json"];
    finish(program(home.path()).args(["sandbox", "--per-minute", "0", "--database", url, "--"]).args(inside))
}

/// A database of nobody's making, and the URL of its owner.
fn empty(name: &str) -> String {
    server()
        .psql("template1", &format!("create database {name} owner {OWNER} template template0"))
        .expect("a database");
    server().login(OWNER, name)
}

fn tables(name: &str) -> String {
    let sql =
        "select string_agg(tablename, ' ' order by tablename) from pg_tables where schemaname = 'public'";
    server().psql(name, sql).expect("the tables")
}

#[test]
fn an_empty_database_is_filled_and_used_again_when_its_facts_are_old() {
    let url = empty("given_empty");
    let ran = preflight_on(&url);
    assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stderr);
    assert!(ran.stderr.contains("postgres: given (PostgreSQL "), "{}", ran.stderr);
    assert_eq!(tables("given_empty"), "customer_grades dashboard_facts hotdash_ops_sandbox");
    let facts = |what: &str| {
        server().psql("given_empty", &format!("select {what} from dashboard_facts")).expect("the facts")
    };
    let filled = facts("count(*)");
    server()
        .psql("given_empty", "update dashboard_facts set recorded_at = recorded_at - interval '9 days'")
        .expect("older facts");
    let again = preflight_on(&url);
    assert_eq!(again.code, 0, "{}\n{}", again.problems(), again.stderr);
    assert_eq!(facts("count(*)"), filled, "it was not filled twice");
    assert_eq!(facts("max(recorded_at) > now() - interval '2 minutes'"), "t", "the facts are young again");
}

#[test]
fn a_database_that_holds_anything_else_is_refused_and_left_alone() {
    let url = empty("given_foreign");
    for thing in ["create table orders (id int)", "create schema shop; create view shop.one as select 1"] {
        server().psql("given_foreign", thing).expect("something");
        let before = tables("given_foreign");
        let ran = preflight_on(&url);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("hotdash@127.0.0.1/given_foreign has "), "{}", ran.stderr);
        assert!(ran.stderr.contains("hotdash_ops_sandbox"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(&server().password(OWNER)), "the password is shown: {}", ran.stderr);
        assert_eq!(tables("given_foreign"), before);
        server().psql("given_foreign", "drop table orders").unwrap_or_default();
    }
}

#[test]
fn an_unusable_url_is_rejected_with_the_reason() {
    let url = empty("given_unusable");
    let reader = server().login(READER, "given_unusable");
    let cases = [
        ("postgres://nobody", "--database: "),
        (reader.as_str(), "cannot fill ops_reader@127.0.0.1/given_unusable: "),
        (&format!("{url}?sslmode=require"), "without TLS"),
        (&server().dsn(OWNER, "wrong-password", "given_unusable"), "password authentication failed"),
    ];
    for (url, said) in cases {
        let ran = preflight_on(url);
        assert_eq!(ran.code, 2, "{url}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{url}: {}", ran.stderr);
        assert!(!ran.stderr.contains("wrong-password"), "the password is shown: {}", ran.stderr);
    }
}

#[test]
fn an_engine_and_a_database_exclude_each_other() {
    let home = tempfile::tempdir().expect("a home");
    let ran = finish(program(home.path()).args([
        "sandbox",
        "--postgres",
        "native",
        "--database",
        "postgres://a@b/c",
    ]));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
    let ran = finish(program(home.path()).args(["sandbox", "--postgres", "oracle"]));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("native or embedded"), "{}", ran.stderr);
}

#[test]
fn the_native_engine_is_named_and_its_operator_may_keep_baselines() {
    let home = tempfile::tempdir().expect("a home");
    let ran = finish(program(home.path()).args([
        "sandbox",
        "--postgres",
        "native",
        "--per-minute",
        "0",
        "--",
        "hotdash-ops",
        "baseline",
        "--format",
        "json",
    ]));
    assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stderr);
    assert!(ran.stderr.contains("postgres: native (PostgreSQL "), "{}", ran.stderr);
}
