//! Parses the output of `fly logs --json --no-tail`: pretty-printed objects one after another, neither a list nor one
//! per line. Every readable line is kept, because it may be an error; missing lines are reported, because lines that
//! were not seen prove nothing.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use serde_json::Value;

use super::FlyError;
use super::trouble::{ended, size};
use crate::redact::{Redactor, Secret};
use crate::service::body::Once;
use crate::service::command::{Ran, Status as Ended};
use crate::service::unreachable::short;

/// What the output should contain.
const WANTED: &str = "log lines";
/// The maximum output: a hundred lines of 40 KB.
pub(super) const ROOM: usize = 4 * 1024 * 1024;

/// One line of an app's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Fly's timestamp; `None` when it is missing or unreadable.
    pub at: Option<Timestamp>,
    /// `info`, `error`, .. as printed; empty when missing.
    pub level: String,
    /// The message. It may contain text from customers; known secrets are already masked.
    pub message: Secret,
    /// The machine that wrote it; empty when missing.
    pub instance: String,
    /// Hash of the whole line as printed, so that it is recognised in the next batch whatever was masked in it.
    digest: u64,
}

impl LogLine {
    /// Creates a line and computes its digest from these parts.
    pub fn new(at: Option<Timestamp>, level: &str, message: &str, instance: &str) -> LogLine {
        let mut hasher = DefaultHasher::new();
        (at, level, message, instance).hash(&mut hasher);
        LogLine {
            at,
            level: level.to_owned(),
            message: Secret::new(message),
            instance: instance.to_owned(),
            digest: hasher.finish(),
        }
    }

    /// Identifies this line; the same in every batch that contains it.
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

/// The lines of one call, in the order printed; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBatch {
    pub lines: Vec<LogLine>,
    /// Why some lines may be missing, as a lower-case fragment. Such a batch can show an error, but proves nothing about
    /// lines it does not contain.
    pub partial: Option<String>,
}

/// Parses the result of a finished program.
pub(super) fn read(ran: &Ran, app: &str, redactor: &Redactor) -> Result<LogBatch, FlyError> {
    let (lines, broken) = stream(&ran.stdout.head, redactor);
    let end = ended(ran, app, redactor);
    if lines.is_empty() {
        end.map_err(|trouble| match trouble {
            FlyError::TimedOut(after) if ran.stdout.head.trim_ascii().is_empty() => FlyError::NoLines(after),
            other => other,
        })?;
        return Err(FlyError::unreadable(WANTED, broken.as_deref().unwrap_or("an empty body")));
    }
    let partial = match end {
        _ if ran.stdout.truncated => {
            Some(format!("fly printed more than {} and the rest was not read", size(ran.stdout.head.len())))
        }
        Err(_) if ran.status == Ended::TimedOut => {
            Some(format!("fly was still running after {} and may have had more to print", short(ran.took)))
        }
        Err(trouble) => Some(format!("fly ended early: {trouble}")),
        Ok(()) => broken.map(|why| format!("the output of fly is only partly readable: {why}")),
    };
    Ok(LogBatch { lines, partial })
}

/// Every line up to the first unreadable place, and what is wrong there.
fn stream(stdout: &[u8], redactor: &Redactor) -> (Vec<LogLine>, Option<String>) {
    let (mut lines, mut wrong) = (Vec::new(), None);
    for entry in serde_json::Deserializer::from_slice(stdout).into_iter::<Once>() {
        let entry = match entry {
            Ok(Once(entry)) => entry,
            Err(error) if error.is_eof() => return (lines, Some("the last object is truncated".to_owned())),
            Err(error) if error.is_data() => {
                return (lines, Some("an object with a duplicate key".to_owned()));
            }
            Err(_) => return (lines, Some("text that is not JSON".to_owned())),
        };
        match line(&entry, redactor) {
            Ok(line) => lines.push(line),
            Err(why) => {
                wrong.get_or_insert(why);
            }
        }
    }
    (lines, wrong.map(str::to_owned))
}

fn line(entry: &Value, redactor: &Redactor) -> Result<LogLine, &'static str> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let message = text("message").ok_or("an entry without a message")?;
    // A line without a level may be an error.
    let level = text("level").ok_or("an entry without a level")?;
    let at = text("timestamp").and_then(|t| t.trim().parse().ok());
    let line = LogLine::new(at, level, message, text("instance").unwrap_or_default());
    Ok(LogLine { message: Secret::new(redactor.apply(message)), ..line })
}
