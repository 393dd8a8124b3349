//! One log line: its class (error, warning or plain), and a short quote of an error line: enough to know what broke,
//! identical for lines that differ only in numbers, and without anything that a customer may have written.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::service::fly::LogLine;
use crate::settings::Traffic;
use crate::text::visible;

/// Levels that make a line an error line.
const LEVELS: &[&str] = &["error", "fatal", "panic", "critical"];

/// Texts that classify lines; a setting. They match anywhere in a message, ignoring case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTexts {
    /// A line that contains one of these is an error line, whatever its level.
    pub errors: Vec<String>,
    /// A line that contains one of these is a warning.
    pub warnings: Vec<String>,
}

impl From<&Traffic> for LogTexts {
    fn from(settings: &Traffic) -> LogTexts {
        LogTexts { errors: settings.log_errors.clone(), warnings: settings.log_warnings.clone() }
    }
}

/// The class of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Error,
    Warning,
    Plain,
}

impl LogTexts {
    /// Lowercased, and without empty texts, which would match every line.
    pub(super) fn prepared(self) -> LogTexts {
        let lower = |texts: Vec<String>| {
            texts.iter().map(|t| t.trim().to_lowercase()).filter(|t| !t.is_empty()).collect()
        };
        LogTexts { errors: lower(self.errors), warnings: lower(self.warnings) }
    }

    /// The class of a line; the texts must be [prepared](LogTexts::prepared).
    pub(super) fn class(&self, line: &LogLine) -> Class {
        let level = line.level.trim();
        let message = line.message.reveal().to_lowercase();
        let contains = |texts: &[String]| texts.iter().any(|text| message.contains(text));
        if LEVELS.iter().any(|l| level.eq_ignore_ascii_case(l)) || contains(&self.errors) {
            Class::Error
        } else if contains(&self.warnings) {
            Class::Warning
        } else {
            Class::Plain
        }
    }
}

/// Longer quotes are truncated between words.
const MAX_QUOTE_CHARS: usize = 160;
/// Replaces a text in quotation marks.
const QUOTED: &str = "\"..\"";
/// Replaces a JSON object.
const OBJECT: &str = "{..}";

/// Colours, texts in quotation marks (the last one may be truncated), mail addresses, long hexadecimal ids, and numbers.
static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?<colour>\x1b\[[0-9;]*m)",
        r#"|(?<quoted>"(?:[^"\\]|\\.)*(?:"|\\?$)|`[^`]*(?:`|$))"#,
        r"|(?<lead>^|[\s=:(\[,])'[^']*'",
        r"|(?<mail>[^\s@<>()\x22']+@[^\s@<>()\x22']+)",
        r"|\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b",
        r"|\b(?:0x)?[0-9a-fA-F]{12,}\b",
        r"|(?<number>[0-9]+)",
    ))
    .expect("a pattern of ours is valid")
});

