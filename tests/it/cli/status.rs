//! The verb for cron: its first line and its exit code always agree.

use serde_json::{Value, json};

use crate::support::bench::{Bench, Ran};

const GOOD: &str = "Chatwoot health check OK";
const BAD: &str = "Chatwoot health check FAILED";

/// The checks of `status`, with those they need.
const CHECKS: [&str; 7] = [
    "environment.chatwoot-base-url",
    "environment.chatwoot-api-key",
    "environment.chatwoot-account-id",
    "chatwoot.alive",
    "chatwoot.services",
    "chatwoot.token",
    "chatwoot.account",
];

fn status(bench: &Bench) -> Ran {
    bench.ops(&["status"])
}

fn first_line(ran: &Ran) -> &str {
    ran.stdout.lines().next().unwrap_or_default()
}

/// A world that fails, with the reason in the first line.
fn fails(what: &str, code: i32, why: &str, arrange: impl FnOnce(&mut Bench)) {
    let mut bench = Bench::new();
    arrange(&mut bench);
    let ran = status(&bench);
    let line = first_line(&ran);
    assert_eq!(ran.code, code, "{what}: {}", ran.stdout);
    assert!(line.starts_with(BAD), "{what}: {line}");
    assert!(line.contains(why), "{what}: {line}");
    assert!(!ran.stdout.contains(GOOD), "{what}: {}", ran.stdout);
}

fn state(bench: &Bench, change: Value) {
    bench.control("chatwoot", json!({ "state": change }));
}

fn use_token(bench: &mut Bench, token: &str) {
    for name in ["CHATWOOT_API_KEY", "CHATWOOT_API_TOKEN"] {
        bench.set(name, token);
    }
}

#[test]
fn a_good_world_passes() {
    let bench = Bench::new();
    let ran = status(&bench);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(first_line(&ran), GOOD);
    assert!(!ran.stdout.contains("PARTIAL"), "{}", ran.stdout);
    state(&bench, json!({ "version": "4.8.0" }));
    let older = status(&bench);
    assert_eq!((older.code, first_line(&older)), (0, GOOD));
}

#[test]
fn status_needs_three_variables_and_nothing_else() {
    let mut bench = Bench::new();
    bench.unset("DATABASE_URL");
    bench.unset("AGENT_SDK_URL");
    bench.unset("CHATWOOT_WEBHOOK_SECRET");
    bench.unset("CHATWOOT_API_TOKEN");
    bench.drop_config("app_dir");
    // Neither git nor npm nor fly.
    bench.set("PATH", "/nonexistent");
    let ran = status(&bench);
    assert_eq!((ran.code, first_line(&ran)), (0, GOOD), "{}\n{}", ran.stdout, ran.stderr);
    assert!(bench.world.agent.received().is_empty() && bench.world.app.received().is_empty());
}

#[test]
fn each_of_the_three_variables_is_needed() {
    for name in ["CHATWOOT_BASE_URL", "CHATWOOT_API_KEY", "CHATWOOT_ACCOUNT_ID"] {
        let check = format!("environment.{}", name.to_lowercase().replace('_', "-"));
        fails(name, 1, &format!("{check}: {name} is not set"), |b| b.unset(name));
        fails(name, 1, &check, |b| {
            b.unset(name);
            b.set(name, "");
        });
    }
    fails("not a number", 1, "environment.chatwoot-account-id", |b| b.set("CHATWOOT_ACCOUNT_ID", "three"));
}

#[test]
fn a_chatwoot_that_is_down_or_replaced_fails() {
    fails("nothing listens", 1, "connection refused", |b| {
        b.control("chatwoot", json!({ "door": "closed" }));
    });
    fails("the connection is reset", 1, "reset", |b| {
        b.control("chatwoot", json!({ "door": "reset" }));
    });
    fails("a page of a proxy", 1, "an HTML page, not JSON", |b| {
        let page = json!({ "status": 200, "body": "<html>Back soon</html>", "content_type": "text/html" });
        b.control("chatwoot", json!({ "set": { "GET *": page } }));
    });
    fails("503 everywhere", 1, "/health or /api: 503", |b| {
        b.control("chatwoot", json!({ "set": { "GET *": { "status": 503 } } }));
    });
}

