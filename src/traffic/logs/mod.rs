//! The app's log lines over a window. `fly logs` prints the newest 100 lines at a time, so a window is read in many
//! overlapping batches. They are merged here, and judged: whether there is an error line, and whether the whole window was
//! read. Missing parts are never called clean. A window may last a day, so only lines that may appear in a later batch are
//! kept one by one. Pure.

mod compact;
mod coverage;
mod line;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::window::End;
use crate::outcome::window::Window;
use crate::service::fly::{LogBatch, LogLine};
use compact::{Compacted, Edges, LineCounts};
use coverage::Coverage;
use line::Class;
pub use line::LogTexts;

/// A batch of this many lines is full: there may have been more. Fly's documentation of its logs: "most recent 100 logs
/// from the last 24 hours", which is what `fly logs --no-tail` prints.
pub const MAX_BATCH_LINES: usize = 100;

/// How far back a batch reaches if it is not full (same source).
pub const REACH: SignedDuration = SignedDuration::from_hours(24);

/// How many lines are kept one by one, unless a single batch has more. A batch is the newest [`MAX_BATCH_LINES`] lines, or
/// a part of them, so a line cannot appear again once twice as many others were read since. This is far more than that, to
/// allow for a log server that lags behind the others, and for a watch that ends a little before now.
const MAX_LINES: usize = 100 * MAX_BATCH_LINES;

/// How many different error messages are kept; the rest are counted together.
const MAX_GROUPS: usize = 50;

/// Stands for the messages that are not kept.
const OTHERS: &str = "(other messages)";

/// Everything read so far: the time and class of each line, and a short quote of each error line. Lines that cannot appear
/// again are only counted, so that memory does not grow with the window.
#[derive(Clone, Debug)]
pub struct LogReading {
    texts: LogTexts,
    /// How many lines are kept one by one.
    room: usize,
    /// How many batches were added.
    batches: u64,
    seen: HashMap<Key, Seen>,
    compacted: Compacted,
    /// The quote of the first error line without a time.
    unstamped: Option<usize>,
    /// Quotes of error lines, by the index in [`Seen::group`].
    quotes: Vec<String>,
    coverage: Coverage,
    /// How many readings were unusable, and why the last one was.
    missed: Option<(u64, String)>,
}

/// What identifies a line: its time and the digest of its content.
type Key = (Timestamp, u64);

#[derive(Clone, Copy, Debug)]
struct Seen {
    class: Class,
    /// Index of the quote of an error line.
    group: Option<usize>,
    /// How often it occurs in the batch that has it most often.
    count: u64,
    /// The number of the last batch that had it.
    batch: u64,
}

/// What the lines show about a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogJudgement {
    /// Error lines inside the window, most frequent first. Each is a failure, whether the window is covered or not.
    pub errors: Vec<ErrorGroup>,
    /// Warning lines inside the window.
    pub warned: u64,
    /// All lines inside the window.
    pub lines_inside: u64,
    /// Whether every line of the window was read; if not, why, with the times of the gap. A lower-case fragment.
    pub covered: Result<(), String>,
}

/// Error lines that differ only in numbers, identifiers and quoted texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup {
    /// The message without these, truncated at about 160 characters. Known secrets are already masked; like everything
    /// else it still has to go through redaction.
    pub message: String,
    pub count: u64,
    /// The time of the first of them.
    pub first: Timestamp,
}

impl LogJudgement {
    /// The number of error lines inside the window.
    pub fn error_lines(&self) -> u64 {
        self.errors.iter().map(|group| group.count).sum()
    }
}

impl LogReading {
    /// An empty reading. `texts` define error and warning lines.
    pub fn new(texts: LogTexts) -> LogReading {
        LogReading {
            texts: texts.prepared(),
            room: MAX_LINES,
            batches: 0,
            seen: HashMap::new(),
            compacted: Compacted::default(),
            unstamped: None,
            quotes: Vec::new(),
            coverage: Coverage::default(),
            missed: None,
        }
    }

