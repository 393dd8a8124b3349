//! The verdict on a fault, for results that a run can have.

use super::*;
use crate::rehearsal::score::run_result::ClaimRecord;

fn record(id: &str, verdict: &str, claims: &[(&str, Option<bool>)]) -> OutcomeRecord {
    let claims = claims.iter().map(|&(code, holds)| ClaimRecord { code: code.to_owned(), holds }).collect();
    OutcomeRecord {
        id: id.to_owned(),
        required: true,
        verdict: verdict.to_owned(),
        warned: false,
        claims,
        text: "why".to_owned(),
        evidence: "version: 4.12.1\n".to_owned(),
    }
}

fn result(code: i32, outcomes: Vec<OutcomeRecord>) -> Vec<RunResult> {
    vec![RunResult { code, outcomes, leaks: vec![] }]
}

fn expects(verdict: ExpectedVerdict) -> Expectation {
    Expectation {
        check: "s.a".to_owned(),
        claims: vec![],
        verdict,
        says: String::new(),
        shows: String::new(),
    }
}

fn fault(verdict: ExpectedVerdict, also: &[&str]) -> Fault {
    let claims = if matches!(verdict, ExpectedVerdict::Error | ExpectedVerdict::Warn) {
        vec![]
    } else {
        vec!["c".to_owned()]
    };
    let expectation =
        Expectation { check: "s.a".to_owned(), claims, verdict, says: String::new(), shows: String::new() };
    Fault {
        name: "f".to_owned(),
        about: "a".to_owned(),
        expectations: vec![expectation],
        also: also.iter().map(|&text| text.to_owned()).collect(),
        ..Fault::default()
    }
}

fn kinds() -> CheckKinds {
    let one = |id: &str| BTreeSet::from([id.to_owned()]);
    let codes = ["c", "e"].map(str::to_owned).into();
    CheckKinds {
        manual: one("s.manual"),
        own: one("own.a"),
        codes: BTreeMap::from([("s.a".to_owned(), codes)]),
    }
}

fn ends(fault: &Fault, runs: &[RunResult]) -> (FaultOutcome, usize) {
    let (ending, proved) = judge(fault, runs, &kinds());
    (ending, proved.len())
}

#[test]
fn a_fault_is_caught_if_exactly_the_expected_checks_fail() {
    let fails = fault(ExpectedVerdict::Fail, &[]);
    let good = || record("s.b", "pass", &[("d", Some(true))]);
    let failed = || record("s.a", "fail", &[("c", Some(false)), ("e", Some(true))]);
    assert_eq!(ends(&fails, &result(1, vec![failed(), good()])), (FaultOutcome::Caught, 1));
    for (what, runs) in [
        ("passes", result(0, vec![record("s.a", "pass", &[("c", Some(true))])])),
        ("is inconclusive", result(3, vec![record("s.a", "inconclusive", &[("c", None)])])),
        ("errs", result(3, vec![record("s.a", "error", &[])])),
        ("is blocked", result(3, vec![record("s.a", "blocked", &[])])),
        (
            "fails by another claim",
            result(1, vec![record("s.a", "fail", &[("c", Some(true)), ("e", Some(false))])]),
        ),
        ("fails without the claim", result(1, vec![record("s.a", "fail", &[("e", Some(false))])])),
        ("did not run", result(0, vec![good()])),
        ("fails, but the exit code is 0", result(0, vec![failed()])),
        ("fails, but the exit code is 3", result(3, vec![failed()])),
        (
            "fails, and another check does not pass",
            result(1, vec![failed(), record("s.b", "inconclusive", &[("d", None)])]),
        ),
    ] {
        let (ending, proved) = ends(&fails, &runs);
        assert!(matches!(ending, FaultOutcome::Missed(_)), "{what}: {ending:?}");
        assert_eq!(proved, 0, "{what}");
    }
}

