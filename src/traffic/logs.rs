//! The app's log lines over a window. `fly logs` gives the newest hundred lines at a time, so a window is read in
//! many batches that overlap; here they are merged, and it is judged whether an error stands among them and whether
//! all of the window was seen. What was not seen is never clean. A window may last a day, so that only lines that a
//! later batch can hold again are kept one by one. Pure.

mod class;
mod cover;
mod fold;
mod quote;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::opening::End;
use crate::outcome::window::Window;
use crate::service::fly::{LogBatch, LogLine};
use class::Class;
pub use class::LogTexts;
use cover::Cover;
use fold::{Folded, Known, Tally};

/// A batch of so many lines is full: there may have been more. Fly's documentation of its logs: "most recent 100 logs
/// from the last 24 hours", which is what `fly logs --no-tail` prints.
pub const FULL: usize = 100;

/// How far back a batch reaches that is not full (the same source).
pub const REACH: SignedDuration = SignedDuration::from_hours(24);

/// So many lines are kept one by one, unless a single batch has more. A batch is the newest [`FULL`] lines, or a part
/// of them; so a line can be in none that follows when twice as many others were seen since. This is far more, for a
/// server of logs that is behind the others, and for a watch that ends a little before now.
const ROOM: usize = 100 * FULL;

/// So many different error messages are kept; the rest are counted together.
const GROUPS: usize = 50;

/// What stands for the messages that are not kept.
const OTHERS: &str = "(other messages)";

/// Everything read so far. It keeps of a line its time and its class, and of an error line a short quotation; of lines
/// that will not come again their counts only, so that it does not grow with the window.
#[derive(Clone, Debug)]
pub struct LogReading {
    texts: LogTexts,
    /// How many lines are kept one by one.
    room: usize,
    /// How many batches were taken.
    batches: u64,
    seen: HashMap<Key, Seen>,
    folded: Folded,
    /// The quotation of the first error line that had no time.
    unstamped: Option<usize>,
    /// Quotations of error lines, by the index in [`Seen::group`].
    quotes: Vec<String>,
    cover: Cover,
    /// How often a reading gave nothing that could be used, and why the last time.
    missed: Option<(u64, String)>,
}

/// What tells a line from another: its time, and the digest of all of it.
type Key = (Timestamp, u64);

#[derive(Clone, Copy, Debug)]
struct Seen {
    class: Class,
    /// Index of the quotation of an error line.
    group: Option<usize>,
    /// How often it stands in the batch that has it most often.
    count: u64,
    /// The number of the last batch that had it.
    batch: u64,
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
            room: ROOM,
            batches: 0,
            seen: HashMap::new(),
            folded: Folded::default(),
            unstamped: None,
            quotes: Vec::new(),
            cover: Cover::default(),
            missed: None,
        }
    }

    /// Adds a batch. Batches are given in the order in which they were asked; `asked_at` is when the question began,
    /// on the clock of the window, and `end` where that lies as far as it is known. The last one should be asked
    /// some seconds after the window's end, because lines take a moment on their way.
    pub fn take(&mut self, asked_at: Timestamp, end: End, batch: &LogBatch) {
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
        self.fold(asked_at, end, batch.lines.len());
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
        let window = Window { from, to };
        let mut inside = Tally::default();
        for ((at, _), seen) in self.seen.iter().filter(|((at, _), _)| window.holds(*at)) {
            inside.add(*at, seen);
        }
        let told_apart = self.folded.within(window, &mut inside);
        let Tally { lines: lines_inside, warned, groups, .. } = inside;
        let mut errors: Vec<ErrorGroup> = groups
            .into_iter()
            .map(|(group, (count, first))| ErrorGroup { message: self.quotes[group].clone(), count, first })
            .collect();
        errors.sort_by(|a, b| b.count.cmp(&a.count).then(a.first.cmp(&b.first)));
        let covered = self.cover.of(from, to).and(told_apart).and_then(|()| match self.unstamped {
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

    /// Counts lines together that will not come again, when more are kept than there is room for. A line that does
    /// come again would be counted twice, which never makes a window clean that is not.
    fn fold(&mut self, asked_at: Timestamp, end: End, taken: usize) {
        let recent = (self.room / 2).max(2 * taken);
        if self.seen.len() <= self.room.max(recent) {
            return;
        }
        let mut keys: Vec<(u64, Key)> = self.seen.iter().map(|(key, seen)| (seen.batch, *key)).collect();
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let mut old = keys.split_off(recent);
        // The window may yet be laid anew by a clock that differs a little from the one it began by.
        old.sort_by_key(|(_, key)| key.0.duration_since(end.window.from).abs());
        let known = Known::new(end, asked_at);
        self.folded.sort(known);
        for (_, key) in old.iter().skip(self.room / 4) {
            if let Some(seen) = self.seen.remove(key) {
                self.folded.add(known, key.0, &seen);
            }
        }
    }

    fn classify(&mut self, line: &LogLine) -> (Class, Option<usize>) {
        let class = self.texts.class(line);
        (class, (class == Class::Error).then(|| self.group(&quote::quote(line.message.reveal()))))
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
mod folding;
#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
