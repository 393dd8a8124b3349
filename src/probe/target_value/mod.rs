//! A variable's value belongs to this target and to no other.

mod configured;
mod place;
mod secret;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use super::env::is_name;
use crate::context::Attempt;
use crate::outcome::finding::{Finding, ProbeError};
use crate::settings::Settings;

/// The evidence when there is no target to compare with.
const NO_OTHERS: &str = "none configured, so there was nothing to compare with";

/// A variable's value belongs to this target: it has the configured host or id, differs from the other targets'
/// values, and in production uses https and points to another machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetValue {
    /// The variable's name.
    pub var: String,
    /// The key of the target's configuration that holds the right value (`agent_host`); absent for a secret,
    /// which is compared by its fingerprint.
    pub expected: Option<String>,
    /// The value is compared by its keyed fingerprint only.
    #[serde(default)]
    pub secret: bool,
}

impl TargetValue {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        self.judge(&attempt.cx.settings)
    }

    /// The claims on resolved settings. Pure.
    fn judge(&self, settings: &Settings) -> Result<Finding, ProbeError> {
        let value = self.value(settings)?;
        let finding = Finding::about(format!("{}, compared with the configuration", self.var));
        match &self.expected {
            Some(key) => configured::judge(finding, settings, &self.var, key, value),
            None => secret::judge(finding, settings, &self.var, value),
        }
    }

    fn value<'a>(&self, settings: &'a Settings) -> Result<&'a str, ProbeError> {
        let vars = &settings.vars;
        let value = match self.var.as_str() {
            "CHATWOOT_API_KEY" => vars.chatwoot_token(),
            name => vars.filled(name),
        };
        match value {
            Some(value) => Ok(value.trim()),
            None if vars.is_not_text(&self.var) => {
                Err(ProbeError::because(format!("{} is not UTF-8 text", self.var)))
            }
            None => Err(ProbeError::because(format!("{} is not set", self.var))),
        }
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let target = &settings.target;
        let mut asked = Explanation {
            question: format!("does {} belong to the target {}?", self.var, target.name),
            ..Explanation::default()
        };
        if target.is_production() && self.expected.as_deref() != Some("account_id") {
            asked.expectations.extend(place::expectations(self.expected.is_some()));
        }
        match &self.expected {
            Some(key) => {
                asked.by_hand.push(format!("echo \"${}\"", self.var));
                let right = target.text(key).unwrap_or_else(|| target.line_to_add(key));
                asked.expectations.push(format!("{key}: {right}"));
                asked.expectations.push(format!("other targets: not their {key}"));
            }
            None => {
                asked.by_hand.push(format!("hotdash-ops env fingerprint --target {}", target.name));
                asked.expectations.push("fingerprint: the one configured for this target, if any".to_owned());
                asked.expectations.push("other targets: not their fingerprint".to_owned());
                asked.expectations.push("own value: not the value of another secret variable".to_owned());
            }
        }
        asked
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match self.expected.as_deref() {
            Some("account_id") => codes(["account-id", "other-targets"]),
            Some(_) => codes(["scheme", "not-this-machine", "host", "other-targets"]),
            None if self.var == "DATABASE_URL" => {
                codes(["not-this-machine", "fingerprint", "other-targets", "own-value", "database"])
            }
            None => codes(["fingerprint", "other-targets", "own-value"]),
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        let alias = (self.var == "CHATWOOT_API_KEY").then(|| "CHATWOOT_API_TOKEN".to_owned());
        std::iter::once(self.var.clone()).chain(alias).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !is_name(&self.var) {
            wrong.push(format!("`{}` is not the name of a variable (A-Z, 0-9 and _)", self.var));
        }
        match (&self.expected, self.secret) {
            (None, false) => {
                wrong.push("`target-value` needs `expected = \"KEY\"` or `secret = true`".to_owned())
            }
            (Some(_), true) => wrong.push("`target-value` takes `expected` or `secret`, not both".to_owned()),
            (Some(key), false) if !configured::KEYS.contains(&key.as_str()) => {
                wrong.push(format!("`expected = \"{key}\"` is not one of {}", configured::KEYS.join(", ")));
            }
            (None, true) if !crate::settings::fingerprint::FINGERPRINTED.contains(&self.var.as_str()) => {
                wrong.push(format!("`{}` is not one of the secrets that have fingerprints", self.var));
            }
            _ => {}
        }
        wrong
    }
}

#[cfg(test)]
mod tests;
