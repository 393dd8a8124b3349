//! What a command with `result = "json"` prints: one JSON document, and nothing
//! else. The types are the schema; what they do not know is refused, because a
//! misspelt key must not turn into a claim that was never made.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::probe::{Claim, Finding};
use crate::redact::Redactor;
use crate::report::text::cut;

/// The version of the document.
pub const SCHEMA: &str = "hotdash-ops.check/1";

/// The most claims, pieces of evidence or warnings of one document.
const MOST: usize = 100;
/// The most characters of one line.
const LINE: usize = 500;
/// The most characters of one piece of evidence.
const EVIDENCE: usize = 4_000;

/// What one check found out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    schema: Version,
    /// What was compared, at least one claim: a check that compares nothing proves nothing.
    #[schemars(length(min = 1, max = 100))]
    claims: Vec<Stated>,
    /// Facts that help the reader and are not judged.
    #[serde(default)]
    #[schemars(length(max = 100))]
    evidence: Vec<Fact>,
    /// What a pass carries with it; `--strict` counts it as a failure.
    #[serde(default)]
    #[schemars(length(max = 100))]
    warnings: Vec<Line>,
    /// What to do when a claim does not hold, in place of the check's own `fix`.
    fix: Option<Line>,
}

/// One comparison.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stated {
    /// The thing compared: `free space`.
    what: Line,
    /// What it should be: `at least 10 %`.
    expected: Line,
    /// What it is: `43 %`.
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

/// The document's version, which must be told.
#[derive(Clone, Copy, Debug)]
struct Version;

/// Whether a claim holds; null where the evidence does not allow a judgement. It must be told.
#[derive(Clone, Copy, Debug)]
struct Holds(Option<bool>);

/// A text in which something stands.
#[derive(Clone, Debug)]
struct Line(String);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            SCHEMA => Ok(Version),
            other => Err(D::Error::custom(format!("schema is `{}`, not `{SCHEMA}`", cut(other, 40)))),
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
        // Not as an `Option`: of one that is missing serde makes a `None`, and nobody would have said so.
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
            "description": "Whether the claim holds; null where the evidence does not allow a judgement."
        })
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.trim().is_empty() {
            true => Err(D::Error::custom("a text is empty")),
            false => Ok(Line(text)),
        }
    }
}

impl JsonSchema for Line {
    fn schema_name() -> Cow<'static, str> {
        "Line".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A text in which something stands.", "pattern": "\\S" })
    }
}

impl CheckResult {
    /// Reads the whole of what a command wrote.
    ///
    /// # Errors
    /// What is wrong with it, as a lower-case fragment. It may quote the document.
    pub fn read(written: &[u8]) -> Result<CheckResult, String> {
        if written.iter().all(u8::is_ascii_whitespace) {
            return Err("it printed nothing".to_owned());
        }
        let mut reader = serde_json::Deserializer::from_slice(written);
        let read = CheckResult::deserialize(&mut reader);
        let read = read.map_err(|error| format!("it did not print a result: {error}"))?;
        reader.end().map_err(|_| "it printed more than one document".to_owned())?;
        match (read.claims.len(), read.evidence.len().max(read.warnings.len())) {
            (0, _) => Err("its result has no claim: it compared nothing".to_owned()),
            (claims, others) if claims.max(others) > MOST => {
                Err(format!("its result has more than {MOST} claims, warnings or pieces of evidence"))
            }
            _ => Ok(read),
        }
    }

