//! How a secret may appear elsewhere: the values inside it, and the encodings of each.

use std::ops::Range;

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// One encoding of one value, as searched for.
pub struct Form {
    pub text: Vec<u8>,
    edge: Edge,
}

/// Whether the characters next to a match also contain bits of the secret.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    /// The match is complete.
    Sharp,
    /// Base64 that does not start or end with the secret: one character at either end is shared with the neighbours and
    /// is masked, too.
    Shared { before: bool, after: bool },
}

impl Form {
    /// The match, extended by the characters at its ends that it shares with its neighbours.
    pub fn grow(&self, text: &[u8], found: Range<usize>) -> Range<usize> {
        let Edge::Shared { before, after } = self.edge else { return found };
        let digit = |at: usize| {
            text.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
        };
        let start = found.start - usize::from(before && found.start > 0 && digit(found.start - 1));
        let mut end = found.end + usize::from(after && digit(found.end));
        while text.get(end) == Some(&b'=') {
            end += 1;
        }
        start..end
    }
}

/// The values to search for when this one is secret.
pub fn parts(value: &str) -> Vec<String> {
    let value = value.trim();
    let mut parts = vec![value.to_owned()];
    if let Some(password) = password(value) {
        parts.push(percent_decoded(password));
        parts.push(password.to_owned());
    } else {
        let bare =
            value.split_once(' ').filter(|(scheme, _)| is_scheme(scheme)).map_or(value, |(_, t)| t.trim());
        parts.push(bare.to_owned());
        parts.extend(bare.split(',').filter(|t| t.len() >= 16).map(|t| t.trim().to_owned()));
    }
    // A key with several lines is often shown one line at a time.
    parts.extend(value.lines().filter(|l| l.trim().len() >= 16).map(|l| l.trim().to_owned()));
    parts
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "flyv1", "basic", "token"].iter().any(|s| word.eq_ignore_ascii_case(s))
}

/// The password in a URL with user information, or in a `password=..` list.
fn password(value: &str) -> Option<&str> {
    if let Some((_, rest)) = value.split_once("://") {
        let first_at = rest.find('@')?;
        let end = rest[first_at..].find(['/', '?']).map_or(rest.len(), |i| first_at + i);
        let (info, _) = rest[..end].rsplit_once('@')?;
        return info.split_once(':').map(|(_, password)| password);
    }
    let rest = value.split_once("password")?.1.trim_start().strip_prefix('=')?.trim_start();
    match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split_once('\'').map(|(password, _)| password),
        None => rest.split_whitespace().next(),
    }
}

fn percent_decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        match tail {
            [high, low, after @ ..]
                if *first == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                out.extend(hex::decode([*high, *low]).unwrap_or_default());
                rest = after;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Every encoding of a value to search for.
pub fn of(value: &str) -> Vec<Form> {
    let sharp = |text: String| Form { text: text.into_bytes(), edge: Edge::Sharp };
    let mut forms = vec![
        sharp(value.to_owned()),
        sharp(hex::encode(value)),
        sharp(hex::encode_upper(value)),
        // `view` also decodes percent and JSON escapes; these forms are found even where the text before them makes that
        // decoding start at the wrong place.
        sharp(percent_encoded(value, b"-._~", false)),
        sharp(percent_encoded(value, b"-._~", false).replace("%20", "+")),
        sharp(percent_encoded(value, b"-._~", true)),
        sharp(percent_encoded(value, b"-._~", true).replace("%20", "+")),
        sharp(percent_encoded(value, b"-._~!'()*", false)),
        sharp(value.replace(' ', "+")),
        sharp(json_escaped(value)),
    ];
    for alphabet in [&STANDARD, &URL_SAFE] {
        forms.extend((0..3).map(|offset| base64_inside(value, offset, alphabet)));
    }
    forms
}

fn json_escaped(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent_encoded(value: &str, kept: &[u8], lower: bool) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => out.push(char::from(byte)),
            _ if lower => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The base64 characters that contain only bits of the value when it starts `offset` bytes after a multiple of three:
/// the part of `user:password` or of a JSON document that is the same for every user.
fn base64_inside(value: &str, offset: usize, alphabet: &Alphabet) -> Form {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(value.as_bytes());
    let digits = GeneralPurpose::new(alphabet, NO_PAD).encode(&bytes);
    let first = (offset * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    let edge = Edge::Shared { before: offset > 0, after: last < digits.len() };
    Form { text: digits.as_bytes()[first..last].to_vec(), edge }
}