/// The quote of a message.
pub(super) fn quote(message: &str) -> String {
    let inner = inner_message(message);
    let text = inner.as_deref().unwrap_or(message);
    let text = match text.find('{') {
        Some(at) => format!("{}{OBJECT}", &text[..at]),
        None => text.to_owned(),
    };
    let bare = PARTS.replace_all(&text, |part: &Captures<'_>| replaced(part, &text));
    let words: Vec<&str> = bare.split_whitespace().collect();
    let line = visible(words.join(" ").as_bytes());
    if line.is_empty() {
        return "(an empty message)".to_owned();
    }
    // Truncated only between words: half a secret would not be masked later.
    match line.char_indices().nth(MAX_QUOTE_CHARS) {
        Some((end, _)) => format!("{} ..", line[..end].rfind(' ').map_or("", |blank| &line[..blank])),
        None => line,
    }
}

/// The message inside a JSON object, as many loggers write them.
fn inner_message(message: &str) -> Option<String> {
    let Ok(Value::Object(object)) = serde_json::from_str(message) else { return None };
    let text = |name: &str| object.get(name).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    ["message", "msg", "error", "err"].iter().find_map(|name| text(name)).map(str::to_owned)
}

fn replaced(part: &Captures<'_>, text: &str) -> String {
    let name = |name: &str| part.name(name).map(|found| found.as_str());
    if name("colour").is_some() {
        String::new()
    } else if name("quoted").is_some() {
        QUOTED.to_owned()
    } else if let Some(lead) = name("lead") {
        format!("{lead}{QUOTED}")
    } else if name("mail").is_some() {
        "#@#".to_owned()
    } else if let Some(number) = part.name("number")
        && is_status(number.as_str())
        && stands_alone(text, number.start(), number.end())
    {
        number.as_str().to_owned()
    } else {
        "#".to_owned()
    }
}

/// An HTTP status is kept, because it distinguishes kinds of failures.
fn is_status(number: &str) -> bool {
    number.len() == 3 && (b'1'..=b'5').contains(&number.as_bytes()[0])
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joined = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let before = text[..start].chars().next_back().is_some_and(joined);
    let mut after = text[end..].chars();
    let next = after.next();
    // A full stop may follow at the end of a sentence.
    let inside = next.is_some_and(|c| c != '.' && joined(c))
        || (next == Some('.') && after.next().is_some_and(joined));
    !before && !inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(level: &str, message: &str) -> Class {
        LogTexts::from(&Traffic::default()).prepared().class(&LogLine::new(None, level, message, ""))
    }

    #[test]
    fn levels_and_texts_classify_a_line() {
        for level in ["error", "ERROR", " fatal", "panic", "Critical"] {
            assert_eq!(class(level, "anything"), Class::Error, "{level}");
        }
        for level in ["info", "warn", "warning", "debug", "", "errors"] {
            assert_eq!(class(level, "an error was mentioned"), Class::Plain, "{level}");
        }
        for message in [
            "[support.webhook] Webhook sent to dead letter queue",
            "Failed to record retry metrics: timeout",
            "x failed to write to dead letter queue",
        ] {
            assert_eq!(class("info", message), Class::Error, "{message}");
        }
        let retried = "[support.webhook] Agent SDK returned non-success";
        assert_eq!(class("info", retried), Class::Warning);
        assert_eq!(class("error", retried), Class::Error);
    }

    #[test]
    fn texts_can_be_configured() {
        let texts = LogTexts {
            errors: vec![" ".to_owned(), "Out of Memory".to_owned()],
            warnings: vec!["slow".to_owned()],
        };
        let texts = texts.prepared();
        let class = |message: &str| texts.class(&LogLine::new(None, "info", message, ""));
        assert_eq!(class("OUT OF MEMORY, slow"), Class::Error);
        assert_eq!(class("a Slow answer"), Class::Warning);
        assert_eq!(class("Webhook sent to dead letter queue"), Class::Plain);
        assert_eq!(class(""), Class::Plain);
    }

    #[test]
    fn what_differs_between_lines_is_removed() {
        for (message, expected) in [
            (
                "[support.webhook] Webhook sent to dead letter queue",
                "[support.webhook] Webhook sent to dead letter queue",
            ),
            ("Agent answered 502 after 145ms, attempt 3", "Agent answered 502 after #ms, attempt #"),
            ("connect ECONNREFUSED 10.0.0.123:5432", "connect ECONNREFUSED #.#.#.#:#"),
            ("status: 503. Giving up", "status: 503. Giving up"),
            ("conversation 123/456", "conversation #/#"),
            ("job 7f9c24e5-9b1d-4c1e-8a55-0f2d3c4b5a69 on e2865013b06789 failed", "job # on # failed"),
            ("\u{1b}[31mError\u{1b}[0m:   two\tblanks", "Error: two blanks"),
            ("", "(an empty message)"),
            ("\u{1b}]0;title", "\u{241b}]#;title"),
        ] {
            assert_eq!(quote(message), expected, "{message}");
        }
    }

    #[test]
    fn customer_text_is_removed() {
        for (message, expected) in [
            ("Failed: {\"content\":\"my card is 4111\"} canary", "Failed: {..}"),
            ("Failed with \"my card canary\" in it", "Failed with \"..\" in it"),
            ("Failed with \"my \\\"card\\\" canary", "Failed with \"..\""),
            ("Failed with \"my card canary\\", "Failed with \"..\""),
            ("Failed with 'my card canary' in it", "Failed with \"..\" in it"),
            ("can't reach `canary", "can't reach \"..\""),
            ("no account for canary@shop.example here", "no account for #@# here"),
            (
                "{\"level\":50,\"msg\":\"Webhook sent to dead letter queue\",\"text\":\"canary\"}",
                "Webhook sent to dead letter queue",
            ),
            ("{\"text\":\"canary\"}", "{..}"),
        ] {
            let quoted = quote(message);
            assert_eq!(quoted, expected, "{message}");
            assert!(!quoted.contains("canary"));
        }
    }

    #[test]
    fn a_long_message_is_truncated_between_words() {
        let long = quote(&"word ".repeat(100));
        assert!(long.chars().count() <= MAX_QUOTE_CHARS + 3 && long.ends_with("word .."), "{long}");
        assert_eq!(quote(&"z".repeat(500)), " ..");
        for lead in 130..170 {
            let quoted = quote(&format!("{} SECRETcanaryzz and more {}", "x".repeat(lead), "y ".repeat(60)));
            assert!(quoted.contains("SECRETcanaryzz") || !quoted.contains("SECRET"), "{quoted}");
        }
        assert!(quote(&"é ".repeat(200)).ends_with("é .."));
    }
}
