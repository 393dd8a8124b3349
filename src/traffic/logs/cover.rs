//! Whether batches of log lines leave a hole in a window. A batch that is not full holds every line of the last 24
//! hours. A full one holds every line back to its oldest, and goes on from the batch before if the two share a line.

use std::collections::{HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{FULL, REACH};
use crate::service::fly::LogLine;

/// Lines this close to the edge of [`REACH`] may be gone from the next batch.
const EDGE: SignedDuration = SignedDuration::from_mins(5);

/// So many runs are kept. Only those matter whose last batch was asked after the window's end, and batches come twice a
/// second at most.
const RUNS: usize = 1000;

/// What the complete batches cover, in the order asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover {
    runs: VecDeque<Run>,
    /// The stamped lines of the last batch.
    last: HashSet<(Timestamp, u64)>,
}

/// What batches cover of which each goes on from the one before without a hole: every line stamped after `since` that
/// there was when the last of them was asked.
#[derive(Clone, Copy, Debug)]
struct Run {
    asked_at: Timestamp,
    since: Timestamp,
    /// The newest stamp in the last batch.
    newest: Option<Timestamp>,
    /// How far back its first batch reaches.
    start: Timestamp,
    /// Why that does not reach further back.
    full: bool,
    /// The newest stamp in the batch before it.
    before: Option<Timestamp>,
}

impl Cover {
    /// Adds a batch that was printed to its end.
    ///
    /// # Errors
    /// Why it is not believed, and not added: a batch that is not full has to hold what the batch before held. One
    /// that does not was cut somewhere else than at a hundred, or has lost lines.
    pub(super) fn add(&mut self, asked_at: Timestamp, lines: &[LogLine]) -> Result<(), String> {
        let stamps: Vec<Timestamp> = lines.iter().filter_map(|line| line.at).collect();
        let keys: HashSet<(Timestamp, u64)> =
            lines.iter().filter_map(|line| Some((line.at?, line.digest()))).collect();
        let edge = earlier(asked_at, REACH);
        let full = lines.len() >= FULL;
        let still_there = edge.checked_add(EDGE).unwrap_or(edge);
        let lost = self.last.iter().filter(|key| key.0 > still_there && !keys.contains(key)).count();
        if !full && lost > 0 {
            return Err(format!("a reading of {} lines lacks {lost} of the one before", lines.len()));
        }
        let since = if full { oldest(&stamps).unwrap_or(asked_at) } else { edge };
        let shared = !self.last.is_disjoint(&keys);
        let before = self.runs.back().and_then(|run| run.newest);
        let reached = before.is_some_and(|newest| since <= newest);
        let newest = stamps.iter().copied().max();
        match self.runs.back_mut() {
            Some(run) if shared || (!full && reached) => {
                run.asked_at = asked_at;
                run.since = run.since.min(since);
                run.newest = newest;
            }
            _ => {
                if self.runs.len() == RUNS {
                    self.runs.pop_front();
                }
                self.runs.push_back(Run { asked_at, since, newest, start: since, full, before });
            }
        }
        self.last = keys;
        Ok(())
    }

    /// Whether every line stamped in `(from, to]` was seen; if not, where the hole is.
    pub(super) fn of(&self, from: Timestamp, to: Timestamp) -> Result<(), String> {
        let Some(last) = self.runs.back() else {
            return Err("no complete reading of the log".to_owned());
        };
        let mut runs = self.runs.iter().filter(|run| run.asked_at >= to).peekable();
        let Some(first) = runs.peek().copied() else {
            return Err(format!(
                "the last reading was at {}, before the window's end at {}",
                clock(last.asked_at),
                clock(to)
            ));
        };
        if runs.any(|run| run.since <= from) { Ok(()) } else { Err(first.hole(from, to)) }
    }
}

impl Run {
    /// Says what was not seen before it.
    fn hole(&self, from: Timestamp, to: Timestamp) -> String {
        let hole = (self.before.map_or(from, |newest| newest.clamp(from, to)), self.start.min(to));
        let why = match (self.full, self.before) {
            (false, _) => "fly gives no lines older than 24 hours",
            (true, None) => "the first reading was full and does not reach back",
            (true, Some(_)) => "a full reading shares no line with the one before",
        };
        format!("lines between {} and {} were not seen: {why}", clock(hole.0), clock(hole.1))
    }
}

/// The stamp at the older end of a batch. Lines come in order but for stragglers, so a single line that is older than
/// the rest does not mean that everything since was seen.
fn oldest(stamps: &[Timestamp]) -> Option<Timestamp> {
    let up = stamps.windows(2).filter(|pair| pair[0] <= pair[1]).count();
    let (first, last) = (stamps.first()?, stamps.last()?);
    Some(if 2 * up + 1 >= stamps.len() { *first } else { *last })
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// To the millisecond, because a hole may be short.
fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_batches_without_a_joint_is_bounded() {
        let at = |seconds: i64| Timestamp::from_second(1_770_000_000 + seconds).expect("a time");
        let mut cover = Cover::default();
        for turn in 1..=RUNS as i64 + 50 {
            let lines =
                (turn * 1000..turn * 1000 + 100).map(|n| LogLine::new(Some(at(n)), "info", "line", "m"));
            cover.add(at(turn * 1000 + 99), &lines.collect::<Vec<_>>()).expect("it is full");
        }
        assert!(cover.runs.len() <= RUNS, "{}", cover.runs.len());
        let last = (RUNS as i64 + 50) * 1000;
        assert_eq!(cover.of(at(last), at(last + 99)), Ok(()));
        let why = cover.of(at(0), at(last + 99)).expect_err("holes");
        assert!(why.ends_with("a full reading shares no line with the one before"), "{why}");
    }
}
