//! Healthy traffic is never called anything else: twenty runs in worlds of their
//! own, each with at least 300 deliveries, replies, closed conversations, and one
//! delivery in a hundred recorded as failed because its draft came too late.

use std::sync::atomic::{AtomicU64, Ordering};

use hotdash_ops::testing::rehearsal::standins::customers::Habits;
use hotdash_ops::testing::rehearsal::world::setup::Setup;

use super::report_of;
use crate::support::bench::Bench;

const RUNS: u64 = 20;
/// Worlds at a time: they share two processors.
const WORKERS: usize = 4;

#[test]
fn twenty_healthy_runs_of_twenty_pass() {
    // Another series by setting the variable; a failure names its seed.
    let first: u64 = std::env::var("HEALTHY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(2000);
    let next = AtomicU64::new(first);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut failed = Vec::new();
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= first + RUNS {
                            return failed;
                        }
                        failed.extend(run(seed).err());
                    }
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker ends")).collect()
    });
    assert!(failures.is_empty(), "{} of {RUNS} runs: {}", failures.len(), failures.join("\n\n"));
}

#[allow(clippy::print_stderr, reason = "the seeds are to be seen with --nocapture, also of runs that pass")]
fn run(seed: u64) -> Result<(), String> {
    let mut bench = Bench::with_sql("truncate dashboard_facts");
    bench.start_traffic(Habits { per_minute: 420.0, seed, ..Habits::default() }, Setup::Healthy);
    bench.world.app.update(|app| app.handling.late_draft_percent = 1.0);
    let run_report = report_of(&bench, &["monitor", "--minutes", "0.5"]);
    let traffic = &run_report.report["traffic"];
    let number = |key: &str| traffic[key].as_u64().unwrap_or_default();
    eprintln!(
        "seed {seed}: exit {}, {} deliveries, {} failed",
        run_report.code,
        number("total"),
        number("failures")
    );
    let sound = run_report.code == 0
        && number("total") >= 300
        && number("failures") > 0
        && number("dlq_count") == 0
        && run_report.outcome("traffic.no-lost-message")["verdict"] == "pass";
    if sound { Ok(()) } else { Err(format!("seed {seed}: {run_report}")) }
}
