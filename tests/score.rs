//! The whole score on a native PostgreSQL, through the real binary: every fault is injected and caught, and every claim
//! of every check can fail. A separate target, so that no other test runs at the same time.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn every_fault_is_caught_and_every_claim_can_fail() {
    let program = env!("CARGO_BIN_EXE_hotdash-ops");
    let output = Command::new(program)
        .args(["rehearse", "--score", "--postgres", "native", "--format", "json"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the program runs");
    let score: Value = serde_json::from_slice(&output.stdout).expect("a json document");
    let list = |key: &str| score[key].as_array().cloned().unwrap_or_else(|| panic!("no {key}"));
    let missed: Vec<&Value> = score["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .filter(|fault| fault["result"] == "missed")
        .collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
    for key in ["never_turned", "not_provable_here"] {
        assert_eq!(list(key), Vec::<Value>::new(), "{key}");
    }
    assert_eq!(output.status.code(), Some(0), "{}", score["summary"]);
}
