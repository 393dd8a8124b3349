//! Expectations: one operator each, in one place.

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Claim;
use crate::checklist::{Part, Template};
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

    /// What is compared, for a person: `/status is `ok``. The operand stands as it is written.
    pub fn in_words(&self) -> String {
        let operand = self.is.template().map(ToString::to_string).unwrap_or_default();
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

/// A text of the other side on one harmless line, or how long it is. Nothing is cut, because redaction
/// would not recognise half a secret.
pub fn short(text: &str, most: usize) -> String {
    match text.chars().count() {
        length if length > most => format!("a text of {length} characters"),
        _ => harmless(text),
    }
}

/// The first `most` characters of a text that has been redacted, on one harmless line.
pub fn excerpt(redacted: &str, most: usize) -> String {
    let shown: String = redacted.trim().chars().take(most).collect();
    let more = if redacted.trim().chars().nth(most).is_some() { " ..." } else { "" };
    format!("{}{more}", harmless(&shown))
}

/// What a terminal would obey (control characters, marks that turn the writing direction) becomes a
/// visible escape.
fn harmless(text: &str) -> String {
    let mut shown = String::new();
    for character in text.trim().chars() {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if c.is_control() || is_direction_mark(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expect(json: &str, is: Operator) -> Expect {
        Expect { json: json.to_owned(), is }
    }

    fn template(text: &str) -> Template {
        Template::parse(text).expect("the template is good")
    }

    fn equals(text: &str) -> Operator {
        Operator::Equals(template(text))
    }

    #[test]
    fn equals_compares_text_and_nothing_else() {
        let check = expect("/status", equals("ok"));
        assert_eq!(check.judge(&json!({"status": "ok"}), Some("ok")).holds, Some(true));
        for body in [
            json!({"status": "OK"}),
            json!({"status": "ok "}),
            json!({"status": null}),
            json!({"status": true}),
            json!({"status": ["ok"]}),
            json!({}),
            json!([]),
            json!("ok"),
        ] {
            assert_eq!(check.judge(&body, Some("ok")).holds, Some(false), "{body}");
        }
        assert_eq!(
            expect("/code", equals("200")).judge(&json!({"code": 200}), Some("200")).holds,
            Some(false)
        );
    }

    #[test]
    fn one_of_and_contains_want_text() {
        let one = expect("/s", Operator::OneOf(vec!["a".into(), "b".into()]));
        assert_eq!(one.judge(&json!({"s": "b"}), None).holds, Some(true));
        assert_eq!(one.judge(&json!({"s": "c"}), None).holds, Some(false));
        assert_eq!(one.judge(&json!({"s": ["a"]}), None).holds, Some(false));
        let contains = expect("/s", Operator::Contains(template("agent")));
        assert_eq!(contains.judge(&json!({"s": "the agent service"}), Some("agent")).holds, Some(true));
        assert_eq!(contains.judge(&json!({"s": "the app"}), Some("agent")).holds, Some(false));
        assert_eq!(contains.judge(&json!({"s": "anything"}), Some("")).holds, Some(false));
    }

    #[test]
    fn limits_want_numbers() {
        let min = expect("/n", Operator::Min(3.0));
        let max = expect("/n", Operator::Max(3.0));
        for (value, at_least, at_most) in [
            (json!(3), true, true),
            (json!(2.5), false, true),
            (json!(4), true, false),
            (json!("3"), false, false),
            (json!(null), false, false),
        ] {
            let body = json!({ "n": value });
            assert_eq!(min.judge(&body, None).holds, Some(at_least), "{body}");
            assert_eq!(max.judge(&body, None).holds, Some(at_most), "{body}");
        }
    }

    #[test]
    fn a_version_that_cannot_be_read_is_open_and_one_out_of_range_fails() {
        let check = expect("/version", Operator::Semver(template("${target.agent_version}")));
        let ask = |body: Value| check.judge(&body, Some(">=1.0, <2")).holds;
        assert_eq!(ask(json!({"version": "1.0.0"})), Some(true));
        assert_eq!(ask(json!({"version": "v1.4.2"})), Some(true));
        assert_eq!(ask(json!({"version": "2.0.0"})), Some(false));
        assert_eq!(ask(json!({"version": "0.9.9"})), Some(false));
        assert_eq!(ask(json!({"version": "2.0.0-rc.1"})), Some(false));
        for body in [
            json!({"version": "main-4f1c2d"}),
            json!({"version": "1.0"}),
            json!({"version": null}),
            json!({"version": 1}),
            json!({}),
        ] {
            assert_eq!(ask(body.clone()), None, "{body}");
        }
        assert_eq!(check.judge(&json!({"version": "1.0.0"}), Some("about one")).holds, None);
    }

    #[test]
    fn an_operand_that_is_not_configured_is_open_with_the_line_to_add() {
        let check = expect("/name", equals("${target.account_name}"));
        assert_eq!(check.judge(&json!({"name": "HotDash"}), None).holds, None);
        let claim = check.unconfigured(&Target::default()).expect("it is not configured");
        assert_eq!(claim.holds, None);
        assert!(
            claim.found.contains("add `account_name = \"HotDash\"` under [targets.production]"),
            "{}",
            claim.found
        );
        assert!(expect("/v", equals("${target.agent_version}")).unconfigured(&Target::default()).is_none());
    }

    #[test]
    fn lint_finds_expectations_that_cannot_judge() {
        assert_eq!(expect("status", equals("ok")).lint().len(), 1);
        assert_eq!(expect("/s", Operator::OneOf(Vec::new())).lint().len(), 1);
        assert_eq!(expect("/s", Operator::Contains(template(""))).lint().len(), 1);
        assert_eq!(expect("/s", Operator::Max(f64::NAN)).lint().len(), 1);
        assert_eq!(expect("/s", Operator::Semver(template("newest"))).lint().len(), 1);
        assert!(expect("/s", Operator::Semver(template("${target.agent_version}"))).lint().is_empty());
        assert!(expect("/s", equals("ok")).lint().is_empty());
    }

    #[test]
    fn an_excerpt_is_one_harmless_line() {
        assert_eq!(excerpt("a\nb\tc", 10), "a b c");
        assert_eq!(excerpt("\u{1b}[2Jgone", 20), "\\u{1b}[2Jgone");
        assert_eq!(excerpt("x\u{202e}y\u{0}", 20), "x\\u{202e}y\\u{0}");
        assert_eq!(excerpt("äöü", 2), "äö ...");
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(short("äöü", 3), "äöü");
        assert_eq!(short("äöü", 2), "a text of 3 characters");
    }
}
