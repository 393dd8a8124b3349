//! The real vitest in place of the checkout's stand-in: what its JSON reporter
//! writes today is what the check of the support webhook tests counts.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use hotdash_ops::testing::rehearsal::standins::checkout::WEBHOOK_TESTS;
use serde_json::Value;

use crate::support::bench::{Bench, Ran, verdict};

const CHECK: &str = "quality.webhook-tests";

fn real() -> PathBuf {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/real/vitest/node_modules");
    assert!(
        modules.join(".bin/vitest").is_file(),
        "{} has no vitest, and this test needs the real one: `bash .ci/test` installs it",
        modules.display()
    );
    modules
}

/// A good world in whose checkout the real vitest is installed.
fn bench() -> Bench {
    let bench = Bench::new();
    let (from, to) = (real(), bench.world.checkout.path().join("node_modules"));
    fs::remove_file(to.join(".bin/vitest")).expect("the stand-in was there");
    for name in [".bin/vitest", "vitest"] {
        symlink(from.join(name), to.join(name)).expect("a link to the real one");
    }
    bench
}

/// Edits the file of the webhook tests; every pair must change something.
fn edit(bench: &Bench, changes: &[(&str, &str)]) {
    let path = bench.world.checkout.path().join(WEBHOOK_TESTS);
    let mut text = fs::read_to_string(&path).expect("the spec is there");
    for (from, to) in changes {
        assert!(text.contains(from), "the spec has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    fs::write(path, text).expect("the checkout is ours");
}

fn ask(bench: &Bench) -> (Ran, Value) {
    let ran = bench.preflight(&["--only", CHECK, "--no-journal"]);
    let outcome = ran.outcome(CHECK);
    (ran, outcome)
}

fn claim<'a>(outcome: &'a Value, what: &str) -> &'a Value {
    let mut claims = outcome["claims"].as_array().expect("claims").iter();
    claims.find(|c| c["what"] == what).unwrap_or_else(|| panic!("no claim {what:?}: {outcome:#}"))
}

/// Runs the check, which must fail with exit 1 because of these claims, each with what was found.
fn fails(bench: &Bench, because: &[(&str, &str)]) -> Value {
    let (ran, outcome) = ask(bench);
    assert_eq!((ran.code, verdict(&outcome).as_str()), (1, "fail"), "{outcome:#}");
    for (what, found) in because {
        let claim = claim(&outcome, what);
        assert_eq!((&claim["holds"], &claim["found"]), (&false.into(), &(*found).into()), "{outcome:#}");
    }
    outcome
}

#[test]
fn eighteen_passing_tests_are_shown() {
    let bench = bench();
    let ran = bench.preflight(&["--only", "quality", "--no-journal"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stdout);
    let outcome = ran.outcome(CHECK);
    let passed = claim(&outcome, "tests passed");
    assert_eq!((&passed["found"], &passed["holds"]), (&"18".into(), &true.into()), "{outcome:#}");
    assert!(outcome["evidence"].to_string().contains("18 in 1 file"), "{outcome:#}");
    // It was the real one that ran, and the other scripts ran it, too.
    let unit = ran.outcome("quality.unit-tests")["evidence"].to_string();
    assert!(unit.contains("Tests  11 passed (11)") && unit.contains("Start at"), "{unit}");
    assert_eq!(ran.verdict("quality.unchanged"), "pass");
}

#[test]
fn skipped_and_todo_tests_do_not_count() {
    let bench = bench();
    edit(&bench, &[("it.each([\n    [1, 0],", "it.skip.each([\n    [1, 0],")]);
    let outcome = fails(&bench, &[("tests passed", "15")]);
    assert!(outcome["evidence"].to_string().contains("3 skipped, 0 todo"), "{outcome:#}");
    assert_eq!(claim(&outcome, "exit code")["holds"], true, "vitest itself is content: {outcome:#}");

    edit(&bench, &[("it.skip.each", "it.todo.each")]);
    let outcome = fails(&bench, &[("tests passed", "15")]);
    assert!(outcome["evidence"].to_string().contains("3 todo"), "{outcome:#}");
}

#[test]
fn sixteen_passing_tests_are_enough_beside_todo_tests() {
    let bench = bench();
    edit(&bench, &[("[1, 0],\n    [2, 200],\n    ", ""), ("});\n", "});\n\n  it.todo(\"answers\");\n")]);
    let (ran, outcome) = ask(&bench);
    assert_eq!((ran.code, verdict(&outcome).as_str()), (0, "pass"), "{outcome:#}");
    assert_eq!(claim(&outcome, "tests passed")["found"], "16");
    assert!(outcome["evidence"].to_string().contains("0 skipped, 1 todo"), "{outcome:#}");
}

#[test]
fn one_failing_test_is_enough_to_fail() {
    let bench = bench();
    edit(&bench, &[("secret), secret)).toBe(true)", "secret), secret)).toBe(false)")]);
    let outcome = fails(&bench, &[("tests failed", "1"), ("exit code", "1"), ("success", "false")]);
    assert_eq!(claim(&outcome, "tests passed")["found"], "17");
    assert!(outcome["evidence"].to_string().contains("accepts a signed body"), "{outcome:#}");
}

#[test]
fn a_file_that_does_not_load_has_no_tests() {
    let bench = bench();
    edit(&bench, &[("../../app/support.webhook", "../../app/nowhere")]);
    fails(&bench, &[("tests passed", "0"), ("success", "false")]);
}

#[test]
fn an_error_outside_of_every_test_fails() {
    let bench = bench();
    edit(&bench, &[("const secret", "setTimeout(() => { throw new Error(\"stray\"); }, 0);\nconst secret")]);
    fails(&bench, &[("exit code", "1")]);
}

#[test]
fn a_file_that_is_not_there_has_no_tests() {
    let bench = bench();
    fs::remove_file(bench.world.checkout.path().join(WEBHOOK_TESTS)).expect("it was there");
    fails(&bench, &[("exit code", "1")]);
}
