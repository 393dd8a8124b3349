//! The output of a command with `result = "json"`: one JSON document, and nothing
//! else. The types are the schema. Unknown keys are rejected, because a misspelt key
//! must not silently drop a claim.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::outcome::finding::{Claim, Finding, slug};
use crate::redact::Redactor;
use crate::text::cut;

/// The version of the document.
pub const SCHEMA: &str = "hotdash-ops.check/1";

/// The most claims, pieces of evidence or warnings of one document.
const MAX_ITEMS: usize = 100;
/// The most characters of one line.
const LINE: usize = 500;
/// The most characters of one piece of evidence.
const EVIDENCE: usize = 4_000;
/// The most characters of an error message about a document.
const WRONG: usize = 200;

/// What one check found.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    schema: Version,
    /// What was compared: at least one claim, because a check that compares nothing proves nothing.
    #[schemars(length(min = 1, max = 100))]
    claims: Vec<Object<Stated>>,
    /// Facts that help the reader. They are not judged.
    #[serde(default)]
    #[schemars(length(max = 100))]
    evidence: Vec<Object<Fact>>,
    /// Shown even when the check passes; `--strict` counts them as failures.
    #[serde(default)]
    #[schemars(length(max = 100))]
    warnings: Vec<Line>,
    /// What to do when a claim does not hold, instead of the check's own `fix`.
    fix: Option<Line>,
}

/// One comparison.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stated {
    /// The thing compared: `free space`.
    what: Line,
    /// The expected value: `at least 10 %`.
    expected: Line,
    /// The value found: `43 %`.
    found: Line,
    holds: Holds,
}

/// A named fact.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fact {
    name: Line,
    /// May have several lines.
    value: String,
}

/// The document's version, which is required.
#[derive(Clone, Copy, Debug)]
struct Version;

/// Whether a claim holds; null if the evidence is not enough to decide. Required.
#[derive(Clone, Copy, Debug)]
struct Holds(Option<bool>);

/// A text that is not blank.
#[derive(Clone, Debug)]
struct Line(String);

/// Something that must be written as an object. By default serde also accepts an array of a struct's fields, in
/// which one value could be mistaken for another.
#[derive(Clone, Debug)]
struct Object<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct Keys<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for Keys<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            // Passed on key by key: a `Value` would keep only one of two equal keys.
            fn visit_map<A: MapAccess<'de>>(self, keys: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(keys)).map(Object)
            }
        }

        deserializer.deserialize_map(Keys(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            SCHEMA => Ok(Version),
            // In full: secrets are masked before the text is cut.
            other => Err(D::Error::custom(format!("schema is `{other}`, not `{SCHEMA}`"))),
        }
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": SCHEMA })
    }
}

impl<'de> Deserialize<'de> for Holds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Holds, D::Error> {
        // Not an `Option`: serde would read a missing key as `None`.
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Holds(None)),
            Value::Bool(holds) => Ok(Holds(Some(holds))),
            _ => Err(D::Error::custom("invalid type: `holds` is true, false or null")),
        }
    }
}

impl JsonSchema for Holds {
    fn schema_name() -> Cow<'static, str> {
        "Holds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["boolean", "null"],
            "description": "Whether the claim holds; null if the evidence is not enough to decide."
        })
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.trim().is_empty() { Err(D::Error::custom("a text is empty")) } else { Ok(Line(text)) }
    }
}

impl JsonSchema for Line {
    fn schema_name() -> Cow<'static, str> {
        "Line".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A text that is not blank.", "pattern": "\\S" })
    }
}

impl CheckResult {
    /// Reads everything that a command wrote.
    ///
    /// # Errors
    /// What is wrong with it, as a short lower-case fragment. It may quote the document, with secrets masked.
    pub fn read(written: &[u8], secrets: &Redactor) -> Result<CheckResult, String> {
        if written.iter().all(u8::is_ascii_whitespace) {
            return Err("it printed nothing".to_owned());
        }
        let mut reader = serde_json::Deserializer::from_slice(written);
        let Object(read) = Object::<CheckResult>::deserialize(&mut reader).map_err(|error| {
            // Masked before it is cut: half a secret would not be recognised.
            let why = cut(&secrets.apply(&error.to_string()), WRONG);
            format!("it did not print a result: {why}")
        })?;
        reader.end().map_err(|_| "it printed more than one document".to_owned())?;
        match (read.claims.len(), read.evidence.len().max(read.warnings.len())) {
            (0, _) => Err("its result has no claims, so it compared nothing".to_owned()),
            (claims, others) if claims.max(others) > MAX_ITEMS => {
                Err(format!("its result has more than {MAX_ITEMS} claims, warnings or pieces of evidence"))
            }
            _ => Ok(read),
        }
    }

    /// Adds it to a finding. Texts are masked before they are cut: half a secret would not be recognised.
    pub(super) fn add_to(self, mut finding: Finding, secrets: &Redactor) -> Finding {
        let short = |text: &str, most: usize| cut(secrets.apply(text).trim(), most);
        let line = |Line(text): Line| short(&text, LINE);
        let CheckResult { schema: Version, claims, evidence, warnings, fix } = self;
        for Object(Stated { what, expected, found, holds: Holds(holds) }) in claims {
            let what = line(what);
            let undecided = Claim::undecided(slug(&what), what, line(expected), line(found));
            finding = finding.claim(Claim { holds, ..undecided });
        }
        for Object(Fact { name, value }) in evidence {
            finding = finding.evidence(line(name), short(&value, EVIDENCE));
        }
        for warning in warnings {
            finding = finding.warn(line(warning));
        }
        match fix {
            Some(fix) => finding.fix(line(fix)),
            None => finding,
        }
    }
}

#[cfg(test)]
mod tests;
