//! How a run ends when somebody or the time ends it: with a report of what is known, and at once.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::standins::checkout::{Tool, ToolName};
use serde_json::{Value, json};

use super::{ids, whole};
use crate::support::bench::{Bench, Ran};

/// The Agent SDK takes the question and never answers.
fn silent(bench: &Bench) {
    bench.control("agent", json!({ "set": { "GET /health": { "behaviour": "silent" } } }));
}

fn start(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = bench.command();
    command.args(["preflight", "--format", "json"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Waits until the program prints this on stderr, and keeps reading it.
fn hears(child: &mut Child, what: &str) -> std::thread::JoinHandle<String> {
    let mut reader = BufReader::new(child.stderr.take().expect("stderr is ours"));
    let mut heard = String::new();
    while !heard.contains(what) {
        assert!(reader.read_line(&mut heard).expect("stderr is read") > 0, "it never said {what}: {heard}");
    }
    std::thread::spawn(move || {
        while reader.read_line(&mut heard).expect("stderr is read") > 0 {}
        heard
    })
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Ends, within a few seconds, with what it wrote.
fn ends(child: Child, stderr: std::thread::JoinHandle<String>) -> Ran {
    let began = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?} to end", began.elapsed());
    let stdout = String::from_utf8(output.stdout).expect("stdout is text");
    let stderr = stderr.join().expect("stderr was read");
    Ran { code: output.status.code().unwrap_or(-1), stdout, stderr }
}

fn by_signal(name: &str, code: i32, word: &str) {
    let bench = Bench::new();
    silent(&bench);
    let mut child = start(&bench, &["--skip", "quality"]);
    let stderr = hears(&mut child, "pass  schema.facts-table");
    signal(&child, name);
    let ran = ends(child, stderr);
    assert_eq!(ran.code, code, "{}", ran.stderr);
    let report = ran.report();
    assert_eq!((&report["exit"], &report["stopped"]), (&json!(code), &json!(word)));
    assert_eq!(ids(&ran), whole(&bench), "every planned check once, in its order");
    assert_eq!(ran.outcome("agent-sdk.health")["verdict"], json!({ "skipped": "interrupted" }));
    assert_eq!(ran.verdict("schema.facts-table"), "pass", "what was known is reported");
    let (_, folder) = ran.stderr.split_once("journal: ").expect("the journal is named");
    let journal = std::fs::read_to_string(Path::new(folder.trim()).join("report.json")).expect("it is there");
    let recorded: Value = serde_json::from_str(&journal).expect("it is JSON");
    assert_eq!(recorded, report);
}

#[test]
fn ctrl_c_ends_in_130_with_a_report() {
    by_signal("INT", 130, "interrupted");
}

#[test]
fn sigterm_ends_in_143_with_a_report() {
    by_signal("TERM", 143, "terminated");
}

/// The processes that work in this folder.
fn at_work_in(folder: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").expect("there is a /proc").flatten();
    let there = |entry: &std::fs::DirEntry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    };
    let name = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("cmdline"));
    processes.filter(there).filter_map(|entry| name(entry).ok()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn ctrl_c_leaves_no_command_behind() {
    let bench = Bench::new();
    let hang = |answers: &mut hotdash_ops::testing::rehearsal::standins::checkout::Answers| {
        *answers.tool(ToolName::Eslint) = Tool { hang: true, ..Tool::default() };
    };
    bench.world.checkout.change(hang).expect("the tool hangs");
    let mut child = start(&bench, &["--only", "quality.lint", "--no-journal"]);
    let stderr = hears(&mut child, "pass  quality.checkout");
    let folder = bench.world.checkout.path();
    let began = Instant::now();
    while !at_work_in(folder).iter().any(|name| name.contains("sleep")) {
        assert!(began.elapsed() < Duration::from_secs(20), "the command never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, "INT");
    let ran = ends(child, stderr);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(ran.outcome("quality.lint")["verdict"], json!({ "skipped": "interrupted" }));
    let began = Instant::now();
    while !at_work_in(folder).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(3), "still at work: {:?}", at_work_in(folder));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn unfinished_checks_are_errors_at_the_deadline() {
    let bench = Bench::new();
    silent(&bench);
    let arguments = ["--only", "agent-sdk", "--timeout", "1s", "--no-journal"];
    let began = Instant::now();
    let ran = bench.preflight(&arguments);
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    assert_eq!(ran.code, 3, "{}", ran.problems());
    for check in ["health", "health-head", "version", "test-webhook"] {
        let outcome = ran.outcome(&format!("agent-sdk.{check}"));
        assert_eq!(outcome["verdict"], "error", "{outcome:#}");
        assert_eq!(outcome["reason"], "not finished within the run's timeout of 1s");
        assert!(outcome["fix"].to_string().contains("--timeout"), "{outcome:#}");
    }
    assert_eq!(ran.verdict("environment.agent-sdk-url"), "pass");
    assert_eq!(ran.report()["stopped"], Value::Null);
    // What failed before the deadline decides.
    bench.control("chatwoot", json!({ "door": "closed" }));
    let ran = bench.preflight(&[
        "--only",
        "agent-sdk",
        "--only",
        "chatwoot.alive",
        "--timeout",
        "1s",
        "--no-journal",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.problems());
    assert_eq!(
        (ran.verdict("chatwoot.alive"), ran.verdict("agent-sdk.health")),
        ("fail".into(), "error".into())
    );
}
