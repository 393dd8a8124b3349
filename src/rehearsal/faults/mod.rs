//! Faults as data: each `[[fault]]` in this folder's files is one thing that is wrong in an otherwise good world, with
//! the check, the claims and the verdict that must result.
//!
//! ```toml
//! [[fault]]
//! name  = "token-wrong"
//! about = "CHATWOOT_API_KEY is a token that Chatwoot does not know"
//! turns = [{ check = "chatwoot.token", claims = ["token"] }]       # default: verdict = "fail"
//! also  = ["chatwoot.account"]                                     # other required checks that do not pass
//! stage.set = { CHATWOOT_API_KEY = "aaaaaaaabbbbbbbbcccccccc" }
//! ```

#[cfg(feature = "rehearsal")]
pub mod injection;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::de::DeValue;

use crate::checklist::BuiltinFile;
use crate::input::interval::Interval;
use crate::input::source::{Problems, Source};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(BuiltinFile { path: concat!("src/rehearsal/faults/", $name), text: include_str!($name) }),+]
    };
}

/// The fault files, in the order of the checklist.
pub const FILES: &[BuiltinFile] = files![
    "variables.toml",
    "targets.toml",
    "reach.toml",
    "database.toml",
    "fly.toml",
    "chatwoot.toml",
    "agent-sdk.toml",
    "schema.toml",
    "quality.toml",
    "traffic.toml",
    "baseline.toml",
];

/// One fault, and how it must be detected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The unique name, in kebab-case.
    pub name: String,
    /// What is wrong: a sentence without a full stop.
    pub about: String,
    /// The checks that must not pass. A fault is caught if the result is exactly this.
    #[serde(rename = "turns")]
    pub expectations: Vec<Expectation>,
    /// Other required checks that do not pass either: ids (must not pass), or globs (are allowed not to pass).
    #[serde(default)]
    pub also: Vec<String>,
    /// Why only the native engine supports this fault; absent if both do.
    pub native_only: Option<String>,
    /// The changes before the run.
    #[serde(default)]
    pub stage: WorldChange,
    /// The changes during the run.
    pub later: Option<Later>,
    /// Arguments after the verb, in addition to the score's own.
    #[serde(default)]
    pub args: Vec<String>,
    /// Manual checks that are not signed off.
    #[serde(default)]
    pub withheld: Vec<String>,
}

impl Fault {
    /// Whether the world alone produces the fault, without arguments, sign-offs or an earlier baseline.
    pub fn is_in_the_world(&self) -> bool {
        let compares = |expectation: &Expectation| BASELINE_COMPARISONS.contains(&expectation.check.as_str());
        self.args.is_empty() && self.withheld.is_empty() && !self.expectations.iter().any(compares)
    }
}

/// The checks that compare with a baseline recorded before the fault.
const BASELINE_COMPARISONS: [&str; 3] =
    ["baseline.comparable", "baseline.rate-holds", "baseline.average-holds"];

/// A check that a fault breaks, and the expected result.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The check's id.
    pub check: String,
    /// The codes of the claims that must not hold; empty if the check could not run, or passes with a warning.
    #[serde(default)]
    pub claims: Vec<String>,
    #[serde(default)]
    pub verdict: ExpectedVerdict,
    /// A text that the reason, the fix or a warning must contain; empty for any text.
    #[serde(default)]
    pub says: String,
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
    /// A pass with a warning.
    Warn,
}

impl ExpectedVerdict {
    /// The lower-case word used in files.
    pub fn name(self) -> &'static str {
        match self {
            ExpectedVerdict::Fail => "fail",
            ExpectedVerdict::Inconclusive => "inconclusive",
            ExpectedVerdict::Error => "error",
            ExpectedVerdict::Warn => "warn",
        }
    }
}

