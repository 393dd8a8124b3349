//! `--dry-run`, `list` and `show`, which only read and print.

use serde_json::Value;

use super::{CHECKLISTS, EMPTY, bench, capture, deliveries, rows};
use crate::support::bench::finish;

#[test]
fn a_dry_run_prints_a_script_for_psql_and_writes_nothing() {
    let mut bench = bench(&format!("{EMPTY} {}", deliveries(59, 1, 120)));
    let ran = bench.ops(&["baseline", "--dry-run"]);
    assert_eq!((ran.code, rows(&bench).as_str()), (0, "no table"), "{}", ran.stderr);
    for part in
        ["BEGIN", "CREATE TABLE IF NOT EXISTS support_baseline", "INSERT INTO support_baseline", "COMMIT"]
    {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    for _ in 0..2 {
        bench.sql(&format!("set role hotdash; {}", ran.stdout));
    }
    let numbers = "select success_rate || ' ' || avg_response_ms || ' ' || requests_per_minute || ' ' || daily_dlq_count from support_baseline";
    assert_eq!(bench.psql(numbers), "98.33 120 1.00 0");
    // What was inserted by hand has the counts, too, and the program finds it within the minute.
    let shown = bench.ops(&["baseline", "show", "--format", "json"]);
    let document: Value = serde_json::from_str(&shown.stdout).expect("json");
    assert_eq!(document["baselines"][0]["details"]["ok"], 59, "{}", shown.stdout);
    assert_eq!(document["baselines"][0]["standing"], "good");
    assert!(capture(&bench).stdout.contains("nothing was written"));
    bench.sql("delete from dashboard_facts; delete from support_baseline");
    bench.sql(&ran.stdout);
    assert_eq!(rows(&bench), "0", "an hour without traffic");
    bench.unset("DATABASE_URL");
    assert_eq!(bench.ops(&["baseline", "--dry-run"]).code, 0);
}

#[test]
fn the_sandbox_takes_a_baseline() {
    let mut sandbox = std::process::Command::new(env!("CARGO_BIN_EXE_hotdash-ops"));
    let home = tempfile::tempdir().expect("a folder");
    sandbox.env("HOME", home.path()).args(["sandbox", "--per-minute", "0", "--"]);
    let ran = finish(sandbox.args(["hotdash-ops", "baseline", "--no-journal"]));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("5 of 5 pass"), "{}", ran.stdout);
}

const ROWS: &str = "insert into support_baseline values
  ('2026-01-01 10:00:00.25', 99.5, 160, 1.5, 0), ('2026-01-02 10:00:00', 90, 160, 1.5, 0),
  ('2026-01-03 10:00:00', 'NaN', null, 1.5, 0), ('2026-01-04 10:00:00', 99.5, 160, 1.5, 3),
  (null, 99.5, 160, 1.5, 0), ('infinity', 99.5, 160, 1.5, 0);";

#[test]
fn list_and_show_print_each_row_unchanged() {
    let bench = bench(&format!("{CHECKLISTS} {ROWS}"));
    let ran = bench.ops(&["baseline", "list", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).expect("json");
    let told: Vec<(String, String)> = document["baselines"]
        .as_array()
        .expect("baselines")
        .iter()
        .map(|b| (b["captured_at"].to_string(), b["standing"].as_str().unwrap_or_default().to_owned()))
        .collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(a, b)| (a.trim_matches('"'), b.as_str())).collect();
    assert_eq!(
        told,
        [
            ("infinity", "not good"),
            ("2026-01-04T10:00:00Z", "unknown"),
            ("2026-01-03T10:00:00Z", "not good"),
            ("2026-01-02T10:00:00Z", "not good"),
            ("2026-01-01T10:00:00.25Z", "good"),
            ("null", "not good"),
        ]
    );
    let table = bench.ops(&["baseline", "list"]).stdout;
    assert!(table.contains("NaN") && table.contains("NULL") && table.contains("not good"), "{table}");
    let shown = bench.ops(&["baseline", "show", "2026-01-01T10:00:00Z"]);
    assert!(shown.code == 0 && shown.stdout.contains("99.5"), "{}{}", shown.stdout, shown.stderr);
    let newest = bench.ops(&["baseline", "show"]);
    assert!(newest.stdout.contains("2026-01-04") && newest.stdout.contains("unknown"), "{}", newest.stdout);
    for wrong in ["2025-01-01T10:00:00Z", "newest"] {
        assert_eq!(bench.ops(&["baseline", "show", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn an_empty_list_and_an_unsuitable_table_are_reported() {
    let empty = bench("");
    let list = empty.ops(&["baseline", "list"]);
    assert_eq!((list.code, list.stdout.as_str()), (0, ""), "{}", list.stderr);
    assert!(list.stderr.contains("no baseline has been recorded yet"));
    assert_eq!(empty.ops(&["baseline", "show"]).code, 3);
    let foreign = bench("set role hotdash; create table support_baseline (secret text)");
    let list = foreign.ops(&["baseline", "list"]);
    assert!(list.code == 3 && list.stderr.contains("captured_at is missing"), "{}", list.stderr);
}
