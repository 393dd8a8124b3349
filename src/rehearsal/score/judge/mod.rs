//! Decides whether a fault was caught, and which claims that proves. Pure: its input is the results of the runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::run_result::{OutcomeRecord, RunResult};
use crate::rehearsal::faults::{Expectation, ExpectedVerdict, Fault};

/// The result of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultOutcome {
    /// Exactly the expected checks did not pass, or a good world passed.
    Caught,
    /// The results differ from the expected ones; one line per difference.
    Missed(Vec<String>),
    /// This engine does not support the fault, with the reason. Never counted as caught.
    NotStaged(String),
}

/// A check's id and a claim's code.
pub type ClaimId = (String, String);

/// The checks that are treated differently.
#[derive(Clone, Debug, Default)]
pub struct CheckKinds {
    /// Checks that only a person can sign off.
    pub manual: BTreeSet<String>,
    /// Checks in the operator's own files, which no fault declares.
    pub own: BTreeSet<String>,
    /// The codes of the claims that each check can make, as `checks list --claims` lists them.
    pub codes: BTreeMap<String, Vec<String>>,
}

/// Compares the results of a fault's runs with what it declares: returns the differences, and the claims that were
/// proved.
pub fn judge(fault: &Fault, runs: &[RunResult], kinds: &CheckKinds) -> (FaultOutcome, BTreeSet<ClaimId>) {
    let mut wrong = Vec::new();
    let mut proved = BTreeSet::new();
    for expectation in &fault.expectations {
        let Some(record) = runs.iter().find_map(|run| run.outcome(&expectation.check)) else {
            wrong.push(format!("{} did not run", expectation.check));
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
    if !fault.is_narrow() {
        wrong.extend(undeclared(fault, runs, &kinds.own));
    }
    proved.extend(own_failures(runs, &kinds.own));
    wrong.extend(runs.iter().flat_map(|run| run.unlisted(&kinds.codes)));
    wrong.extend(exit_codes(fault, runs));
    let leaks = runs.iter().flat_map(|run| &run.leaks);
    wrong.extend(leaks.map(|name| format!("the run's output shows the secret of {name}")));
    if wrong.is_empty() {
        (FaultOutcome::Caught, proved)
    } else {
        (FaultOutcome::Missed(wrong), BTreeSet::new())
    }
}

fn differences(expectation: &Expectation, record: &OutcomeRecord) -> Vec<String> {
    let id = &expectation.check;
    let ended = match expectation.verdict {
        ExpectedVerdict::Warn => record.verdict == "pass" && record.warned,
        ExpectedVerdict::Pass => record.verdict == "pass" && !record.warned,
        ExpectedVerdict::Skipped => record.verdict == "blocked",
        verdict => record.verdict == verdict.name(),
    };
    if !ended {
        let how =
            if record.warned { format!("{} with a warning", record.verdict) } else { record.verdict.clone() };
        return vec![format!("{id}: expected {}, found {how}: {}", expectation.verdict.name(), record.text)];
    }
    let wanted = (expectation.verdict == ExpectedVerdict::Fail).then_some(false);
    let mut wrong: Vec<String> = expectation
        .claims
        .iter()
        .filter_map(|code| match record.claim(code) {
            None => Some(format!("{id} has no claim `{code}`")),
            Some(claim) if claim.holds == wanted => None,
            Some(claim) => Some(format!("{id}: claim `{code}` {}", describe(claim.holds))),
        })
        .collect();
    if !record.text.contains(&expectation.says) {
        wrong.push(format!("{id}: `{}` is missing in: {}", expectation.says, record.text));
    }
    if !record.evidence.contains(&expectation.shows) {
        wrong.push(format!("{id}: `{}` is missing in the evidence: {}", expectation.shows, record.evidence));
    }
    wrong
}

fn describe(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "cannot be judged",
    }
}

/// Required checks that did not pass and are not declared, and declared ids that passed. A glob may match nothing,
/// because whether a watch ends early can be a matter of a second.
fn undeclared(fault: &Fault, runs: &[RunResult], own: &BTreeSet<String>) -> Vec<String> {
    let named: BTreeSet<&str> =
        fault.expectations.iter().map(|expectation| expectation.check.as_str()).collect();
    let others: Vec<&OutcomeRecord> = runs
        .iter()
        .flat_map(|run| &run.outcomes)
        .filter(|record| record.required && record.did_not_pass())
        .filter(|record| !named.contains(record.id.as_str()) && !own.contains(&record.id))
        .collect();
    let patterns: Vec<(&String, glob::Pattern)> =
        fault.also.iter().filter_map(|text| Some((text, glob::Pattern::new(text).ok()?))).collect();
    let mut wrong: Vec<String> = others
        .iter()
        .filter(|record| !patterns.iter().any(|(_, pattern)| pattern.matches(&record.id)))
        .map(|record| format!("{}: unexpected {}: {}", record.id, record.verdict, record.text))
        .collect();
    for text in fault.also.iter().filter(|text| !text.contains(['*', '?', '['])) {
        let met = glob::Pattern::new(text)
            .is_ok_and(|pattern| others.iter().any(|record| pattern.matches(&record.id)));
        if !met {
            wrong.push(format!("`{text}` is declared but passed"));
        }
    }
    wrong
}

/// The failed claims of the operator's own checks, whatever the fault.
fn own_failures(runs: &[RunResult], own: &BTreeSet<String>) -> Vec<ClaimId> {
    let failed = runs.iter().flat_map(|run| &run.outcomes).filter(|record| record.verdict == "fail");
    failed
        .filter(|record| own.contains(&record.id))
        .flat_map(|record| record.claims.iter().map(move |claim| (record, claim)))
        .filter(|(_, claim)| claim.holds == Some(false))
        .map(|(record, claim)| (record.id.clone(), claim.code.clone()))
        .collect()
}

/// The exit code follows from the outcomes: 1 if a required check failed, 3 if one did not pass otherwise, else 0. A GO
/// although one did not pass would be the worst result. In a narrowed run it follows from the expected verdicts.
fn exit_codes(fault: &Fault, runs: &[RunResult]) -> Vec<String> {
    let found = |run: &RunResult| {
        let failed: Vec<&OutcomeRecord> =
            run.outcomes.iter().filter(|record| record.required && record.did_not_pass()).collect();
        match (failed.is_empty(), failed.iter().any(|record| record.verdict == "fail")) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 3,
        }
    };
    let wanted = |run: &RunResult| match fault.exit {
        Some(code) => code,
        None if fault.is_narrow() => expected_exit(fault),
        None => found(run),
    };
    let differs = runs.iter().filter(|run| run.code != wanted(run));
    let wrong_go = runs.iter().filter(|run| run.code == 0 && found(run) != 0);
    differs
        .map(|run| format!("exit code: expected {}, found {}", wanted(run), run.code))
        .chain(wrong_go.map(|run| format!("exit code: 0, although its outcomes make it {}", found(run))))
        .collect()
}

/// 1 if a check must fail or be blocked by one that fails, 3 if one must end undecided, else 0.
fn expected_exit(fault: &Fault) -> i32 {
    let code = |expectation: &Expectation| match expectation.verdict {
        ExpectedVerdict::Fail | ExpectedVerdict::Skipped => 1,
        ExpectedVerdict::Inconclusive | ExpectedVerdict::Error => 3,
        ExpectedVerdict::Warn | ExpectedVerdict::Pass => 0,
    };
    let codes: Vec<i32> = fault.expectations.iter().map(code).collect();
    [1, 3].into_iter().find(|code| codes.contains(code)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
