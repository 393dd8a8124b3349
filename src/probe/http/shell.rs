//! The same request as a shell command. Variables stay variables, so the command
//! contains no secret and can be pasted anywhere.

use super::{Http, Method};
use crate::input::template::{Part, Template};
use crate::settings::Target;

/// The curl command for a request.
pub fn curl(http: &Http, target: &Target) -> String {
    let mut words = vec!["curl -sS".to_owned()];
    words.push(match http.method {
        Method::Get => "-i".to_owned(),
        Method::Head => "-I".to_owned(),
        Method::Post => "-i -X POST".to_owned(),
    });
    if let Some(json) = &http.json {
        words.push("-H 'Content-Type: application/json'".to_owned());
        words.push(format!("-d {}", single_quoted(&json.to_string())));
    }
    for (name, value) in &http.headers {
        words.push(format!("-H {}", quoted(&format!("{name}: "), value, target)));
    }
    words.push(by_hand(&http.url, target));
    words.join(" ")
}

/// A template as a double-quoted shell word: variables stay, the target's values are filled in.
pub fn by_hand(template: &Template, target: &Target) -> String {
    quoted("", template, target)
}

fn quoted(before: &str, template: &Template, target: &Target) -> String {
    let mut word = escaped(before);
    let mut parts = template.parts().iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Text(text) => word.push_str(&escaped(text)),
            Part::Target(key) => word.push_str(&escaped(&target.shown(key))),
            Part::Variable(name) => {
                let continues = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let joined = matches!(parts.peek(), Some(Part::Text(text)) if text.starts_with(continues))
                    || matches!(parts.peek(), Some(Part::Target(_)));
                word.push_str(&if joined { format!("${{{name}}}") } else { format!("${name}") });
            }
        }
    }
    format!("\"{word}\"")
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
