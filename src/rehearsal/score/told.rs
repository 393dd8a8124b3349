//! What a run of the program told, as far as the score reads it: a json report, and the code it ended with.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::outcome::report::SCHEMA;
use crate::probe::is_listed;

/// One run of a verb.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The exit code.
    pub code: i32,
    /// The outcomes in checklist order.
    pub outcomes: Vec<Heard>,
}

/// One outcome of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub id: String,
    /// Whether the exit code depends on it: a blocker that is neither excluded nor validly waived.
    pub required: bool,
    /// `pass`, `fail`, `inconclusive`, `error`, `blocked`, `excluded`, `interrupted`, ..
    pub verdict: String,
    /// Whether it carries warnings.
    pub warned: bool,
    pub claims: Vec<HeardClaim>,
    /// Reason, fix and warnings in one text.
    pub said: String,
}

/// One claim of an outcome.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct HeardClaim {
    pub code: String,
    pub holds: Option<bool>,
}

impl Told {
    /// Reads what a run left on stdout.
    ///
    /// # Errors
    /// Anything but one whole report.
    pub fn read(code: i32, stdout: &str) -> Result<Told> {
        let report: Value = serde_json::from_str(stdout).context("the run left no json report")?;
        ensure!(report["schema"] == SCHEMA, "the run left a report of another kind: {}", report["schema"]);
        let sections = report["sections"].as_array().context("the report has no sections")?;
        let mut outcomes = Vec::new();
        for outcome in sections.iter().filter_map(|s| s["outcomes"].as_array()).flatten() {
            outcomes.push(Heard::read(outcome)?);
        }
        Ok(Told { code, outcomes })
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
    pub fn of(&self, id: &str) -> Option<&Heard> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }
}

impl Heard {
    fn read(outcome: &Value) -> Result<Heard> {
        let text = |key: &str| outcome[key].as_str().map(str::to_owned);
        let verdict = match &outcome["verdict"] {
            Value::String(name) => name.clone(),
            Value::Object(skipped) => match &skipped["skipped"] {
                Value::String(why) => why.clone(),
                Value::Object(why) => why.keys().next().cloned().context("a skip without its why")?,
                other => anyhow::bail!("no verdict: {other}"),
            },
            other => anyhow::bail!("no verdict: {other}"),
        };
        let waived = outcome["waiver"]["valid"] == true;
        let warnings = outcome["warnings"].as_array().context("an outcome without warnings")?;
        let words: Vec<&str> = warnings.iter().filter_map(Value::as_str).collect();
        Ok(Heard {
            id: text("id").context("an outcome without an id")?,
            required: outcome["severity"] == "blocker" && verdict != "excluded" && !waived,
            verdict,
            warned: !warnings.is_empty(),
            claims: serde_json::from_value(outcome["claims"].clone()).context("an outcome without claims")?,
            said: [text("reason"), text("fix"), Some(words.join(" | "))]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" | "),
        })
    }

    /// True when it is anything but a pass.
    pub fn turned(&self) -> bool {
        self.verdict != "pass" && self.verdict != "excluded"
    }

    /// The claim with that code.
    pub fn claim(&self, code: &str) -> Option<&HeardClaim> {
        self.claims.iter().find(|claim| claim.code == code)
    }
}
