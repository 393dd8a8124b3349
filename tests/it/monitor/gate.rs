//! The gate: its sign-offs, and the options that would weaken it.

use hotdash_ops::testing::rehearsal::world::setup::Setup;

use super::{bench, report_of};
use crate::support::bench::{Bench, Ran};

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
fn a_gate_needs_its_sign_offs() {
    let bench = bench(Setup::Healthy, 11);
    let gate = ["gate", "--minutes", "0.4"];
    let run_report = report_of(&bench, &gate);
    assert_eq!(run_report.code, 3, "{run_report}");
    assert_eq!(run_report.ids("inconclusive"), ["success.end-to-end", "success.dashboards"], "{run_report}");
    let signed = report_of(
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
    let earlier = format!("(run {})", run_report.report["run"].as_str().expect("a run"));
    assert!(
        signed.report.to_string().contains(&earlier),
        "the run that did not pass is not named: {}",
        signed.report
    );
}
