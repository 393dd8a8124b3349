//! Whether batches of log lines leave a hole in a window. A batch that is not full holds every line of the last 24
//! hours. A full one holds every line back to its oldest, and goes on from the batch before if the two share a line.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{FULL, REACH};
use crate::service::fly::LogLine;

/// Lines this close to the edge of [`REACH`] may be gone from the next batch.
const EDGE: SignedDuration = SignedDuration::from_mins(5);

/// What the complete batches cover, in the order asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover {
    spans: Vec<Span>,
    /// The stamped lines of the last batch.
    last: HashSet<(Timestamp, u64)>,
}

/// What one batch covers: every line stamped after `since` that there was when it was asked.
#[derive(Clone, Copy, Debug)]
struct Span {
    asked_at: Timestamp,
    since: Timestamp,
    /// The newest stamp in it.
    newest: Option<Timestamp>,
    /// Why it does not reach further back.
    full: bool,
    /// It goes on from the span before without a hole.
    joined: bool,
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
        let reached = self.spans.last().and_then(|span| span.newest).is_some_and(|newest| since <= newest);
        let newest = stamps.iter().copied().max();
        self.spans.push(Span { asked_at, since, newest, full, joined: shared || (!full && reached) });
        self.last = keys;
        Ok(())
    }

    /// Whether every line stamped in `(from, to]` was seen; if not, where the hole is.
    pub(super) fn of(&self, from: Timestamp, to: Timestamp) -> Result<(), String> {
        let Some(last) = self.spans.last() else {
            return Err("no complete reading of the log".to_owned());
        };
        let mut first = None;
        for end in (0..self.spans.len()).filter(|at| self.spans[*at].asked_at >= to) {
            match self.back_from(end, from, to) {
                Ok(()) => return Ok(()),
                Err(hole) => first = first.or(Some(hole)),
            }
        }
        Err(first.unwrap_or_else(|| {
            format!(
                "the last reading was at {}, before the window's end at {}",
                clock(last.asked_at),
                clock(to)
            )
        }))
    }

    /// Goes back from one batch to the next as long as they are joined.
    fn back_from(&self, end: usize, from: Timestamp, to: Timestamp) -> Result<(), String> {
        let mut at = end;
        loop {
            let span = &self.spans[at];
            if span.since <= from {
                return Ok(());
            }
            if at == 0 || !span.joined {
                let before = at.checked_sub(1).and_then(|at| self.spans[at].newest);
                let hole = (before.map_or(from, |newest| newest.clamp(from, to)), span.since.min(to));
                let why = match (span.full, before) {
                    (false, _) => "fly gives no lines older than 24 hours",
                    (true, None) => "the first reading was full and does not reach back",
                    (true, Some(_)) => "a full reading shares no line with the one before",
                };
                return Err(format!(
                    "lines between {} and {} were not seen: {why}",
                    clock(hole.0),
                    clock(hole.1)
                ));
            }
            at -= 1;
        }
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
