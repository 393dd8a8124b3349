//! Texts that contain `${NAME}`: what a probe sends and compares, and the fix of a check. A name is an environment
//! variable (`${CHATWOOT_BASE_URL}`) or a key of the target (`${target.agent_version}`). There are no defaults and no
//! expressions.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The keys that `${target.KEY}` may name. `names.` are the tables and columns of the target's database.
pub const TARGET_KEYS: &[&str] = &[
    "name",
    "fly_app",
    "fly_agent_app",
    "fly_chatwoot_app",
    "chatwoot_host",
    "agent_host",
    "account_id",
    "account_name",
    "database",
    "webhook_url",
    "agent_version",
    "names.facts",
    "names.fact_type",
    "names.value",
    "names.recorded_at",
    "names.metadata",
    "names.grades",
    "names.grades_created_at",
];

/// A parsed template. Parsing rejects a `${` that is not closed, and a name that is neither a variable nor a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// The name of an environment variable.
    Variable(String),
    /// A key of the target's configuration, without `target.`.
    Target(String),
}

impl Template {
    /// Parses `text`; the error is a lower-case fragment.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if at > 0 {
                parts.push(Part::Text(rest[..at].to_owned()));
            }
            let inner = &rest[at + 2..];
            let end = inner.find('}').ok_or_else(|| format!("`${{` is not closed in `{text}`"))?;
            parts.push(part(&inner[..end])?);
            rest = &inner[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Template { text: text.to_owned(), parts })
    }

    /// The template's parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The names of the environment variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| match p {
            Part::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

fn part(name: &str) -> Result<Part, String> {
    if let Some(key) = name.strip_prefix("target.") {
        if TARGET_KEYS.contains(&key) {
            return Ok(Part::Target(key.to_owned()));
        }
        let hint = match crate::input::selection::nearest(key, TARGET_KEYS.iter().copied()) {
            Some(near) => format!("did you mean `${{target.{near}}}`?"),
            None => format!("the keys are {}", TARGET_KEYS.join(", ")),
        };
        return Err(format!("`${{{name}}}` is not a key of the target; {hint}"));
    }
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if !name.is_empty() && name.chars().all(plain) {
        Ok(Part::Variable(name.to_owned()))
    } else {
        Err(format!(
            "`${{{name}}}` is neither a variable (`${{CHATWOOT_BASE_URL}}`) nor a key of the target (`${{target.agent_version}}`)"
        ))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        Template::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "Text that may contain `${VARIABLE}` or `${target.key}`." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_rejected_with_the_nearest_key() {
        let why = |text: &str| Template::parse(text).expect_err(text);
        assert!(why("fly logs -a ${target.fly_ap}").ends_with("did you mean `${target.fly_app}`?"));
        assert!(why("${target.}").starts_with("`${target.}` is not a key of the target"));
        assert!(why("${target.fly_app").contains("is not closed"));
        for text in ["${}", "${fly_app}", "${DATABASE_URL:-none}", "${target}", "${A B}"] {
            assert!(why(text).contains("is neither a variable"), "{text}");
        }
    }
}
