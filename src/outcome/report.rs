//! The report of a run: complete, in checklist order, with its tally and its exit code.

use jiff::Timestamp;
use serde::Serialize;

use super::traffic::Summary;
use super::{Outcome, Verdict};
use crate::exit::Exit;

/// The version of the json document. Changes only when a reader would break.
pub const SCHEMA: &str = "hotdash-ops.run/1";

/// One section of the report, in checklist order.
#[derive(Clone, Debug, Serialize)]
pub struct SectionReport {
    /// The file's name without its ending: `agent-sdk`.
    pub id: String,
    pub title: String,
    /// The folder: `preflight`.
    pub phase: String,
    pub outcomes: Vec<Outcome>,
}

/// How many checks ended with which verdict. Counted once, from the outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub planned: usize,
    pub pass: usize,
    pub fail: usize,
    pub inconclusive: usize,
    pub error: usize,
    pub skipped: usize,
    /// Passes with warnings and failures of warning severity.
    pub warnings: usize,
}

/// How a run was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// The marker of a stand-in was seen although the target is not the sandbox.
    SandboxMistaken,
}

impl From<Stopped> for Exit {
    fn from(how: Stopped) -> Exit {
        match how {
            Stopped::SandboxMistaken => Exit::Refused,
            Stopped::Interrupted => Exit::Interrupted,
            Stopped::Terminated => Exit::Terminated,
        }
    }
}

/// A run of only a part of its phases, because of `--only` or `--skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Partial {
    /// Checks in this run.
    pub planned: usize,
    /// Checks in the whole of the verb's phases.
    pub of: usize,
}

impl std::fmt::Display for Partial {
    /// The mark of a partial run in every format: `PARTIAL 7 of 52`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PARTIAL {} of {}", self.planned, self.of)
    }
}

/// A finished run: complete, in checklist order, redacted. Every format is made from this value alone.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The run's id, also the name of its journal folder.
    pub run: String,
    /// The verb: `preflight`.
    pub verb: String,
    pub target: String,
    pub started: Timestamp,
    pub took_ms: u64,
    pub partial: Option<Partial>,
    pub stopped: Option<Stopped>,
    /// Whether warnings count as failures in this run.
    pub strict: bool,
    /// Notes about the run as a whole, one sentence each.
    pub notes: Vec<String>,
    /// The window's numbers, when the run watched traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Summary>,
    pub sections: Vec<SectionReport>,
    pub tally: Tally,
    pub exit: Exit,
}

impl Report {
    /// All outcomes, in checklist order.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.sections.iter().flat_map(|s| s.outcomes.iter())
    }

    /// Fills `tally` and `exit` from the outcomes. Called once, when the outcomes are final.
    pub fn seal(mut self) -> Report {
        self.tally = tally(self.outcomes());
        self.exit = exit(self.outcomes(), self.stopped, self.strict);
        self
    }
}

/// Counts outcomes.
pub fn tally<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Tally {
    let mut tally = Tally::default();
    for outcome in outcomes {
        tally.planned += 1;
        match outcome.verdict {
            Verdict::Pass => tally.pass += 1,
            Verdict::Fail => tally.fail += 1,
            Verdict::Inconclusive => tally.inconclusive += 1,
            Verdict::Error => tally.error += 1,
            Verdict::Skipped(_) => tally.skipped += 1,
        }
        if outcome.label() == "warn" {
            tally.warnings += 1;
        }
    }
    tally
}

/// The exit code: the first of 2, 130/143, 0, 1, 3 that applies.
///
/// Zero is defined by what must be true, so nothing unforeseen can end in it.
pub fn exit<'a>(outcomes: impl Iterator<Item = &'a Outcome>, stopped: Option<Stopped>, strict: bool) -> Exit {
    if let Some(how) = stopped {
        return how.into();
    }
    let (mut asked, mut all_good, mut failed) = (false, true, false);
    for outcome in outcomes.filter(|o| o.required(strict)) {
        asked |= outcome.verdict.asked();
        let warned = strict && !outcome.warnings.is_empty();
        match outcome.verdict {
            _ if outcome.waived() => {}
            Verdict::Pass if !warned => {}
            // Under `strict` a pass with a warning counts as a failure.
            Verdict::Pass | Verdict::Fail => (all_good, failed) = (false, true),
            // Its owner had until the expiry date to resolve it, so an undecided check counts as failed.
            _ if outcome.lapsed() => (all_good, failed) = (false, true),
            _ => all_good = false,
        }
    }
    match (asked && all_good, failed) {
        (true, _) => Exit::Ready,
        (false, true) => Exit::NotReady,
        (false, false) => Exit::Undecided,
    }
}
