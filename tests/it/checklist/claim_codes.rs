//! The codes of claims: listed by the program, kept in a committed list, shown by `explain`, and unique in a report.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::bench::{Ran, finish, program, unlisted_claims};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checklist/claims.txt");

fn ops(arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().expect("a temporary home");
    let ran = finish(program(home.path()).args(arguments));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}

/// `ID CODE` for each claim of each check, in checklist order.
fn listed() -> Vec<String> {
    let ran = ops(&["checks", "list", "--claims", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).expect("one json document");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let checks = document["checks"].as_array().expect("checks").clone();
    checks
        .iter()
        .flat_map(|check| {
            let codes = check["claims"].as_array().expect("claims").clone();
            codes.into_iter().map(|code| format!("{} {}", text(&check["id"]), text(&code)))
        })
        .collect()
}

#[test]
fn the_committed_list_has_every_code() {
    let listed: BTreeSet<String> = listed().into_iter().collect();
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        let lines: String = listed.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(COMMITTED, lines).expect("the list can be written");
    }
    let text = std::fs::read_to_string(COMMITTED).expect("the list is committed");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.is_sorted(), "tests/checklist/claims.txt is not sorted");
    let committed: BTreeSet<String> = lines.into_iter().map(str::to_owned).collect();
    let missing: Vec<&String> = listed.difference(&committed).collect();
    let gone: Vec<&String> = committed.difference(&listed).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "tests/checklist/claims.txt differs from `hotdash-ops checks list --claims`.\n\
         Not in the file: {missing:#?}\nNo longer listed: {gone:#?}\n\
         A code never changes its meaning, because faults, alerts and filters refer to it: a claim that means \
         something else gets a new code, and a claim whose words change keeps its code.\n\
         To accept a new or a removed claim: UPDATE=1 cargo test --features rehearsal --test it claim_codes"
    );
}

#[test]
fn codes_are_kebab_case_and_unique_within_a_check() {
    let listed = listed();
    let unique: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len());
    for line in &listed {
        let code = line.split_once(' ').map(|(_, code)| code).unwrap_or_default();
        let word = |word: &str| {
            word == "*"
                || (!word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
        };
        assert!(code.split('-').all(word), "{line}");
        let repeated =
            code.rsplit_once('-').is_some_and(|(_, last)| last.chars().all(|c| c.is_ascii_digit()));
        assert!(!repeated, "{line}: two claims of an embedded check have the same code");
    }
}

#[test]
fn the_table_and_explain_show_the_codes() {
    let table = ops(&["checks", "list", "--claims"]).stdout;
    let explained = ops(&["checks", "explain", "environment.database-primary"]).stdout;
    let line = |text: &str, start: &str| {
        let found = text.lines().find(|line| line.trim_start().starts_with(start)).map(str::to_owned);
        found.unwrap_or_else(|| panic!("no line {start:?}:\n{text}"))
    };
    for line in [line(&table, "environment.database-primary"), line(&explained, "claim codes")] {
        assert!(line.contains("connection, role-of-the-server"), "{line}");
    }
    assert!(!line(&table, "environment.database-primary").contains("DATABASE_URL"), "{table}");
}

#[test]
fn a_claim_that_is_not_listed_is_found() {
    let claims = json!([{ "code": "connection" }, { "code": "connection-2" }, { "code": "nonsense" }]);
    let outcomes = json!([
        { "id": "environment.database-primary", "claims": claims },
        { "id": "environment.database-reachable", "claims": claims, "replaces": "checks/x.toml:1" },
        { "id": "own.disk", "claims": claims },
    ]);
    let report = json!({ "sections": [{ "outcomes": outcomes }] });
    let expected = ["environment.database-primary connection-2", "environment.database-primary nonsense"];
    assert_eq!(unlisted_claims(&report), expected);
}
