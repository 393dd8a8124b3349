//! The exit code and the failing check of a watch of each named world.

use hotdash_ops::testing::rehearsal::world::setup::Setup;

use super::{RunReport, bench, report_of};

/// Long enough for a hundred deliveries and several readings of health and logs.
const WINDOW: &[&str] = &["monitor", "--minutes", "0.4"];

fn monitored(setup: Setup) -> RunReport {
    report_of(&bench(setup, 11), WINDOW)
}

fn fails_by(setup: Setup, id: &str) -> RunReport {
    let run_report = monitored(setup);
    assert_eq!(run_report.code, 1, "{run_report}");
    assert!(run_report.ids("fail").contains(&id.to_owned()), "{id} does not fail: {run_report}");
    run_report
}

#[test]
fn healthy_traffic_passes() {
    let run_report = monitored(Setup::Healthy);
    assert_eq!(run_report.code, 0, "{run_report}");
    let traffic = &run_report.report["traffic"];
    assert_eq!(traffic["success_rate"], 100.0, "{run_report}");
    assert!(traffic["total"].as_u64().is_some_and(|total| total >= 60), "{run_report}");
    assert_eq!((&traffic["dlq_count"], &traffic["provisional"]), (&0.into(), &false.into()), "{run_report}");
}

#[test]
fn an_agent_that_is_down_fails_the_rate_or_leaves_dead_letters() {
    let run_report = monitored(Setup::AgentDown);
    assert_eq!(run_report.code, 1, "{run_report}");
    let failed = run_report.ids("fail");
    assert!(
        failed.iter().any(|id| id == "traffic.success-rate" || id == "traffic.dead-letters"),
        "{run_report}"
    );
}

#[test]
fn a_slow_agent_fails_the_average_alone() {
    let run_report = fails_by(Setup::AgentSlow, "traffic.average");
    assert_eq!(run_report.failed_blockers(), ["traffic.average"], "{run_report}");
}

#[test]
fn one_failure_in_ten_fails_the_rate_alone() {
    let run_report = fails_by(Setup::OneInTen, "traffic.success-rate");
    assert_eq!(run_report.failed_blockers(), ["traffic.success-rate"], "{run_report}");
    assert_eq!(run_report.report["traffic"]["dlq_count"], 0, "{run_report}");
}

#[test]
fn a_dead_letter_ends_the_watch() {
    let run_report = fails_by(Setup::DeadLetter, "traffic.dead-letters");
    let traffic = &run_report.report["traffic"];
    assert_eq!(traffic["ended"], "dead-letter", "{run_report}");
    assert!(traffic["minutes"].as_f64().is_some_and(|minutes| minutes < 0.4), "{run_report}");
    // The rest of the window is unknown.
    assert!(run_report.ids("inconclusive").contains(&"traffic.success-rate".to_owned()), "{run_report}");
}

#[test]
fn an_unrecorded_loss_is_found() {
    let run_report = fails_by(Setup::SilentLoss, "traffic.no-lost-message");
    assert_eq!(run_report.report["traffic"]["success_rate"], 100.0, "{run_report}");
}

#[test]
fn a_dead_worker_fails_the_delivery_check() {
    let run_report = fails_by(Setup::WorkerDead, "traffic.delivered");
    assert_eq!(run_report.report["traffic"]["total"], 0, "{run_report}");
}

#[test]
fn no_traffic_is_not_success() {
    let run_report = monitored(Setup::Quiet);
    assert_eq!(run_report.code, 3, "{run_report}");
    let inconclusive = run_report.ids("inconclusive");
    for id in ["success-rate", "dead-letters", "average", "delivered", "no-lost-message"] {
        assert!(inconclusive.contains(&format!("traffic.{id}")), "{id}: {run_report}");
    }
}

#[test]
fn late_commits_are_counted_as_psql_counts_them() {
    let bench = bench(Setup::LateCommits, 11);
    let run_report = report_of(&bench, WINDOW);
    assert_eq!(run_report.code, 0, "{run_report}");
    let traffic = &run_report.report["traffic"];
    let (from, to) = (&traffic["from"], &traffic["to"]);
    let psql = bench.psql(&format!(
        "set timezone to 'UTC'; select count(*) from dashboard_facts \
         where fact_type = 'support.webhook.retry' and recorded_at > '{}' and recorded_at <= '{}'",
        from.as_str().expect("a time"),
        to.as_str().expect("a time"),
    ));
    assert_eq!(traffic["total"].to_string(), psql, "{run_report}");
    assert!(traffic["late"].as_i64().is_some_and(|late| late > 0), "{run_report}");
}

#[test]
fn a_few_unreadable_durations_warn_and_many_are_undecided() {
    let run_report = monitored(Setup::Unreadable);
    assert_eq!(run_report.code, 0, "{run_report}");
    let warnings = run_report.outcome("traffic.average")["warnings"].as_array().expect("warnings").len();
    assert!(warnings > 0, "{run_report}");
    let run_report = monitored(Setup::ManyUnreadable);
    assert_eq!(run_report.code, 3, "{run_report}");
    assert!(run_report.ids("inconclusive").contains(&"traffic.average".to_owned()), "{run_report}");
}

#[test]
fn logs_that_cannot_be_read_are_not_clean() {
    let run_report = monitored(Setup::LogsUnreadable);
    assert_eq!(run_report.code, 3, "{run_report}");
    let logs = run_report.outcome("traffic.no-errors-in-logs");
    assert!(logs["verdict"] == "inconclusive" || logs["verdict"] == "error", "{run_report}");
}
