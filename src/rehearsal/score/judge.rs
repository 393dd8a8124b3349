//! Whether a fault was caught, and which claims that proves. Pure: what the runs told goes in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::told::{Heard, Told};
use crate::rehearsal::faults::{Fault, Turn, Turned};

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
pub struct Kinds {
    /// Checks that only a person can sign off.
    pub manual: BTreeSet<String>,
    /// Checks that stand in the operator's own files, of which no fault can declare anything.
    pub own: BTreeSet<String>,
    /// The codes of the claims that each check can make, as `checks list --claims` lists them.
    pub codes: BTreeMap<String, Vec<String>>,
}

/// What a fault's runs told against what it declares: the differences, and the claims that were turned false.
pub fn weigh(fault: &Fault, runs: &[Told], kinds: &Kinds) -> (Ending, BTreeSet<ClaimId>) {
    let mut wrong = Vec::new();
    let mut proved = BTreeSet::new();
    for turn in &fault.turns {
        let Some(heard) = runs.iter().find_map(|run| run.of(&turn.check)) else {
            wrong.push(format!("{} was not asked", turn.check));
            continue;
        };
        let before = wrong.len();
        wrong.extend(differences(turn, heard));
        let proves = turn.verdict == Turned::Fail || kinds.manual.contains(&turn.check);
        if wrong.len() == before && proves {
            proved.extend(turn.claims.iter().map(|claim| (turn.check.clone(), claim.clone())));
        }
    }
    wrong.extend(undeclared(fault, runs, &kinds.own));
    proved.extend(of_ones_own(runs, &kinds.own));
    wrong.extend(runs.iter().flat_map(|run| run.unlisted(&kinds.codes)));
    wrong.extend(codes(runs));
    match wrong.is_empty() {
        true => (Ending::Caught, proved),
        false => (Ending::Missed(wrong), BTreeSet::new()),
    }
}

