//! Expectations: one operator each, in one place.

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::short;

use crate::input::template::{Part, Template};
use crate::outcome::finding::{Claim, slug};
use crate::settings::Target;

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

    fn says(&self, operand: &str) -> String {
        match self {
            Operator::Equals(_) => format!("`{operand}`"),
            Operator::OneOf(choices) => format!("one of {}", quoted(choices)),
            Operator::Contains(_) => format!("text that contains `{operand}`"),
            Operator::Min(least) => format!("a number, at least {least}"),
            Operator::Max(most) => format!("a number, at most {most}"),
            Operator::Semver(_) => format!("a version that satisfies `{operand}`"),
        }
    }
}

impl Expect {
    /// Compares a body with the expectation. A place that is missing or of the wrong kind never holds: it is
    /// false, or for a version open, because a version that cannot be read is evidence that is missing.
    /// `operand` is the operator's expanded template; `None` when its value is not configured.
    pub fn judge(&self, body: &Value, operand: Option<&str>) -> Claim {
        let what = self.what();
        let operand = match (operand, self.is.template()) {
            (Some(operand), _) => operand,
            (None, None) => "",
            (None, Some(template)) => {
                return Claim::open(what, "a configured value", format!("`{template}` is not configured"));
            }
        };
        let expected = self.is.says(operand);
        let place = body.pointer(&self.json);
        let found = described(place);
        match &self.is {
            Operator::Semver(_) => match satisfies(place, operand) {
                Ok(holds) => Claim::new(what, expected, found, holds),
                Err(why) => Claim::open(what, expected, format!("{found}: {why}")),
            },
            other => Claim::new(what, expected, found, holds(other, operand, place)),
        }
    }

    /// The claim when the operand's value of the target is not configured: open, with the line to add.
    /// `None` when everything the operand names is configured.
    pub fn unconfigured(&self, target: &Target) -> Option<Claim> {
        let parts = self.is.template()?.parts();
        let missing = parts.iter().find_map(|part| match part {
            Part::Target(key) if target.text(key).is_none() => Some(key),
            _ => None,
        })?;
        Some(Claim::open(
            self.what(),
            format!("`{missing}` of the target"),
            format!("`{missing}` is not configured: {}", target.line_to_add(missing)),
        ))
    }

    /// What is compared, for a person: `/status is `ok``. Values of the target are filled in, variables stay.
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
        format!("{} is {}", self.what(), self.is.says(&operand))
    }

    /// What is wrong with it beyond its types.
    pub fn lint(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.json.is_empty() && !self.json.starts_with('/') {
            wrong.push(format!("`json = \"{}\"` is no JSON pointer: it begins with `/`", self.json));
        }
        match &self.is {
            Operator::OneOf(choices) if choices.is_empty() => {
                wrong.push("`one-of` has no choices, so it can never hold".to_owned());
            }
            Operator::Contains(text) if text.parts().is_empty() => {
                wrong.push("`contains` of nothing always holds".to_owned());
            }
            Operator::Min(number) | Operator::Max(number) if !number.is_finite() => {
                wrong.push("the limit of `min` or `max` is not a number".to_owned());
            }
            Operator::Semver(requirement) => {
                if let [Part::Text(text)] = requirement.parts()
                    && let Err(error) = VersionReq::parse(text)
                {
                    wrong.push(format!("`{text}` is no version requirement: {error}"));
                }
                if requirement.parts().is_empty() {
                    wrong.push("`semver` has no requirement".to_owned());
                }
            }
            _ => {}
        }
        wrong
    }

    /// The code of its claim, made from the place: `/status` is `status`.
    pub fn code(&self) -> String {
        slug(&self.what())
    }

    fn what(&self) -> String {
        if self.json.is_empty() { "the body".to_owned() } else { self.json.clone() }
    }
}

fn holds(operator: &Operator, operand: &str, place: Option<&Value>) -> bool {
    let text = place.and_then(Value::as_str);
    let number = place.and_then(Value::as_f64);
    match operator {
        Operator::Equals(_) => text == Some(operand),
        Operator::OneOf(choices) => text.is_some_and(|t| choices.iter().any(|c| c == t)),
        Operator::Contains(_) => text.is_some_and(|t| !operand.is_empty() && t.contains(operand)),
        Operator::Min(least) => number.is_some_and(|n| n >= *least),
        Operator::Max(most) => number.is_some_and(|n| n <= *most),
        Operator::Semver(_) => satisfies(place, operand) == Ok(true),
    }
}

fn satisfies(place: Option<&Value>, requirement: &str) -> Result<bool, String> {
    let requirement =
        VersionReq::parse(requirement).map_err(|e| format!("the requirement cannot be read ({e})"))?;
    let text = match place {
        None => return Err("there is no version to compare".to_owned()),
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err("this is no version".to_owned()),
    };
    let bare = text.strip_prefix('v').unwrap_or(text);
    let version = Version::parse(bare).map_err(|e| format!("this is no semantic version ({e})"))?;
    Ok(requirement.matches(&version))
}

/// What stands at a place, with its kind when it is not text.
fn described(place: Option<&Value>) -> String {
    match place {
        None => "nothing there".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "an empty text".to_owned(),
        Some(Value::String(text)) => format!("`{}`", short(text, 120)),
        Some(Value::Bool(value)) => format!("{value}, a boolean"),
        Some(Value::Number(number)) => format!("{number}, a number"),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(Value::Object(_)) => "an object".to_owned(),
    }
}

fn quoted(choices: &[String]) -> String {
    choices.iter().map(|c| format!("`{c}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
