//! The app's log lines over a window. `fly logs` gives the newest hundred lines at a time, so a window is read in
//! many batches that overlap; here they are merged, and it is judged whether an error stands among them and whether
//! all of the window was seen. What was not seen is never clean. Pure.

mod class;
mod cover;
mod quote;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::service::fly::{LogBatch, LogLine};
use class::Class;
pub use class::LogTexts;
use cover::Cover;

/// A batch of so many lines is full: there may have been more. Fly's documentation of its logs: "most recent 100 logs
/// from the last 24 hours", which is what `fly logs --no-tail` prints.
pub const FULL: usize = 100;

/// How far back a batch reaches that is not full (the same source).
pub const REACH: SignedDuration = SignedDuration::from_hours(24);

/// So many different error messages are kept; the rest are counted together.
const GROUPS: usize = 50;

/// What stands for the messages that are not kept.
const OTHERS: &str = "(other messages)";

/// Everything read so far. It keeps of a line its time and its class, and of an error line a short quotation.
#[derive(Clone, Debug)]
pub struct LogReading {
    texts: LogTexts,
    seen: HashMap<Key, Seen>,
    /// Quotations of error lines, by the index in [`Seen::group`].
    quotes: Vec<String>,
    cover: Cover,
    /// How often a reading gave nothing that could be used, and why the last time.
    missed: Option<(u64, String)>,
}

/// What tells a line from another: its time, and the digest of all of it.
type Key = (Option<Timestamp>, u64);

#[derive(Clone, Copy, Debug)]
struct Seen {
    class: Class,
    /// Index of the quotation of an error line.
    group: Option<usize>,
    /// How often it stands in the batch that has it most often.
    count: u64,
}

/// What the lines say about a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogJudgement {
    /// Error lines inside the window, the most frequent first. Any of them fails, covered or not.
    pub errors: Vec<ErrorGroup>,
    /// Lines inside the window that warn.
    pub warned: u64,
    /// All lines inside the window.
    pub lines_inside: u64,
    /// Whether every line of the window was seen; if not, why, with the times of the hole. A lower-case fragment.
    pub covered: Result<(), String>,
}

/// Error lines that differ in numbers, identifiers and quoted texts only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup {
    /// The message without these, cut at about 160 characters. Known secrets are masked already; it is still to go
    /// through redaction like everything else.
    pub message: String,
    pub count: u64,
    /// The time of the first of them.
    pub first: Timestamp,
}

impl LogJudgement {
    /// How many error lines stand inside the window.
    pub fn error_lines(&self) -> u64 {
        self.errors.iter().map(|group| group.count).sum()
    }
}

impl LogReading {
    /// Nothing read yet. `texts` say what an error line and a warning is.
    pub fn new(texts: LogTexts) -> LogReading {
        LogReading {
            texts: texts.prepared(),
            seen: HashMap::new(),
            quotes: Vec::new(),
            cover: Cover::default(),
            missed: None,
        }
    }

    /// Adds a batch. Batches are given in the order in which they were asked; `asked_at` is when the question began,
    /// on the clock of the window. The last one should be asked some seconds after the window's end, because lines
    /// take a moment on their way.
    pub fn take(&mut self, asked_at: Timestamp, batch: &LogBatch) {
        let mut keys: HashMap<Key, u64> = HashMap::new();
        for line in &batch.lines {
            let key = (line.at, line.digest());
            let count = keys.entry(key).or_default();
            *count += 1;
            if let Some(seen) = self.seen.get_mut(&key) {
                seen.count = seen.count.max(*count);
            } else {
                let seen = self.classify(line);
                self.seen.insert(key, seen);
            }
        }
        let believed = match &batch.partial {
            Some(why) => Err(why.clone()),
            None => self.cover.add(asked_at, &batch.lines),
        };
        if let Err(why) = believed {
            self.miss(&why);
        }
    }

    /// Remembers that a reading gave no lines, for the reason of a window that was not covered.
    pub fn miss(&mut self, why: &str) {
        let times = self.missed.take().map_or(0, |(times, _)| times);
        self.missed = Some((times + 1, why.to_owned()));
    }

    /// Judges the window `(from, to]`.
    pub fn judge(&self, from: Timestamp, to: Timestamp) -> LogJudgement {
        let mut groups: BTreeMap<usize, (u64, Timestamp)> = BTreeMap::new();
        let (mut warned, mut lines_inside, mut unstamped) = (0, 0, None);
        for ((at, _), seen) in &self.seen {
            match at {
                Some(at) if *at > from && *at <= to => {
                    lines_inside += seen.count;
                    if seen.class == Class::Warning {
                        warned += seen.count;
                    }
                    if let Some(group) = seen.group {
                        let (count, first) = groups.entry(group).or_insert((0, *at));
                        *count += seen.count;
                        *first = (*first).min(*at);
                    }
                }
                Some(_) => {}
                None => unstamped = unstamped.or(seen.group),
            }
        }
        let mut errors: Vec<ErrorGroup> = groups
            .into_iter()
            .map(|(group, (count, first))| ErrorGroup { message: self.quotes[group].clone(), count, first })
            .collect();
        errors.sort_by(|a, b| b.count.cmp(&a.count).then(a.first.cmp(&b.first)));
        let covered = self.cover.of(from, to).and_then(|()| match unstamped {
            _ if lines_inside == 0 => Err("no line is stamped inside the window".to_owned()),
            Some(group) => {
                let quote = &self.quotes[group];
                Err(format!("an error line without a readable time may belong to the window: {quote}"))
            }
            None => Ok(()),
        });
        let covered = covered.map_err(|why| match &self.missed {
            Some((1, last)) => format!("{why} (one reading failed: {last})"),
            Some((times, last)) => format!("{why} ({times} readings failed, the last one: {last})"),
            None => why,
        });
        LogJudgement { errors, warned, lines_inside, covered }
    }

    fn classify(&mut self, line: &LogLine) -> Seen {
        let class = self.texts.class(line);
        let group = (class == Class::Error).then(|| self.group(&quote::quote(line.message.reveal())));
        Seen { class, group, count: 1 }
    }

    fn group(&mut self, quote: &str) -> usize {
        let full = self.quotes.len() >= GROUPS;
        if let Some(at) = self.quotes.iter().position(|known| known == quote) {
            return at;
        }
        if full && let Some(at) = self.quotes.iter().position(|known| known == OTHERS) {
            return at;
        }
        self.quotes.push(if full { OTHERS.to_owned() } else { quote.to_owned() });
        self.quotes.len() - 1
    }
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
