//! Worlds, good and broken, in which every secret is a canary.

use hotdash_ops::testing::rehearsal::postgres::variant;
use hotdash_ops::testing::rehearsal::standins::checkout::{Tool, ToolName, ToolOutput};
use hotdash_ops::testing::rehearsal::standins::fly::Fault;
use serde_json::{Value, json};

use super::finder::forms;
use super::planted::Planted;
use crate::support::bench::finish;

#[test]
fn no_verb_leaks_a_secret_in_the_good_world() {
    let mut planted = Planted::new("");
    let ran = planted.ask(&[]);
    assert_eq!(ran.code, 0, "{}", planted.report().problems());
    for arguments in [
        vec!["preflight", "--no-journal", "-vv"],
        vec!["preflight", "--no-journal", "--problems"],
        vec!["status"],
        vec!["status", "-vv"],
        vec!["checks", "explain", "preflight"],
        vec!["checks", "list"],
        vec!["env", "fingerprint", "--print"],
    ] {
        let ran = planted.bench.ops(&arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        planted.must_not_show(&arguments.join(" "), &ran);
    }
}

#[test]
fn a_terminal_shows_no_secret_either() {
    let planted = Planted::new("");
    everything_repeats(&planted, 0);
    let ran = finish(&mut planted.on_a_terminal("preflight -vv --no-journal"));
    assert_eq!(ran.code, 1, "script (bsdutils) runs the program on a terminal: {}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("\u{1b}["), "it is a terminal: {}", ran.stdout);
    planted.must_not_show("a terminal", &ran);
}

/// Has every stand-in repeat the secrets it was given, and some that it was not, in each form once over the
/// rounds from 0 to 3. Short texts are shown completely and long ones are cut: both are repeated.
fn everything_repeats(planted: &Planted, round: usize) {
    let bench = &planted.bench;
    let all: Vec<(String, String)> = planted
        .canaries
        .iter()
        .flat_map(|(name, value)| {
            forms(value).into_iter().map(move |(form, text)| (format!("{name} {form}"), text))
        })
        .collect();
    let token = forms(&planted.canaries["CHATWOOT_API_KEY"]);
    let one = |number: usize| token[(4 * round + number) % token.len()].1.clone();
    let many = all.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("\n");

    let answer = |status: u16, body: Value| json!({ "status": status, "json": body });
    bench.control(
        "chatwoot",
        json!({ "set": {
            "GET /api/v1/accounts/3": answer(401, json!({ "error": format!("Invalid Access Token {}", one(0)) })),
            "GET /api/v1/accounts/3/webhooks": answer(403, json!({ "error": one(1), "errors": [one(2)], "message": one(3) })),
            "GET /rails/health": { "status": 503, "body": one(1) },
            "GET /health": { "status": 302, "location": format!("/login?token={}", one(2).replace(|c: char| !c.is_ascii_graphic(), "+")) },
        } }),
    );
    bench.control(
        "agent",
        json!({ "set": {
            "GET /health": { "patch": { "version": one(2), "status": one(3) } },
            "POST /webhooks/chatwoot": { "status": 500, "body": many },
        } }),
    );
    let lines: Vec<String> = all.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    // The last twenty lines are shown; each tool prints another twenty.
    let share =
        |number: usize| lines.iter().skip(20 * (3 * round + number)).take(20).cloned().collect::<Vec<_>>();
    bench
        .world
        .checkout
        .change(|answers| {
            for (number, tool) in
                [ToolName::Eslint, ToolName::Gitleaks, ToolName::Health].into_iter().enumerate()
            {
                let says = ToolOutput { stdout: share(number).join("\n"), stderr: many.clone(), code: 1 };
                answers.tools.insert(tool, Tool { says: Some(says), ..Tool::default() });
            }
            // All in one line, which is shown in pieces.
            let says = ToolOutput { stdout: many.replace('\n', ""), stderr: String::new(), code: 1 };
            answers.tools.insert(ToolName::Prettier, Tool { says: Some(says), ..Tool::default() });
        })
        .expect("the tools take it");
    let fly = forms(&planted.canaries["FLY_API_TOKEN"]);
    let said = format!("token {} is not valid", fly[(4 * round) % fly.len()].1);
    bench.world.fly.break_command("secrets list", Fault::error(&said)).expect("fly takes it");
}

#[test]
fn servers_and_programs_that_repeat_secrets_leak_none() {
    let mut planted = Planted::new(variant::NO_SELECT);
    for round in 0..5 {
        everything_repeats(&planted, round);
        let ran = planted.ask(&[]);
        assert_eq!(ran.code, 1, "{}", planted.report().problems());
    }
}

#[test]
fn secrets_that_only_servers_know_are_not_shown() {
    let mut planted = Planted::new("");
    let names = ["of another webhook", "of a DSN", "of a profile", "of a password", "of a header", "of JSON"];
    let [webhook, dsn, profile, password, header, json] = names.map(|name| planted.plant(name));
    let bench = &planted.bench;
    bench.world.chatwoot.update(|state| {
        let mut second = state.webhooks[0].clone();
        second.id += 1;
        second.secret.clone_from(&webhook);
        state.webhooks.push(second);
    });
    // Each is short enough to be shown with its check.
    let account = format!("PG::Error: postgres://chatwoot:{dsn}@db/chatwoot");
    bench.control(
        "chatwoot",
        json!({ "set": {
            "GET /api/v1/profile": { "patch": { "access_token": profile, "name": profile } },
            "GET /api/v1/accounts/3": { "status": 422, "json": { "error": account } },
        } }),
    );
    let drafting = json!({ "error": format!("POST with {{\"access_token\":\"{json}\"}}") });
    bench.control(
        "agent",
        json!({ "set": {
            "GET /health": { "patch": { "status": format!("password={password}"), "version": format!("api_access_token: {header}") } },
            "POST /webhooks/chatwoot": { "status": 500, "json": drafting },
        } }),
    );
    let ran = planted.ask(&["--skip", "quality"]);
    assert_eq!(ran.code, 1, "{}", planted.report().problems());
    for shown in ["postgres://chatwoot:***@db/chatwoot", "password=***", "api_access_token: ***"] {
        assert!(
            planted.report().stdout.contains(shown),
            "{shown:?} was to be shown: {}",
            planted.report().stdout
        );
    }
}

#[test]
fn a_command_that_prints_its_environment() {
    let mut planted = Planted::new("");
    let bench = &planted.bench;
    // In pieces of any length, and in forms that hide where a variable begins.
    let commands = "[targets.sandbox.commands]\n\
        unit-tests = [\"sh\", \"-c\", \"env; cat /proc/self/environ; exit 1\"]\n\
        integration-tests = [\"sh\", \"-c\", \"env | base64 -w0; exit 1\"]\n\
        lint = [\"sh\", \"-c\", \"env | od -An -v -tx1 | tr -d ' \\\\n'; exit 1\"]\n\
        format = [\"sh\", \"-c\", \"head -c 4070 /dev/zero | tr '\\\\0' x; printf %s \\\"$MY_SERVICE_TOKEN\\\"; exit 1\"]\n\
        scan = [\"sh\", \"-c\", \"for i in 1 2 3 4 5 6 7 8; do env | tr '\\\\n' ' '; done >&2; exit 1\"]\n\
        health-script = [\"sh\", \"-c\", \"env | tr -d '\\\\n' | base64 -w0; env; exit 1\"]\n\n\
        [targets.elsewhere]\n";
    bench.edit_config("[targets.elsewhere]\n", commands);
    let ran = planted.ask(&["--only", "quality", "--only", "chatwoot.health-script"]);
    assert_eq!(ran.code, 1);
    let report = planted.report();
    for check in ["unit-tests", "integration-tests", "lint", "format", "scan"] {
        let outcome = report.outcome(&format!("quality.{check}"));
        let shown = outcome["evidence"].to_string();
        assert!(shown.len() > 300, "{check} was to print: {shown}");
    }
    assert!(report.outcome("quality.unit-tests")["evidence"].to_string().contains("MY_SERVICE_TOKEN=***"));
    assert!(
        report.outcome("chatwoot.health-script")["evidence"].to_string().contains("CHATWOOT_API_KEY=***")
    );
}

#[test]
fn a_database_that_rejects_the_connection() {
    let mut planted = Planted::new("");
    let good = planted.bench.vars["DATABASE_URL"].clone();
    let wrong = planted.plant("a wrong password");
    let part = ["--only", "environment.database-*", "--only", "schema"];
    let at = good.rfind('@').expect("user information");
    let user = &good[..good[..at].rfind(':').expect("a password")];
    let host = &good[at..];
    let password = planted.canaries["the database's password"].clone();
    for dsn in [
        format!("{user}:{wrong}{host}"),
        format!("{user}:{wrong}@127.0.0.1:1/d"),
        format!("{user}:{wrong}@no-such-host.invalid/d"),
        format!("{good}?password={wrong}"),
        format!("{good}?sslmode=verify-full&sslrootcert=/nonexistent/root.pem"),
        format!("{good}?application_name={wrong}&options=-c%20nonsense%3D{wrong}"),
        // As people write them who do not encode.
        format!("{user}:{password}{host}"),
        format!("{user}:{wrong}/{wrong}@{wrong}{host}"),
        format!("{user}:{wrong}#{wrong}{host}"),
        format!("{user}:{wrong}{host}:port"),
        format!("postgresql://{wrong}"),
        format!("mysql://u:{wrong}@h/d"),
        format!("host=127.0.0.1 port=1 user=u password={wrong} dbname=d"),
        format!("host=127.0.0.1 port=1 user=u password='{password}' dbname=d"),
        format!("host=127.0.0.1 passwd={wrong}"),
        wrong.clone(),
    ] {
        planted.bench.set("DATABASE_URL", &dsn);
        let ran = planted.ask(&part);
        assert_ne!(ran.code, 0, "{dsn}");
        let explained = planted.bench.ops(&["checks", "explain", "environment.database-*", "schema"]);
        planted.must_not_show("checks explain", &explained);
        let marked = planted.bench.ops(&["env", "fingerprint", "--print"]);
        planted.must_not_show("env fingerprint", &marked);
    }
}
