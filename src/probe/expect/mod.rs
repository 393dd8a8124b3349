//! What a value in a JSON body must be: one operator per expectation.

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::template::{Part, Template};
use crate::outcome::finding::{Claim, slug};
use crate::settings::Target;
use crate::text::short;

/// What one value in a JSON body must be.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// A JSON pointer into the body: `/status`.
    pub json: String,
    /// Exactly one operator and its operand: `is.equals = "ok"`.
    pub is: Operator,
}

/// The operators.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// The string equals this.
    Equals(Template),
    /// The string is one of these.
    OneOf(Vec<String>),
    /// The string contains this.
    Contains(Template),
    /// The number is at least this.
    Min(f64),
    /// The number is at most this.
    Max(f64),
    /// The version satisfies this semver requirement.
    Semver(Template),
}

impl Operator {
    /// The operand as a template, for the operators that have one.
    pub fn template(&self) -> Option<&Template> {
        match self {
            Operator::Equals(operand) | Operator::Contains(operand) | Operator::Semver(operand) => {
                Some(operand)
            }
            Operator::OneOf(_) | Operator::Min(_) | Operator::Max(_) => None,
        }
    }

    fn describe(&self, operand: &str) -> String {
        match self {
            Operator::Equals(_) => format!("`{operand}`"),
            Operator::OneOf(choices) => format!("one of {}", quoted(choices)),
            Operator::Contains(_) => format!("a string that contains `{operand}`"),
            Operator::Min(least) => format!("a number of at least {least}"),
            Operator::Max(most) => format!("a number of at most {most}"),
            Operator::Semver(_) => format!("a version that satisfies `{operand}`"),
        }
    }
}

impl Expect {
    /// Compares a body with the expectation. A value that is missing or of the wrong type never holds. For a version
    /// the claim is then undecided: a version that cannot be read is missing evidence. `operand` is the operator's
    /// template with its variables filled in; `None` when its value is not configured.
    pub fn judge(&self, body: &Value, operand: Option<&str>) -> Claim {
        let what = self.what();
        let operand = match (operand, self.is.template()) {
            (Some(operand), _) => operand,
            (None, None) => "",
            (None, Some(template)) => {
                let sentence = format!("`{template}` is not configured");
                return Claim::undecided(self.code(), what, "a configured value", "not configured")
                    .sentence(sentence);
            }
        };
        let expected = self.is.describe(operand);
        let value = body.pointer(&self.json);
        let found = described(value);
        match &self.is {
            Operator::Semver(_) => match satisfies(value, operand) {
                Ok(holds) => Claim::compared(self.code(), what, expected, found, holds),
                Err(why) => {
                    let shown = if value.is_none() { "missing" } else { &found };
                    let sentence = format!("{what} is {shown}{why}");
                    Claim::undecided(self.code(), what, expected, found).sentence(sentence)
                }
            },
            other => Claim::compared(self.code(), what, expected, found, holds(other, operand, value)),
        }
    }

    /// The undecided claim when the operand names a key that the target does not configure. `None` when every key is
    /// configured.
    pub fn unconfigured(&self, target: &Target) -> Option<Claim> {
        let parts = self.is.template()?.parts();
        let missing = parts.iter().find_map(|part| match part {
            Part::Target(key) if target.text(key).is_none() => Some(key),
            _ => None,
        })?;
        let expected = format!("`{missing}` of the target");
        Some(
            Claim::undecided(self.code(), self.what(), expected, "not configured")
                .sentence(format!("`{missing}` is not configured for {}", target.name))
                .fix(target.line_to_add(missing)),
        )
    }

    /// What is compared, for a person: `/status is `ok``. The target's values are filled in, variables stay.
    pub fn in_words(&self, target: &Target) -> String {
        let parts = self.is.template().map(Template::parts).unwrap_or_default();
        let operand: String = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Variable(name) => format!("${name}"),
                Part::Target(key) => target.text(key).unwrap_or_else(|| format!("${{target.{key}}}")),
            })
            .collect();
        format!("{} is {}", self.what(), self.is.describe(&operand))
    }

    /// What is wrong with it beyond its types.
    pub fn lint(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.json.is_empty() && !self.json.starts_with('/') {
            wrong.push(format!("`json = \"{}\"` is not a JSON pointer: it must begin with `/`", self.json));
        }
        match &self.is {
            Operator::OneOf(choices) if choices.is_empty() => {
                wrong.push("`one-of` has no choices, so it can never hold".to_owned());
            }
            Operator::Contains(text) if text.parts().is_empty() => {
                wrong.push("`contains` is empty, so it always holds".to_owned());
            }
            Operator::Min(number) | Operator::Max(number) if !number.is_finite() => {
                wrong.push("the limit of `min` or `max` is not a number".to_owned());
            }
            Operator::Semver(requirement) => {
                if let [Part::Text(text)] = requirement.parts()
                    && let Err(error) = VersionReq::parse(text)
                {
                    wrong.push(format!("`{text}` is not a valid version requirement: {error}"));
                }
                if requirement.parts().is_empty() {
                    wrong.push("`semver` has no requirement".to_owned());
                }
            }
            _ => {}
        }
        wrong
    }

    /// The code of its claim, from the place in the body: `/build/version` is `build-version`.
    pub fn code(&self) -> String {
        let code = slug(&self.json);
        if code.is_empty() { "value".to_owned() } else { code }
    }

    fn what(&self) -> String {
        if self.json.is_empty() { "the body".to_owned() } else { self.json.clone() }
    }
}

fn holds(operator: &Operator, operand: &str, value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str);
    let number = value.and_then(Value::as_f64);
    match operator {
        Operator::Equals(_) => text == Some(operand),
        Operator::OneOf(choices) => text.is_some_and(|t| choices.iter().any(|c| c == t)),
        Operator::Contains(_) => text.is_some_and(|t| !operand.is_empty() && t.contains(operand)),
        Operator::Min(least) => number.is_some_and(|n| n >= *least),
        Operator::Max(most) => number.is_some_and(|n| n <= *most),
        Operator::Semver(_) => satisfies(value, operand) == Ok(true),
    }
}

/// Whether the version satisfies the requirement. The error continues the sentence "/version is `banana`".
fn satisfies(value: Option<&Value>, requirement: &str) -> Result<bool, String> {
    let requirement = VersionReq::parse(requirement)
        .map_err(|e| format!(", and the requirement `{requirement}` is not valid ({e})"))?;
    let text = match value {
        None => return Err(", so there is no version to compare".to_owned()),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(", which is not a version".to_owned()),
    };
    let bare = text.strip_prefix('v').unwrap_or(text);
    let version = Version::parse(bare).map_err(|e| format!(", which is not a semantic version ({e})"))?;
    Ok(requirement.matches(&version))
}

/// The value as text, with its type when it is not a string.
fn described(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "an empty string".to_owned(),
        Some(Value::String(text)) => format!("`{}`", short(text, 120)),
        Some(Value::Bool(value)) => format!("{value} (a boolean)"),
        Some(Value::Number(number)) => format!("{number} (a number)"),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(Value::Object(_)) => "an object".to_owned(),
    }
}

fn quoted(choices: &[String]) -> String {
    choices.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
