//! The result of one fault of a score.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::judge::{ClaimId, FaultOutcome};
use crate::rehearsal::faults::{Expectation, Fault};

/// The result of one fault, or of the good world.
#[derive(Clone, Debug, Serialize)]
pub struct FaultResult {
    /// The fault's name, or `good world`.
    pub name: String,
    pub about: String,
    /// Whether it is a world that looks bad and is good.
    pub is_good: bool,
    /// Whether only some checks ran.
    pub is_narrow: bool,
    /// The expected results, `check verdict: claims`.
    #[serde(rename = "turns")]
    pub expectations: Vec<String>,
    #[serde(flatten)]
    pub result: Judgement,
    pub took_ms: u64,
    #[serde(skip)]
    pub(super) proved: BTreeSet<ClaimId>,
}

/// The result and its reasons.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    /// `caught`, `missed` or `not-staged`; for a good world `good` instead of `caught`.
    pub result: &'static str,
    /// Every difference from the expected results, or why the engine does not support the fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

impl FaultResult {
    /// A fault that this engine does not support.
    pub fn unsupported(fault: &Fault, why: &str) -> FaultResult {
        FaultResult::new(fault, FaultOutcome::NotStaged(why.to_owned()), BTreeSet::new(), Duration::ZERO)
    }

    pub(super) fn new(
        fault: &Fault,
        ending: FaultOutcome,
        proved: BTreeSet<ClaimId>,
        took: Duration,
    ) -> FaultResult {
        let result = match ending {
            FaultOutcome::Caught if fault.is_good => Judgement { result: "good", why: vec![] },
            FaultOutcome::Caught => Judgement { result: "caught", why: vec![] },
            FaultOutcome::Missed(why) => Judgement { result: "missed", why },
            FaultOutcome::NotStaged(why) => Judgement { result: "not-staged", why: vec![why] },
        };
        let expectations = fault.expectations.iter().map(words).collect();
        let (name, about, took_ms) = (fault.name.clone(), fault.about.clone(), millis(took));
        let (is_good, is_narrow) = (fault.is_good, fault.is_narrow());
        FaultResult { name, about, is_good, is_narrow, expectations, result, took_ms, proved }
    }

    /// Whether this makes the score fail.
    pub fn is_missed(&self) -> bool {
        self.result.result == "missed"
    }
}

fn words(expectation: &Expectation) -> String {
    match expectation.claims.as_slice() {
        [] => format!("{} {}", expectation.check, expectation.verdict.name()),
        claims => format!("{} {}: {}", expectation.check, expectation.verdict.name(), claims.join(", ")),
    }
}

pub(super) fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
