//! The matrix as data: each `[[fault]]` in this folder's files is one thing that is wrong in an otherwise good world,
//! with the checks, the claims and the verdicts that must result; each `[[good]]` is a world that looks bad and is good.
//!
//! ```toml
//! [[fault]]
//! name  = "token-wrong"
//! about = "CHATWOOT_API_KEY is a token that Chatwoot does not know"
//! turns = [{ check = "chatwoot.token", claims = ["token"] }]       # default: verdict = "fail"
//! also  = ["chatwoot.account"]                                     # other required checks that do not pass
//! stage.set = { CHATWOOT_API_KEY = "aaaaaaaabbbbbbbbcccccccc" }
//!
//! [[good]]
//! name   = "agent-starts-slowly"
//! about  = "the Agent SDK is asleep, and ready after three seconds"
//! only   = ["agent-sdk.health"]                                    # run only these, and judge only what is expected
//! passes = [{ check = "agent-sdk.health" }]                        # default: verdict = "pass"
//! stage.agent = { state = { asleep = true, cold_start_seconds = 3.0 } }
//! ```

mod change;
#[cfg(feature = "rehearsal")]
pub mod injection;
mod load;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use change::{Later, Server, WorldChange};
pub use load::load;

/// One fault, or one good world, and what must result.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// The unique name, in kebab-case.
    pub name: String,
    /// What is wrong, or only looks wrong: a sentence without a full stop.
    pub about: String,
    /// Whether this is a world that looks bad and is good.
    #[serde(skip)]
    pub is_good: bool,
    /// The checks that must not pass. A fault is caught if the result is exactly this. In a good world: checks that
    /// must pass.
    #[serde(rename = "turns")]
    pub expectations: Vec<Expectation>,
    /// Other required checks that do not pass either: ids (must not pass), or globs (are allowed not to pass).
    pub also: Vec<String>,
    /// Narrows the run to these checks, sections or globs. Then only the expectations and the exit code are judged.
    pub only: Vec<String>,
    /// Checks that the operator skips.
    pub skip: Vec<String>,
    /// The exit code of the run. By default it follows from the results, in a narrowed run from the expected ones.
    pub exit: Option<i32>,
    /// Why only the native engine supports this fault; absent if both do.
    pub native_only: Option<String>,
    /// The changes before the run.
    pub stage: WorldChange,
    /// The changes during the run.
    pub later: Option<Later>,
    /// Arguments after the verb, in addition to the score's own.
    pub args: Vec<String>,
    /// Manual checks that are not signed off.
    pub withheld: Vec<String>,
}

impl Fault {
    /// Whether the run is narrowed to the checks that matter, which proves less about the others and takes less time.
    pub fn is_narrow(&self) -> bool {
        !self.only.is_empty()
    }

    /// Whether the database stays as it is, so that another world can use it afterwards.
    pub fn keeps_the_database(&self) -> bool {
        let stage = &self.stage;
        let changes = stage.sql.is_some() || stage.variant.is_some() || stage.server.is_some();
        self.is_narrow() && self.later.is_none() && !changes
    }

    /// Whether the world alone produces the fault, without arguments, sign-offs or an earlier baseline.
    pub fn is_in_the_world(&self) -> bool {
        let compares = |expectation: &Expectation| BASELINE_COMPARISONS.contains(&expectation.check.as_str());
        self.args.is_empty()
            && self.skip.is_empty()
            && self.withheld.is_empty()
            && !self.expectations.iter().any(compares)
    }
}

/// The checks that compare with a baseline recorded before the fault.
const BASELINE_COMPARISONS: [&str; 3] =
    ["baseline.comparable", "baseline.rate-holds", "baseline.average-holds"];

/// A check and its expected result.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The check's id.
    pub check: String,
    /// The codes of the claims that must not hold. Empty if the check does not judge any, and for a failure of which
    /// only the words are certain.
    #[serde(default)]
    pub claims: Vec<String>,
    #[serde(default)]
    pub verdict: ExpectedVerdict,
    /// A text that the reason, the fix or a warning must contain; empty for any text.
    #[serde(default)]
    pub says: String,
    /// A text that the evidence must contain, as `NAME: VALUE` lines; empty for any evidence.
    #[serde(default)]
    pub shows: String,
}

/// The expected verdict of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedVerdict {
    /// A claim does not hold. Only this proves a claim, except that a missing sign-off proves a manual check.
    #[default]
    Fail,
    Inconclusive,
    Error,
    /// Blocked by a check that it needs.
    Skipped,
    /// A pass with a warning.
    Warn,
    /// A pass without a warning; only in a good world.
    Pass,
}

impl ExpectedVerdict {
    /// The lower-case word used in files.
    pub fn name(self) -> &'static str {
        match self {
            ExpectedVerdict::Fail => "fail",
            ExpectedVerdict::Inconclusive => "inconclusive",
            ExpectedVerdict::Error => "error",
            ExpectedVerdict::Skipped => "skipped",
            ExpectedVerdict::Warn => "warn",
            ExpectedVerdict::Pass => "pass",
        }
    }
}

/// The faults and good worlds in which a check has a certain result, in the order of the files. A check that is skipped
/// proves nothing.
pub fn proving(check: &str) -> impl Iterator<Item = &'static Fault> {
    static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| load().unwrap_or_default());
    let proves = move |expectation: &Expectation| {
        expectation.check == check && expectation.verdict != ExpectedVerdict::Skipped
    };
    ALL.iter().filter(move |fault| fault.expectations.iter().any(proves))
}

#[cfg(test)]
mod tests;
