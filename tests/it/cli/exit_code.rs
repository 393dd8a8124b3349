//! The exit code over random runs: zero implies that something required was
//! asked and that every required check passed or is validly waived, and no other
//! verdict can be promoted by anything.

use hotdash_ops::testing::exit::Exit;
use hotdash_ops::testing::outcome::report::{Stopped, exit};
use hotdash_ops::testing::outcome::waived::Waiver;
use hotdash_ops::testing::outcome::{Effect, Severity};
use hotdash_ops::testing::outcome::{Outcome, Verdict, Why};
use proptest::prelude::*;

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        4 => Just(Verdict::Pass),
        1 => Just(Verdict::Fail),
        1 => Just(Verdict::Inconclusive),
        1 => Just(Verdict::Error),
        1 => Just(Verdict::Skipped(Why::Blocked("a.b".to_owned()))),
        2 => Just(Verdict::Skipped(Why::Excluded("--skip a".to_owned()))),
        1 => Just(Verdict::Skipped(Why::Interrupted)),
        1 => Just(Verdict::Skipped(Why::SandboxMistaken)),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    (verdict(), any::<bool>(), proptest::option::weighted(0.3, any::<bool>()), any::<bool>()).prop_map(
        |(verdict, blocker, waiver, warned)| Outcome {
            id: "a.b".to_owned(),
            title: "a claim".to_owned(),
            severity: if blocker { Severity::Blocker } else { Severity::Warning },
            effect: Effect::None,
            verdict,
            asked: String::new(),
            claims: Vec::new(),
            evidence: Vec::new(),
            warnings: if warned { vec!["a warning".to_owned()] } else { Vec::new() },
            reason: String::new(),
            fix: "do".to_owned(),
            runbook: None,
            attempts: 0,
            started: None,
            took_ms: 0,
            waiver: waiver.map(|valid| Waiver {
                reason: "r".to_owned(),
                owner: "o".to_owned(),
                expires: "2026-01-01".to_owned(),
                valid,
                origin: "waivers.toml:1".to_owned(),
            }),
            sign_off: None,
            origin: String::new(),
            replaces: None,
        },
    )
}

fn excluded(o: &Outcome) -> bool {
    matches!(o.verdict, Verdict::Skipped(Why::Excluded(_)))
}

fn waived(o: &Outcome) -> bool {
    o.waiver.as_ref().is_some_and(|w| w.valid)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn zero_implies_that_every_required_check_passed_or_is_waived(
        outcomes in proptest::collection::vec(outcome(), 0..12),
        strict in any::<bool>(),
    ) {
        let code = exit(outcomes.iter(), None, strict);
        let required: Vec<&Outcome> = outcomes
            .iter()
            .filter(|o| (strict || o.severity == Severity::Blocker) && !excluded(o))
            .collect();
        if code == Exit::Ready {
            prop_assert!(required.iter().any(|o| matches!(o.verdict, Verdict::Pass | Verdict::Fail | Verdict::Inconclusive)));
            for o in &required {
                prop_assert!(o.verdict == Verdict::Pass || waived(o), "{:?}", o.verdict);
                prop_assert!(!strict || o.warnings.is_empty() || waived(o) || o.verdict != Verdict::Pass);
            }
        }
        if required.iter().any(|o| o.verdict == Verdict::Fail && !waived(o)) {
            prop_assert_eq!(code, Exit::NotReady);
        }
        if required.is_empty() {
            prop_assert_eq!(code, Exit::Undecided);
        }
        if required.iter().any(|o| o.lapsed() && o.verdict != Verdict::Pass) {
            prop_assert_eq!(code, Exit::NotReady);
        }
    }

    #[test]
    fn an_expired_waiver_never_helps(outcomes in proptest::collection::vec(outcome(), 0..8), strict in any::<bool>()) {
        let without: Vec<Outcome> = outcomes
            .iter()
            .cloned()
            .map(|o| Outcome { waiver: o.waiver.filter(|w| w.valid), ..o })
            .collect();
        if exit(outcomes.iter(), None, strict) == Exit::Ready {
            prop_assert_eq!(exit(without.iter(), None, strict), Exit::Ready);
        }
    }

    #[test]
    fn a_stopped_run_is_never_zero(outcomes in proptest::collection::vec(outcome(), 0..6), strict in any::<bool>()) {
        prop_assert_eq!(exit(outcomes.iter(), Some(Stopped::SandboxMistaken), strict).code(), 2);
        prop_assert_eq!(exit(outcomes.iter(), Some(Stopped::Interrupted), strict).code(), 130);
        prop_assert_eq!(exit(outcomes.iter(), Some(Stopped::Terminated), strict).code(), 143);
    }

    #[test]
    fn a_warning_never_changes_the_code_without_strict(outcomes in proptest::collection::vec(outcome(), 1..8)) {
        let blockers: Vec<Outcome> =
            outcomes.iter().filter(|o| o.severity == Severity::Blocker).cloned().collect();
        prop_assert_eq!(exit(outcomes.iter(), None, false), exit(blockers.iter(), None, false));
    }
}

#[test]
fn a_run_without_checks_is_never_zero() {
    assert_eq!(exit([].iter(), None, false), Exit::Undecided);
}
