//! The record of a run: what is in it, who may read it, and what later runs take from it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::bench::Bench;

const RUNS: &str = ".local/state/hotdash-ops/runs";

fn runs(bench: &Bench) -> Vec<PathBuf> {
    let entries = fs::read_dir(bench.path(RUNS)).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn document(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("it is there")).expect("it is JSON")
}

#[test]
fn a_run_leaves_a_private_record() {
    let bench = Bench::new();
    let ran = bench.preflight(&["--skip", "quality", "--skip", "environment.fly-*"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let folders = runs(&bench);
    let [folder] = folders.as_slice() else { panic!("one run, one folder: {folders:?}") };
    assert!(ran.stderr.contains(&format!("journal: {}", folder.display())), "{}", ran.stderr);
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder").flatten() {
        assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        let text = fs::read_to_string(entry.path()).expect("it is text");
        for secret in ["CHATWOOT_API_KEY", "CHATWOOT_WEBHOOK_SECRET", "DATABASE_URL"] {
            assert!(!text.contains(&bench.vars[secret]), "{secret} in {}", entry.path().display());
        }
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["events.jsonl", "plan.json", "report.json", "settings.json"]);
    let mut place = folder.as_path();
    while place != bench.path(".local") {
        assert_eq!(mode(place), 0o700, "{}", place.display());
        place = place.parent().expect("the home is above");
    }

    let report = ran.report();
    let recorded = fs::read_to_string(folder.join("report.json")).expect("it is there");
    assert_eq!(recorded, ran.stdout, "the record is the document that was printed");
    assert_eq!(report["run"].as_str(), folder.file_name().and_then(|name| name.to_str()));
    let plan = document(folder.join("plan.json"));
    let planned: Vec<&Value> =
        plan["checks"].as_array().expect("checks").iter().map(|check| &check["id"]).collect();
    assert_eq!(planned, ran.outcomes().iter().map(|o| &o["id"]).collect::<Vec<_>>());
    let settings = document(folder.join("settings.json"));
    assert_eq!(
        (&settings["target"], &settings["skip"]),
        (&json!("sandbox"), &json!(["quality", "environment.fly-*"]))
    );
    let events = fs::read_to_string(folder.join("events.jsonl")).expect("it is there");
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let finished = events.iter().filter(|event| !event["outcome"].is_null()).count();
    assert_eq!(finished, ran.outcomes().len(), "every check ends once");
    assert_eq!(events.last().map(|event| &event["exit"]), Some(&json!(0)));
}

#[test]
fn no_journal_writes_nothing_and_reads_nothing() {
    let bench = Bench::new();
    let ran = bench.preflight(&["--only", "chatwoot.token", "--only", "agent-sdk", "--no-journal"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    assert!(!ran.stderr.contains("journal"), "{}", ran.stderr);
    assert!(fs::read_dir(bench.home.path()).expect("the home").next().is_none(), "the home stays empty");
}

#[test]
fn a_pass_names_earlier_runs_that_did_not_pass() {
    let bench = Bench::new();
    let arguments = ["--only", "agent-sdk.version"];
    bench.control("agent", json!({ "state": { "version": "2.0.0" } }));
    let failed = bench.preflight(&arguments);
    assert_eq!(failed.code, 1);
    bench.control("agent", json!({ "state": { "version": "banana" } }));
    let open = bench.preflight(&arguments);
    assert_eq!(open.code, 3);
    assert_eq!(open.report()["notes"], json!([]), "only a pass is put into doubt");
    bench.control("agent", json!({ "state": { "version": "1.0.0" } }));
    let passed = bench.preflight(&arguments);
    assert_eq!(passed.code, 0, "{}", passed.problems());
    let run = open.report()["run"].as_str().unwrap_or_default().to_owned();
    let said = format!("less than a minute ago, `preflight` on sandbox ended with exit code 3 (run {run})");
    let notes = passed.report()["notes"].to_string();
    assert!(
        notes.contains(&said) && notes.contains("1 other run in the last hour did not pass either"),
        "{notes}"
    );
    // A person sees it, too, and a pass counts as passed.
    let table = bench.ops(&["preflight", "--only", "agent-sdk.version"]);
    let note = table.stdout.lines().find(|line| line.starts_with("note")).unwrap_or_default();
    assert!(note.contains("ago, `preflight` on sandbox ended with"), "{}", table.stdout);
    // Without a journal nothing is read either.
    assert_eq!(
        bench.preflight(&["--only", "agent-sdk.version", "--no-journal"]).report()["notes"],
        json!([])
    );
}

#[test]
fn a_journal_that_cannot_be_written_is_reported_and_stops_nothing() {
    let mut bench = Bench::new();
    fs::write(bench.path("file"), "").expect("the home is ours");
    let file = bench.path("file").display().to_string();
    bench.set("HOTDASH_OPS_RUNS_DIR", file.clone());
    let ran = bench.preflight(&["--only", "agent-sdk.health"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let notes = ran.report()["notes"].to_string();
    assert!(
        notes.contains(&format!("cannot write a journal in {file}")) && notes.contains("--no-journal"),
        "{notes}"
    );
}

#[test]
fn another_folder_can_be_named() {
    let mut bench = Bench::new();
    let elsewhere = bench.path("elsewhere");
    bench.set("HOTDASH_OPS_RUNS_DIR", elsewhere.display().to_string());
    assert_eq!(bench.preflight(&["--only", "agent-sdk.health"]).code, 0);
    assert_eq!(fs::read_dir(&elsewhere).expect("it is made").count(), 1);
    assert!(runs(&bench).is_empty());
}
