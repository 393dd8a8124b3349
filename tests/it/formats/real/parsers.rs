//! Foreign parsers: junitparser, xmllint, promtool, a JSON Schema validator. One
//! that is missing fails the test with a hint how to install it.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use hotdash_ops::testing::report::json::schema;
use serde_json::Value;

use super::run::{Mark, mark, outcomes};

/// The output of a program for a text, which it must accept without an error.
fn ask(program: &str, arguments: &[&str], input: &str) -> String {
    let install = "`bash .ci/test` installs it";
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/target/real/python");
    let mut child = Command::new(program)
        .args(arguments)
        .env("PYTHONPATH", packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} cannot be run ({error}); {install}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    // It may have rejected the text before it read everything.
    let _ = writer.join().expect("no panic");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    let missing = complained.contains("No module named");
    assert!(!missing, "{program}: {complained} ({install})");
    assert!(output.status.success() && complained.is_empty(), "{program} {arguments:?}: {said}{complained}");
    said
}

/// The document's own schema takes it.
pub fn json(text: &str) {
    let schema: Value = serde_json::from_str(schema()).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let document: Value = serde_json::from_str(text).expect("one JSON document");
    let errors: Vec<String> =
        validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

const JUNIT: &str = "
import sys
from junitparser import Error, Failure, JUnitXml, Skipped
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
kinds = {Error: 'error', Failure: 'failure', Skipped: 'skipped'}
print('total', xml.tests, xml.failures, xml.errors)
for suite in xml:
    print('suite', suite.name, suite.tests, suite.failures, suite.errors, suite.skipped)
    for case in suite:
        marks = [kinds[type(r)] for r in case.result]
        assert len(marks) <= 1, (case.name, marks)
        print('case', case.name, *(marks or ['note' if case.system_out else 'good']))
";

/// What junitparser reads: every case's mark, and the counts that the attributes state.
pub struct Junit {
    pub total: [u64; 3],
    pub suites: BTreeMap<String, [u64; 4]>,
    pub cases: Vec<(String, String)>,
}

pub fn junit(text: &str) -> Junit {
    ask("xmllint", &["--noout", "-"], text);
    let said = ask("python3", &["-c", JUNIT], text);
    let mut read = Junit { total: [0; 3], suites: BTreeMap::new(), cases: Vec::new() };
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        match words[0] {
            "total" => read.total = [number(1), number(2), number(3)],
            "suite" => {
                read.suites.insert(words[1].to_owned(), [number(2), number(3), number(4), number(5)]);
            }
            _ => read.cases.push((words[1].to_owned(), words[2].to_owned())),
        }
    }
    read
}

/// promtool accepts it without a message.
pub fn prom(text: &str) {
    assert_eq!(ask("promtool", &["check", "metrics"], text), "");
}

#[test]
fn json_matches_its_schema() {
    for (name, run_report) in super::all() {
        json(run_report.file("json"));
        assert_eq!(run_report.report()["exit"], run_report.code, "{name}");
    }
}

#[test]
fn the_schema_rejects_a_changed_document() {
    let good = super::broken().report();
    let schema: Value = serde_json::from_str(schema()).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let mut bad = good.clone();
    bad["sections"][0]["outcomes"][0]["verdict"] = "fine".into();
    assert!(validator.is_valid(&good) && !validator.is_valid(&bad));
}

#[test]
fn junit_has_the_counts_of_json() {
    for (name, run_report) in super::all() {
        let (read, report) = (junit(run_report.file("junit")), run_report.report());
        let strict = report["strict"] == true;
        let word = |outcome: &Value| match mark(outcome, strict) {
            Mark::Good => "good",
            Mark::Failure => "failure",
            Mark::Error => "error",
            Mark::Skipped => "skipped",
            Mark::Note => "note",
        };
        let mut expected: Vec<(String, String)> = outcomes(&report)
            .iter()
            .map(|o| (o["id"].as_str().unwrap_or_default().to_owned(), word(o).to_owned()))
            .collect();
        let red = expected.iter().any(|(_, mark)| mark == "failure" || mark == "error");
        if run_report.code != 0 && !red {
            expected.push(("exit".to_owned(), "error".to_owned()));
        }
        assert_eq!(read.cases, expected, "{name}");
        let count = |cases: &[(String, String)], kind: &str| {
            cases.iter().filter(|(_, mark)| mark == kind).count() as u64
        };
        let all = [read.cases.len() as u64, count(&read.cases, "failure"), count(&read.cases, "error")];
        assert_eq!(read.total, all, "{name}");
        for section in report["sections"].as_array().expect("sections") {
            let suite = format!("preflight.{}", section["id"].as_str().unwrap_or_default());
            let own: Vec<(String, String)> = section["outcomes"]
                .as_array()
                .expect("outcomes")
                .iter()
                .map(|o| (String::new(), word(o).to_owned()))
                .collect();
            let counts = ["failure", "error", "skipped"].map(|kind| count(&own, kind));
            assert_eq!(read.suites[&suite], [own.len() as u64, counts[0], counts[1], counts[2]], "{name}");
        }
        assert_eq!(
            run_report.code == 0,
            all[1] + all[2] == 0,
            "{name} is red exactly if it does not end with 0"
        );
    }
}

#[test]
fn prom_has_the_numbers_of_json() {
    for (name, run_report) in super::all() {
        let text = run_report.file("prom");
        prom(text);
        let sample = |metric: &str| -> Vec<(&str, &str)> {
            let start = format!("hotdash_ops_{metric}{{");
            text.lines().filter(|l| l.starts_with(&start)).filter_map(|l| l.rsplit_once("} ")).collect()
        };
        assert_eq!(sample("run_exit_code")[0].1, run_report.code.to_string(), "{name}");
        let states: Vec<(&str, &str)> =
            sample("check_state").into_iter().filter(|(_, value)| *value == "1").collect();
        let expected = run_report.outcomes();
        assert_eq!(states.len(), expected.len(), "{name}");
        for ((labels, _), outcome) in states.iter().zip(&expected) {
            for (label, value) in [("check", &outcome["id"]), ("state", &outcome["label"])] {
                assert!(labels.contains(&format!("{label}={value}")), "{name}: {labels} and {value}");
            }
        }
        let owned = text.lines().any(|l| l.starts_with("hotdash_ops_owned"));
        assert!(!owned, "{name}: a quoted line became a metric");
    }
}
