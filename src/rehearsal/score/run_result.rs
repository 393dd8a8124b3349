//! The result of a run as far as the score reads it: the json report and the exit code.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::outcome::report::SCHEMA;
use crate::probe::is_listed;

/// One run of a verb.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// The exit code.
    pub code: i32,
    /// The outcomes in checklist order.
    pub outcomes: Vec<OutcomeRecord>,
    /// The secrets that the run's output shows, by variable.
    pub leaks: Vec<String>,
}

/// One outcome of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRecord {
    pub id: String,
    /// Whether the exit code depends on it: a blocker that is neither excluded nor waived.
    pub required: bool,
    /// `pass`, `fail`, `inconclusive`, `error`, `blocked`, `excluded`, `interrupted`, ..
    pub verdict: String,
    /// Whether it has warnings.
    pub warned: bool,
    pub claims: Vec<ClaimRecord>,
    /// The reason, the fix and the warnings as one text.
    pub text: String,
    /// The evidence, as `NAME: VALUE` lines.
    pub evidence: String,
}

/// One claim of an outcome.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClaimRecord {
    pub code: String,
    pub holds: Option<bool>,
}

impl RunResult {
    /// Parses a run's stdout.
    ///
    /// # Errors
    /// Anything but one complete report.
    pub fn read(code: i32, stdout: &str) -> Result<RunResult> {
        let report: Value = serde_json::from_str(stdout).context("the run wrote no json report")?;
        ensure!(report["schema"] == SCHEMA, "the run's report has another schema: {}", report["schema"]);
        let sections = report["sections"].as_array().context("the report has no sections")?;
        let mut outcomes = Vec::new();
        for outcome in sections.iter().filter_map(|s| s["outcomes"].as_array()).flatten() {
            outcomes.push(OutcomeRecord::read(outcome)?);
        }
        Ok(RunResult { code, outcomes, leaks: Vec::new() })
    }

    /// Claims whose codes `checks list --claims` does not list; `codes` are those of each check. Two claims of one
    /// check with one code are among them, because the second one is numbered.
    pub fn unlisted(&self, codes: &BTreeMap<String, Vec<String>>) -> Vec<String> {
        let mut wrong = Vec::new();
        for heard in &self.outcomes {
            let Some(codes) = codes.get(&heard.id) else { continue };
            for claim in heard.claims.iter().filter(|claim| !is_listed(codes, &claim.code)) {
                wrong.push(format!(
                    "{}: the claim `{}` is not in `checks list --claims`",
                    heard.id, claim.code
                ));
            }
        }
        wrong
    }

    /// The outcome of a check.
    pub fn outcome(&self, id: &str) -> Option<&OutcomeRecord> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }
}

impl OutcomeRecord {
    fn read(outcome: &Value) -> Result<OutcomeRecord> {
        let field = |key: &str| outcome[key].as_str().map(str::to_owned);
        let verdict = match &outcome["verdict"] {
            Value::String(name) => name.clone(),
            Value::Object(skipped) => match &skipped["skipped"] {
                Value::String(why) => why.clone(),
                Value::Object(why) => {
                    why.keys().next().cloned().context("a skipped verdict has no reason")?
                }
                other => anyhow::bail!("not a valid verdict: {other}"),
            },
            other => anyhow::bail!("not a valid verdict: {other}"),
        };
        let waived = outcome["waiver"]["valid"] == true;
        let warnings = outcome["warnings"].as_array().context("an outcome has no `warnings`")?;
        let words: Vec<&str> = warnings.iter().filter_map(Value::as_str).collect();
        Ok(OutcomeRecord {
            id: field("id").context("an outcome has no `id`")?,
            required: outcome["severity"] == "blocker" && verdict != "excluded" && !waived,
            verdict,
            warned: !warnings.is_empty(),
            claims: serde_json::from_value(outcome["claims"].clone())
                .context("an outcome has no valid `claims`")?,
            text: [field("reason"), field("fix"), Some(words.join(" | "))]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" | "),
            evidence: evidence(&outcome["evidence"]),
        })
    }

    /// Whether it did not pass; an excluded check counts as passed.
    pub fn did_not_pass(&self) -> bool {
        self.verdict != "pass" && self.verdict != "excluded"
    }

    /// The claim with that code.
    pub fn claim(&self, code: &str) -> Option<&ClaimRecord> {
        self.claims.iter().find(|claim| claim.code == code)
    }
}

fn evidence(list: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let lines = list.as_array().into_iter().flatten();
    lines.map(|one| format!("{}: {}\n", text(&one["name"]), text(&one["value"]))).collect()
}
