//! Watches that end without a verdict: stopped, rejected, with little configured; and what they must never print.

use std::process::Stdio;
use std::thread::{scope, sleep};
use std::time::Duration;

use hotdash_ops::rehearsal::postgres::variant;
use hotdash_ops::rehearsal::standins::fly::Fault;
use hotdash_ops::rehearsal::world::setup::Setup;
use serde_json::json;

use super::{FACTS, Told, bench, facts, told};
use crate::support::bench::{Bench, Ran};

/// Runs the program and sends it a signal after a while.
fn stopped(bench: &Bench, arguments: &[&str], signal: &str, after: Duration) -> Told {
    let mut command = bench.command();
    command.args(arguments).args(["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program runs");
    let id = child.id().to_string();
    sleep(after);
    let sent = std::process::Command::new("kill").args(["-s", signal, &id]).status().expect("kill runs");
    assert!(sent.success(), "it had ended before");
    let began = std::time::Instant::now();
    let output = child.wait_with_output().expect("it ends");
    // Minutes would be a hang; seconds are a busy machine.
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?} to stop", began.elapsed());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    Told { code: output.status.code().unwrap_or(-1), report, stderr }
}

fn journal(bench: &Bench) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![bench.home.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.push((path.display().to_string(), text));
            }
        }
    }
    files
}

#[test]
fn a_signal_leaves_the_numbers_so_far() {
    scope(|runs| {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            runs.spawn(move || {
                let bench = bench(Setup::Healthy, 21);
                let told = stopped(&bench, &["monitor", "--minutes", "5"], signal, Duration::from_secs(9));
                assert_eq!(told.code, code, "{told}");
                let traffic = &told.report["traffic"];
                assert_eq!(traffic["provisional"], true, "{told}");
                assert!(traffic["total"].as_u64().is_some_and(|total| total > 0), "{told}");
                assert!(!told.ids("pass").iter().any(|id| id.starts_with("traffic.")), "{told}");
                assert!(journal(&bench).iter().any(|(name, _)| name.ends_with("report.json")), "{told}");
            });
        }
        runs.spawn(|| {
            let bench = bench(Setup::Quiet, 22);
            // A transaction that began in the window is still open, so the watch waits for it.
            scope(|threads| {
                threads.spawn(|| {
                    sleep(Duration::from_secs(1));
                    bench.sql(&format!("begin; {} select pg_sleep(25); commit", facts(30, true, "0 s")));
                });
                let arguments = [&["monitor", "--minutes", "0.1"], FACTS].concat();
                let told = stopped(&bench, &arguments, "INT", Duration::from_secs(14));
                assert_eq!(
                    (told.code, &told.report["traffic"]["provisional"]),
                    (130, &true.into()),
                    "{told}"
                );
            });
        });
    });
}

#[test]
fn with_only_a_database_the_facts_are_judged() {
    let mut bench = bench(Setup::Healthy, 23);
    let dsn = bench.vars["DATABASE_URL"].clone();
    bench.vars.clear();
    bench.set("DATABASE_URL", dsn);
    // Without the marker table this is not recognised as a rehearsal.
    bench.sql("drop table hotdash_ops_sandbox");
    let bench = &bench;
    scope(|runs| {
        runs.spawn(|| {
            let told = told(bench, &[&["monitor", "--minutes", "0.2"], &FACTS[..6]].concat());
            assert_eq!(told.code, 0, "{told}");
        });
        runs.spawn(|| {
            let mut command = bench.command();
            // Without any `fly`, whatever this machine has.
            command.env("PATH", "/nowhere");
            let told = super::read(crate::support::bench::finish(command.args([
                "monitor",
                "--minutes",
                "0.2",
                "--format",
                "json",
            ])));
            assert_eq!(told.code, 3, "{told}");
            for id in ["success-rate", "dead-letters", "average"] {
                assert_eq!(told.outcome(&format!("traffic.{id}"))["verdict"], "pass", "{told}");
            }
            for id in
                ["no-lost-message", "fewer-facts", "no-errors-in-logs", "chatwoot-healthy", "agent-healthy"]
            {
                let outcome = told.outcome(&format!("traffic.{id}"));
                assert_ne!(outcome["verdict"], "pass", "{id}: {told}");
                assert!(outcome["reason"].as_str().is_some_and(|why| !why.is_empty()), "{id}: {told}");
            }
        });
    });
}