#[test]
fn other_failures_must_be_declared_and_declared_checks_must_not_pass() {
    let both = result(1, vec![record("s.a", "fail", &[("c", Some(false))]), record("s.b", "blocked", &[])]);
    assert_eq!(ends(&fault(ExpectedVerdict::Fail, &["s.b"]), &both), (FaultOutcome::Caught, 1));
    assert_eq!(ends(&fault(ExpectedVerdict::Fail, &["s.*", "t.*"]), &both), (FaultOutcome::Caught, 1));
    let (ending, _) = ends(&fault(ExpectedVerdict::Fail, &["s.b", "t.c"]), &both);
    assert_eq!(ending, FaultOutcome::Missed(vec!["`t.c` is declared but passed".to_owned()]));
    let mut warning = record("s.b", "fail", &[]);
    warning.required = false;
    let runs = result(1, vec![record("s.a", "fail", &[("c", Some(false))]), warning]);
    assert_eq!(
        ends(&fault(ExpectedVerdict::Fail, &[]), &runs),
        (FaultOutcome::Caught, 1),
        "a warning need not be declared"
    );
}

#[test]
fn only_a_failure_or_a_withheld_sign_off_proves_a_claim() {
    let open = result(3, vec![record("s.a", "inconclusive", &[("c", None)])]);
    assert_eq!(ends(&fault(ExpectedVerdict::Inconclusive, &[]), &open), (FaultOutcome::Caught, 0));
    let error = result(3, vec![record("s.a", "error", &[])]);
    assert_eq!(ends(&fault(ExpectedVerdict::Error, &[]), &error), (FaultOutcome::Caught, 0));
    let mut warned = record("s.a", "pass", &[("c", Some(true))]);
    warned.warned = true;
    assert_eq!(ends(&fault(ExpectedVerdict::Warn, &[]), &result(0, vec![warned])), (FaultOutcome::Caught, 0));
    let mut manual = fault(ExpectedVerdict::Inconclusive, &[]);
    manual.expectations[0].check = "s.manual".to_owned();
    let open = result(3, vec![record("s.manual", "inconclusive", &[("c", None)])]);
    assert_eq!(ends(&manual, &open), (FaultOutcome::Caught, 1));
}

#[test]
fn own_checks_may_fail_undeclared_and_prove_their_claims() {
    let runs = result(
        1,
        vec![
            record("s.a", "fail", &[("c", Some(false))]),
            record("own.a", "fail", &[("x", Some(false)), ("y", Some(true))]),
        ],
    );
    assert_eq!(ends(&fault(ExpectedVerdict::Fail, &[]), &runs), (FaultOutcome::Caught, 2));
    let open = result(1, vec![record("s.a", "fail", &[("c", Some(false))]), record("own.a", "error", &[])]);
    assert_eq!(ends(&fault(ExpectedVerdict::Fail, &[]), &open), (FaultOutcome::Caught, 1));
}

#[test]
fn a_claim_that_is_not_listed_is_never_caught() {
    let twice = record("s.a", "fail", &[("c", Some(false)), ("c-2", Some(false))]);
    let (ending, proved) = ends(&fault(ExpectedVerdict::Fail, &[]), &result(1, vec![twice]));
    let wrong = "s.a: the claim `c-2` is not in `checks list --claims`";
    assert_eq!((ending, proved), (FaultOutcome::Missed(vec![wrong.to_owned()]), 0));
}

#[test]
fn a_pass_without_warnings_is_not_a_warning() {
    let plain = result(0, vec![record("s.a", "pass", &[("c", Some(true))])]);
    assert!(matches!(ends(&fault(ExpectedVerdict::Warn, &[]), &plain).0, FaultOutcome::Missed(_)));
}

