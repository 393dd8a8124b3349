//! Whether a fault was caught, and which claims that proves. Pure: what the runs told goes in.

use std::collections::BTreeSet;

use serde::Serialize;

use super::run_result::{OutcomeRecord, RunResult};
use crate::rehearsal::faults::{Expectation, ExpectedVerdict, Fault};

/// How a fault ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Exactly what the fault declares has turned.
    Caught,
    /// Something else has, or nothing; each line is one difference.
    Missed(Vec<String>),
    /// This engine cannot stage it, and this is why. Never the same as caught.
    NotStaged(String),
}

/// A claim of a check, by its code.
pub type ClaimId = (String, String);

/// Which checks are of another kind than the checklist's own questions.
#[derive(Clone, Debug, Default)]
pub struct CheckKinds {
    /// Checks that only a person can sign off.
    pub manual: BTreeSet<String>,
    /// Checks that stand in the operator's own files, of which no fault can declare anything.
    pub own: BTreeSet<String>,
}

/// What a fault's runs told against what it declares: the differences, and the claims that were turned false.
pub fn weigh(fault: &Fault, runs: &[RunResult], kinds: &CheckKinds) -> (Ending, BTreeSet<ClaimId>) {
    let mut wrong = Vec::new();
    let mut proved = BTreeSet::new();
    for expectation in &fault.expectations {
        let Some(record) = runs.iter().find_map(|run| run.of(&expectation.check)) else {
            wrong.push(format!("{} was not asked", expectation.check));
            continue;
        };
        let before = wrong.len();
        wrong.extend(differences(expectation, record));
        let proves =
            expectation.verdict == ExpectedVerdict::Fail || kinds.manual.contains(&expectation.check);
        if wrong.len() == before && proves {
            proved.extend(expectation.claims.iter().map(|claim| (expectation.check.clone(), claim.clone())));
        }
    }
    wrong.extend(undeclared(fault, runs, &kinds.own));
    proved.extend(of_ones_own(runs, &kinds.own));
    wrong.extend(codes(runs));
    match wrong.is_empty() {
        true => (Ending::Caught, proved),
        false => (Ending::Missed(wrong), BTreeSet::new()),
    }
}

fn differences(expectation: &Expectation, record: &OutcomeRecord) -> Vec<String> {
    let id = &expectation.check;
    let ended = match expectation.verdict {
        ExpectedVerdict::Warn => record.verdict == "pass" && record.warned,
        verdict => record.verdict == verdict.name(),
    };
    if !ended {
        let how =
            if record.warned { format!("{} with a warning", record.verdict) } else { record.verdict.clone() };
        return vec![format!("{id} is {how} instead of {}: {}", expectation.verdict.name(), record.said)];
    }
    let wanted = (expectation.verdict == ExpectedVerdict::Fail).then_some(false);
    let mut wrong: Vec<String> = expectation
        .claims
        .iter()
        .filter_map(|code| match record.claim(code) {
            None => Some(format!("{id} makes no claim `{code}`")),
            Some(claim) if claim.holds == wanted => None,
            Some(claim) => Some(format!("{id}: `{code}` {}", standing(claim.holds))),
        })
        .collect();
    if !record.said.contains(&expectation.says) {
        wrong.push(format!("{id} does not say `{}`: {}", expectation.says, record.said));
    }
    wrong
}

fn standing(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "cannot be judged",
    }
}

