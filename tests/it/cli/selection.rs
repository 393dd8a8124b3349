//! Which checks a run plans and runs.

use hotdash_ops::testing::rehearsal::postgres::{READER, variant};
use serde_json::{Value, json};

use super::{ids, requests, whole};
use crate::support::bench::{Bench, finish, program};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

#[test]
fn an_unknown_selector_is_rejected_with_the_nearest_id() {
    let bench = Bench::new();
    let cases = [
        (
            ["--only", "chatwoot.tokn"],
            "--only chatwoot.tokn: matches no check; did you mean `chatwoot.token`?",
        ),
        (["--only", "shcema"], "did you mean `schema`?"),
        (["--skip", "qualty"], "--skip qualty: matches no check; did you mean `quality`?"),
        (["--only", "database-reachable"], "did you mean `environment.database-reachable`?"),
        (["--only", "chatwoot.*-nonsense"], "matches no check"),
        (["--only", ""], "matches no check"),
        (["--only", "qqqqqqqqqqqq"], "see `hotdash-ops checks list`"),
        (["--skip", "*"], "the selection leaves no check to run"),
    ];
    for (arguments, said) in cases {
        let ran = bench.ops(&["preflight", "--format", "json", arguments[0], arguments[1]]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
    // A valid selector does not excuse an invalid one.
    let both = bench.ops(&["preflight", "--only", "schema", "--only", "nonsense", "--skip", "rubbish"]);
    assert_eq!(both.code, 2);
    assert!(
        both.stderr.contains("--only nonsense") && both.stderr.contains("--skip rubbish"),
        "{}",
        both.stderr
    );
    assert_eq!(requests(&bench), 0, "nothing is requested");
    assert!(!bench.path(".local").exists(), "nothing is recorded");
}

#[test]
fn the_schema_section_needs_the_database_and_nothing_else() {
    // As in production: without the stand-ins' marker, a configuration, a target.
    let bench = Bench::with_sql(variant::UNMARKED);
    let ask = |format: &str| {
        let mut command = program(bench.home.path());
        command.env("DATABASE_URL", &bench.vars["DATABASE_URL"]);
        finish(command.args(["preflight", "--only", "schema", "--format", format]))
    };
    let ran = ask("json");
    assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stderr);
    let (report, ids) = (ran.report(), ids(&ran));
    assert_eq!(ids[..2], ["environment.database-url", "environment.database-reachable"]);
    assert!(ids[2..].iter().all(|id| id.starts_with("schema.")) && ids.len() > 8, "{ids:?}");
    assert_eq!(report["target"], "production");
    let of = whole(&bench).len();
    assert_eq!(report["partial"], json!({ "planned": ids.len(), "of": of }));
    let partial = format!("PARTIAL {} of {of}", ids.len());
    for format in ["table", "junit", "prom", "markdown", "github"] {
        let ran = ask(format);
        assert!(ran.code == 0 && ran.stdout.contains(&partial), "{format}: {}", ran.stdout);
    }
    let first: Value =
        serde_json::from_str(ask("jsonl").stdout.lines().next().unwrap_or_default()).expect("a line of JSON");
    assert_eq!(first["partial"]["of"], of);
}

#[test]
fn the_schema_section_is_blocked_without_a_database() {
    let home = tempfile::tempdir().expect("a home");
    let ran = finish(program(home.path()).args(["preflight", "--only", "schema", "--format", "json"]));
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.verdict("environment.database-url"), "fail");
    for outcome in ran.outcomes().iter().filter(|o| o["id"].to_string().contains("schema.")) {
        assert_eq!(outcome["verdict"], json!({ "skipped": { "blocked": "environment.database-url" } }));
        assert_eq!(outcome["attempts"], 0);
    }
}

#[test]
fn checks_that_need_an_excluded_check_run_anyway() {
    let bench = Bench::new();
    let arguments = ["--only", "schema", "--skip", "environment.database-url", "--no-journal"];
    let ran = bench.preflight(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let excluded = json!({ "skipped": { "excluded": "--skip environment.database-url" } });
    assert_eq!(ran.outcome("environment.database-url")["verdict"], excluded);
    let asked = ran.outcomes().into_iter().filter(|o| o["id"] != "environment.database-url");
    assert!(asked.clone().count() > 8);
    assert!(asked.clone().all(|o| o["verdict"] == "pass" && o["attempts"] == 1), "{}", ran.problems());
    // Explanation, and not taken for good: without the variable they cannot be.
    let mut bench = bench;
    bench.unset("DATABASE_URL");
    let ran = bench.preflight(&arguments);
    assert_eq!(ran.code, 3, "{}", ran.problems());
    assert_eq!(ran.verdict("environment.database-reachable"), "error");
}

#[test]
fn excluded_checks_are_shown_and_never_count() {
    let bench = Bench::new();
    bench.control("chatwoot", json!({ "door": "closed" }));
    let arguments = ["--skip", "chatwoot", "--skip", "environment.*", "--skip", "quality", "--no-journal"];
    let ran = bench.preflight(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let (report, whole) = (ran.report(), whole(&bench));
    assert_eq!(ids(&ran), whole, "all of it is reported");
    let skipped = ran.outcomes().iter().filter(|o| o["verdict"]["skipped"]["excluded"].is_string()).count();
    assert_eq!(report["tally"]["skipped"], skipped);
    assert_eq!(report["partial"], json!({ "planned": whole.len() - skipped, "of": whole.len() }));
    let table = bench.ops(&["preflight", "--quiet", "--no-journal", "--skip", "chatwoot"]);
    assert!(table.stdout.contains("excluded by --skip chatwoot"), "{}", table.stdout);
    assert!(table.stdout.contains("PARTIAL "), "{}", table.stdout);
}

#[test]
fn strict_counts_warnings_as_failures() {
    let mut bench = Bench::new();
    bench.unset("CHATWOOT_WEBHOOK_SECRET");
    let arguments = ["--only", "environment.webhook-secret", "--no-journal"];
    // Alone it is not required, and a run without a required check proves nothing.
    assert_eq!(bench.preflight(&arguments).code, 3);
    assert_eq!(bench.preflight(&[&arguments[..], &["--strict"]].concat()).code, 1);
}

#[test]
fn a_prisma_dsn_works_behind_a_transaction_pooler() {
    for (database, sql, code) in
        [("selection_pooled_good", "", 0), ("behaviour_pooled_bad", variant::INDEX_MISSING, 1)]
    {
        server().copy(database, &format!("{}{sql}", variant::UNMARKED)).expect("a copy");
        let pooler = PgBouncer::start(server(), &[READER], 2);
        let home = tempfile::tempdir().expect("a home");
        let mut command = program(home.path());
        command.env("DATABASE_URL", pooler.prisma_login(server(), READER, database));
        let ran = finish(command.args(["preflight", "--only", "schema", "--format", "json"]));
        assert_eq!(ran.code, code, "{database}: {}", ran.problems());
    }
}

#[test]
fn excluding_every_selected_check_is_rejected() {
    let bench = Bench::new();
    let ran = bench.preflight(&["--only", "schema", "--skip", "schema.*"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    bench.edit_config("[targets.sandbox]\n", "[targets.sandbox]\ngrading = false\n");
    let ran = bench.preflight(&["--only", "schema.grades-*"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    let ran = bench.preflight(&["--only", "schema.grades-*", "--only", "schema.facts-table"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}
