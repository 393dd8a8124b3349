//! Which window is judged: the past, since a time or a deploy, to the end despite failures, and until there are enough
//! deliveries.

use std::thread::{scope, sleep};
use std::time::Duration;

use hotdash_ops::testing::rehearsal::world::setup::Setup;
use jiff::{SignedDuration, Timestamp};

use super::{FACTS, RunReport, bench, facts, oracle, report_of, reported};
use crate::support::bench::Bench;

fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// A world without traffic, with these facts.
fn still(sql: &str) -> Bench {
    Bench::with_sql(&format!("truncate dashboard_facts; {sql}"))
}

fn look(bench: &Bench, arguments: &[&str]) -> RunReport {
    report_of(bench, &[&["monitor"], arguments, FACTS].concat())
}

fn has_remark(run_report: &RunReport, part: &str) -> bool {
    run_report.report["traffic"]["remarks"].to_string().contains(part)
}

#[test]
fn a_past_window_begins_at_the_deploy() {
    // The previous version was good; the one deployed four minutes ago is broken.
    let bench = still(
        &(facts(500, true, "10 minutes") + &facts(12, false, "3 minutes") + &facts(18, true, "2 minutes")),
    );
    let fly = &bench.world.fly;
    fly.release("hotdash-app", "complete", ago(4)).expect("a release");
    fly.release("hotdash-app", "failed", ago(1)).expect("a release");
    fly.release("hotdash-app", "interrupted", ago(1)).expect("a release");
    for arguments in [&["--lookback"][..], &["--since", "last-deploy"], &["--lookback", "--minutes", "60"]] {
        let run_report = look(&bench, arguments);
        assert_eq!(run_report.code, 1, "{arguments:?}: {run_report}");
        let traffic = &run_report.report["traffic"];
        assert_eq!(
            (&traffic["total"], &traffic["failures"]),
            (&30.into(), &12.into()),
            "{arguments:?}: {run_report}"
        );
        assert_eq!(reported(traffic), oracle(traffic, |sql| bench.psql(sql)), "{arguments:?}: {run_report}");
        assert_eq!(traffic["deploy"]["running"], false, "{arguments:?}: {run_report}");
    }
    // An explicit time takes precedence over fly's.
    let run_report = look(&bench, &["--since", &ago(12).to_string()]);
    assert_eq!((run_report.code, &run_report.report["traffic"]["total"]), (0, &530.into()), "{run_report}");
    // An unfinished release is the deploy, and is marked as running.
    fly.release("hotdash-app", "running", ago(1)).expect("a release");
    bench.sql(&facts(30, true, "30 s"));
    let run_report = look(&bench, &["--since", "last-deploy"]);
    assert_eq!(
        (&run_report.report["traffic"]["total"], &run_report.report["traffic"]["deploy"]["running"]),
        (&30.into(), &true.into()),
        "{run_report}"
    );
    // A deploy later than every fact leaves nothing to judge: earlier facts do not count.
    fly.release("hotdash-app", "complete", Timestamp::now() + SignedDuration::from_mins(5))
        .expect("a release");
    let run_report = look(&bench, &["--lookback"]);
    assert_ne!(run_report.code, 0, "{run_report}");
}

#[test]
fn without_a_known_deploy_the_monitor_warns_and_the_gate_is_undecided() {
    let bench = still(&facts(60, true, "3 minutes"));
    bench
        .world
        .fly
        .change(|fly| fly.apps.get_mut("hotdash-app").expect("the app").releases.clear())
        .expect("changed");
    let warned = look(&bench, &["--lookback"]);
    assert_eq!(warned.code, 0, "{warned}");
    let warnings: String = warned.outcomes().map(|outcome| outcome["warnings"].to_string()).collect();
    assert!(warnings.contains("release") || has_remark(&warned, "release"), "{warned}");
    let strict = report_of(&bench, &["gate", "--lookback"]);
    assert_eq!(strict.outcome("success.success-rate")["verdict"], "inconclusive", "{strict}");
    assert_ne!(strict.code, 0, "{strict}");
    let nowhere = look(&bench, &["--since", "last-deploy"]);
    assert_eq!(nowhere.outcome("traffic.success-rate")["verdict"], "inconclusive", "{nowhere}");
}

#[test]
fn little_traffic_proves_little() {
    for (good, bad, code) in
        [(0, 5, 1), (5, 0, 3), (20, 0, 3), (21, 0, 0), (19, 1, 3), (20, 1, 0), (1, 1, 3), (0, 0, 3)]
    {
        let bench = still(&(facts(good, true, "2 minutes") + &facts(bad, false, "3 minutes")));
        let run_report = look(&bench, &["--lookback", "--minutes", "5"]);
        assert_eq!(run_report.code, code, "{good} good, {bad} bad: {run_report}");
    }
}

#[test]
fn a_watch_continues_with_full_and_until_enough() {
    scope(|runs| {
        runs.spawn(|| {
            let bench = bench(Setup::DeadLetter, 41);
            let run_report = look(&bench, &["--minutes", "0.25", "--full"]);
            let traffic = &run_report.report["traffic"];
            assert_eq!((run_report.code, &traffic["ended"]), (1, &"at-its-end".into()), "{run_report}");
            assert_eq!(run_report.outcome("traffic.dead-letters")["verdict"], "fail", "{run_report}");
            assert_eq!(reported(traffic), oracle(traffic, |sql| bench.psql(sql)), "{run_report}");
        });
        runs.spawn(|| {
            let bench = still("");
            scope(|threads| {
                threads.spawn(|| {
                    sleep(Duration::from_secs(9));
                    bench.sql(&facts(30, true, "0 s"));
                });
                let run_report = look(&bench, &["--minutes", "0.1", "--until-enough", "--budget", "60s"]);
                let traffic = &run_report.report["traffic"];
                assert_eq!((run_report.code, &traffic["total"]), (0, &30.into()), "{run_report}");
                assert!(
                    traffic["minutes"].as_f64().is_some_and(|minutes| minutes > 0.1 && minutes < 0.9),
                    "{run_report}"
                );
            });
        });
        runs.spawn(|| {
            let bench = still("");
            let run_report = look(&bench, &["--minutes", "0.1", "--until-enough", "--budget", "14s"]);
            assert_eq!(run_report.code, 3, "{run_report}");
            // The time beyond the planned end was watched, too.
            assert!(
                run_report.report["traffic"]["minutes"].as_f64().is_some_and(|minutes| minutes > 0.1),
                "{run_report}"
            );
        });
    });
}
