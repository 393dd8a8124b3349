//! Each source of a watch when it is missing or fails: the database, the logs, Chatwoot, the Agent SDK.

use std::thread::scope;

use hotdash_ops::testing::rehearsal::postgres::variant;
use hotdash_ops::testing::rehearsal::standins::fly::Fault;
use hotdash_ops::testing::rehearsal::world::setup::Setup;
use serde_json::json;

use super::{FACTS, bench, facts, read, report_of};
use crate::support::bench::{Bench, finish};

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
            let run_report = report_of(bench, &[&["monitor", "--minutes", "0.2"], &FACTS[..6]].concat());
            assert_eq!(run_report.code, 0, "{run_report}");
        });
        runs.spawn(|| {
            let mut command = bench.command();
            // Without any `fly`, whatever this machine has.
            command.env("PATH", "/nowhere");
            let run_report = read(finish(command.args(["monitor", "--minutes", "0.2", "--format", "json"])));
            assert_eq!(run_report.code, 3, "{run_report}");
            for id in ["success-rate", "dead-letters", "average"] {
                assert_eq!(run_report.outcome(&format!("traffic.{id}"))["verdict"], "pass", "{run_report}");
            }
            for id in
                ["no-lost-message", "fewer-facts", "no-errors-in-logs", "chatwoot-healthy", "agent-healthy"]
            {
                let outcome = run_report.outcome(&format!("traffic.{id}"));
                assert_ne!(outcome["verdict"], "pass", "{id}: {run_report}");
                assert!(outcome["reason"].as_str().is_some_and(|why| !why.is_empty()), "{id}: {run_report}");
            }
        });
    });
}

#[test]
fn a_role_that_sees_no_rows_never_passes() {
    for spoiled in [variant::RLS_WITHOUT_POLICY, variant::RLS_FORCED] {
        let good = format!("{} {spoiled}", facts(40, true, "1 minute"));
        let bench = Bench::with_sql(&format!("truncate dashboard_facts; {good}"));
        let run_report = report_of(&bench, &["monitor", "--lookback", "--minutes", "5"]);
        assert_ne!(run_report.code, 0, "{run_report}");
        for id in [
            "success-rate",
            "dead-letters",
            "average",
            "delivered",
            "no-lost-message",
            "fewer-facts",
            "tiers",
        ] {
            assert_ne!(run_report.outcome(&format!("traffic.{id}"))["verdict"], "pass", "{id}: {run_report}");
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
            let run_report =
                report_of(&bench, &[&["monitor", "--lookback", "--minutes", "5"], &only[..]].concat());
            (run_report.outcome("traffic.no-errors-in-logs")["verdict"].clone(), run_report)
        };
        fn line(bench: &Bench, level: &str, text: &str, seconds: i64) {
            let at = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
            bench.world.fly.log("hotdash-app", level, text, at).expect("logged");
        }
        runs.spawn(move || {
            let (verdict, run_report) = look(|bench| {
                line(bench, "info", "before", 400);
                line(bench, "error", "boom", 100);
            });
            assert_eq!(verdict, "fail", "{run_report}");
        });
        runs.spawn(move || {
            let (verdict, run_report) = look(|bench| {
                line(bench, "error", "boom", 400);
                line(bench, "info", "well", 100);
            });
            assert_eq!(verdict, "pass", "{run_report}");
        });
        runs.spawn(move || {
            let (verdict, run_report) =
                look(|bench| (0..120).for_each(|n| line(bench, "info", "busy", 120 - n)));
            assert_eq!(verdict, "inconclusive", "{run_report}");
        });
        runs.spawn(move || {
            let (verdict, run_report) =
                look(|bench| bench.world.fly.break_command("logs", Fault::Hang).expect("hangs"));
            assert!(verdict == "inconclusive" || verdict == "error", "{run_report}");
            assert_eq!(run_report.code, 3, "{run_report}");
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
            let run_report = report_of(&bench, &["monitor", "--minutes", "0.2"]);
            assert_eq!(
                run_report.outcome("traffic.no-lost-message")["verdict"],
                "inconclusive",
                "{run_report}"
            );
            assert_eq!(run_report.code, 3, "{run_report}");
        });
        runs.spawn(|| {
            let bench = bench(Setup::Quiet, 26);
            bench.world.chatwoot.update(|chatwoot| chatwoot.queue_services = Some("failing".to_owned()));
            let run_report = report_of(&bench, &["monitor", "--minutes", "0.2"]);
            assert_eq!(
                (run_report.code, &run_report.outcome("traffic.delivered")["verdict"]),
                (1, &"fail".into()),
                "{run_report}"
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
                let run_report =
                    report_of(&bench, &["monitor", "--minutes", "0.4", "--only", "traffic.agent-healthy"]);
                let outcome = run_report.outcome("traffic.agent-healthy");
                assert_eq!(outcome["verdict"], verdict, "{times} misses: {run_report}");
                if times == 1 {
                    assert!(!outcome["warnings"].as_array().expect("warnings").is_empty(), "{run_report}");
                }
            });
        }
    });
}
