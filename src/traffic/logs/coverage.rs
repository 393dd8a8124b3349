//! Whether batches of log lines leave a gap in a window. A batch that is not full has every line of the last 24 hours. A
//! full one has every line back to its oldest, and continues the batch before it if the two share a line.

use std::collections::{HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{MAX_BATCH_LINES, REACH};
use crate::service::fly::LogLine;

/// Lines this close to the limit of [`REACH`] may be missing from the next batch.
const EDGE: SignedDuration = SignedDuration::from_mins(5);

/// How many runs are kept. Only those whose last batch was read after the window's end matter, and there are at most
/// two batches per second.
const MAX_RUNS: usize = 1000;

/// What the complete batches cover, in the order of reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    runs: VecDeque<Run>,
    /// The lines of the last batch that have a time.
    last: HashSet<(Timestamp, u64)>,
}

/// What consecutive batches without a gap cover: every line after `since` that existed when the last of them was read.
#[derive(Clone, Copy, Debug)]
struct Run {
    read_at: Timestamp,
    since: Timestamp,
    /// The newest time in the last batch.
    newest: Option<Timestamp>,
    /// How far back the first batch reaches.
    start: Timestamp,
    /// Whether the first batch was full, which is why it does not reach further back.
    full: bool,
    /// The newest time in the batch before the first one.
    before: Option<Timestamp>,
}

impl Coverage {
    /// Adds a batch that was printed completely.
    ///
    /// # Errors
    /// Why the batch is rejected: one that is not full must have the lines of the batch before it. Otherwise it was
    /// truncated, or has lost lines.
    pub(super) fn add(&mut self, read_at: Timestamp, lines: &[LogLine]) -> Result<(), String> {
        let stamps: Vec<Timestamp> = lines.iter().filter_map(|line| line.at).collect();
        let keys: HashSet<(Timestamp, u64)> =
            lines.iter().filter_map(|line| Some((line.at?, line.digest()))).collect();
        let edge = earlier(read_at, REACH);
        let full = lines.len() >= MAX_BATCH_LINES;
        let still_there = edge.checked_add(EDGE).unwrap_or(edge);
        let lost = self.last.iter().filter(|key| key.0 > still_there && !keys.contains(key)).count();
        if !full && lost > 0 {
            return Err(format!(
                "a reading of {} lines is missing {lost} lines of the one before",
                lines.len()
            ));
        }
        let since = if full { oldest(&stamps).unwrap_or(read_at) } else { edge };
        let shared = !self.last.is_disjoint(&keys);
        let before = self.runs.back().and_then(|run| run.newest);
        let reached = before.is_some_and(|newest| since <= newest);
        let newest = stamps.iter().copied().max();
        match self.runs.back_mut() {
            Some(run) if shared || (!full && reached) => {
                run.read_at = read_at;
                run.since = run.since.min(since);
                run.newest = newest;
            }
            _ => {
                if self.runs.len() == MAX_RUNS {
                    self.runs.pop_front();
                }
                self.runs.push_back(Run { read_at, since, newest, start: since, full, before });
            }
        }
        self.last = keys;
        Ok(())
    }

    /// Whether every line with a time in `(from, to]` was read; if not, where the gap is.
    pub(super) fn check(&self, from: Timestamp, to: Timestamp) -> Result<(), String> {
        let Some(last) = self.runs.back() else {
            return Err("the log was never read completely".to_owned());
        };
        let mut runs = self.runs.iter().filter(|run| run.read_at >= to).peekable();
        let Some(first) = runs.peek().copied() else {
            return Err(format!(
                "the log was last read at {}, before the window's end at {}",
                clock(last.read_at),
                clock(to)
            ));
        };
        if runs.any(|run| run.since <= from) { Ok(()) } else { Err(first.gap(from, to)) }
    }
}

impl Run {
    /// Describes the gap before this run.
    fn gap(&self, from: Timestamp, to: Timestamp) -> String {
        let gap = (self.before.map_or(from, |newest| newest.clamp(from, to)), self.start.min(to));
        let why = match (self.full, self.before) {
            (false, _) => "fly keeps log lines for only 24 hours",
            (true, None) => "fly returned only its newest lines",
            (true, Some(_)) => "the log grew faster than it was read",
        };
        format!("the log between {} and {} is unknown: {why}", clock(gap.0), clock(gap.1))
    }
}

/// The time at the older end of a batch. Lines are in order except for stragglers, so a single older line does not mean
/// that everything since then was read.
fn oldest(stamps: &[Timestamp]) -> Option<Timestamp> {
    let up = stamps.windows(2).filter(|pair| pair[0] <= pair[1]).count();
    let (first, last) = (stamps.first()?, stamps.last()?);
    Some(if 2 * up + 1 >= stamps.len() { *first } else { *last })
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// To the millisecond, because a gap may be short.
fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_for_unconnected_batches_is_bounded() {
        let at = |seconds: i64| Timestamp::from_second(1_770_000_000 + seconds).expect("a time");
        let mut cover = Coverage::default();
        for reading_no in 1..=MAX_RUNS as i64 + 50 {
            let lines = (reading_no * 1000..reading_no * 1000 + 100)
                .map(|n| LogLine::new(Some(at(n)), "info", "line", "m"));
            cover.add(at(reading_no * 1000 + 99), &lines.collect::<Vec<_>>()).expect("it is full");
        }
        assert!(cover.runs.len() <= MAX_RUNS, "{}", cover.runs.len());
        let last = (MAX_RUNS as i64 + 50) * 1000;
        assert_eq!(cover.check(at(last), at(last + 99)), Ok(()));
        let why = cover.check(at(0), at(last + 99)).expect_err("gaps");
        assert!(why.ends_with("the log grew faster than it was read"), "{why}");
    }
}
