//! The matrix fault x claim: which fault turned which claim false, the faults that nobody caught, and the claims that
//! no fault turned. Pure, and what every format of the score is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::Done;
use super::judge::{ClaimId, Ending, Kinds, weigh};
use super::told::Told;
use crate::checklist::Checklist;
use crate::exit::Exit;
use crate::rehearsal::faults::{Fault, Turn, Turned};

/// The version of the json document.
pub const SCHEMA: &str = "hotdash-ops.score/1";

/// One fault, or the good world, that was played.
#[derive(Clone, Debug, Serialize)]
pub struct Played {
    /// The fault's name; `good world` for none.
    pub name: String,
    pub about: String,
    /// What it declares to turn, `check: claim`.
    pub turns: Vec<String>,
    #[serde(flatten)]
    pub result: Outcome,
    pub took_ms: u64,
    #[serde(skip)]
    proved: BTreeSet<ClaimId>,
}

/// How it ended, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// `caught`, `missed`, `not-staged`; of the good world `good` or `missed`.
    pub result: &'static str,
    /// Every difference from what it declares, or why it is not staged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// A claim, and the faults that turned it false.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub check: String,
    pub claim: String,
    pub faults: Vec<String>,
    pub standing: Standing,
}

/// What the faults say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// A fault that was caught turned it false.
    Proved,
    /// No fault did, although one could be staged here, or none is known.
    Unproved,
    /// Faults for it are known, and this engine can stage none of them.
    NotProvableHere,
    /// A check of the operator's own that no fault turned: told, and no failure.
    Own,
}

/// How much of the whole a score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// Faults that were chosen.
    pub planned: usize,
    /// Faults that there are.
    pub of: usize,
}

/// The whole score.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    pub engine: String,
    /// A score of some of the faults only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    pub faults: Vec<Played>,
    pub claims: Vec<Row>,
    #[serde(skip)]
    order: Vec<String>,
    #[serde(skip)]
    kinds: Kinds,
    #[serde(skip)]
    seen: BTreeSet<ClaimId>,
    /// The claims of faults that were not staged.
    #[serde(skip)]
    beyond: BTreeSet<ClaimId>,
}

impl Played {
    /// A fault that this engine cannot stage.
    pub fn unstaged(fault: &Fault, why: &str) -> Played {
        Played::of(fault, Ending::NotStaged(why.to_owned()), BTreeSet::new(), Duration::ZERO)
    }

    fn of(fault: &Fault, ending: Ending, proved: BTreeSet<ClaimId>, took: Duration) -> Played {
        let result = match ending {
            Ending::Caught => Outcome { result: "caught", why: vec![] },
            Ending::Missed(why) => Outcome { result: "missed", why },
            Ending::NotStaged(why) => Outcome { result: "not-staged", why: vec![why] },
        };
        let turns = fault.turns.iter().map(words).collect();
        let (name, about, took_ms) = (fault.name.clone(), fault.about.clone(), millis(took));
        Played { name, about, turns, result, took_ms, proved }
    }

    /// True for what makes the score fail.
    pub fn is_missed(&self) -> bool {
        self.result.result == "missed"
    }
}

