//! How a run behaves as a whole: selection, interruption, deadlines, journal,
//! and what goes to which stream.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use hotdash_ops::rehearsal::postgres::{READER, variant};
use serde_json::{Value, json};

use crate::support::bench::{Bench, Ran, finish, program, verdict};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Starts a run whose agent never answers, sends it a signal when the run is under way, and gives what it left.
fn interrupted(name: &str) -> Ran {
    let bench = Bench::new();
    bench.control("agent", json!({ "door": "silent" }));
    let mut command = bench.command();
    command.args(["preflight", "--format", "json", "--skip", "quality"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let began = Instant::now();
    let events = || {
        let runs = bench.path(".local/state/hotdash-ops/runs");
        let run = std::fs::read_dir(runs).ok()?.flatten().next()?.path();
        std::fs::read_to_string(run.join("events.jsonl")).ok()
    };
    while !events().is_some_and(|text| text.contains("schema.grades-index\",\"title")) {
        assert!(began.elapsed() < Duration::from_secs(30), "the run does not get under way");
        std::thread::sleep(Duration::from_millis(50));
    }
    signal(&child, name);
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().expect("piped").read_to_string(&mut stdout).expect("text");
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("text");
    let code = child.wait().expect("ends").code().unwrap_or(-1);
    assert!(began.elapsed() < Duration::from_secs(40), "the signal was not heard");
    let report = std::fs::read_dir(bench.path(".local/state/hotdash-ops/runs"))
        .expect("the journal is there")
        .flatten()
        .next()
        .expect("of this run")
        .path()
        .join("report.json");
    let written: Value =
        serde_json::from_slice(&std::fs::read(report).expect("written")).expect("a document");
    assert_eq!(written["exit"], code);
    Ran { code, stdout, stderr }
}

#[test]
fn an_interrupted_run_tells_what_is_known() {
    for (name, code, how) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let ran = interrupted(name);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert_eq!(ran.report()["stopped"], how);
        assert_eq!(ran.outcomes().len(), 54, "every planned check is reported");
        assert_eq!(ran.verdict("environment.chatwoot-base-url"), "pass");
        assert_eq!(ran.outcome("agent-sdk.health")["verdict"]["skipped"], "interrupted");
    }
}

#[test]
fn the_deadline_of_a_run_makes_errors_of_what_is_left() {
    let bench = Bench::new();
    bench.control("agent", json!({ "door": "silent" }));
    let ran = bench.preflight(&["--timeout", "3s", "--only", "agent-sdk", "--no-journal"]);
    assert_eq!(ran.code, 3, "{}", ran.problems());
    assert_eq!(ran.verdict("agent-sdk.health"), "error");
    assert!(ran.outcome("agent-sdk.health")["reason"].to_string().contains("deadline"), "{}", ran.problems());
    assert_eq!(ran.verdict("environment.agent-sdk-url"), "pass");
}

#[test]
fn with_only_a_database_url_the_schema_is_asked_and_passes() {
    let database = "only_a_url";
    server().copy(database, variant::UNMARKED).expect("a copy");
    let home = tempfile::tempdir().expect("a temporary home");
    let mut command = program(home.path());
    command.env("DATABASE_URL", server().login(READER, database));
    let ran = finish(command.args(["preflight", "--only", "schema", "--format", "json"]));
    assert_eq!(ran.code, 0, "{}", ran.problems());
    assert_eq!(ran.report()["target"], "production");
    assert_eq!(ran.report()["partial"], json!({ "planned": 11, "of": 54 }));
    let mut command = program(home.path());
    command.env("DATABASE_URL", server().login(READER, database));
    let table = finish(command.args(["preflight", "--only", "schema"]));
    assert!(table.stdout.contains("PARTIAL 11 of 54"), "{}", table.stdout);
}

#[test]
fn a_prisma_dsn_behind_a_transaction_pooler_is_asked_like_any_other() {
    for (database, sql, code) in [("pooled_good", "", 0), ("pooled_bad", variant::INDEX_MISSING, 1)] {
        server().copy(database, &format!("{}{sql}", variant::UNMARKED)).expect("a copy");
        let pooler = PgBouncer::start(server(), &[READER], 2);
        let dsn = pooler.prisma_login(server(), READER, database);
        let home = tempfile::tempdir().expect("a temporary home");
        let mut command = program(home.path());
        command.env("DATABASE_URL", dsn);
        let ran = finish(command.args(["preflight", "--only", "schema", "--format", "json"]));
        assert_eq!(ran.code, code, "{database}: {}", ran.problems());
    }
}

#[test]
fn what_is_skipped_is_shown_and_its_children_are_asked_anyway() {
    let bench = Bench::new();
    let ran = bench.preflight(&["--skip", "environment.database-url", "--skip", "quality"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    assert_eq!(ran.outcomes().len(), 54);
    let skipped = &ran.outcome("environment.database-url")["verdict"]["skipped"];
    assert_eq!(skipped["excluded"], "--skip environment.database-url");
    assert_eq!(ran.verdict("environment.database-reachable"), "pass");
    assert_eq!(ran.report()["partial"], json!({ "planned": 45, "of": 54 }));
}

#[test]
fn a_word_that_matches_nothing_is_refused_with_the_nearest() {
    let home = tempfile::tempdir().expect("a temporary home");
    for (arguments, near) in [
        (["--only", "schmea"], "`schema`"),
        (["--skip", "chatwoot.tokens"], "`chatwoot.token`"),
        (["--only", "environment.datbase-*"], "see `hotdash-ops checks list`"),
    ] {
        let ran = finish(program(home.path()).arg("preflight").args(arguments));
        assert_eq!(ran.code, 2, "{}", ran.stdout);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(near), "{}", ran.stderr);
    }
    let all = finish(program(home.path()).args(["preflight", "--skip", "*"]));
    assert_eq!(all.code, 2, "a plan with nothing to ask is refused");
}

#[test]
fn strict_counts_warnings_as_failures() {
    let mut bench = Bench::new();
    bench.unset("CHATWOOT_WEBHOOK_SECRET");
    let lenient = bench.preflight(&["--only", "environment.webhook-secret", "--no-journal"]);
    let strict = bench.preflight(&["--only", "environment.webhook-secret", "--no-journal", "--strict"]);
    assert_eq!((lenient.code, strict.code), (3, 1), "{}", lenient.problems());
}

#[test]
fn the_journal_is_private_complete_and_can_be_left_out() {
    let bench = Bench::new();
    let none = bench.preflight(&["--only", "agent-sdk", "--no-journal"]);
    assert_eq!(none.code, 0, "{}", none.problems());
    assert!(!bench.path(".local").exists(), "--no-journal writes nothing");
    let ran = bench.preflight(&["--only", "agent-sdk"]);
    let runs = bench.path(".local/state/hotdash-ops/runs");
    let run = runs.join(ran.report()["run"].as_str().expect("a run has an id"));
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!((mode(&runs), mode(&run)), (0o700, 0o700));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&run).expect("the journal").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["events.jsonl", "plan.json", "report.json", "settings.json"]);
    let events = std::fs::read_to_string(run.join("events.jsonl")).expect("text");
    let last: Value = serde_json::from_str(events.lines().last().expect("events")).expect("a document");
    assert_eq!((last["event"].as_str(), last["exit"].as_u64()), (Some("ended"), Some(0)));
}