    /// The same as the engine's words, masked before it is cut: half a secret would not be recognised.
    pub(super) fn add_to(self, mut finding: Finding, secrets: &Redactor) -> Finding {
        let short = |text: &str, most: usize| cut(secrets.apply(text).trim(), most);
        let line = |Line(text): Line| short(&text, LINE);
        let CheckResult { schema: Version, claims, evidence, warnings, fix } = self;
        for Stated { what, expected, found, holds: Holds(holds) } in claims {
            let open = Claim::open(line(what), line(expected), line(found));
            finding = finding.claim(Claim { holds, ..open });
        }
        for Fact { name, value } in evidence {
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
mod tests {
    use super::*;
    use crate::run::outcome::Verdict;

    const ONE: &str = r#"{ "what": "free space", "expected": "10 %", "found": "43 %", "holds": true }"#;

    fn document(claims: &str, more: &str) -> String {
        format!(r#"{{ "schema": "{SCHEMA}", "claims": [{claims}]{more} }}"#)
    }

    /// Texts that are a result, and texts that are none, with a part of what is said about them.
    fn samples() -> (Vec<String>, Vec<(String, &'static str)>) {
        let holds = |holds: &str| ONE.replace("true", holds);
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let many = vec![ONE; MOST + 1].join(",");
        let good = vec![
            document(ONE, ""),
            document(&holds("false"), r#", "fix": "make room""#),
            document(&holds("null"), r#", "fix": null, "evidence": [], "warnings": []"#),
            document(ONE, r#", "evidence": [{ "name": "disks", "value": "" }], "warnings": ["nearly full"]"#),
        ];
        let bad = vec![
            ("{}".to_owned(), "missing field"),
            (r#"{ "schema": "hotdash-ops.check/1" }"#.to_owned(), "missing field `claims`"),
            (format!(r#"{{ "claims": [{ONE}] }}"#), "missing field `schema`"),
            (document(ONE, "").replace("check/1", "check/2"), "schema is `hotdash-ops.check/2`"),
            (document("", ""), "no claim"),
            (document(&holds("\"true\""), ""), "invalid type"),
            (document(&holds("1"), ""), "invalid type"),
            (document(&ONE.replace(r#", "holds": true"#, ""), ""), "missing field `holds`"),
            (document(&ONE.replace("43 %", " "), ""), "a text is empty"),
            (document(&ONE.replace("\"43 %\"", "43"), ""), "invalid type"),
            (document(&ONE.replace("holds", "hold"), ""), "unknown field"),
            (document(ONE, r#", "verdict": "pass""#), "unknown field `verdict`"),
            (document(ONE, r#", "evidence": { "disks": "2" }"#), "invalid type"),
            (document(ONE, r#", "warnings": [""]"#), "a text is empty"),
            (document(&many, ""), "more than 100"),
            (document(&deep, ""), "did not print a result"),
            (format!("[{}]", document(ONE, "")), "did not print a result"),
            ("null".to_owned(), "did not print a result"),
        ];
        (good, bad)
    }

    #[test]
    fn a_document_is_read_strictly() {
        let (good, bad) = samples();
        for text in good {
            CheckResult::read(text.as_bytes()).unwrap_or_else(|why| panic!("{why}: {text}"));
            CheckResult::read(format!("\n {text}\r\n\n").as_bytes()).expect("blanks around it");
        }
        for (text, said) in bad {
            let why = CheckResult::read(text.as_bytes()).expect_err(&text);
            assert!(why.contains(said), "{said}: {why}");
        }
        for text in [document(&ONE.replace("\"43 %\"", "NaN"), ""), format!("\u{feff}{}", document(ONE, ""))]
        {
            CheckResult::read(text.as_bytes()).expect_err(&text);
        }
        let twice = document(&ONE.replace("true", r#"false, "holds": true"#), "");
        assert!(CheckResult::read(twice.as_bytes()).expect_err("a key twice").contains("duplicate field"));
        let two = format!("{}\n{}", document(ONE, ""), document(ONE, ""));
        assert!(CheckResult::read(two.as_bytes()).expect_err("two").contains("more than one document"));
        assert!(CheckResult::read(b" \n").expect_err("nothing").contains("printed nothing"));
        assert!(CheckResult::read(b"\xff{}").is_err());
    }

    #[test]
    fn the_schema_takes_what_is_read_and_refuses_what_is_not() {
        let schema = serde_json::to_value(schemars::schema_for!(CheckResult)).expect("a schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let (good, bad) = samples();
        let parsed = |text: &str| {
            let mut reader = serde_json::Deserializer::from_str(text);
            serde_json::Value::deserialize(&mut reader)
        };
        for text in good {
            let document = parsed(&text).expect("JSON");
            let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
            assert!(errors.is_empty(), "{text}: {errors:?}");
        }
        for (text, _) in bad {
            // What is too deep is no document for any reader.
            assert!(parsed(&text).map_or(true, |document| !validator.is_valid(&document)), "{text}");
        }
    }

    #[test]
    fn claims_are_the_engines_and_texts_are_masked_and_short() {
        let secret = "hunter2-hunter2-hunter2";
        let long = format!("{}{secret}", "x".repeat(LINE - 8));
        let claims = ONE.replace("43 %", &long);
        let text = document(&claims, &format!(r#", "warnings": ["{secret}"], "fix": "make room""#));
        let read = CheckResult::read(text.as_bytes()).expect("it reads");
        let finding = read.add_to(Finding::about("asked"), &Redactor::new([secret]));
        assert_eq!(Verdict::of(&finding.claims), Verdict::Pass);
        let found = &finding.claims[0].found;
        assert!(!found.contains("hunter2") && found.chars().count() < LINE + 40, "{found}");
        assert_eq!((finding.warnings[0].as_str(), finding.fix.as_deref()), ("***", Some("make room")));
        for (holds, verdict) in [("false", Verdict::Fail), ("null", Verdict::Inconclusive)] {
            let read = CheckResult::read(document(&ONE.replace("true", holds), "").as_bytes()).expect(holds);
            let finding = read.add_to(Finding::default(), &Redactor::default());
            assert_eq!(Verdict::of(&finding.claims), verdict);
        }
    }
}
