//! The class of a log line: error, warning or plain.

use crate::service::fly::LogLine;
use crate::settings::Traffic;

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
}