    /// Adds a batch, in the order of reading. `asked_at` is when the reading began, by the window's clock, and `end` is
    /// where the window ends as far as known. The last batch should be read some seconds after the window's end, because
    /// lines arrive with a delay.
    pub fn take(&mut self, read_at: Timestamp, end: End, batch: &LogBatch) {
        self.batches += 1;
        let mut keys: HashMap<Key, u64> = HashMap::new();
        for line in &batch.lines {
            let Some(at) = line.at else {
                let (_, group) = self.classify(line);
                self.unstamped = self.unstamped.or(group);
                continue;
            };
            let key = (at, line.digest());
            let count = keys.entry(key).or_default();
            *count += 1;
            if let Some(seen) = self.seen.get_mut(&key) {
                seen.count = seen.count.max(*count);
                seen.batch = self.batches;
            } else {
                let (class, group) = self.classify(line);
                self.seen.insert(key, Seen { class, group, count: 1, batch: self.batches });
            }
        }
        self.compact(read_at, end, batch.lines.len());
        let complete = match &batch.partial {
            Some(why) => Err(why.clone()),
            None => self.coverage.add(read_at, &batch.lines),
        };
        if let Err(why) = complete {
            self.miss(&why);
        }
    }

    /// Records that a reading was unusable, to explain a gap in the window.
    pub fn miss(&mut self, why: &str) {
        let times = self.missed.take().map_or(0, |(times, _)| times);
        self.missed = Some((times + 1, why.to_owned()));
    }

    /// Judges the window `(from, to]`.
    pub fn judge(&self, from: Timestamp, to: Timestamp) -> LogJudgement {
        let window = Window { from, to };
        let mut inside = LineCounts::default();
        for ((at, _), seen) in self.seen.iter().filter(|((at, _), _)| window.holds(*at)) {
            inside.add(*at, seen);
        }
        let compacted = self.compacted.within(window, &mut inside);
        let LineCounts { lines: lines_inside, warned, groups, .. } = inside;
        let mut errors: Vec<ErrorGroup> = groups
            .into_iter()
            .map(|(group, (count, first))| ErrorGroup { message: self.quotes[group].clone(), count, first })
            .collect();
        errors.sort_by(|a, b| b.count.cmp(&a.count).then(a.first.cmp(&b.first)));
        let covered = self.coverage.check(from, to).and(compacted).and_then(|()| match self.unstamped {
            _ if lines_inside == 0 => Err("the log has no line in this window".to_owned()),
            Some(group) => {
                let quote = &self.quotes[group];
                Err(format!("an error line without a readable time may belong to this window: {quote}"))
            }
            None => Ok(()),
        });
        let covered = covered.map_err(|why| match &self.missed {
            Some((1, last)) => format!("{why} (1 reading failed: {last})"),
            Some((times, last)) => format!("{why} ({times} readings failed, the last one: {last})"),
            None => why,
        });
        LogJudgement { errors, warned, lines_inside, covered }
    }

    /// When more lines are kept than the limit, turns those that will not appear again into counts. If a line did appear
    /// again it would be counted twice, which can never make a window clean.
    fn compact(&mut self, read_at: Timestamp, end: End, taken: usize) {
        let recent = (self.room / 2).max(2 * taken);
        if self.seen.len() <= self.room.max(recent) {
            return;
        }
        let mut keys: Vec<(u64, Key)> = self.seen.iter().map(|(key, seen)| (seen.batch, *key)).collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let mut old = keys.split_off(recent);
        // The window may still move a little, to the database's clock.
        old.sort_by_key(|(_, key)| key.0.duration_since(end.window.from).abs());
        let known = Edges::new(end, read_at);
        self.compacted.sort(known);
        for (_, key) in old.iter().skip(self.room / 4) {
            if let Some(seen) = self.seen.remove(key) {
                self.compacted.add(known, key.0, &seen);
            }
        }
    }

    fn classify(&mut self, line: &LogLine) -> (Class, Option<usize>) {
        let class = self.texts.class(line);
        (class, (class == Class::Error).then(|| self.group(&line::quote(line.message.reveal()))))
    }

    fn group(&mut self, quote: &str) -> usize {
        let full = self.quotes.len() >= MAX_GROUPS;
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
mod tests;
