//! Texts that contain `${NAME}`. A name is an environment variable (`${CHATWOOT_BASE_URL}`) or a value of the target
//! (`${target.agent_version}`). There are no defaults and no expressions.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A parsed template. Parsing rejects an unclosed or empty `${`.
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
    let plain = |s: &str, extra: char| {
        !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == extra)
    };
    if let Some(key) = name.strip_prefix("target.") {
        return if plain(key, '_') {
            Ok(Part::Target(key.to_owned()))
        } else {
            Err(format!("`${{{name}}}` is not a value of the target"))
        };
    }
    if plain(name, '_') && name.chars().all(|c| !c.is_ascii_lowercase()) {
        Ok(Part::Variable(name.to_owned()))
    } else {
        Err(format!(
            "`${{{name}}}` is neither a variable (`${{CHATWOOT_BASE_URL}}`) nor a value of the target (`${{target.agent_version}}`)"
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
