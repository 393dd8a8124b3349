//! What can be wrong with the pipeline, as data: each `[[fault]]` of the files beside this one is one thing that is
//! wrong in an otherwise good world, and names the check, the claims and the verdict that it must turn.
//!
//! ```toml
//! [[fault]]
//! name  = "token-wrong"
//! about = "CHATWOOT_API_KEY is a token that Chatwoot does not know"
//! turns = [{ check = "chatwoot.token", claims = ["token"] }]       # verdict = "fail" when left out
//! also  = ["chatwoot.account"]                                     # further required checks that turn with it
//! stage.set = { CHATWOOT_API_KEY = "aaaaaaaabbbbbbbbcccccccc" }
//! ```

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

/// The files of faults, in the order of the checklist.
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

/// One thing that is wrong, and what must tell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Kebab-case, and the only one of its name.
    pub name: String,
    /// What is wrong, a sentence without its full stop.
    pub about: String,
    /// What must turn. A fault is caught when exactly this is told.
    pub turns: Vec<Turn>,
    /// Ids of further required checks that turn with it, in whichever way, or globs of such as may.
    #[serde(default)]
    pub also: Vec<String>,
    /// Why only the native engine can stage it; absent where both can.
    pub native_only: Option<String>,
    /// What is changed before the run.
    #[serde(default)]
    pub stage: Stage,
    /// What is changed while the run goes on.
    pub later: Option<Later>,
    /// What the run is called with, behind the verb and the score's own window.
    #[serde(default)]
    pub args: Vec<String>,
    /// Manual checks that nobody signs off.
    #[serde(default)]
    pub withheld: Vec<String>,
}

impl Fault {
    /// True when the world alone makes it: not the words of the call, a sign-off, or a baseline recorded before.
    pub fn is_of_the_world(&self) -> bool {
        let compares = |turn: &Turn| COMPARED.contains(&turn.check.as_str());
        self.args.is_empty() && self.withheld.is_empty() && !self.turns.iter().any(compares)
    }
}

/// What is compared with a baseline that was recorded in the good hour before.
const COMPARED: [&str; 3] = ["baseline.comparable", "baseline.rate-holds", "baseline.average-holds"];

/// One check that a fault turns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The check's full id.
    pub check: String,
    /// The claims that must not hold, by their codes; none where nothing could be asked, or a pass only warns.
    #[serde(default)]
    pub claims: Vec<String>,
    #[serde(default)]
    pub verdict: Turned,
    /// What the reason, the fix or a warning must say; empty for no matter what.
    #[serde(default)]
    pub says: String,
}

/// How a turned check must end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turned {
    /// A claim does not hold. Only this proves a claim; a manual check is proved by a sign-off that is withheld.
    #[default]
    Fail,
    Inconclusive,
    Error,
    /// A pass that carries a warning.
    Warn,
}

impl Turned {
    /// The lower-case word, as in a file.
    pub fn name(self) -> &'static str {
        match self {
            Turned::Fail => "fail",
            Turned::Inconclusive => "inconclusive",
            Turned::Error => "error",
            Turned::Warn => "warn",
        }
    }
}

/// Changes of the world. Texts may hold `${NAME}`: a variable of the world, or one of the names that
/// the stage knows (`${port.app}`, `${token.agent}`, `${folder}`, `${now-120s}`, ..).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stage {
    /// A named world of the sandbox.
    pub world: Option<String>,
    /// Variables of the program.
    pub set: BTreeMap<String, String>,
    pub unset: Vec<String>,
    /// Lines of an env file that is given to the program.
    pub env_file: Option<String>,
    /// A named variant of the good database.
    pub variant: Option<String>,
    /// Statements for the world's database, run as its superuser.
    pub sql: Option<String>,
    /// The role that the program connects as, in place of the reader.
    pub role: Option<String>,
    /// Control documents of the stand-ins; a text is read as JSON, for null.
    pub chatwoot: Option<Value>,
    pub agent: Option<Value>,
    pub app: Option<Value>,
    pub customers: Option<Value>,
    /// Merged into what `fly` answers: objects key by key, anything else replaced.
    pub fly: Option<Value>,
    /// States of secrets on Fly, by `APP NAME`: `Staged`, `Partial`, `Unknown`, .. or `gone`.
    pub secrets: BTreeMap<String, String>,
    /// Lines that the app logs on Fly.
    pub log: Vec<LogLine>,
    /// Merged into what the checkout's tools do.
    pub tools: Option<Value>,
    /// Files of the checkout, by path.
    pub files: BTreeMap<String, String>,
    /// Files and folders of the checkout that are removed.
    pub removed: Vec<String>,
    /// Merged into the configuration.
    pub config: toml::Table,
    /// Keys that the configuration loses, dotted.
    pub unconfigured: Vec<String>,
    /// What befalls the database's server.
    pub server: Option<Server>,
}

