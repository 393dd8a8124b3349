//! `baseline compare`: which baseline, and what is worse.

use super::{CHECKLISTS, EMPTY, bench, capture, deliveries};
use crate::support::bench::{Bench, Ran};

fn compare(bench: &Bench, more: &[&str]) -> Ran {
    let mut arguments = vec!["baseline", "compare", "--format", "json"];
    arguments.extend(more);
    bench.ops(&arguments)
}

/// Records a good hour, moves it two hours back, and puts this traffic in its place.
fn then_and_now(now: &str) -> Bench {
    let bench = bench(&format!("{EMPTY} {}", deliveries(1990, 10, 200)));
    assert_eq!(capture(&bench).code, 0);
    bench.sql(&format!(
        "update support_baseline set captured_at = captured_at - interval '2 hours'; {EMPTY} {now}"
    ));
    bench
}

#[test]
fn an_hour_that_is_not_worse_passes() {
    let bench = then_and_now(&deliveries(38, 2, 240));
    let ran = compare(&bench, &["--strict"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    assert_eq!(ran.outcomes().len(), 3);
    let table = bench.ops(&["baseline", "compare"]).stdout;
    for value in ["95.00 % (38 of 40)", "average 240 ms", "success rate 99.50 %", "average 200 ms"] {
        assert!(table.contains(value), "{value}: {table}");
    }
}

#[test]
fn a_worse_hour_is_a_warning_and_fails_with_strict() {
    let bench = then_and_now(&deliveries(37, 3, 251));
    let ran = compare(&bench, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    for id in ["baseline.rate-holds", "baseline.average-holds"] {
        assert_eq!(ran.verdict(id), "fail", "{}", ran.stdout);
    }
    assert!(
        ran.outcome("baseline.rate-holds")["reason"].to_string().contains("p = 0.0017"),
        "{}",
        ran.stdout
    );
    assert_eq!(compare(&bench, &["--strict"]).code, 1);
}

#[test]
fn few_or_no_deliveries_are_undecided() {
    let few = then_and_now(&deliveries(5, 0, 100));
    let ran = compare(&few, &["--strict"]);
    assert_eq!(
        (ran.code, ran.verdict("baseline.rate-holds").as_str()),
        (3, "inconclusive"),
        "{}",
        ran.stdout
    );
    let none = then_and_now("");
    let ran = compare(&none, &[]);
    assert_eq!(
        (ran.code, ran.verdict("baseline.comparable").as_str()),
        (3, "inconclusive"),
        "{}",
        ran.stdout
    );
}

#[test]
fn without_counts_the_comparison_uses_a_tolerance() {
    let row = |rate: &str| {
        format!(
            "{CHECKLISTS} insert into support_baseline values (now() - interval '1 day', {rate}, 200, 33.33, 0);"
        )
    };
    // 96.67 now: one point below 97.67, and less than that below 97.66.
    for (rate, holds) in [("97.66", "pass"), ("97.67", "fail")] {
        let bench = bench(&format!("{EMPTY} {} {}", row(rate), deliveries(58, 2, 200)));
        let ran = compare(&bench, &[]);
        assert_eq!(ran.verdict("baseline.rate-holds"), holds, "{rate}: {}", ran.stdout);
        assert!(ran.stdout.contains("tolerance only"), "{}", ran.stdout);
    }
}

#[test]
fn the_pinned_baseline_is_used_and_must_exist() {
    let rows = "insert into support_baseline values ('2026-01-01 10:00:00', 99.5, 200, 33, 0), \
                ('2026-01-02 10:00:00', 'NaN', 100, 33, 0), ('2026-01-03 10:00:00', 96, 400, 33, 0);";
    let bench = bench(&format!("{EMPTY} {CHECKLISTS} {} {rows}", deliveries(58, 2, 390)));
    let ran = compare(&bench, &[]);
    assert!(ran.code == 0 && ran.verdict("baseline.average-holds") == "pass", "{}", ran.stdout);
    assert!(ran.report()["notes"].to_string().contains("2026-01-03T10:00:00Z"), "{}", ran.stdout);
    let pin = |at: &str| {
        let path = bench.world.config_path();
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let text: String = text.split("\n[targets.sandbox.traffic]").next().expect("a part").to_owned();
        std::fs::write(&path, format!("{text}\n[targets.sandbox.traffic]\nbaseline = \"{at}\"\n"))
            .expect("ours");
    };
    pin("2026-01-01T10:00:00Z");
    let ran = compare(&bench, &[]);
    assert_eq!((ran.code, ran.verdict("baseline.average-holds").as_str()), (0, "fail"), "{}", ran.stdout);
    pin("2026-01-02T10:00:00Z");
    let ran = compare(&bench, &[]);
    assert_eq!(ran.verdict("baseline.rate-holds"), "inconclusive", "{}", ran.stdout);
    // A pinned baseline must exist.
    pin("2024-01-01T10:00:00Z");
    let ran = compare(&bench, &[]);
    assert_eq!((ran.code, ran.verdict("baseline.comparable").as_str()), (1, "fail"), "{}", ran.stdout);
    assert!(
        ran.outcome("baseline.comparable")["fix"].to_string().contains("baseline list"),
        "{}",
        ran.stdout
    );
}

#[test]
fn without_a_baseline_there_is_nothing_to_compare_with() {
    for sql in ["", CHECKLISTS] {
        let ran = compare(&bench(sql), &[]);
        assert_eq!(
            (ran.code, ran.verdict("baseline.comparable").as_str()),
            (3, "inconclusive"),
            "{}",
            ran.stdout
        );
        assert!(ran.outcome("baseline.comparable")["fix"].to_string().contains("hotdash-ops baseline"));
    }
}