/// Required checks that turned and were not declared, and ids that are declared and did not turn. A glob may meet
/// none: whether a watch ends early is a matter of a second.
fn undeclared(fault: &Fault, runs: &[RunResult], own: &BTreeSet<String>) -> Vec<String> {
    let named: BTreeSet<&str> =
        fault.expectations.iter().map(|expectation| expectation.check.as_str()).collect();
    let others: Vec<&OutcomeRecord> = runs
        .iter()
        .flat_map(|run| &run.outcomes)
        .filter(|record| record.required && record.turned())
        .filter(|record| !named.contains(record.id.as_str()) && !own.contains(&record.id))
        .collect();
    let patterns: Vec<(&String, glob::Pattern)> =
        fault.also.iter().filter_map(|text| Some((text, glob::Pattern::new(text).ok()?))).collect();
    let mut wrong: Vec<String> = others
        .iter()
        .filter(|record| !patterns.iter().any(|(_, pattern)| pattern.matches(&record.id)))
        .map(|record| {
            format!("{} turned too and is not declared: {} {}", record.id, record.verdict, record.said)
        })
        .collect();
    for text in fault.also.iter().filter(|text| !text.contains(['*', '?', '['])) {
        let met = glob::Pattern::new(text)
            .is_ok_and(|pattern| others.iter().any(|record| pattern.matches(&record.id)));
        if !met {
            wrong.push(format!("`{text}` is declared and did not turn"));
        }
    }
    wrong
}

/// The claims of the operator's own checks that failed, whatever the fault was made for.
fn of_ones_own(runs: &[RunResult], own: &BTreeSet<String>) -> Vec<ClaimId> {
    let failed = runs.iter().flat_map(|run| &run.outcomes).filter(|record| record.verdict == "fail");
    failed
        .filter(|record| own.contains(&record.id))
        .flat_map(|record| record.claims.iter().map(move |claim| (record, claim)))
        .filter(|(_, claim)| claim.holds == Some(false))
        .map(|(record, claim)| (record.id.clone(), claim.code.clone()))
        .collect()
}