fn words(turn: &Turn) -> String {
    match turn.claims.as_slice() {
        [] => format!("{} {}", turn.check, turn.verdict.name()),
        claims => format!("{} {}: {}", turn.check, turn.verdict.name(), claims.join(", ")),
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

impl Matrix {
    /// An empty matrix over these checks; `unstaged` are the faults that are not played at all.
    pub fn new(
        engine: &str,
        list: &Checklist,
        own: BTreeSet<String>,
        unstaged: Vec<(Fault, Played)>,
    ) -> Matrix {
        let manual = list.checks().filter(|check| check.entry.probe.is_manual());
        let claims = |fault: &Fault| fault.turns.iter().flat_map(claims_of).collect::<Vec<ClaimId>>();
        Matrix {
            schema: SCHEMA,
            engine: engine.to_owned(),
            partial: None,
            beyond: unstaged.iter().flat_map(|(fault, _)| claims(fault)).collect(),
            faults: unstaged.into_iter().map(|(_, played)| played).collect(),
            claims: Vec::new(),
            order: list.checks().map(|check| check.id.clone()).collect(),
            kinds: Kinds {
                manual: manual.map(|check| check.id.clone()).collect(),
                own,
                codes: list.checks().map(|check| (check.id.clone(), check.entry.probe.claims())).collect(),
            },
            seen: BTreeSet::new(),
        }
    }

    /// Takes in what was played.
    pub(super) fn take(&mut self, done: Done) -> Played {
        let Done { job, told, took } = done;
        let played = match (&job.fault, told) {
            (Some(fault), Ok(told)) => {
                let (ending, proved) = weigh(fault, &told, &self.kinds);
                Played::of(fault, ending, proved, took)
            }
            (Some(fault), Err(error)) => {
                Played::of(fault, Ending::Missed(vec![format!("{error:#}")]), BTreeSet::new(), took)
            }
            (None, told) => self.good(told, took),
        };
        self.faults.push(played.clone());
        played
    }

    /// The good world, in which every claim must hold: it says which claims there are.
    fn good(&mut self, told: anyhow::Result<Vec<Told>>, took: Duration) -> Played {
        let why = match told {
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
                    // A warning may come true on a machine that is busy with six worlds; what is required may not.
                    .filter(|o| o.turned() && o.required && !self.kinds.own.contains(&o.id))
                    .map(|o| format!("{} is {} in the good world: {}", o.id, o.verdict, o.said))
                    .chain(unlisted)
                    .collect()
            }
        };
        let result = if why.is_empty() { "good" } else { "missed" };
        Played {
            name: "good world".to_owned(),
            about: "nothing is wrong".to_owned(),
            turns: vec![],
            result: Outcome { result, why },
            took_ms: millis(took),
            proved: BTreeSet::new(),
        }
    }

    /// Puts faults into the order of their files, and claims into the checklist's.
    pub fn sealed(mut self, faults: &[Fault]) -> Matrix {
        for fault in faults {
            if !self.faults.iter().any(|played| played.name == fault.name) {
                let why = Ending::Missed(vec!["it was not played".to_owned()]);
                self.faults.push(Played::of(fault, why, BTreeSet::new(), Duration::ZERO));
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
                let standing = match faults.is_empty() {
                    false => Standing::Proved,
                    true if self.kinds.own.contains(&check) => Standing::Own,
                    true if self.beyond.contains(&(check.clone(), claim.clone())) => {
                        Standing::NotProvableHere
                    }
                    true => Standing::Unproved,
                };
                Row { check, claim, faults, standing }
            })
            .collect();
        rows.sort_by_key(|row| self.order.iter().position(|id| *id == row.check));
        self.claims = rows;
        self
    }

    /// Keeps only the claims that the chosen faults declare, and those of the operator's own checks: what a part of
    /// the faults says of all the others is nothing.
    pub fn narrow(&mut self, chosen: &[Fault], of: usize) {
        let declared: BTreeSet<ClaimId> =
            chosen.iter().flat_map(|fault| &fault.turns).flat_map(|turn| self.provable(turn)).collect();
        let own = &self.kinds.own;
        self.claims.retain(|row| {
            own.contains(&row.check) || declared.contains(&(row.check.clone(), row.claim.clone()))
        });
        self.partial = Some(Partial { planned: chosen.len(), of });
    }

    /// The claims that a turn proves when its fault is caught.
    fn provable(&self, turn: &Turn) -> Vec<ClaimId> {
        match turn.verdict == Turned::Fail || self.kinds.manual.contains(&turn.check) {
            true => claims_of(turn),
            false => Vec::new(),
        }
    }

    /// The faults that nobody caught, and good worlds that were not called good.
    pub fn missed(&self) -> impl Iterator<Item = &Played> {
        self.faults.iter().filter(|played| played.is_missed())
    }

    /// The claims of one standing.
    pub fn standing(&self, standing: Standing) -> impl Iterator<Item = &Row> {
        self.claims.iter().filter(move |row| row.standing == standing)
    }

    /// How many faults ended with this result.
    pub fn count(&self, result: &str) -> usize {
        self.faults.iter().filter(|played| played.result.result == result).count()
    }

    /// 0 when every fault was caught and every claim turned false by one, else 1.
    pub fn exit(&self) -> Exit {
        let caught = self.count("caught") > 0;
        match self.missed().next().is_none() && self.standing(Standing::Unproved).next().is_none() && caught {
            true => Exit::Ready,
            false => Exit::NotReady,
        }
    }

    /// The score in one sentence.
    pub fn summary(&self) -> String {
        let proved = self.standing(Standing::Proved).count();
        let checks: BTreeSet<&str> = self.standing(Standing::Proved).map(|row| row.check.as_str()).collect();
        let part = self.partial.map(|part| format!("PARTIAL {} of {}: ", part.planned, part.of));
        let mut text = part.unwrap_or_default();
        let told = format!(
            "{} faults caught, {} missed, {} not staged; {proved} claims of {} checks turned false, {} never",
            self.count("caught"),
            self.missed().count(),
            self.count("not-staged"),
            checks.len(),
            self.standing(Standing::Unproved).count(),
        );
        text.push_str(&told);
        for (standing, words) in
            [(Standing::NotProvableHere, "not provable here"), (Standing::Own, "of your own never turned")]
        {
            let count = self.standing(standing).count();
            if count > 0 {
                text.push_str(&format!(", {count} {words}"));
            }
        }
        text
    }
}

/// The claims that a turn proves or, where it cannot be staged, would have proved.
fn claims_of(turn: &Turn) -> Vec<ClaimId> {
    turn.claims.iter().map(|claim| (turn.check.clone(), claim.clone())).collect()
}
