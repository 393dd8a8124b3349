//! The report as one JSON document, for programs. A JSON Schema describes it, and the
//! document's `schema` changes only when readers would break.

use serde::Serialize;
use serde_json::Value;

use crate::outcome::Outcome;
use crate::outcome::report::Report;

/// The JSON Schema (draft 2020-12) of the document, as text.
pub fn schema() -> &'static str {
    include_str!("report.schema.json")
}

/// Renders the document, indented, with a newline at its end.
pub fn render(report: &Report) -> String {
    let mut document = value(report);
    let sections = document.get_mut("sections").and_then(Value::as_array_mut);
    for (section, of) in sections.into_iter().flatten().zip(&report.sections) {
        section["outcomes"] = of.outcomes.iter().map(outcome).collect();
    }
    format!("{}\n", unambiguous(&format!("{document:#}")))
}

/// An outcome with its label after its verdict.
pub(super) fn outcome(outcome: &Outcome) -> Value {
    let mut record = value(outcome);
    if let Some(fields) = record.as_object_mut() {
        let after = fields.keys().position(|key| key == "verdict").map_or(fields.len(), |at| at + 1);
        fields.shift_insert(after, "label".to_owned(), outcome.label().into());
    }
    record
}

pub(super) fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("reports and events hold no maps with keys that are not strings")
}

/// The same JSON with all control and line-separating characters escaped. JSON allows some of them in strings,
/// but terminals act on them and line readers split at them.
pub(super) fn unambiguous(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out
}
