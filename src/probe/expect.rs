//! Expectations: one operator each, in one place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Claim;
use crate::checklist::Template;

/// What a place in a JSON body must be. Exactly one operator.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// A JSON pointer into the body: `/status`.
    pub json: String,
    /// The operator and its operand: `is.equals = "ok"`.
    pub is: Operator,
}

/// The operators.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// The text equals this.
    Equals(Template),
    /// The text is one of these.
    OneOf(Vec<String>),
    /// The text contains this.
    Contains(Template),
    /// The number is at least this.
    Min(f64),
    /// The number is at most this.
    Max(f64),
    /// The version satisfies this semver requirement.
    Semver(Template),
}

impl Expect {
    /// Compares a body with the expectation. A place that is missing or of the wrong kind never holds;
    /// `operand` is the operator's expanded text, `None` when its value is not configured.
    pub fn judge(&self, _body: &serde_json::Value, _operand: Option<&str>) -> Claim {
        Claim::open(&self.json, "", "")
    }
}
