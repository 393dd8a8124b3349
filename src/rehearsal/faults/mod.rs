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

/// A `[[good]]` table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    name: String,
    about: String,
    passes: Vec<Passing>,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    skip: Vec<String>,
    exit: Option<i32>,
    native_only: Option<String>,
    #[serde(default)]
    stage: WorldChange,
    #[serde(default)]
    args: Vec<String>,
}

/// A check that passes in a good world.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passing {
    check: String,
    #[serde(default)]
    verdict: PassingVerdict,
    #[serde(default)]
    says: String,
    #[serde(default)]
    shows: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PassingVerdict {
    #[default]
    Pass,
    Warn,
}

impl From<Good> for Fault {
    fn from(good: Good) -> Fault {
        let expectation = |passing: Passing| Expectation {
            check: passing.check,
            claims: Vec::new(),
            verdict: match passing.verdict {
                PassingVerdict::Pass => ExpectedVerdict::Pass,
                PassingVerdict::Warn => ExpectedVerdict::Warn,
            },
            says: passing.says,
            shows: passing.shows,
        };
        Fault {
            name: good.name,
            about: good.about,
            is_good: true,
            expectations: good.passes.into_iter().map(expectation).collect(),
            only: good.only,
            skip: good.skip,
            exit: good.exit,
            native_only: good.native_only,
            stage: good.stage,
            args: good.args,
            ..Fault::default()
        }
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
    /// The webhooks in Chatwoot, each as its differences from the app's good one.
    pub webhooks: Option<Vec<Value>>,
    pub agent: Option<Value>,
    pub app: Option<Value>,
    pub customers: Option<Value>,
    /// Merged into the answers of `fly`: objects key by key, anything else replaced, null removed.
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
    /// Symbolic links in the world's folder, by name: what they point to.
    pub links: BTreeMap<String, String>,
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
    /// The program is connected to a server that requires TLS.
    Encrypted,
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

/// Every embedded fault and good world, in the order of the files, the faults of a file first.
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
        let mut entries = Vec::new();
        for key in ["fault", "good"] {
            if let Some(DeValue::Array(list)) = table.remove(key).map(toml::Spanned::into_inner) {
                entries.extend(list.into_iter().map(|entry| (key == "good", entry)));
            }
        }
        for (key, _) in table.iter() {
            let message = "a fault file must contain only [[fault]] and [[good]] tables";
            problems.push(source.problem(Some(key.span()), message));
        }
        for (is_good, entry) in entries {
            let span = entry.span();
            let fault = if is_good {
                source.read::<Good>(entry, &mut problems).map(Fault::from)
            } else {
                source.read::<Fault>(entry, &mut problems)
            };
            let Some(fault) = fault else { continue };
            let mut complain = |message: &str| problems.push(source.problem(Some(span.clone()), message));
            if !names.insert(fault.name.clone()) {
                complain("there is already a fault or a good world with this name");
            }
            if fault.expectations.is_empty() {
                complain("at least one check must be named");
            }
            for expectation in &fault.expectations {
                if let Some(message) = expectation.defect(is_good) {
                    complain(message);
                }
            }
            faults.push(fault);
        }
    }
    problems.or(faults)
}

impl Expectation {
    /// Why this cannot be an expectation, if so.
    fn defect(&self, is_good: bool) -> Option<&'static str> {
        match (self.verdict, self.claims.is_empty()) {
            (ExpectedVerdict::Fail, true) if self.says.is_empty() => {
                Some("an expected fail must name its claims, or a text that it must contain")
            }
            (ExpectedVerdict::Inconclusive, true) => Some("an expected inconclusive must name its claims"),
            (ExpectedVerdict::Error | ExpectedVerdict::Skipped | ExpectedVerdict::Warn, false) => {
                Some("an expected error, skipped or warn must not name claims")
            }
            (ExpectedVerdict::Pass, _) if !is_good => Some("a fault must not expect a pass"),
            _ => None,
        }
    }
}

/// The faults and good worlds that have an expectation for a check, in the order of the files.
pub fn proving(check: &str) -> impl Iterator<Item = &'static Fault> {
    static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| load().unwrap_or_default());
    ALL.iter().filter(move |fault| fault.expectations.iter().any(|expectation| expectation.check == check))
}

#[cfg(test)]
mod tests;
