//! A program in the app's checkout.

mod vitest;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checkout;
use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// A program in the app's checkout, as an argument list. It sees none of the pipeline's variables, so that no
/// test of the app finds its way to production.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The name under which the configuration may give another argument list.
    pub name: String,
    /// The argument list; no shell.
    pub run: Vec<String>,
    /// Judges vitest's JSON report: at least this many tests passed, and none failed.
    pub tests_passed: Option<u64>,
}

impl Command {
    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        let settings = &asking.cx.settings;
        let argv = self.argv(settings);
        let finding = Finding::about(shown(argv));
        if settings.app_dir.is_none() {
            return Ok(checkout::missing(finding.asked));
        }
        let Some(least) = self.least(settings) else {
            return Ok(checkout::run(asking, argv).await?.judge(finding));
        };
        let private = tempfile::tempdir()
            .map_err(|e| CannotAsk::because(format!("no private directory for the report: {e}")))?;
        let file = private.path().join("report.json");
        let argv = vitest::reported(argv, &file);
        let finding = checkout::run(asking, &argv).await?.judge(finding);
        let report = vitest::read(&file);
        Ok(vitest::judge(finding, report.as_deref().map_err(String::as_str), least))
    }

    /// The configured argument list, or the checklist's.
    fn argv<'a>(&'a self, settings: &'a Settings) -> &'a [String] {
        settings.target.commands.get(&self.name).unwrap_or(&self.run)
    }

    /// How many tests must have passed: one at the least, because a run without a test proves nothing.
    fn least(&self, settings: &Settings) -> Option<u64> {
        self.tests_passed.map(|own| settings.target.thresholds.webhook_tests.unwrap_or(own).max(1))
    }

    pub(super) fn explain(&self, settings: &Settings) -> Asked {
        let directory = settings.app_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
        let directory = directory.map_or_else(|| "APP_DIR".to_owned(), |path| shown(&[path]));
        let mut expectations = vec!["exit code: 0".to_owned()];
        let mut argv = self.argv(settings).to_vec();
        if let Some(least) = self.least(settings) {
            argv = vitest::reported(&argv, std::path::Path::new("report.json"));
            expectations.push("tests failed: 0".to_owned());
            expectations.push("success: true".to_owned());
            expectations.push(format!("tests passed: at least {least}; skipped and todo do not count"));
        }
        Asked {
            question: "does this command in the app's checkout end well?".to_owned(),
            by_hand: vec![format!("cd {directory} && {}", shown(&argv))],
            expectations,
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            wrong.push(format!("name `{}` is not kebab-case (a-z, 0-9 and -)", self.name));
        }
        if self.run.first().is_none_or(String::is_empty) {
            wrong.push("`run` names no program".to_owned());
        }
        if self.tests_passed == Some(0) {
            wrong.push("`tests_passed = 0` proves nothing: at least 1".to_owned());
        }
        wrong
    }
}

/// An argument list as a line for a shell.
pub(super) fn shown(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    let quoted = |word: &String| match word.is_empty() || !word.chars().all(plain) {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.clone(),
    };
    argv.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
