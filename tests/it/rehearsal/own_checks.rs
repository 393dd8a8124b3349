//! The operator's own checks in the score: reported if no fault breaks them, but not a failure.

use super::{Home, json};

const OWN: &str = r#"
title = "Ours"
about = "The checks of our shop."

[[check]]
id    = "motto"
title = "the agent service keeps its name"
fix   = "check /health"
probe.http = { url = "${AGENT_SDK_URL}/health", expect = [{ json = "/service", is.equals = "agent-service" }] }
"#;

#[test]
fn own_checks_are_scored_and_never_fail_the_score() {
    let home = Home::new();
    let own = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(own.path().join("preflight")).expect("a folder");
    std::fs::write(own.path().join("preflight/ours.toml"), OWN).expect("a file");
    let folder = own.path().display().to_string();
    // A fault that breaks it is listed although it does not declare it: faults do not know the operator's checks.
    let ran =
        home.run(&["rehearse", "--score", "--only", "agent-old", "--checks", &folder, "--format", "json"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let score = json(&ran);
    let run_report = score["own_never_turned"].as_array().expect("a list");
    assert!(run_report.iter().any(|line| line == "ours.motto: service"), "{run_report:?}");
    let ran = home.run(&[
        "rehearse",
        "--score",
        "--only",
        "agent-answers-html",
        "--checks",
        &folder,
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let score = json(&ran);
    let rows = score["claims"].as_array().expect("claims");
    let body = rows.iter().find(|row| row["check"] == "ours.motto" && row["claim"] == "body").expect("a row");
    assert_eq!(body["faults"], serde_json::json!(["agent-answers-html"]), "{score:#}");
}