/// What befalls a server, which only the native engine can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// The program is led to a replica.
    Standby,
    /// It is killed, and stays away.
    Killed,
}

/// A line of the app's log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// As Fly writes it: `info`, `warn`, `error`.
    pub level: String,
    pub text: String,
}

/// Changes while the run goes on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// How long after the run's start.
    pub after: Interval,
    pub stage: Box<Stage>,
}

/// Every embedded fault, in the order of the files.
///
/// # Errors
/// Every problem of the files, with line and caret; a test keeps them without.
pub fn load() -> Result<Vec<Fault>, Problems> {
    let mut problems = Problems::default();
    let mut faults: Vec<Fault> = Vec::new();
    let mut names = BTreeSet::new();
    for BuiltinFile { path, text } in FILES {
        let source = Source { file: path, text };
        let mut table = source.table(&mut problems);
        let entries = table.remove("fault").map(toml::Spanned::into_inner);
        for (key, _) in table.iter() {
            problems.push(source.problem(Some(key.span()), "a file of faults has [[fault]] tables only"));
        }
        let Some(DeValue::Array(entries)) = entries else { continue };
        for entry in entries {
            let span = entry.span();
            let Some(fault) = source.read::<Fault>(entry, &mut problems) else { continue };
            let mut complain = |message: &str| problems.push(source.problem(Some(span.clone()), message));
            if !names.insert(fault.name.clone()) {
                complain("a fault of this name is already there");
            }
            if fault.turns.is_empty() {
                complain("a fault that turns nothing proves nothing");
            }
            for turn in &fault.turns {
                if turn.claims.is_empty() != matches!(turn.verdict, Turned::Error | Turned::Warn) {
                    complain(
                        "a fail or inconclusive verdict names its claims, and an error or a warning has none",
                    );
                }
            }
            faults.push(fault);
        }
    }
    problems.or(faults)
}

/// The names of the faults that turn a check, with what each is about; in the order of the files.
pub fn proving(check: &str) -> Vec<(String, String)> {
    static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| load().unwrap_or_default());
    ALL.iter()
        .filter(|fault| fault.turns.iter().any(|turn| turn.check == check))
        .map(|fault| (fault.name.clone(), fault.about.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist;

    fn faults() -> Vec<Fault> {
        load().unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn every_check_has_a_fault_that_must_turn_it() {
        let list = checklist::load().expect("the embedded checklist");
        let unproven: Vec<&str> =
            list.checks().map(|check| check.id.as_str()).filter(|id| proving(id).is_empty()).collect();
        assert!(unproven.is_empty(), "no fault turns {unproven:?}");
    }

    #[test]
    fn faults_speak_of_checks_that_there_are() {
        let list = checklist::load().expect("the embedded checklist");
        for fault in faults() {
            for turn in &fault.turns {
                assert!(list.get(&turn.check).is_some(), "{}: {}", fault.name, turn.check);
            }
            for text in &fault.also {
                let pattern = glob::Pattern::new(text).expect("a glob");
                assert!(list.checks().any(|check| pattern.matches(&check.id)), "{}: {text}", fault.name);
            }
            for id in &fault.withheld {
                assert!(
                    list.get(id).is_some_and(|check| check.entry.probe.is_manual()),
                    "{}: {id}",
                    fault.name
                );
            }
        }
    }

    #[test]
    fn what_must_be_said_is_not_what_the_check_says_anyway() {
        let list = checklist::load().expect("the embedded checklist");
        for fault in faults() {
            for turn in &fault.turns {
                let fix = list.get(&turn.check).expect("the check").entry.fix.to_string();
                assert!(turn.says.is_empty() || !fix.contains(&turn.says), "{}: {}", fault.name, turn.says);
            }
        }
    }

    #[test]
    fn names_are_plain_and_say_what_is_wrong_in_a_sentence() {
        for fault in faults() {
            let plain = fault.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(plain && !fault.name.is_empty(), "{}", fault.name);
            assert!(
                !fault.about.ends_with('.') && fault.about.contains(' '),
                "{}: {}",
                fault.name,
                fault.about
            );
        }
    }
}