#[test]
fn a_pass_names_earlier_runs_that_did_not() {
    let bench = Bench::new();
    bench.control("agent", json!({ "state": { "version": "9.0.0" } }));
    assert_eq!(bench.preflight(&["--only", "agent-sdk"]).code, 1);
    bench.control("agent", json!({ "state": { "version": "1.0.0" } }));
    let passed = bench.preflight(&["--only", "agent-sdk"]);
    assert_eq!(passed.code, 0, "{}", passed.problems());
    assert!(passed.report()["notes"].to_string().contains("ended 1"), "{}", passed.report()["notes"]);
}

#[test]
fn stdout_is_one_format_and_everything_else_goes_to_stderr() {
    let bench = Bench::new();
    let junit = bench.path("junit.xml");
    let target = format!("junit:{}", junit.display());
    let ran = bench.preflight(&["--only", "agent-sdk", "--report", &target]);
    assert_eq!(ran.report()["schema"], "hotdash-ops.run/1");
    assert!(ran.stderr.contains("agent-sdk.health"), "progress is on stderr: {}", ran.stderr);
    assert!(std::fs::read_to_string(junit).expect("written").contains("<testsuites"));
    let quiet = bench.preflight(&["--only", "agent-sdk", "--quiet"]);
    assert_eq!(quiet.stderr, "");
    let table = bench.ops(&["preflight", "--only", "agent-sdk"]);
    assert!(!table.stdout.contains('\u{1b}'), "no colour without a terminal");
}

