//! Reads the fault files.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::de::DeValue;

use super::{Expectation, ExpectedVerdict, Fault, WorldChange};
use crate::checklist::BuiltinFile;
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
