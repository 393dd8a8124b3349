//! Watches that are stopped by a signal: they report the numbers so far, and no verdict.

use std::process::Stdio;
use std::thread::{scope, sleep};
use std::time::Duration;

use hotdash_ops::testing::rehearsal::world::setup::Setup;

use super::{FACTS, RunReport, bench, facts, files};
use crate::support::bench::Bench;

/// Runs the program and sends it a signal after a while.
fn stopped(bench: &Bench, arguments: &[&str], signal: &str, after: Duration) -> RunReport {
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
    RunReport { code: output.status.code().unwrap_or(-1), report, stderr }
}

#[test]
fn a_signal_leaves_the_numbers_so_far() {
    scope(|runs| {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            runs.spawn(move || {
                let bench = bench(Setup::Healthy, 21);
                let run_report =
                    stopped(&bench, &["monitor", "--minutes", "5"], signal, Duration::from_secs(9));
                assert_eq!(run_report.code, code, "{run_report}");
                let traffic = &run_report.report["traffic"];
                assert_eq!(traffic["provisional"], true, "{run_report}");
                assert!(traffic["total"].as_u64().is_some_and(|total| total > 0), "{run_report}");
                assert!(!run_report.ids("pass").iter().any(|id| id.starts_with("traffic.")), "{run_report}");
                assert!(files(&bench).iter().any(|(name, _)| name.ends_with("report.json")), "{run_report}");
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
                let run_report = stopped(&bench, &arguments, "INT", Duration::from_secs(14));
                assert_eq!(
                    (run_report.code, &run_report.report["traffic"]["provisional"]),
                    (130, &true.into()),
                    "{run_report}"
                );
            });
        });
    });
}
