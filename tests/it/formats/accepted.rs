//! Every format is accepted by a parser that was not written here. One that is
//! missing fails the test with a hint how to install it.

use std::io::Write;
use std::process::{Command, Stdio};

use hotdash_ops::testing::input::format::Format;
use hotdash_ops::testing::report::json;
use serde_json::Value;

use super::{report_of, samples};

/// The output of `program` for `input`; fails the test unless it exits with 0.
fn ask(program: &str, args: &[&str], input: &str, install: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/target/real/python"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {program} ({error}); install it: {install}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _it_may_stop_reading = writer.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}{complained} (to install: {install})");
    assert_eq!(complained.replace("- validates\n", ""), "", "{program} {args:?} has no complaint");
    said
}

#[test]
fn json_matches_its_schema() {
    let schema: Value = serde_json::from_str(json::schema()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "the schema is one");
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, report) in samples() {
        let document: Value = serde_json::from_str(&report_of(Format::Json, &report)).unwrap();
        let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(document["exit"], report.exit.code());
    }
}

#[test]
fn the_schema_rejects_what_is_not_a_report() {
    let schema: Value = serde_json::from_str(json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good: Value = serde_json::from_str(&report_of(Format::Json, &super::sample::mixed())).unwrap();
    let broken: [fn(&mut Value); 6] = [
        |v| v["schema"] = "hotdash-ops.run/2".into(),
        |v| v["surprise"] = true.into(),
        |v| v["sections"][0]["outcomes"][0]["label"] = "fine".into(),
        |v| v["sections"][0]["outcomes"][0]["verdict"] = "skipped".into(),
        |v| v["sections"][0]["outcomes"][0]["took_ms"] = (-1).into(),
        |v| v["exit"] = Value::Null,
    ];
    for (number, spoil) in broken.into_iter().enumerate() {
        let mut document = good.clone();
        spoil(&mut document);
        assert!(!validator.is_valid(&document), "number {number}");
    }
}

#[test]
fn every_line_of_jsonl_is_an_event() {
    let mut schema: Value = serde_json::from_str(json::schema()).unwrap();
    let outcome = serde_json::json!({"$ref": "#/$defs/outcome", "$defs": schema["$defs"].take()});
    let validator = jsonschema::validator_for(&outcome).unwrap();
    for (name, report) in samples() {
        let text = report_of(Format::Jsonl, &report);
        assert!(text.ends_with('\n'));
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        assert_eq!((&first["event"], &first["schema"]), (&"planned".into(), &"hotdash-ops.events/1".into()));
        assert_eq!((&last["event"], &last["exit"]), (&"ended".into(), &report.exit.code().into()));
        for line in &lines[1..lines.len() - 1] {
            assert_eq!(line["event"], "finished", "{name}");
            assert!(validator.is_valid(&line["outcome"]), "{name}: {line}");
        }
    }
}

/// Counts the cases again, compares with the attributes, and returns every case with its contents.
const JUNIT: &str = r#"
import sys
from junitparser import Error, Failure, JUnitXml, Skipped
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
said = (xml.tests, xml.failures, xml.errors)
counted = [0, 0, 0]
for suite in xml:
    of = (suite.tests, suite.failures, suite.errors, suite.skipped)
    suite.update_statistics()
    assert of == (suite.tests, suite.failures, suite.errors, suite.skipped), (suite.name, of)
    counted = [a + b for a, b in zip(counted, of)]
    names = {p.name for p in suite.properties()}
    assert {"run", "target", "partial"} <= names, names
    for case in suite:
        kinds = [{Error: "error", Failure: "failure", Skipped: "skipped"}[type(r)] for r in case.result]
        print(case.name, *(kinds or ["passed"]))
assert said == tuple(counted), (said, counted)
"#;

#[test]
fn junitparser_accepts_junit() {
    let install = "bash .ci/test";
    for (name, report) in samples() {
        let cases = ask("python3", &["-c", JUNIT], &report_of(Format::Junit, &report), install);
        let red = cases.lines().any(|line| line.ends_with(" error") || line.ends_with(" failure"));
        assert_eq!(red, report.exit.code() != 0, "{name} is red exactly if its exit code is not 0: {cases}");
        if name == "mixed" {
            assert_eq!(
                cases.lines().collect::<Vec<_>>(),
                [
                    "environment.chatwoot-base-url passed",
                    "environment.chatwoot-certificate passed",
                    "environment.database-reachable passed",
                    "environment.webhook-secret passed",
                    "environment.fly-app-secrets error",
                    "environment.fly-agent-secrets error",
                    "environment.webhook-secret-target skipped",
                    "chatwoot.alive passed",
                    "chatwoot.services failure",
                    "chatwoot.administrator failure",
                    "schema.facts-index skipped",
                    "schema.facts-rows-visible error",
                    "schema.grades-table skipped",
                    "quality.unit-tests failure",
                    "quality.lint error",
                    "quality.format error",
                    "quality.checkout error",
                    "quality.scan error",
                ]
            );
        }
    }
}

#[test]
fn xmllint_accepts_junit() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/junit.xsd");
    for (_, report) in samples() {
        let args = ["--noout", "--schema", schema, "-"];
        ask("xmllint", &args, &report_of(Format::Junit, &report), "apt-get install libxml2-utils");
    }
}

#[test]
fn promtool_accepts_prom() {
    for (name, report) in samples() {
        let text = report_of(Format::Prom, &report);
        ask("promtool", &["check", "metrics"], &text, "apt-get install prometheus");
        let exit = format!("}} {}", report.exit.code());
        let line = text.lines().find(|line| line.starts_with("hotdash_ops_run_exit_code{"));
        assert!(line.is_some_and(|line| line.ends_with(&exit)), "{name}");
    }
}

#[test]
fn markdown_tables_keep_their_columns() {
    for (name, report) in samples() {
        let text = report_of(Format::Markdown, &report);
        let mut columns = 0;
        for line in text.lines().filter(|line| line.starts_with('|')) {
            let pipes = line.matches('|').count();
            if line.starts_with("| | check") || line.starts_with("| traffic | |") {
                columns = pipes;
            }
            assert_eq!(pipes, columns, "{name}: {line}");
        }
        for raw in ["<b>", "<script", "`", "@someone", "d](h", "**bold**"] {
            assert!(!text.contains(raw), "{name} has {raw}");
        }
    }
}

/// What a runner makes of a line: a command at its start, or an old one anywhere.
#[test]
fn github_lines_are_only_our_commands() {
    for (name, report) in samples() {
        for line in report_of(Format::Github, &report).lines() {
            if let Some(command) = line.strip_prefix("::") {
                let (head, message) = command.split_once("::").unwrap();
                let (kind, title) = head.split_once(" title=").unwrap();
                assert!(["error", "warning", "notice"].contains(&kind), "{name}: {line}");
                assert!(!title.contains([',', ':']) && !title.is_empty(), "{name}: {line}");
                let escapes = ["%25", "%0D", "%0A", "%3A", "%2C"];
                let percent = title.matches('%').count() + message.matches('%').count();
                let known: usize =
                    escapes.iter().map(|e| head.matches(e).count() + message.matches(e).count()).sum();
                assert_eq!(percent, known, "{name}: {line}");
            } else {
                assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{name}: {line}");
            }
        }
    }
}
