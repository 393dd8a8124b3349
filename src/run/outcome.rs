//! The verdict of one check, its record, and the report of a run. Judging is pure: a
//! finding goes in, a verdict comes out, without a clock, a terminal or a network.

use jiff::Timestamp;
use serde::Serialize;

pub use crate::checklist::Waiver;
use crate::checklist::{Effect, Severity};
use crate::exit::Exit;
use crate::probe::{Claim, Evidence, Finding};
use crate::traffic::summary::Summary;

/// The version of the json document. Changes only when a reader would break.
pub const SCHEMA: &str = "hotdash-ops.run/1";

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Checked, and every claim holds.
    Pass,
    /// Checked, and a claim does not hold.
    Fail,
    /// Checked, but the evidence is missing or too small to judge.
    Inconclusive,
    /// Our side could not run the check.
    Error,
    /// Not run, for this reason.
    Skipped(Why),
}

/// Why a planned check was not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A check it needs failed, could not run or was blocked itself.
    Blocked(String),
    /// The operator excluded it, by the words given here (`--skip quality`, `grading = false`).
    Excluded(String),
    /// The run was interrupted before the check was finished.
    Interrupted,
    /// A test stand-in answered although the target is not the sandbox.
    SandboxMistaken,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Blocked(parent) => write!(f, "blocked by {parent}"),
            Why::Excluded(by) => write!(f, "excluded by {by}"),
            Why::Interrupted => write!(f, "interrupted"),
            Why::SandboxMistaken => write!(f, "a test stand-in answered, but the target is not the sandbox"),
        }
    }
}

impl Verdict {
    /// True when the thing the check is about was reached: pass, fail or inconclusive.
    pub fn asked(&self) -> bool {
        matches!(self, Verdict::Pass | Verdict::Fail | Verdict::Inconclusive)
    }

    /// The verdict's lower-case name: `pass`, `fail`, `inconclusive`, `error`, `skipped`.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Error => "error",
            Verdict::Skipped(_) => "skipped",
        }
    }

    /// The verdict that a finding's claims add up to. No claim at all is inconclusive,
    /// because a probe that compared nothing has proved nothing.
    pub fn of(claims: &[Claim]) -> Verdict {
        if claims.iter().any(|c| c.holds == Some(false)) {
            Verdict::Fail
        } else if claims.is_empty() || claims.iter().any(|c| c.holds.is_none()) {
            Verdict::Inconclusive
        } else {
            Verdict::Pass
        }
    }
}

/// The record of one check. Every text in it has been redacted.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// `section.check`, stable and never reused.
    pub id: String,
    /// The check's title: a lower-case claim that reads well when green.
    pub title: String,
    pub severity: Severity,
    pub effect: Effect,
    pub verdict: Verdict,
    /// The request or command of the check, one line: `GET https://chat.example/api`. Empty when there was none.
    pub asked: String,
    pub claims: Vec<Claim>,
    pub evidence: Vec<Evidence>,
    /// Warnings that come with a pass (a retry was needed, a connection is not verified).
    pub warnings: Vec<String>,
    /// One line: why the verdict is what it is. Empty for a plain pass.
    pub reason: String,
    /// One line that says what to do next.
    pub fix: String,
    pub runbook: Option<String>,
    /// The number of attempts; 0 when it was not run.
    pub attempts: u32,
    /// When the first attempt began; absent when it was not run.
    pub started: Option<Timestamp>,
    /// How long it took, in milliseconds, retries included.
    pub took_ms: u64,
    pub waiver: Option<Waiver>,
    /// For a manual check: the evidence a person gave for it.
    pub sign_off: Option<String>,
    /// Where the check is defined: `checks/preflight/schema.toml:12`.
    pub origin: String,
    /// Where the embedded check is defined that the operator's own check replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

impl Outcome {
    /// The word for the outcome, computed from verdict, severity, warnings and waiver: `pass`, `warn`, `fail`, `waived`, ...
    pub fn label(&self) -> &'static str {
        if self.waived() && self.verdict != Verdict::Pass {
            return "waived";
        }
        match (&self.verdict, self.severity) {
            (Verdict::Pass, _) if !self.warnings.is_empty() => "warn",
            (Verdict::Fail, Severity::Warning) => "warn",
            (Verdict::Skipped(Why::Blocked(_)), _) => "blocked",
            (verdict, _) => verdict.name(),
        }
    }

    /// True when the exit code depends on it: a blocker that the operator did not exclude.
    /// Under `strict`, warnings are required too.
    pub fn required(&self, strict: bool) -> bool {
        (strict || self.severity == Severity::Blocker)
            && !matches!(self.verdict, Verdict::Skipped(Why::Excluded(_)))
    }

    /// True for anything but a plain pass or an excluded check.
    pub fn is_problem(&self) -> bool {
        match self.verdict {
            Verdict::Pass => !self.warnings.is_empty(),
            Verdict::Skipped(Why::Excluded(_)) => false,
            _ => true,
        }
    }

    /// Stores what a probe found and judges it.
    pub fn judge(&mut self, finding: Finding) {
        self.verdict = Verdict::of(&finding.claims);
        self.reason = reason(&finding.claims, &self.verdict);
        self.asked = finding.asked;
        self.claims = finding.claims;
        self.evidence = finding.evidence;
        self.warnings.extend(finding.warnings);
        let broken = |claim: &&Claim| match self.verdict {
            Verdict::Fail => claim.holds == Some(false),
            _ => claim.holds.is_none(),
        };
        let own = self.claims.iter().find(broken).and_then(|claim| claim.fix.clone());
        if let Some(fix) = own.or(finding.fix)
            && self.is_problem()
        {
            self.fix = fix;
        }
    }
}

fn reason(claims: &[Claim], verdict: &Verdict) -> String {
    let reasons: Vec<String> = claims
        .iter()
        .filter(|c| match verdict {
            Verdict::Fail => c.holds == Some(false),
            Verdict::Inconclusive => c.holds.is_none(),
            _ => false,
        })
        .map(Claim::reason)
        .collect();
    match (verdict, reasons.is_empty()) {
        (Verdict::Inconclusive, true) => "nothing was compared".to_owned(),
        _ => reasons.join("; "),
    }
}

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
