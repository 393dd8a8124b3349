//! A program: in the app's checkout, where its exit code is judged, or an operator's
//! own, which prints its claims.

mod own;
mod result;
mod vitest;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use result::CheckResult;

use super::Explanation;
use super::checkout;
use super::codes::codes;
use crate::context::Attempt;
use crate::outcome::finding::{Finding, ProbeError};
use crate::settings::Settings;
use crate::text::shell_line;

/// A program in the app's checkout, as an argument list. It sees none of the pipeline's variables, so that no
/// test of the app can reach production. With `result` it is an operator's own check.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The name under which the configuration can set another argument list.
    pub name: String,
    /// The argument list, run without a shell.
    pub run: Vec<String>,
    /// Reads vitest's JSON report: at least this many tests must pass, and none may fail.
    pub tests_passed: Option<u64>,
    /// The program prints its own claims, and runs in the directory given with `--checks`.
    pub result: Option<Form>,
    /// The pipeline's variables that a program with a `result` may see. It does not run when one of them is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

/// The format of a program's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// One JSON document on its standard output, as `hotdash-ops checks schema result` describes it.
    Json,
}

impl Command {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let settings = &attempt.cx.settings;
        let argv = self.argv(settings);
        if self.result.is_some() {
            return own::ask(attempt, argv, &self.variables).await;
        }
        let finding = Finding::about(shell_line(argv));
        if settings.app_dir.is_none() {
            return Ok(checkout::missing(finding.asked));
        }
        let Some(least) = self.least(settings) else {
            return Ok(checkout::run(attempt, argv).await?.judge(finding));
        };
        let private = tempfile::tempdir().map_err(|e| {
            ProbeError::because(format!("cannot create a temporary directory for the report: {e}"))
        })?;
        let file = private.path().join("report.json");
        let argv = vitest::reported(argv, &file);
        let finding = checkout::run(attempt, &argv).await?.judge(finding);
        let report = vitest::read(&file);
        Ok(vitest::judge(finding, report.as_deref().map_err(String::as_str), least))
    }

    /// The configured argument list, or else the checklist's.
    fn argv<'a>(&'a self, settings: &'a Settings) -> &'a [String] {
        settings.target.commands.get(&self.name).unwrap_or(&self.run)
    }

    /// How many tests must pass: at least one, because a run without tests proves nothing.
    fn least(&self, settings: &Settings) -> Option<u64> {
        self.tests_passed.map(|own| settings.target.thresholds.webhook_tests.unwrap_or(own).max(1))
    }

    /// True for a program that runs in the app's checkout.
    pub(super) fn runs_in_checkout(&self) -> bool {
        self.result.is_none()
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        if self.result.is_some() {
            return self.explain_own(settings);
        }
        let directory = settings.app_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
        let directory = directory.map_or_else(|| "APP_DIR".to_owned(), |path| shell_line(&[path]));
        let mut expectations = vec!["exit code: 0".to_owned()];
        let mut argv = self.argv(settings).to_vec();
        if let Some(least) = self.least(settings) {
            argv = vitest::reported(&argv, std::path::Path::new("report.json"));
            expectations.push("tests failed: 0".to_owned());
            expectations.push("success: true".to_owned());
            expectations.push(format!("tests passed: at least {least}; skipped and todo do not count"));
        }
        Explanation {
            question: "does this command succeed in the app's checkout?".to_owned(),
            by_hand: vec![format!("cd {directory} && {}", shell_line(&argv))],
            expectations,
        }
    }

    fn explain_own(&self, settings: &Settings) -> Explanation {
        let directory = settings.checks.as_ref().map(|path| path.to_string_lossy().into_owned());
        let directory = directory.map_or_else(|| "CHECKS".to_owned(), |path| shell_line(&[path]));
        Explanation {
            question: "do the claims that your own command prints hold?".to_owned(),
            by_hand: vec![format!("cd {directory} && {}", shell_line(self.argv(settings)))],
            expectations: vec![
                "exit code: 0".to_owned(),
                format!("standard output: one {} document, whose claims hold", result::SCHEMA),
            ],
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match (self.result, self.tests_passed) {
            // The program names its claims itself.
            (Some(_), _) => codes(["*"]),
            (None, None) => codes(["checkout", "exit-code"]),
            (None, Some(_)) => {
                codes(["checkout", "exit-code", "report", "tests-failed", "success", "tests-passed"])
            }
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        self.variables.iter().cloned().collect()
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
        if self.result.is_some() && self.tests_passed.is_some() {
            wrong.push("`tests_passed` and `result` are two ways of judging; keep one".to_owned());
        }
        if self.result.is_none() && !self.variables.is_empty() {
            wrong.push("`variables` are for a command with `result = \"json\"`".to_owned());
        }
        let named = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        for name in self.variables.iter().filter(|name| name.is_empty() || !name.chars().all(named)) {
            wrong.push(format!("`{name}` is not the name of a variable (A-Z, 0-9 and _)"));
        }
        if self.tests_passed == Some(0) {
            wrong.push("`tests_passed` must be at least 1".to_owned());
        }
        wrong
    }
}

#[cfg(test)]
mod tests;