fn differences(turn: &Turn, heard: &Heard) -> Vec<String> {
    let id = &turn.check;
    let ended = match turn.verdict {
        Turned::Warn => heard.verdict == "pass" && heard.warned,
        verdict => heard.verdict == verdict.name(),
    };
    if !ended {
        let how =
            if heard.warned { format!("{} with a warning", heard.verdict) } else { heard.verdict.clone() };
        return vec![format!("{id} is {how} instead of {}: {}", turn.verdict.name(), heard.said)];
    }
    let wanted = (turn.verdict == Turned::Fail).then_some(false);
    let mut wrong: Vec<String> = turn
        .claims
        .iter()
        .filter_map(|code| match heard.claim(code) {
            None => Some(format!("{id} makes no claim `{code}`")),
            Some(claim) if claim.holds == wanted => None,
            Some(claim) => Some(format!("{id}: `{code}` {}", standing(claim.holds))),
        })
        .collect();
    if !heard.said.contains(&turn.says) {
        wrong.push(format!("{id} does not say `{}`: {}", turn.says, heard.said));
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
fn undeclared(fault: &Fault, runs: &[Told], own: &BTreeSet<String>) -> Vec<String> {
    let named: BTreeSet<&str> = fault.turns.iter().map(|turn| turn.check.as_str()).collect();
    let others: Vec<&Heard> = runs
        .iter()
        .flat_map(|run| &run.outcomes)
        .filter(|heard| heard.required && heard.turned())
        .filter(|heard| !named.contains(heard.id.as_str()) && !own.contains(&heard.id))
        .collect();
    let patterns: Vec<(&String, glob::Pattern)> =
        fault.also.iter().filter_map(|text| Some((text, glob::Pattern::new(text).ok()?))).collect();
    let mut wrong: Vec<String> = others
        .iter()
        .filter(|heard| !patterns.iter().any(|(_, pattern)| pattern.matches(&heard.id)))
        .map(|heard| format!("{} turned too and is not declared: {} {}", heard.id, heard.verdict, heard.said))
        .collect();
    for text in fault.also.iter().filter(|text| !text.contains(['*', '?', '['])) {
        let met = glob::Pattern::new(text)
            .is_ok_and(|pattern| others.iter().any(|heard| pattern.matches(&heard.id)));
        if !met {
            wrong.push(format!("`{text}` is declared and did not turn"));
        }
    }
    wrong
}

/// The claims of the operator's own checks that failed, whatever the fault was made for.
fn of_ones_own(runs: &[Told], own: &BTreeSet<String>) -> Vec<ClaimId> {
    let failed = runs.iter().flat_map(|run| &run.outcomes).filter(|heard| heard.verdict == "fail");
    failed
        .filter(|heard| own.contains(&heard.id))
        .flat_map(|heard| heard.claims.iter().map(move |claim| (heard, claim)))
        .filter(|(_, claim)| claim.holds == Some(false))
        .map(|(heard, claim)| (heard.id.clone(), claim.code.clone()))
        .collect()
}

/// The exit code follows from the outcomes: 1 where a required check failed, 3 where one turned otherwise, else 0. A go
/// although one turned is the worst there is.
fn codes(runs: &[Told]) -> Vec<String> {
    let wanted = |run: &Told| {
        let turned: Vec<&Heard> =
            run.outcomes.iter().filter(|heard| heard.required && heard.turned()).collect();
        match (turned.is_empty(), turned.iter().any(|heard| heard.verdict == "fail")) {
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
    use super::super::told::HeardClaim;
    use super::*;

    fn heard(id: &str, verdict: &str, claims: &[(&str, Option<bool>)]) -> Heard {
        let claims =
            claims.iter().map(|&(code, holds)| HeardClaim { code: code.to_owned(), holds }).collect();
        Heard {
            id: id.to_owned(),
            required: true,
            verdict: verdict.to_owned(),
            warned: false,
            claims,
            said: "why".to_owned(),
        }
    }

    fn told(code: i32, outcomes: Vec<Heard>) -> Vec<Told> {
        vec![Told { code, outcomes }]
    }

    fn fault(verdict: Turned, also: &[&str]) -> Fault {
        let claims =
            if matches!(verdict, Turned::Error | Turned::Warn) { vec![] } else { vec!["c".to_owned()] };
        let turn = Turn { check: "s.a".to_owned(), claims, verdict, says: String::new() };
        Fault {
            name: "f".to_owned(),
            about: "a".to_owned(),
            turns: vec![turn],
            also: also.iter().map(|&text| text.to_owned()).collect(),
            native_only: None,
            stage: Default::default(),
            later: None,
            args: vec![],
            withheld: vec![],
        }
    }

    fn kinds() -> Kinds {
        let one = |id: &str| BTreeSet::from([id.to_owned()]);
        let codes = ["c", "e"].map(str::to_owned).into();
        Kinds {
            manual: one("s.manual"),
            own: one("own.a"),
            codes: BTreeMap::from([("s.a".to_owned(), codes)]),
        }
    }

    fn ends(fault: &Fault, runs: &[Told]) -> (Ending, usize) {
        let (ending, proved) = weigh(fault, runs, &kinds());
        (ending, proved.len())
    }

    #[test]
    fn caught_is_exactly_what_was_declared() {
        let fails = fault(Turned::Fail, &[]);
        let good = || heard("s.b", "pass", &[("d", Some(true))]);
        let turned = || heard("s.a", "fail", &[("c", Some(false)), ("e", Some(true))]);
        assert_eq!(ends(&fails, &told(1, vec![turned(), good()])), (Ending::Caught, 1));
        for (what, runs) in [
            ("passes", told(0, vec![heard("s.a", "pass", &[("c", Some(true))])])),
            ("is inconclusive", told(3, vec![heard("s.a", "inconclusive", &[("c", None)])])),
            ("errs", told(3, vec![heard("s.a", "error", &[])])),
            ("is blocked", told(3, vec![heard("s.a", "blocked", &[])])),
            (
                "fails by another claim",
                told(1, vec![heard("s.a", "fail", &[("c", Some(true)), ("e", Some(false))])]),
            ),
            ("fails without the claim", told(1, vec![heard("s.a", "fail", &[("e", Some(false))])])),
            ("is not asked", told(0, vec![good()])),
            ("fails, and the run is a go", told(0, vec![turned()])),
            ("fails, and the run cannot tell", told(3, vec![turned()])),
            (
                "fails, and another turns",
                told(1, vec![turned(), heard("s.b", "inconclusive", &[("d", None)])]),
            ),
        ] {
            let (ending, proved) = ends(&fails, &runs);
            assert!(matches!(ending, Ending::Missed(_)), "{what}: {ending:?}");
            assert_eq!(proved, 0, "{what}");
        }
    }

    #[test]
    fn what_turns_with_it_is_declared_and_what_is_declared_turns() {
        let both = told(1, vec![heard("s.a", "fail", &[("c", Some(false))]), heard("s.b", "blocked", &[])]);
        assert_eq!(ends(&fault(Turned::Fail, &["s.b"]), &both), (Ending::Caught, 1));
        assert_eq!(ends(&fault(Turned::Fail, &["s.*", "t.*"]), &both), (Ending::Caught, 1));
        let (ending, _) = ends(&fault(Turned::Fail, &["s.b", "t.c"]), &both);
        assert_eq!(ending, Ending::Missed(vec!["`t.c` is declared and did not turn".to_owned()]));
        let mut warning = heard("s.b", "fail", &[]);
        warning.required = false;
        let runs = told(1, vec![heard("s.a", "fail", &[("c", Some(false))]), warning]);
        assert_eq!(
            ends(&fault(Turned::Fail, &[]), &runs),
            (Ending::Caught, 1),
            "a warning need not be declared"
        );
    }

    #[test]
    fn only_a_failure_proves_a_claim_or_a_withheld_sign_off() {
        let open = told(3, vec![heard("s.a", "inconclusive", &[("c", None)])]);
        assert_eq!(ends(&fault(Turned::Inconclusive, &[]), &open), (Ending::Caught, 0));
        let error = told(3, vec![heard("s.a", "error", &[])]);
        assert_eq!(ends(&fault(Turned::Error, &[]), &error), (Ending::Caught, 0));
        let mut warned = heard("s.a", "pass", &[("c", Some(true))]);
        warned.warned = true;
        assert_eq!(ends(&fault(Turned::Warn, &[]), &told(0, vec![warned])), (Ending::Caught, 0));
        let mut manual = fault(Turned::Inconclusive, &[]);
        manual.turns[0].check = "s.manual".to_owned();
        let open = told(3, vec![heard("s.manual", "inconclusive", &[("c", None)])]);
        assert_eq!(ends(&manual, &open), (Ending::Caught, 1));
    }

    #[test]
    fn an_operators_own_check_turns_without_being_declared_and_proves_itself() {
        let runs = told(
            1,
            vec![
                heard("s.a", "fail", &[("c", Some(false))]),
                heard("own.a", "fail", &[("x", Some(false)), ("y", Some(true))]),
            ],
        );
        assert_eq!(ends(&fault(Turned::Fail, &[]), &runs), (Ending::Caught, 2));
        let open = told(1, vec![heard("s.a", "fail", &[("c", Some(false))]), heard("own.a", "error", &[])]);
        assert_eq!(ends(&fault(Turned::Fail, &[]), &open), (Ending::Caught, 1));
    }

    #[test]
    fn a_claim_that_is_not_listed_is_never_caught() {
        let twice = heard("s.a", "fail", &[("c", Some(false)), ("c-2", Some(false))]);
        let (ending, proved) = ends(&fault(Turned::Fail, &[]), &told(1, vec![twice]));
        let wrong = "s.a: the claim `c-2` is not in `checks list --claims`";
        assert_eq!((ending, proved), (Ending::Missed(vec![wrong.to_owned()]), 0));
    }

    #[test]
    fn a_plain_pass_is_no_warning() {
        let plain = told(0, vec![heard("s.a", "pass", &[("c", Some(true))])]);
        assert!(matches!(ends(&fault(Turned::Warn, &[]), &plain).0, Ending::Missed(_)));
    }
}
