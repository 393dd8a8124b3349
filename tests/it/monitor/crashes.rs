//! Databases that are killed, come back, or fail over while the program watches them.

use std::thread::{scope, sleep};
use std::time::Duration;

use hotdash_ops::testing::rehearsal::postgres::{DATABASE, OWNER, READER};

use super::{FACTS, oracle, private, report_of, reported};

/// Milliseconds between `least` and `most`, by the seed.
fn drawn(seed: u64, least: u64, most: u64) -> Duration {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    Duration::from_millis(least + (mixed >> 33) % (most - least))
}

#[test]
fn crashes_at_any_tick_lose_no_fact_and_are_reported_as_gaps() {
    // Another series by setting the variable; a failure names its seed.
    let first: u64 = std::env::var("KILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    scope(|runs| {
        for seed in first..first + 3 {
            runs.spawn(move || {
                let (server, bench) = private(seed);
                let server = &server;
                scope(|threads| {
                    threads.spawn(move || {
                        for turn in 0..2 {
                            sleep(drawn(seed * 10 + turn, 2000, 4500));
                            server.kill().expect("kill -9");
                            sleep(drawn(seed * 10 + turn + 5, 2200, 3000));
                            server.resume().expect("it starts again");
                        }
                    });
                    let run_report = report_of(&bench, &[&["monitor", "--minutes", "0.4"], FACTS].concat());
                    let traffic = &run_report.report["traffic"];
                    let psql = oracle(traffic, |sql| server.psql(DATABASE, sql).expect("psql counts"));
                    assert_eq!(reported(traffic), psql, "seed {seed}: {run_report}");
                    assert_eq!(
                        (run_report.code, &traffic["provisional"]),
                        (0, &false.into()),
                        "seed {seed}: {run_report}"
                    );
                    let gaps = traffic["gaps"].as_array().expect("gaps");
                    assert!(!gaps.is_empty(), "seed {seed}: {run_report}");
                    for gap in gaps {
                        assert!(gap["from"].as_str() < gap["to"].as_str(), "seed {seed}: {run_report}");
                        assert!(
                            gap["why"].as_str().is_some_and(|why| !why.is_empty()),
                            "seed {seed}: {run_report}"
                        );
                    }
                });
            });
        }
    });
}

#[test]
fn the_final_query_is_tried_until_the_end_of_the_budget() {
    scope(|runs| {
        runs.spawn(|| {
            let (server, bench) = private(4);
            scope(|threads| {
                threads.spawn(|| {
                    sleep(Duration::from_millis(10_500));
                    server.kill().expect("kill -9");
                    sleep(Duration::from_secs(8));
                    server.resume().expect("it starts again");
                });
                let run_report =
                    report_of(&bench, &[&["monitor", "--minutes", "0.2", "--budget", "60s"], FACTS].concat());
                let traffic = &run_report.report["traffic"];
                let psql = oracle(traffic, |sql| server.psql(DATABASE, sql).expect("psql counts"));
                assert_eq!(reported(traffic), psql, "{run_report}");
                assert_eq!(run_report.outcome("database.reachable")["verdict"], "pass", "{run_report}");
                assert!(traffic["gaps"][0]["to"].as_str() > traffic["to"].as_str(), "{run_report}");
            });
        });
        runs.spawn(|| {
            let (server, bench) = private(5);
            scope(|threads| {
                threads.spawn(|| {
                    sleep(Duration::from_secs(6));
                    server.kill().expect("kill -9");
                });
                let run_report = report_of(&bench, &["monitor", "--minutes", "0.2", "--budget", "20s"]);
                assert_eq!(run_report.code, 1, "{run_report}");
                assert!(
                    run_report.failed_blockers().contains(&"database.reachable".to_owned()),
                    "{run_report}"
                );
                let inconclusive = run_report.ids("inconclusive");
                for id in ["success-rate", "dead-letters", "average", "delivered", "fewer-facts", "tiers"] {
                    assert!(inconclusive.contains(&format!("traffic.{id}")), "{id}: {run_report}");
                }
                // The numbers of the ticks are reported, but not as a verdict.
                let traffic = &run_report.report["traffic"];
                assert_eq!(traffic["provisional"], true, "{run_report}");
                assert!(traffic["total"].as_u64().is_some_and(|total| total > 0), "{run_report}");
            });
        });
    });
}

#[test]
fn a_standby_takes_over_when_the_primary_is_killed() {
    let (primary, mut bench) = private(6);
    let standby = primary.standby().expect("a standby");
    let both = |role: &str| {
        let (first, second) = (primary.login(role, DATABASE), standby.port());
        first.replace(&format!(":{}/", primary.port()), &format!(":{},127.0.0.1:{second}/", primary.port()))
    };
    bench.set("DATABASE_URL", both(READER));
    let args = [&["monitor", "--minutes", "0.3"], FACTS].concat();
    scope(|threads| {
        threads.spawn(|| {
            sleep(Duration::from_secs(9));
            primary.kill().expect("kill -9");
            sleep(Duration::from_secs(3));
            standby.psql("template1", "select pg_promote()").expect("promoted");
            let more = super::facts(7, true, "0 s");
            standby.psql(DATABASE, &format!("set role {OWNER}; {more}")).expect("the app goes on");
        });
        let run_report = report_of(&bench, &args);
        let traffic = &run_report.report["traffic"];
        let psql = oracle(traffic, |sql| standby.psql(DATABASE, sql).expect("psql counts"));
        assert_eq!(reported(traffic), psql, "{run_report}");
        assert_eq!(run_report.code, 0, "{run_report}");
        assert!(traffic["total"].as_u64().is_some_and(|total| total >= 21), "{run_report}");
    });
    // A standby that is not promoted shows what it has replayed, with a remark.
    let unpromoted = standby.standby().expect("a standby of the new primary");
    bench.set("DATABASE_URL", unpromoted.login(READER, DATABASE));
    let past = report_of(&bench, &[&["monitor", "--lookback", "--minutes", "2"], FACTS].concat());
    assert!(past.report["traffic"]["remarks"].to_string().contains("standby"), "{past}");
    assert!(past.report["traffic"]["total"].as_u64().is_some_and(|total| total >= 21), "{past}");
    drop(unpromoted);
    drop(standby);
}