#[test]
fn a_chatwoot_without_its_services_fails() {
    fails("Redis is down", 1, "queue_services: expected `ok`, found `failing`", |b| {
        state(b, json!({ "queue_services": "failing" }));
    });
    fails("Postgres is down", 1, "data_services: expected `ok`, found null", |b| {
        state(b, json!({ "data_services": null }));
    });
    fails("/api breaks", 1, "chatwoot.services", |b| {
        b.control("chatwoot", json!({ "set": { "GET /api": { "status": 500 } } }));
    });
}

#[test]
fn a_token_that_cannot_read_the_account_fails() {
    fails("unknown", 1, "401: the token is unknown", |b| use_token(b, "hunter2hunter2hunter2xyz"));
    fails("a bot's", 1, "not to a user", |b| {
        let bot = b.world.chatwoot.update(|state| state.bots["bot"].token.clone());
        use_token(b, &bot);
    });
    fails("a stranger's", 1, "the token's user is not a member of account 3, only of account 5", |b| {
        let stranger = b.world.chatwoot.update(|state| state.token_of("stranger"));
        use_token(b, &stranger);
    });
    fails("suspended", 1, "account status: expected active, found suspended", |b| {
        state(b, json!({ "accounts": { "3": { "status": "suspended" } } }));
    });
    fails("too many requests", 3, "429: too many requests", |b| {
        state(b, json!({ "throttled": true }));
    });
}

#[test]
fn an_agents_token_can_read_the_account_too() {
    let mut bench = Bench::new();
    let agent = bench.world.chatwoot.update(|state| state.token_of("agent"));
    use_token(&mut bench, &agent);
    let ran = status(&bench);
    assert_eq!((ran.code, first_line(&ran)), (0, GOOD), "{}", ran.stdout);
}

#[test]
fn a_servers_text_cannot_fake_the_first_line() {
    let mut bench = Bench::new();
    use_token(&mut bench, "hunter2hunter2hunter2xyz");
    let said = format!("no\n{GOOD}\n\u{1b}[2J\u{1b}[H{GOOD}");
    let refusal = json!({ "status": 401, "json": { "error": said } });
    bench.control("chatwoot", json!({ "set": { "GET /api/v1/profile": refusal } }));
    let ran = status(&bench);
    assert_eq!(ran.code, 1);
    assert!(first_line(&ran).starts_with(BAD), "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line != GOOD), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
}

#[test]
fn the_other_formats_have_no_status_line() {
    let bench = Bench::new();
    for (code, queue) in [(0, "ok"), (1, "failing")] {
        state(&bench, json!({ "queue_services": queue }));
        let ran = bench.ops(&["status", "--format", "json"]);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        let report = ran.report();
        assert_eq!((&report["verb"], &report["exit"]), (&json!("status"), &json!(code)));
        assert_eq!(report["partial"], Value::Null);
        let asked: Vec<Value> = ran.outcomes().iter().map(|o| o["id"].clone()).collect();
        assert_eq!(asked, CHECKS.map(Value::from));
        for format in ["jsonl", "junit", "prom", "markdown", "github"] {
            let ran = bench.ops(&["status", "--format", format]);
            assert_eq!(ran.code, code, "{format}");
            assert!(!ran.stdout.contains(GOOD) && !ran.stdout.contains(BAD), "{format}: {}", ran.stdout);
        }
    }
}

#[test]
fn status_rejects_a_selection() {
    let bench = Bench::new();
    for arguments in [["--only", "environment"], ["--only", "chatwoot.alive"], ["--skip", "chatwoot"]] {
        let ran = bench.ops(&["status", arguments[0], arguments[1]]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("remove --only and --skip"), "{}", ran.stderr);
    }
    assert!(bench.world.chatwoot.received().is_empty());
}

#[test]
fn status_writes_no_journal_and_quiet_prints_one_line() {
    let bench = Bench::new();
    let ran = bench.ops(&["status", "--quiet"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "Chatwoot health check OK\n", ""));
    state(&bench, json!({ "queue_services": "failing" }));
    let bad = bench.ops(&["status", "--quiet"]);
    assert_eq!((bad.code, bad.stderr.as_str()), (1, ""));
    assert!(bad.stdout.lines().count() > 5, "every problem is printed: {}", bad.stdout);
    assert!(std::fs::read_dir(bench.home.path()).expect("the home").next().is_none());
}
