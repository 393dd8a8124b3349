//! The matrix of faults and claims: which fault broke which claim, the faults that were missed, and the claims that no
//! fault broke. Pure; every format of the score is rendered from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::Done;
use super::fault_result::{FaultResult, Judgement, millis};
use super::judge::{CheckKinds, ClaimId, FaultOutcome, judge};
use super::run_result::RunResult;
use crate::checklist::Checklist;
use crate::exit::Exit;
use crate::rehearsal::faults::{Expectation, ExpectedVerdict, Fault};
use crate::text::plural;

/// The version of the json document.
pub const SCHEMA: &str = "hotdash-ops.score/1";

/// A claim, and the faults that broke it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub check: String,
    pub claim: String,
    pub faults: Vec<String>,
    #[serde(rename = "standing")]
    pub status: ProofStatus,
}

/// Whether a claim is proved to be able to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofStatus {
    /// A caught fault broke it.
    Proved,
    /// No fault broke it, although this engine supports one, or none exists.
    Unproved,
    /// There are faults for it, but this engine supports none of them.
    NotProvableHere,
    /// A claim of the operator's own check that no fault broke: reported, but not a failure.
    Own,
}

/// How many of the faults a partial score covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// The faults that were selected.
    pub planned: usize,
    /// All faults.
    pub of: usize,
}

/// The whole score.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    pub engine: String,
    /// Set for a score of selected faults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    pub faults: Vec<FaultResult>,
    pub claims: Vec<Row>,
    #[serde(skip)]
    order: Vec<String>,
    #[serde(skip)]
    kinds: CheckKinds,
    #[serde(skip)]
    seen: BTreeSet<ClaimId>,
    /// The claims of faults that this engine does not support.
    #[serde(skip)]
    beyond: BTreeSet<ClaimId>,
}

impl Matrix {
    /// An empty matrix for these checks; `unsupported` are the faults that do not run at all.
    pub fn new(
        engine: &str,
        list: &Checklist,
        own: BTreeSet<String>,
        unsupported: Vec<(Fault, FaultResult)>,
    ) -> Matrix {
        let manual = list.checks().filter(|check| check.entry.probe.is_manual());
        let claims = |fault: &Fault| fault.expectations.iter().flat_map(claims_of).collect::<Vec<ClaimId>>();
        Matrix {
            schema: SCHEMA,
            engine: engine.to_owned(),
            partial: None,
            beyond: unsupported.iter().flat_map(|(fault, _)| claims(fault)).collect(),
            faults: unsupported.into_iter().map(|(_, played)| played).collect(),
            claims: Vec::new(),
            order: list.checks().map(|check| check.id.clone()).collect(),
            kinds: CheckKinds {
                manual: manual.map(|check| check.id.clone()).collect(),
                own,
                codes: list.checks().map(|check| (check.id.clone(), check.entry.probe.claims())).collect(),
            },
            seen: BTreeSet::new(),
        }
    }

    /// Adds the result of a job.
    pub(super) fn add(&mut self, done: Done) -> FaultResult {
        let Done { job, result, took } = done;
        let played = match (&job.fault, result) {
            (Some(fault), Ok(result)) => {
                let (ending, proved) = judge(fault, &result, &self.kinds);
                FaultResult::new(fault, ending, proved, took)
            }
            (Some(fault), Err(error)) => FaultResult::new(
                fault,
                FaultOutcome::Missed(vec![format!("{error:#}")]),
                BTreeSet::new(),
                took,
            ),
            (None, result) => self.good(result, took),
        };
        self.faults.push(played.clone());
        played
    }

    /// The good world, in which every claim must hold: it determines which claims exist.
    fn good(&mut self, result: anyhow::Result<Vec<RunResult>>, took: Duration) -> FaultResult {
        let why = match result {
            Err(error) => vec![format!("{error:#}")],
            Ok(runs) => {
                let outcomes =
                    || runs.iter().flat_map(|run| &run.outcomes).filter(|o| o.verdict != "excluded");
                for outcome in outcomes() {
                    let claims = outcome.claims.iter().map(|claim| (outcome.id.clone(), claim.code.clone()));
                    self.seen.extend(claims);
                }
                let unlisted = runs.iter().flat_map(|run| run.unlisted(&self.kinds.codes));
                outcomes()
                    // Only required checks count: on a busy machine with six worlds a warning can occur.
                    .filter(|o| o.did_not_pass() && o.required && !self.kinds.own.contains(&o.id))
                    .map(|o| format!("{}: {} in the good world: {}", o.id, o.verdict, o.text))
                    .chain(unlisted)
                    .collect()
            }
        };
        let result = if why.is_empty() { "good" } else { "missed" };
        FaultResult {
            name: "good world".to_owned(),
            about: "nothing is wrong".to_owned(),
            is_good: true,
            is_narrow: false,
            expectations: vec![],
            result: Judgement { result, why },
            took_ms: millis(took),
            proved: BTreeSet::new(),
        }
    }