/// The exit code follows from the outcomes: 1 where a required check failed, 3 where one turned otherwise, else 0. A go
/// although one turned is the worst there is.
fn codes(runs: &[RunResult]) -> Vec<String> {
    let wanted = |run: &RunResult| {
        let turned: Vec<&OutcomeRecord> =
            run.outcomes.iter().filter(|record| record.required && record.turned()).collect();
        match (turned.is_empty(), turned.iter().any(|record| record.verdict == "fail")) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 3,
        }
    };
    runs.iter()
        .filter(|run| run.code != wanted(run))
        .map(|run| format!("exit {} instead of {}", run.code, wanted(run)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::run_result::ClaimRecord;
    use super::*;

    fn record(id: &str, verdict: &str, claims: &[(&str, Option<bool>)]) -> OutcomeRecord {
        let claims =
            claims.iter().map(|&(code, holds)| ClaimRecord { code: code.to_owned(), holds }).collect();
        OutcomeRecord {
            id: id.to_owned(),
            required: true,
            verdict: verdict.to_owned(),
            warned: false,
            claims,
            said: "why".to_owned(),
        }
    }

    fn result(code: i32, outcomes: Vec<OutcomeRecord>) -> Vec<RunResult> {
        vec![RunResult { code, outcomes }]
    }

    fn fault(verdict: ExpectedVerdict, also: &[&str]) -> Fault {
        let claims = if matches!(verdict, ExpectedVerdict::Error | ExpectedVerdict::Warn) {
            vec![]
        } else {
            vec!["c".to_owned()]
        };
        let expectation = Expectation { check: "s.a".to_owned(), claims, verdict, says: String::new() };
        Fault {
            name: "f".to_owned(),
            about: "a".to_owned(),
            expectations: vec![expectation],
            also: also.iter().map(|&text| text.to_owned()).collect(),
            native_only: None,
            stage: Default::default(),
            later: None,
            args: vec![],
            withheld: vec![],
        }
    }

    fn ends(fault: &Fault, runs: &[RunResult]) -> (Ending, usize) {
        let one = |id: &str| BTreeSet::from([id.to_owned()]);
        let (ending, proved) = weigh(fault, runs, &CheckKinds { manual: one("s.manual"), own: one("own.a") });
        (ending, proved.len())
    }

    #[test]
    fn caught_is_exactly_what_was_declared() {
        let fails = fault(ExpectedVerdict::Fail, &[]);
        let good = || record("s.b", "pass", &[("d", Some(true))]);
        let turned = || record("s.a", "fail", &[("c", Some(false)), ("e", Some(true))]);
        assert_eq!(ends(&fails, &result(1, vec![turned(), good()])), (Ending::Caught, 1));
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
            ("is not asked", result(0, vec![good()])),
            ("fails, and the run is a go", result(0, vec![turned()])),
            ("fails, and the run cannot render", result(3, vec![turned()])),
            (
                "fails, and another turns",
                result(1, vec![turned(), record("s.b", "inconclusive", &[("d", None)])]),
            ),
        ] {
            let (ending, proved) = ends(&fails, &runs);
            assert!(matches!(ending, Ending::Missed(_)), "{what}: {ending:?}");
            assert_eq!(proved, 0, "{what}");
        }
    }

    #[test]
    fn what_turns_with_it_is_declared_and_what_is_declared_turns() {
        let both =
            result(1, vec![record("s.a", "fail", &[("c", Some(false))]), record("s.b", "blocked", &[])]);
        assert_eq!(ends(&fault(ExpectedVerdict::Fail, &["s.b"]), &both), (Ending::Caught, 1));
        assert_eq!(ends(&fault(ExpectedVerdict::Fail, &["s.*", "t.*"]), &both), (Ending::Caught, 1));
        let (ending, _) = ends(&fault(ExpectedVerdict::Fail, &["s.b", "t.c"]), &both);
        assert_eq!(ending, Ending::Missed(vec!["`t.c` is declared and did not turn".to_owned()]));
        let mut warning = record("s.b", "fail", &[]);
        warning.required = false;
        let runs = result(1, vec![record("s.a", "fail", &[("c", Some(false))]), warning]);
        assert_eq!(
            ends(&fault(ExpectedVerdict::Fail, &[]), &runs),
            (Ending::Caught, 1),
            "a warning need not be declared"
        );
    }

    #[test]
    fn only_a_failure_proves_a_claim_or_a_withheld_sign_off() {
        let open = result(3, vec![record("s.a", "inconclusive", &[("c", None)])]);
        assert_eq!(ends(&fault(ExpectedVerdict::Inconclusive, &[]), &open), (Ending::Caught, 0));
        let error = result(3, vec![record("s.a", "error", &[])]);
        assert_eq!(ends(&fault(ExpectedVerdict::Error, &[]), &error), (Ending::Caught, 0));
        let mut warned = record("s.a", "pass", &[("c", Some(true))]);
        warned.warned = true;
        assert_eq!(ends(&fault(ExpectedVerdict::Warn, &[]), &result(0, vec![warned])), (Ending::Caught, 0));
        let mut manual = fault(ExpectedVerdict::Inconclusive, &[]);
        manual.expectations[0].check = "s.manual".to_owned();
        let open = result(3, vec![record("s.manual", "inconclusive", &[("c", None)])]);
        assert_eq!(ends(&manual, &open), (Ending::Caught, 1));
    }

    #[test]
    fn an_operators_own_check_turns_without_being_declared_and_proves_itself() {
        let runs = result(
            1,
            vec![
                record("s.a", "fail", &[("c", Some(false))]),
                record("own.a", "fail", &[("x", Some(false)), ("y", Some(true))]),
            ],
        );
        assert_eq!(ends(&fault(ExpectedVerdict::Fail, &[]), &runs), (Ending::Caught, 2));
        let open =
            result(1, vec![record("s.a", "fail", &[("c", Some(false))]), record("own.a", "error", &[])]);
        assert_eq!(ends(&fault(ExpectedVerdict::Fail, &[]), &open), (Ending::Caught, 1));
    }

    #[test]
    fn a_plain_pass_is_no_warning() {
        let plain = result(0, vec![record("s.a", "pass", &[("c", Some(true))])]);
        assert!(matches!(ends(&fault(ExpectedVerdict::Warn, &[]), &plain).0, Ending::Missed(_)));
    }
}
