//! The verdict of one check, its record, and the report of a run. Judging is pure: a
//! finding goes in, a verdict comes out, without a clock, a terminal or a network.

pub mod event;
pub mod finding;
pub mod report;
pub mod tick;
pub mod traffic;
pub mod waived;
pub mod window;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use finding::{Claim, Evidence, Finding, number_repeats};
use waived::Waiver;

/// What a check that does not pass means for the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Stops the deploy.
    #[default]
    Blocker,
    /// Reported, but stops the deploy only with `--strict`.
    Warning,
}

/// What running the check changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The check only reads.
    #[default]
    None,
    /// The check sends an event that is marked as a test and changes nothing that lasts.
    TestEvent,
    /// The check writes.
    Writes,
}

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
        number_repeats(self.claims.iter_mut().map(|claim| &mut claim.code));
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
