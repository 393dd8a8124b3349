//! The configuration must not contain secrets: it is shared, copied and committed. A secret in it is an error, and
//! the error does not show it.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::masked::is_secret_key;
use crate::input::source::{Problem, Problems, Source};
use crate::redact::Redactor;
use crate::settings::fingerprint::FINGERPRINTED;

/// Removes every secret from the table and reports a problem without an excerpt for each.
pub(super) fn secrets(source: Source<'_>, table: &mut DeTable<'_>, problems: &mut Problems) {
    walk(source, &mut Vec::new(), table, problems);
}

fn walk(source: Source<'_>, path: &mut Vec<String>, table: &mut DeTable<'_>, problems: &mut Problems) {
    let mut refused = Vec::new();
    for (key, value) in table.iter_mut() {
        let name = key.get_ref().as_ref();
        let complaint = match value.get_ref() {
            DeValue::Table(_) => None,
            found if is_fingerprints(path) => fingerprint(name, found).map(|why| (key.span(), why)),
            // The words of a command are not values of keys, and `secrets` is a plausible name for a scan.
            DeValue::Array(_) if path.last().is_some_and(|last| last == "commands") => None,
            _ if path.is_empty() && name == "fingerprint_key" => None,
            _ if is_secret_key(name) => {
                Some((key.span(), format!("{} is a secret; {ELSEWHERE}", shown(name))))
            }
            _ => None,
        };
        let complaint = complaint.or_else(|| {
            let span = match value.get_ref() {
                DeValue::Table(_) => None,
                found => secret_inside(found, value.span()),
            }?;
            Some((span, format!("the value of {} is or contains a secret; {ELSEWHERE}", shown(name))))
        });
        if let Some((span, why)) = complaint {
            problems.push(Problem { excerpt: String::new(), ..source.problem(Some(span), &why) });
            refused.push(key.clone());
        } else if let DeValue::Table(inner) = value.get_mut() {
            path.push(name.to_owned());
            walk(source, path, inner, problems);
            path.pop();
        }
    }
    for key in refused {
        table.remove(&key);
    }
}

const ELSEWHERE: &str = "move it to the environment or to an --env-file (its value is not shown)";

fn is_fingerprints(path: &[String]) -> bool {
    matches!(path, [targets, _, prints] if targets == "targets" && prints == "fingerprints")
}

fn fingerprint(name: &str, found: &DeValue<'_>) -> Option<String> {
    if !FINGERPRINTED.contains(&name) {
        let known = FINGERPRINTED.join(", ");
        return Some(format!("{} cannot have a fingerprint; only {known} can", shown(name)));
    }
    let fits = found.as_str().is_some_and(|print| {
        print.len() == 32 && print.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    });
    (!fits).then(|| {
        format!("{name} is not a fingerprint (32 hex digits; not shown); create it with `hotdash-ops env fingerprint`")
    })
}

/// A key that is clearly a name; anything else may be a secret that was pasted in the wrong place.
fn shown(key: &str) -> String {
    let plain = key.len() <= 40 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if plain && !is_secret(key) { format!("`{key}`") } else { "this key".to_owned() }
}

fn secret_inside(value: &DeValue<'_>, span: Range<usize>) -> Option<Range<usize>> {
    match value {
        DeValue::String(text) => is_secret(text).then_some(span),
        DeValue::Array(items) => items.iter().find_map(|item| secret_inside(item.get_ref(), item.span())),
        DeValue::Table(table) => {
            table.iter().find_map(|(_, inner)| secret_inside(inner.get_ref(), inner.span()))
        }
        _ => None,
    }
}

/// Whether a value looks like a secret that redaction would mask in any text.
fn is_secret(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["flyv1 ", "fm2_", "fm1r_", "fm1a_", "fo1_"].iter().any(|start| lower.contains(start))
        || Redactor::default().apply(value) != value
        || value.contains("-----BEGIN")
        || is_chatwoot_token(value.trim())
}

/// Chatwoot's tokens have 24 base58 characters; a name does not mix all three kinds of characters.
fn is_chatwoot_token(value: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| value.as_bytes().iter().any(kind);
    value.len() == 24
        && value.bytes().all(|b| b.is_ascii_alphanumeric() && !b"0OIl".contains(&b))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}
