//! What is written where: one format on stdout, the rest on stderr, and files whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use hotdash_ops::testing::input::format::Format;
use serde_json::{Value, json};

use super::requests;
use crate::formats::completeness;
use crate::support::bench::{Bench, Ran, finish, verdict};

/// A world in which something passes, warns, fails, is inconclusive, in error, blocked and excluded.
fn mixed() -> Bench {
    let mut bench = Bench::new();
    bench.control("chatwoot", json!({ "state": { "version": "4.8.0", "clock_offset_seconds": 300 } }));
    bench.control("agent", json!({ "set": { "GET /health": { "status": 404 } } }));
    bench.drop_config("account_name");
    bench.unset("DATABASE_URL");
    bench.set("PATH", "/nonexistent");
    bench
}

fn report_of(bench: &Bench, format: Format, more: &[&str]) -> Ran {
    let mut all = vec!["preflight", "--no-journal", "--skip", "quality.scan", "--format", format.name()];
    all.extend(more);
    bench.ops(&all)
}

#[test]
fn every_planned_check_is_reported_once_in_every_format() {
    let bench = mixed();
    let planned = super::ids(&report_of(&bench, Format::Json, &[]));
    assert_eq!(planned.len(), 54);
    for format in Format::ALL {
        let ran = report_of(&bench, format, &[]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.stderr);
        let mut ids = completeness::ids(format, &ran.stdout);
        if format == Format::Jsonl {
            // As they end: the order is the run's own.
            ids.sort_by_key(|id| planned.iter().position(|planned| planned == id));
        }
        assert_eq!(ids, planned, "{format}:\n{}", ran.stdout);
    }
    let outcomes = report_of(&bench, Format::Json, &[]).outcomes();
    let verdicts: BTreeSet<String> = outcomes.iter().map(verdict).collect();
    assert_eq!(Vec::from_iter(verdicts), ["error", "fail", "inconclusive", "pass", "skipped"]);
    for outcome in &outcomes {
        let blocked = outcome["verdict"]["skipped"]["blocked"].is_string();
        assert_eq!(blocked, outcome["reason"].to_string().contains("blocked by"), "{outcome}");
    }
}

#[test]
fn stdout_is_the_format_and_stderr_is_the_progress() {
    let bench = mixed();
    for format in Format::ALL {
        let ran = report_of(&bench, format, &[]);
        assert!(ran.stderr.contains("preflight on sandbox: 54 checks\n"), "{format}: {}", ran.stderr);
        assert!(ran.stderr.contains("54/54 "), "{format}: {}", ran.stderr);
        assert!(!ran.stdout.contains("54/54 "), "{format}: {}", ran.stdout);
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'), "{format}: not a terminal");
        let quiet = report_of(&bench, format, &["--quiet"]);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (1, ""), "{format}");
        match format {
            Format::Json => assert_eq!(quiet.report()["tally"]["planned"], 54),
            Format::Jsonl => {
                let lines: Vec<Value> =
                    quiet.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
                assert_eq!(lines.last().map(|line| &line["exit"]), Some(&json!(1)));
            }
            Format::Junit => assert!(quiet.stdout.starts_with("<?xml ") && quiet.stdout.ends_with(">\n")),
            Format::Prom => {
                let sample = |line: &str| line.starts_with("# ") || line.starts_with("hotdash_ops_");
                assert!(quiet.stdout.lines().all(sample), "{}", quiet.stdout);
            }
            Format::Table | Format::Markdown | Format::Github => {}
        }
    }
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let bench = Bench::new();
    let on_a_terminal = |variable: Option<(&str, &str)>| {
        let line = format!(
            "{} preflight --quiet --no-journal --only environment.chatwoot-account-id",
            env!("CARGO_BIN_EXE_hotdash-ops")
        );
        let command = bench.command();
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line, "/dev/null"]).env_clear().current_dir(bench.home.path());
        terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        terminal.env("TERM", "xterm").envs(variable).stdin(Stdio::null());
        let ran = finish(&mut terminal);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("(exit 0)"), "{}", ran.stdout);
        ran.stdout
    };
    assert!(on_a_terminal(None).contains("\u{1b}["));
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_a_terminal(Some(variable));
        assert!(!shown.contains('\u{1b}'), "{variable:?}: {shown}");
    }
}

#[test]
fn a_reader_that_stops_does_not_change_the_exit_code() {
    let good = Bench::new();
    let bad = mixed();
    for (bench, code, format) in
        [(&good, 0, "jsonl"), (&bad, 1, "jsonl"), (&good, 0, "table"), (&bad, 1, "table")]
    {
        let mut command = bench.command();
        command.args(["preflight", "--no-journal", "--quiet", "--skip", "quality", "--format", format]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("stdout is ours"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line comes");
        drop(out);
        let mut complaint = String::new();
        child.stderr.take().expect("stderr is ours").read_to_string(&mut complaint).expect("it is text");
        let ended = child.wait().expect("it ends");
        assert_eq!((ended.code(), complaint.as_str()), (Some(code), ""), "{format}: {line}");
        assert!(!line.is_empty(), "{format}");
    }
}

#[test]
fn reports_are_written_beside_the_format() {
    let bench = mixed();
    // A colon in the path is part of the path.
    let paths: Vec<String> = Format::ALL.map(|format| format!("{format}:out:a.{format}")).to_vec();
    let mut more = Vec::new();
    for path in &paths {
        more.extend(["--report", path.as_str()]);
    }
    let ran = report_of(&bench, Format::Github, &more);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let planned = super::ids(&report_of(&bench, Format::Json, &[]));
    assert_eq!(completeness::ids(Format::Github, &ran.stdout), planned);
    for format in Format::ALL {
        let text = fs::read_to_string(bench.path(&format!("out:a.{format}"))).expect("the report is there");
        let mut ids = completeness::ids(format, &text);
        ids.sort_by_key(|id| planned.iter().position(|planned| planned == id));
        assert_eq!(ids, planned, "{format}");
    }
    let left: Vec<String> = fs::read_dir(bench.home.path())
        .expect("the home")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("out:a."))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_bad_report_path_is_rejected_before_the_run() {
    let bench = Bench::new();
    fs::write(bench.path("file"), "").expect("the home is ours");
    for (path, said) in [
        ("junit:/nonexistent/report.xml", "/nonexistent"),
        ("json:gone/report", "create it first"),
        ("json:file/report.json", "file"),
        ("prom:.", "."),
        ("yaml:out.yaml", "use one of table, json, jsonl, junit, prom, markdown, github"),
        ("out.json", "write FORMAT:PATH"),
    ] {
        let ran = bench.ops(&["preflight", "--report", path]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{path}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{path}: {}", ran.stderr);
    }
    assert_eq!(requests(&bench), 0);
    assert!(!bench.path(".local").exists(), "nothing is recorded");
}