#[test]
fn a_narrow_run_is_judged_only_by_what_is_expected() {
    let narrow = |verdict| Fault { only: vec!["s.a".to_owned()], ..fault(verdict, &[]) };
    let failed = || record("s.a", "fail", &[("c", Some(false))]);
    let runs = result(1, vec![failed(), record("s.b", "inconclusive", &[("d", None)])]);
    assert_eq!(ends(&narrow(ExpectedVerdict::Fail), &runs), (FaultOutcome::Caught, 1));
    let missed = |fault: &Fault, runs: &[RunResult]| matches!(ends(fault, runs).0, FaultOutcome::Missed(_));
    assert!(missed(&narrow(ExpectedVerdict::Fail), &result(3, vec![failed()])), "another exit code");
    let warning = Fault { exit: Some(0), ..narrow(ExpectedVerdict::Fail) };
    assert!(missed(&warning, &result(1, vec![failed()])), "not the declared exit code");
    let optional = OutcomeRecord { required: false, ..failed() };
    assert_eq!(ends(&warning, &result(0, vec![optional])), (FaultOutcome::Caught, 1));
    let blocked = Fault { expectations: vec![expects(ExpectedVerdict::Skipped)], ..warning };
    assert!(missed(&blocked, &result(0, vec![record("s.a", "excluded", &[])])), "not run at all");
    let optional = OutcomeRecord { required: false, ..record("s.a", "blocked", &[]) };
    assert_eq!(ends(&blocked, &result(0, vec![optional])), (FaultOutcome::Caught, 0));
}

#[test]
fn a_good_world_passes_without_warnings_and_proves_nothing() {
    let good = Fault {
        is_good: true,
        expectations: vec![expects(ExpectedVerdict::Pass)],
        ..fault(ExpectedVerdict::Fail, &[])
    };
    let pass = || record("s.a", "pass", &[("c", Some(true))]);
    assert_eq!(ends(&good, &result(0, vec![pass()])), (FaultOutcome::Caught, 0));
    let warned = OutcomeRecord { warned: true, ..pass() };
    for runs in [
        result(0, vec![warned]),
        result(1, vec![record("s.a", "fail", &[("c", Some(false))])]),
        result(1, vec![pass(), record("s.b", "fail", &[("d", Some(false))])]),
    ] {
        assert!(matches!(ends(&good, &runs).0, FaultOutcome::Missed(_)), "{runs:?}");
    }
}

#[test]
fn a_leak_or_missing_evidence_is_never_caught() {
    let failed = || record("s.a", "fail", &[("c", Some(false))]);
    let mut shows = fault(ExpectedVerdict::Fail, &[]);
    shows.expectations[0].shows = "version: 4.12.1\n".to_owned();
    assert_eq!(ends(&shows, &result(1, vec![failed()])), (FaultOutcome::Caught, 1));
    let mut leaking = result(1, vec![failed()]);
    leaking[0].leaks.push("DATABASE_URL".to_owned());
    let wrong = "the run's output shows the secret of DATABASE_URL".to_owned();
    assert_eq!(ends(&shows, &leaking), (FaultOutcome::Missed(vec![wrong]), 0));
    shows.expectations[0].shows = "version: 4.13".to_owned();
    assert!(matches!(ends(&shows, &result(1, vec![failed()])).0, FaultOutcome::Missed(_)));
}

#[test]
fn a_go_although_a_required_check_failed_is_never_caught() {
    let passes = Fault { is_good: true, ..fault(ExpectedVerdict::Pass, &[]) };
    let outcomes =
        || vec![record("s.a", "pass", &[("c", Some(true))]), record("s.b", "fail", &[("d", Some(false))])];
    for fault in [Fault { only: vec!["s.a".to_owned()], ..passes.clone() }, Fault { exit: Some(0), ..passes }]
    {
        let (ending, _) = ends(&fault, &result(0, outcomes()));
        assert!(
            matches!(&ending, FaultOutcome::Missed(why) if why.iter().any(|w| w.contains("exit code: 0, although"))),
            "{ending:?}"
        );
    }
}
