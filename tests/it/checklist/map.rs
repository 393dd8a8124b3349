//! Every line of the checklist has a check or is listed as not yet built,
//! and every check answers to a line.

use std::collections::BTreeSet;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    line: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    place: String,
    text: String,
    #[serde(default)]
    checks: Vec<String>,
    later: Option<String>,
}

const CHECKLIST: &str = include_str!("../../checklist/support-deploy-checklist.md");
const MAP: &str = include_str!("../../checklist/map.toml");

/// The checklist's lines that ask something: boxes, success criteria, and what stands indented under a box.
fn lines() -> Vec<(String, String)> {
    let (mut part, mut heading, mut in_code, mut found) = (String::new(), String::new(), false, Vec::new());
    for line in CHECKLIST.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            continue;
        } else if let Some(title) = line.strip_prefix("## ") {
            (part, heading) = (title.trim().to_owned(), String::new());
        } else if let Some(title) = line.strip_prefix("### ") {
            heading = format!(" > {}", title.trim());
        } else {
            let box_or_criterion =
                ["- [ ] ", "- ✅ "].iter().find_map(|mark| line.trim_start().strip_prefix(mark));
            if let Some(text) = box_or_criterion.or_else(|| line.strip_prefix("  - ")) {
                found.push((format!("{part}{heading}"), text.trim().to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_line_of_the_checklist_is_mapped_exactly_once() {
    let map: Map = toml::from_str(MAP).expect("the map is TOML");
    let mapped: Vec<(String, String)> = map.line.iter().map(|l| (l.place.clone(), l.text.clone())).collect();
    let lines = lines();
    assert!(lines.len() > 60, "the checklist has lost its lines: {}", lines.len());
    assert_eq!(mapped, lines);
    for line in &map.line {
        assert_eq!(line.checks.is_empty(), line.later.is_some(), "{}: checks or later, not both", line.text);
    }
}

#[test]
fn every_check_belongs_to_a_line_of_the_checklist() {
    let map: Map = toml::from_str(MAP).expect("the map is TOML");
    let list = hotdash_ops::testing::checklist::load().expect("the embedded checklist reads");
    let known: BTreeSet<String> = list.checks().map(|c| c.id.clone()).collect();
    let named: BTreeSet<String> = map.line.iter().flat_map(|l| l.checks.iter().cloned()).collect();
    assert_eq!(named, known);
    let built = ["Pre-Deploy", "Deploy Steps > 4. Monitor Initial Traffic", "Success Criteria"];
    for line in map.line.iter().filter(|l| built.iter().any(|place| l.place.starts_with(place))) {
        assert!(line.later.is_none(), "{} is not built", line.text);
    }
}
