//! Parts of the score: faults that are caught, faults that are missed, and how both are reported.

use super::{Home, json};

#[test]
fn a_score_of_one_fault_and_one_check_lists_the_claims_they_broke() {
    let home = Home::new();
    let ran = home.run(&[
        "rehearse",
        "--score",
        "--only",
        "queue-failing",
        "--only",
        "chatwoot.account",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let score = json(&ran);
    assert_eq!((&score["schema"], &score["engine"]), (&"hotdash-ops.score/1".into(), &"native".into()));
    let claims = score["claims"].as_array().expect("claims");
    let of = |claim: &str| claims.iter().find(|row| row["claim"] == claim).expect("the claim is there");
    assert_eq!(of("queue-services")["faults"], serde_json::json!(["queue-failing"]));
    assert_eq!(of("account-status")["standing"], "proved");
    assert_eq!(score["missed"], serde_json::json!([]));
    assert!(ran.stderr.contains(" worlds, about "), "{}", ran.stderr);
    assert_eq!(home.left(), Vec::<String>::new());
}

#[test]
fn every_format_shows_the_same() {
    let home = Home::new();
    let score = |format| home.run(&["rehearse", "--score", "--only", "format-red", "--format", format]);
    let table = score("table");
    assert_eq!(table.code, 0, "{}", table.stderr);
    for words in ["caught", "format-red", "quality.format", "exit-code", "exit 0"] {
        assert!(table.stdout.contains(words), "{words}: {}", table.stdout);
    }
    let markdown = score("markdown");
    assert!(markdown.stdout.contains("| quality.format | exit-code | format-red |"), "{}", markdown.stdout);
}

/// A check that always passes: the fault that should break it is missed.
const BLIND: &str = r#"
[[check]]
id    = "services"
title = "Chatwoot's queue and database work"
fix   = "check them"
probe.command = { name = "blind", run = ["sh", "-c", "cat result.json"], result = "json" }
"#;
const WELL: &str = r#"{"schema": "hotdash-ops.check/1", "claims": [
  {"what": "queue_services", "expected": "ok", "found": "ok", "holds": true},
  {"what": "data_services", "expected": "ok", "found": "ok", "holds": true}]}"#;

#[test]
fn a_check_that_compares_nothing_makes_the_score_fail() {
    let home = Home::new();
    let own = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(own.path().join("preflight")).expect("a folder");
    std::fs::write(own.path().join("preflight/chatwoot.toml"), BLIND).expect("a file");
    std::fs::write(own.path().join("result.json"), WELL).expect("a file");
    let folder = own.path().display().to_string();
    let ran = home.run(&[
        "rehearse",
        "--score",
        "--only",
        "queue-failing",
        "--checks",
        &folder,
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    let score = json(&ran);
    assert_eq!(score["missed"], serde_json::json!(["queue-failing"]), "{score:#}");
    let why = score["faults"].to_string();
    assert!(why.contains("chatwoot.services: expected fail, found pass"), "{why}");
}
