//! The exit code and the failing check of a watch of each named world.

use hotdash_ops::rehearsal::world::setup::Setup;

use super::{Told, bench, told};

/// Long enough for a hundred deliveries and several readings of health and logs.
const WINDOW: &[&str] = &["monitor", "--minutes", "0.4"];

fn monitored(setup: Setup) -> Told {
    told(&bench(setup, 11), WINDOW)
}

fn fails_by(setup: Setup, id: &str) -> Told {
    let told = monitored(setup);
    assert_eq!(told.code, 1, "{told}");
    assert!(told.ids("fail").contains(&id.to_owned()), "{id} does not fail: {told}");
    told
}

#[test]
fn healthy_traffic_passes() {
    let told = monitored(Setup::Healthy);
    assert_eq!(told.code, 0, "{told}");
    let traffic = &told.report["traffic"];
    assert_eq!(traffic["success_rate"], 100.0, "{told}");
    assert!(traffic["total"].as_u64().is_some_and(|total| total >= 60), "{told}");
    assert_eq!((&traffic["dlq_count"], &traffic["provisional"]), (&0.into(), &false.into()), "{told}");
}

#[test]
fn an_agent_that_is_down_fails_the_rate_or_leaves_dead_letters() {
    let told = monitored(Setup::AgentDown);
    assert_eq!(told.code, 1, "{told}");
    let failed = told.ids("fail");
    assert!(failed.iter().any(|id| id == "traffic.success-rate" || id == "traffic.dead-letters"), "{told}");
}

#[test]
fn a_slow_agent_fails_the_average_alone() {
    let told = fails_by(Setup::AgentSlow, "traffic.average");
    assert_eq!(told.failed_blockers(), ["traffic.average"], "{told}");
}

#[test]
fn one_failure_in_ten_fails_the_rate_alone() {
    let told = fails_by(Setup::OneInTen, "traffic.success-rate");
    assert_eq!(told.failed_blockers(), ["traffic.success-rate"], "{told}");
    assert_eq!(told.report["traffic"]["dlq_count"], 0, "{told}");
}

#[test]
fn a_dead_letter_ends_the_watch() {
    let told = fails_by(Setup::DeadLetter, "traffic.dead-letters");
    let traffic = &told.report["traffic"];
    assert_eq!(traffic["ended"], "dead-letter", "{told}");
    assert!(traffic["minutes"].as_f64().is_some_and(|minutes| minutes < 0.4), "{told}");
    // The rest of the window is unknown.
    assert!(told.ids("inconclusive").contains(&"traffic.success-rate".to_owned()), "{told}");
}

#[test]
fn an_unrecorded_loss_is_found() {
    let told = fails_by(Setup::SilentLoss, "traffic.no-lost-message");
    assert_eq!(told.report["traffic"]["success_rate"], 100.0, "{told}");
}

#[test]
fn a_dead_worker_fails_the_delivery_check() {
    let told = fails_by(Setup::WorkerDead, "traffic.delivered");
    assert_eq!(told.report["traffic"]["total"], 0, "{told}");
}

#[test]
fn no_traffic_is_not_success() {
    let told = monitored(Setup::Quiet);
    assert_eq!(told.code, 3, "{told}");
    let inconclusive = told.ids("inconclusive");
    for id in ["success-rate", "dead-letters", "average", "delivered", "no-lost-message"] {
        assert!(inconclusive.contains(&format!("traffic.{id}")), "{id}: {told}");
    }
}

#[test]
fn late_commits_are_counted_as_psql_counts_them() {
    let bench = bench(Setup::LateCommits, 11);
    let told = told(&bench, WINDOW);
    assert_eq!(told.code, 0, "{told}");
    let traffic = &told.report["traffic"];
    let (from, to) = (&traffic["from"], &traffic["to"]);
    let psql = bench.psql(&format!(
        "set timezone to 'UTC'; select count(*) from dashboard_facts \
         where fact_type = 'support.webhook.retry' and recorded_at > '{}' and recorded_at <= '{}'",
        from.as_str().expect("a time"),
        to.as_str().expect("a time"),
    ));
    assert_eq!(traffic["total"].to_string(), psql, "{told}");
    assert!(traffic["late"].as_i64().is_some_and(|late| late > 0), "{told}");
}

#[test]
fn a_few_unreadable_durations_warn_and_many_are_undecided() {
    let told = monitored(Setup::Unreadable);
    assert_eq!(told.code, 0, "{told}");
    let warnings = told.outcome("traffic.average")["warnings"].as_array().expect("warnings").len();
    assert!(warnings > 0, "{told}");
    let told = monitored(Setup::ManyUnreadable);
    assert_eq!(told.code, 3, "{told}");
    assert!(told.ids("inconclusive").contains(&"traffic.average".to_owned()), "{told}");
}

#[test]
fn logs_that_cannot_be_read_are_not_clean() {
    let told = monitored(Setup::LogsUnreadable);
    assert_eq!(told.code, 3, "{told}");
    let logs = told.outcome("traffic.no-errors-in-logs");
    assert!(logs["verdict"] == "inconclusive" || logs["verdict"] == "error", "{told}");
}

#[test]
fn a_gate_needs_its_sign_offs() {
    let bench = bench(Setup::Healthy, 11);
    let gate = ["gate", "--minutes", "0.4"];
    let told = told(&bench, &gate);
    assert_eq!(told.code, 3, "{told}");
    assert_eq!(told.ids("inconclusive"), ["success.end-to-end", "success.dashboards"], "{told}");
    let signed = super::told(
        &bench,
        &[
            &gate[..],
            &["--attest", "success.end-to-end=conversation 7, draft after 4 s"],
            &["--attest", "success.dashboards=looked at by Mara"],
        ]
        .concat(),
    );
    assert_eq!(signed.code, 0, "{signed}");
    assert_eq!(signed.outcome("success.dashboards")["sign_off"], "looked at by Mara", "{signed}");
    let earlier = format!("(run {})", told.report["run"].as_str().expect("a run"));
    assert!(
        signed.report.to_string().contains(&earlier),
        "the run that did not pass is not named: {}",
        signed.report
    );
}