#[test]
fn the_gate_rejects_options_that_would_weaken_it() {
    let bench = Bench::new();
    let refused = |arguments: &[&str], says: &str| {
        let ran: Ran = bench.ops(&[&["gate"], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    };
    refused(&["--only", "success.average"], "--only");
    refused(&["--skip", "success.average"], "--skip");
    refused(&["--attest", "success.nothing=seen"], "success.nothing");
    refused(&["--attest", "success.average=seen"], "success.average");
    refused(&["--attest", "success.dashboards="], "sign-off");
    refused(&["--attest", "success.dashboards=  "], "sign-off");
    let twice = ["--attest", "success.dashboards=seen", "--attest", "success.dashboards=seen again"];
    refused(&twice, "success.dashboards is signed off twice");
    refused(&["--minutes", "29", "--target", "elsewhere"], "30");
    for line in ["success_rate = 94.99", "average_ms = 501", "min_events = 20", "log_errors = []"] {
        bench.edit_config("patience = \"5s\"\n", &format!("patience = \"5s\"\n{line}\n"));
        refused(&["--minutes", "0.1"], line.split(' ').next().expect("a key"));
        bench.edit_config(&format!("{line}\n"), "");
    }
}

#[test]
fn customer_texts_and_tokens_are_never_printed() {
    const CANARY: &str = "zebra-umbrella-4711";
    let bench = bench(Setup::Healthy, 24);
    let token = bench.vars["CHATWOOT_API_KEY"].clone();
    let letter = json!({
        "payload": {"id": 77, "content": CANARY, "conversation": {"id": 5, "meta": {"sender": {"name": CANARY}}}},
        "attempts": 3, "lastError": format!("401 at the agent {}{token}", "for api_access_token ".repeat(8)),
        "agentEndpoint": format!("http://{CANARY}.example/{token}"),
    });
    let odd = json!({"success": false, "attempts": CANARY, "durationMs": token, "finalStatus": token});
    let insert = |kind: &str, value: &serde_json::Value| {
        bench.sql(&format!(
            "insert into dashboard_facts (shop_domain, fact_type, scope, value) values ('s', '{kind}', 'ops', '{value}')"
        ));
    };
    let bench = &bench;
    scope(|runs| {
        let all = ["jsonl", "table", "json"].map(|format| {
            let mut command = bench.command();
            command.args(["monitor", "--minutes", "0.15", "--full", "-vv", "--format", format]);
            for report in ["junit", "markdown", "prom", "json"] {
                command
                    .arg("--report")
                    .arg(format!("{report}:{}", bench.path(&format!("{format}.{report}")).display()));
            }
            (format, runs.spawn(move || crate::support::bench::finish(&mut command)))
        });
        sleep(Duration::from_secs(4));
        insert("support.webhook.dead_letter", &letter);
        insert("support.webhook.retry", &odd);
        for (format, run) in all {
            let ran = run.join().expect("it runs");
            assert_eq!(ran.code, 1, "{format}: {}{}", ran.stdout, ran.stderr);
            let mut texts =
                vec![("stdout".to_owned(), ran.stdout.clone()), ("stderr".to_owned(), ran.stderr.clone())];
            texts.extend(journal(bench));
            assert!(texts.len() > 6, "{format}: no journal and no reports");
            for (name, text) in &texts {
                assert!(!text.contains(CANARY), "{format}: a customer's text in {name}:\n{text}");
                assert!(!text.contains(&token[..12]), "{format}: the token in {name}:\n{text}");
            }
            assert!(
                ran.stdout.contains("at the agent"),
                "{format}: the dead letter's error is not told: {}",
                ran.stdout
            );
            if format == "jsonl" {
                let ticks = ran.stdout.lines().filter(|line| line.starts_with("{\"event\":\"tick\"")).count();
                // A tick a second for nine seconds; a busy machine may leave one or two out.
                assert!((6..=12).contains(&ticks), "{ticks} ticks:\n{}", ran.stdout);
            }
        }
    });
}

#[test]
fn a_role_that_sees_no_rows_never_passes() {
    for spoiled in [variant::RLS_WITHOUT_POLICY, variant::RLS_FORCED] {
        let good = format!("{} {spoiled}", facts(40, true, "1 minute"));
        let bench = Bench::with_sql(&format!("truncate dashboard_facts; {good}"));
        let told = told(&bench, &["monitor", "--lookback", "--minutes", "5"]);
        assert_ne!(told.code, 0, "{told}");
        for id in [
            "success-rate",
            "dead-letters",
            "average",
            "delivered",
            "no-lost-message",
            "fewer-facts",
            "tiers",
        ] {
            assert_ne!(told.outcome(&format!("traffic.{id}"))["verdict"], "pass", "{id}: {told}");
        }
    }
}

#[test]
fn logs_fail_for_errors_and_are_undecided_without_coverage() {
    scope(|runs| {
        let look = |spoil: fn(&Bench)| {
            let bench =
                Bench::with_sql(&format!("truncate dashboard_facts; {}", facts(40, true, "1 minute")));
            spoil(&bench);
            let only = ["--only", "traffic.no-errors-in-logs"];
            let told = told(&bench, &[&["monitor", "--lookback", "--minutes", "5"], &only[..]].concat());
            (told.outcome("traffic.no-errors-in-logs")["verdict"].clone(), told)
        };
        fn line(bench: &Bench, level: &str, text: &str, seconds: i64) {
            let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
            bench.world.fly.log("hotdash-app", level, text, at).expect("logged");
        }
        runs.spawn(move || {
            let (verdict, told) = look(|bench| {
                line(bench, "info", "before", 400);
                line(bench, "error", "boom", 100);
            });
            assert_eq!(verdict, "fail", "{told}");
        });
        runs.spawn(move || {
            let (verdict, told) = look(|bench| {
                line(bench, "error", "boom", 400);
                line(bench, "info", "well", 100);
            });
            assert_eq!(verdict, "pass", "{told}");
        });
        runs.spawn(move || {
            let (verdict, told) = look(|bench| (0..120).for_each(|n| line(bench, "info", "busy", 120 - n)));
            assert_eq!(verdict, "inconclusive", "{told}");
        });
        runs.spawn(move || {
            let (verdict, told) =
                look(|bench| bench.world.fly.break_command("logs", Fault::Hang).expect("hangs"));
            assert!(verdict == "inconclusive" || verdict == "error", "{told}");
            assert_eq!(told.code, 3, "{told}");
        });
    });
}

#[test]
fn problems_of_chatwoot_and_the_agent_are_reported() {
    scope(|runs| {
        runs.spawn(|| {
            let mut bench = bench(Setup::Healthy, 25);
            let agent = bench.world.chatwoot.update(|chatwoot| chatwoot.token_of("agent"));
            bench.unset("CHATWOOT_API_KEY");
            bench.set("CHATWOOT_API_KEY", agent);
            let told = told(&bench, &["monitor", "--minutes", "0.2"]);
            assert_eq!(told.outcome("traffic.no-lost-message")["verdict"], "inconclusive", "{told}");
            assert_eq!(told.code, 3, "{told}");
        });
        runs.spawn(|| {
            let bench = bench(Setup::Quiet, 26);
            bench.world.chatwoot.update(|chatwoot| chatwoot.queue_services = Some("failing".to_owned()));
            let told = told(&bench, &["monitor", "--minutes", "0.2"]);
            assert_eq!(
                (told.code, &told.outcome("traffic.delivered")["verdict"]),
                (1, &"fail".into()),
                "{told}"
            );
        });
        for (times, verdict) in [(1, "pass"), (2, "fail")] {
            runs.spawn(move || {
                let bench = bench(Setup::Healthy, 27);
                bench.control(
                    "agent",
                    json!({"set": {"GET /health": [
                        {"times": 1}, {"status": 500, "body": "down", "times": times}
                    ]}}),
                );
                let told = told(&bench, &["monitor", "--minutes", "0.4", "--only", "traffic.agent-healthy"]);
                let outcome = told.outcome("traffic.agent-healthy");
                assert_eq!(outcome["verdict"], verdict, "{times} misses: {told}");
                if times == 1 {
                    assert!(!outcome["warnings"].as_array().expect("warnings").is_empty(), "{told}");
                }
            });
        }
    });
}