/// Changes to the world. Texts can contain `${NAME}`: a variable of the world, or one of the names that the injection
/// defines (`${port.app}`, `${token.agent}`, `${folder}`, `${now-120s}`, ..).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldChange {
    /// A named setup of the sandbox.
    pub world: Option<String>,
    /// Variables of the program.
    pub set: BTreeMap<String, String>,
    pub unset: Vec<String>,
    /// Lines of the env file for the program.
    pub env_file: Option<String>,
    /// A named variant of the database.
    pub variant: Option<String>,
    /// SQL statements, run by the superuser in the world's database.
    pub sql: Option<String>,
    /// The role that the program connects as, instead of the reader.
    pub role: Option<String>,
    /// Control documents for the stand-ins; a string is parsed as JSON, so that it can contain null.
    pub chatwoot: Option<Value>,
    pub agent: Option<Value>,
    pub app: Option<Value>,
    pub customers: Option<Value>,
    /// Merged into the answers of `fly`: objects key by key, anything else replaced.
    pub fly: Option<Value>,
    /// The status of secrets on Fly, by `APP NAME`: `Staged`, `Partial`, `Unknown`, .. or `gone`.
    pub secrets: BTreeMap<String, String>,
    /// Lines for the app's log on Fly.
    pub log: Vec<LogLine>,
    /// Merged into the behaviour of the checkout's tools.
    pub tools: Option<Value>,
    /// Files to write in the checkout, by path.
    pub files: BTreeMap<String, String>,
    /// Files and folders to remove from the checkout.
    pub removed: Vec<String>,
    /// Merged into the configuration.
    pub config: toml::Table,
    /// Keys to remove from the configuration, dotted.
    pub unconfigured: Vec<String>,
    /// What happens to the database server.
    pub server: Option<Server>,
}

/// What happens to a database server; supported only by the native engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// The program is connected to a replica.
    Standby,
    /// It is killed and not restarted.
    Killed,
}

/// A line of the app's log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// As in Fly's logs: `info`, `warn`, `error`.
    pub level: String,
    pub text: String,
}

/// Changes during the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// The time after the start of the run.
    pub after: Interval,
    pub stage: Box<WorldChange>,
}

/// Every embedded fault, in the order of the files.
///
/// # Errors
/// Every problem in the files, with line and caret; a test ensures that there is none.
pub fn load() -> Result<Vec<Fault>, Problems> {
    let mut problems = Problems::default();
    let mut faults: Vec<Fault> = Vec::new();
    let mut names = BTreeSet::new();
    for BuiltinFile { path, text } in FILES {
        let source = Source { file: path, text };
        let mut table = source.table(&mut problems);
        let entries = table.remove("fault").map(toml::Spanned::into_inner);
        for (key, _) in table.iter() {
            problems
                .push(source.problem(Some(key.span()), "a fault file must contain only [[fault]] tables"));
        }
        let Some(DeValue::Array(entries)) = entries else { continue };
        for entry in entries {
            let span = entry.span();
            let Some(fault) = source.read::<Fault>(entry, &mut problems) else { continue };
            let mut complain = |message: &str| problems.push(source.problem(Some(span.clone()), message));
            if !names.insert(fault.name.clone()) {
                complain("there is already a fault with this name");
            }
            if fault.expectations.is_empty() {
                complain("`turns` must name at least one check");
            }
            for expectation in &fault.expectations {
                if expectation.claims.is_empty()
                    != matches!(expectation.verdict, ExpectedVerdict::Error | ExpectedVerdict::Warn)
                {
                    complain(
                        "an expected fail or inconclusive must name its claims, an expected error or warn must not",
                    );
                }
            }
            faults.push(fault);
        }
    }
    problems.or(faults)
}

/// The names and descriptions of the faults that break a check, in the order of the files.
pub fn proving(check: &str) -> Vec<(String, String)> {
    static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| load().unwrap_or_default());
    ALL.iter()
        .filter(|fault| fault.expectations.iter().any(|expectation| expectation.check == check))
        .map(|fault| (fault.name.clone(), fault.about.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
