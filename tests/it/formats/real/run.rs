//! One run reported in every format at once, and the judges of each.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{lines, parsers};
use crate::support::bench::Bench;

pub const FORMATS: [&str; 7] = ["table", "json", "jsonl", "junit", "prom", "markdown", "github"];

/// What one run reported.
pub struct OutputOptions {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    files: BTreeMap<&'static str, String>,
}

impl OutputOptions {
    /// Runs `preflight` with its events on stdout and a report in every format.
    pub fn of(bench: &Bench, arguments: &[&str]) -> OutputOptions {
        let output = command(bench).args(arguments).output().expect("the program runs");
        OutputOptions::read(bench, &output)
    }

    /// The same, interrupted when a linter is being waited for.
    pub fn cut_short(bench: &Bench, patience: Duration) -> OutputOptions {
        let began = Instant::now();
        let child = command(bench).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let events = || {
            let runs = std::fs::read_dir(bench.path("runs")).into_iter().flatten().flatten();
            runs.filter_map(|run| std::fs::read_to_string(run.path().join("events.jsonl")).ok())
                .collect::<String>()
        };
        while !events().contains("{\"event\":\"started\",\"id\":\"quality.lint\"") {
            assert!(began.elapsed() < patience, "the linter is never asked: {}", events());
            std::thread::sleep(Duration::from_millis(50));
        }
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
        OutputOptions::read(bench, &child.wait_with_output().expect("it ends"))
    }

    fn read(bench: &Bench, output: &std::process::Output) -> OutputOptions {
        let file = |format: &'static str| {
            let path = bench.path(&format!("report.{format}"));
            let text = std::fs::read_to_string(&path);
            (format, text.unwrap_or_else(|error| panic!("no {}: {error}", path.display())))
        };
        OutputOptions {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).expect("stdout is text"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            files: FORMATS.into_iter().map(file).collect(),
        }
    }

    pub fn file(&self, format: &str) -> &str {
        &self.files[format]
    }

    pub fn report(&self) -> Value {
        serde_json::from_str(self.file("json")).expect("one json document")
    }

    pub fn outcomes(&self) -> Vec<Value> {
        outcomes(&self.report())
    }
}

fn command(bench: &Bench) -> Command {
    let mut command = bench.command();
    command.env("HOTDASH_OPS_RUNS_DIR", bench.path("runs"));
    command.args(["preflight", "--format", "jsonl"]);
    for format in FORMATS {
        command
            .args(["--report", &format!("{format}:{}", bench.path(&format!("report.{format}")).display())]);
    }
    command
}

pub fn outcomes(report: &Value) -> Vec<Value> {
    let sections = report["sections"].as_array().expect("sections");
    sections.iter().flat_map(|s| s["outcomes"].as_array().expect("outcomes").clone()).collect()
}

/// What an outcome means for the exit code, derived again from the json document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Good,
    Failure,
    Error,
    Skipped,
    Note,
}

pub fn mark(outcome: &Value, strict: bool) -> Mark {
    let verdict = &outcome["verdict"];
    let plain = outcome["warnings"].as_array().is_some_and(Vec::is_empty);
    if verdict["skipped"]["excluded"].is_string() || outcome["label"] == "waived" {
        Mark::Skipped
    } else if verdict == "pass" && plain {
        Mark::Good
    } else if !strict && (outcome["severity"] == "warning" || verdict == "pass") {
        if verdict == "fail" || verdict == "pass" { Mark::Note } else { Mark::Skipped }
    } else if verdict == "fail" || verdict == "pass" {
        Mark::Failure
    } else {
        Mark::Error
    }
}

/// Gives a text on stdout to the parsers of its format.
pub fn accept(format: &str, text: &str) {
    match format {
        "json" => parsers::json(text),
        "junit" => drop(parsers::junit(text)),
        "prom" => parsers::prom(text),
        "jsonl" => drop(lines::events(text)),
        "github" => drop(lines::commands(text)),
        "markdown" => drop(lines::tables(text)),
        "table" => lines::harmless(text),
        other => panic!("nothing here reads {other}"),
    }
}
