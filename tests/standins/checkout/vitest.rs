//! The stand-in for vitest: its report has the shape of the real one.

use hotdash_ops::testing::rehearsal::standins::checkout::{Answers, TestFile, WEBHOOK_TESTS};
use serde_json::{Value, json};

use super::{BOTH, Npm, Sandbox, counts, text};

#[test]
fn the_report_of_a_green_run_has_vitests_shape() {
    let sandbox = Sandbox::new();
    for npm in BOTH {
        let output =
            sandbox.run(npm, &["npm", "run", "--silent", "test:integration", "--", "--reporter=json"]);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{npm:?}: {e}: {} {}", text(&output.stdout), text(&output.stderr)));
        assert_eq!(counts(&report), [18, 18, 0, 0, 0]);
        assert_eq!(report["success"], true);
        assert_eq!((&report["numTotalTestSuites"], &report["numFailedTestSuites"]), (&json!(2), &json!(0)));
        let file = &report["testResults"][0];
        assert_eq!(file["name"], json!(sandbox.checkout.path().join(WEBHOOK_TESTS).display().to_string()));
        assert_eq!(file["status"], "passed");
        let tests = file["assertionResults"].as_array().expect("a list");
        assert!(
            tests.len() == 18
                && tests.iter().all(|test| test["status"] == "passed" && test["title"].is_string())
        );
        assert!(report["startTime"].as_u64().is_some_and(|ms| ms > 1_700_000_000_000));
    }
    let (unit, code) = sandbox.report("tests/unit");
    assert_eq!((counts(&unit), code), ([11, 11, 0, 0, 0], Some(0)));
    let (all, _) = sandbox.report("");
    assert_eq!(counts(&all)[0], 29);
    let (absolute, _) = sandbox.report(&sandbox.checkout.path().join(WEBHOOK_TESTS).display().to_string());
    assert_eq!(counts(&absolute)[0], 18);
}

#[test]
fn results_are_reported_as_configured() {
    let sandbox = Sandbox::new();
    let set =
        |file: TestFile| sandbox.checkout.change(|answers| *answers.webhook_tests() = file).expect("set");
    set(TestFile { passed: 14, skipped: 3, todo: 1, ..TestFile::default() });
    let (report, code) = sandbox.report("support.webhook");
    assert_eq!((counts(&report), code), ([18, 14, 0, 3, 1], Some(0)));
    let statuses: Vec<_> = report["testResults"][0]["assertionResults"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|test| test["status"].as_str())
        .collect();
    assert_eq!(statuses[13..], ["passed", "skipped", "skipped", "skipped", "todo"]);

    set(TestFile { passed: 17, failed: 1, ..TestFile::default() });
    let (report, code) = sandbox.report(WEBHOOK_TESTS);
    assert_eq!((counts(&report), code, &report["success"]), ([18, 17, 1, 0, 0], Some(1), &json!(false)));
    assert_eq!(sandbox.code(&["npm", "run", "test:integration"]), Some(1));
    assert_eq!(sandbox.code(&["npm", "run", "test:unit"]), Some(0));

    set(TestFile { broken: true, passed: 18, ..TestFile::default() });
    let (report, code) = sandbox.report(WEBHOOK_TESTS);
    assert_eq!((counts(&report), code, &report["success"]), ([0; 5], Some(1), &json!(false)));
    assert_eq!(report["numFailedTestSuites"], 1);

    let (report, code) = sandbox.report("tests/nowhere");
    assert_eq!((counts(&report), code, &report["success"]), ([0; 5], Some(1), &json!(false)));

    sandbox.checkout.set(Answers { unhandled: true, ..Answers::good() }).expect("set");
    let (report, code) = sandbox.report(WEBHOOK_TESTS);
    assert_eq!((counts(&report), code, &report["success"]), ([18, 18, 0, 0, 0], Some(1), &json!(true)));
}

#[test]
fn vitest_accepts_two_reporters_and_a_relative_file() {
    let sandbox = Sandbox::new();
    let args = ["npm", "run", "test:integration", "--", "--reporter=default", "--reporter", "json"];
    let output = sandbox.run(Npm::Real, &[&args[..], &["--outputFile", "artifacts/deep er/r.json"]].concat());
    let shown = text(&output.stdout);
    assert!(shown.contains("18 passed") && shown.contains("JSON report written to "), "{shown}");
    let report = std::fs::read(sandbox.checkout.path().join("artifacts/deep er/r.json")).expect("the report");
    assert_eq!(counts(&serde_json::from_slice(&report).expect("JSON"))[1], 18);
    let unknown = sandbox.run(Npm::StandIn, &["npx", "vitest", "run", "--nope"]);
    assert!(text(&unknown.stderr).contains("Unknown option `--nope`") && !unknown.status.success());
}