#[test]
fn a_bad_report_path_is_refused_before_anything_is_asked() {
    let bench = Bench::new();
    bench.world.agent.forget();
    let ran = bench.preflight(&["--report", "junit:/nonexistent/report.xml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("/nonexistent"), "{}", ran.stderr);
    assert!(bench.world.agent.received().is_empty(), "nothing was asked");
}

#[test]
fn every_planned_check_stands_once_in_the_report() {
    let bench = Bench::with_sql(variant::FACTS_MISSING);
    let mut count: BTreeMap<String, u32> = BTreeMap::new();
    for outcome in bench.preflight(&["--skip", "quality"]).outcomes() {
        *count.entry(outcome["id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        let blocked = verdict(&outcome) == "skipped" && outcome["verdict"]["skipped"]["blocked"].is_string();
        assert_eq!(blocked, outcome["reason"].to_string().contains("blocked by"), "{outcome}");
    }
    assert_eq!(count.len(), 54);
    assert!(count.values().all(|n| *n == 1), "{count:?}");
}

#[test]
fn status_says_ok_first_and_needs_nothing_but_chatwoot() {
    let mut bench = Bench::new();
    for other in ["DATABASE_URL", "AGENT_SDK_URL", "CHATWOOT_WEBHOOK_SECRET"] {
        bench.unset(other);
    }
    bench.drop_config("app_dir");
    let good = bench.ops(&["status"]);
    assert_eq!(good.code, 0, "{}", good.stdout);
    assert_eq!(good.stdout.lines().next(), Some("Chatwoot health check OK"));
    assert!(!bench.path(".local").exists(), "cron's verb leaves no journals");
    let brief = bench.ops(&["status", "--quiet"]);
    assert_eq!((brief.stdout.as_str(), brief.stderr.as_str()), ("Chatwoot health check OK\n", ""));
    let document = bench.ops(&["status", "--format", "json"]);
    assert_eq!(document.report()["verb"], "status");
    assert_eq!(document.report()["partial"], Value::Null);
    for broken in [
        json!({ "state": { "queue_services": "failing" } }),
        json!({ "state": { "queue_services": "ok", "accounts": { "3": { "status": "suspended" } } } }),
        json!({ "door": "closed" }),
    ] {
        bench.control("chatwoot", broken.clone());
        let bad = bench.ops(&["status", "--quiet"]);
        assert_eq!(bad.code, 1, "{broken}: {}", bad.stdout);
        let first = bad.stdout.lines().next().unwrap_or_default();
        assert!(first.starts_with("Chatwoot health check FAILED: chatwoot."), "{broken}: {first}");
    }
}

#[test]
fn the_token_never_follows_a_redirect_to_another_origin() {
    let bench = Bench::new();
    bench.world.app.forget();
    let elsewhere = format!("{}/api/v1/profile", bench.world.app.url());
    bench.control("chatwoot", json!({ "set": { "GET /api/v1/profile": { "location": elsewhere } } }));
    let ran = bench.preflight(&["--only", "chatwoot.token", "--no-journal"]);
    assert_eq!((ran.code, ran.verdict("chatwoot.token").as_str()), (1, "fail"), "{}", ran.problems());
    assert!(bench.world.app.received().is_empty(), "the other origin was asked");
    let at_home = bench.world.chatwoot.received();
    assert!(
        at_home.iter().any(|e| e.header("api_access_token").is_some()),
        "the first origin gets the token"
    );
}