    /// Sorts faults by their files and claims by the checklist, and computes the status of every claim.
    pub fn finished(mut self, faults: &[Fault]) -> Matrix {
        for fault in faults {
            if !self.faults.iter().any(|played| played.name == fault.name) {
                let why = FaultOutcome::Missed(vec!["it did not run".to_owned()]);
                self.faults.push(FaultResult::new(fault, why, BTreeSet::new(), Duration::ZERO));
            }
        }
        let place = |name: &str| faults.iter().position(|fault| fault.name == name);
        self.faults.sort_by_key(|played| place(&played.name));
        let mut by_claim: BTreeMap<ClaimId, Vec<String>> =
            self.seen.iter().map(|claim| (claim.clone(), Vec::new())).collect();
        for played in &self.faults {
            for claim in &played.proved {
                by_claim.entry(claim.clone()).or_default().push(played.name.clone());
            }
        }
        let mut rows: Vec<Row> = by_claim
            .into_iter()
            .map(|((check, claim), faults)| {
                let status = match faults.is_empty() {
                    false => ProofStatus::Proved,
                    true if self.kinds.own.contains(&check) => ProofStatus::Own,
                    true if self.beyond.contains(&(check.clone(), claim.clone())) => {
                        ProofStatus::NotProvableHere
                    }
                    true => ProofStatus::Unproved,
                };
                Row { check, claim, faults, status }
            })
            .collect();
        rows.sort_by_key(|row| self.order.iter().position(|id| *id == row.check));
        self.claims = rows;
        self
    }

    /// Keeps only the claims that the selected faults declare, and those of the operator's own checks: selected faults
    /// show nothing about other claims.
    pub fn restrict_to(&mut self, chosen: &[Fault], of: usize) {
        let declared: BTreeSet<ClaimId> = chosen
            .iter()
            .flat_map(|fault| &fault.expectations)
            .flat_map(|expectation| self.provable(expectation))
            .collect();
        let own = &self.kinds.own;
        self.claims.retain(|row| {
            own.contains(&row.check) || declared.contains(&(row.check.clone(), row.claim.clone()))
        });
        self.partial = Some(Partial { planned: chosen.len(), of });
    }

    /// The claims that a caught fault proves for this check.
    fn provable(&self, expectation: &Expectation) -> Vec<ClaimId> {
        match expectation.verdict == ExpectedVerdict::Fail || self.kinds.manual.contains(&expectation.check) {
            true => claims_of(expectation),
            false => Vec::new(),
        }
    }

    /// The faults that were missed, and good worlds with a failure.
    pub fn missed(&self) -> impl Iterator<Item = &FaultResult> {
        self.faults.iter().filter(|played| played.is_missed())
    }

    /// The claims with this status.
    pub fn with_status(&self, status: ProofStatus) -> impl Iterator<Item = &Row> {
        self.claims.iter().filter(move |row| row.status == status)
    }

    /// The number of faults with this result.
    pub fn count(&self, result: &str) -> usize {
        self.faults.iter().filter(|played| played.result.result == result).count()
    }

    /// 0 if every fault was caught and every claim broken by one, else 1.
    pub fn exit(&self) -> Exit {
        // The plain good world, which expects nothing in particular, runs always and proves nothing about the selection.
        let selected = self.faults.iter().filter(|played| !played.expectations.is_empty());
        let ran = selected.into_iter().any(|played| ["caught", "good"].contains(&played.result.result));
        let all_proved = self.with_status(ProofStatus::Unproved).next().is_none();
        if ran && all_proved && self.missed().next().is_none() { Exit::Ready } else { Exit::NotReady }
    }

    /// The score in one sentence.
    pub fn summary(&self) -> String {
        let proved = self.with_status(ProofStatus::Proved).count();
        let checks: BTreeSet<&str> =
            self.with_status(ProofStatus::Proved).map(|row| row.check.as_str()).collect();
        let part = self.partial.map(|part| format!("PARTIAL {} of {}: ", part.planned, part.of));
        let mut text = part.unwrap_or_default();
        text.push_str(&format!(
            "{} caught, {} passed, {} missed, {} not supported; {} of {} broken, {} never broken",
            counted(self.count("caught"), "fault"),
            counted(self.count("good"), "good world"),
            self.missed().count(),
            self.count("not-staged"),
            counted(proved, "claim"),
            counted(checks.len(), "check"),
            self.with_status(ProofStatus::Unproved).count(),
        ));
        for (status, words) in [
            (ProofStatus::NotProvableHere, "not provable on this engine"),
            (ProofStatus::Own, "of your own never broken"),
        ] {
            let count = self.with_status(status).count();
            if count > 0 {
                text.push_str(&format!(", {count} {words}"));
            }
        }
        text
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

/// The claims that are proved if the fault is caught.
fn claims_of(expectation: &Expectation) -> Vec<ClaimId> {
    expectation.claims.iter().map(|claim| (expectation.check.clone(), claim.clone())).collect()
}
