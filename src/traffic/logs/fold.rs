//! Lines that no later batch can hold are kept as counts. They are counted apart by where they lie in the window as it
//! is known by then, so that they can still be judged when it ends sooner or later than it was meant to.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Seen;
use super::class::Class;
use crate::outcome::window::Window;
use crate::traffic::opening::End;

/// Counts of lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) lines: u64,
    pub(super) warned: u64,
    /// Error lines by the index of their quotation: how many, and the time of the first.
    pub(super) groups: BTreeMap<usize, (u64, Timestamp)>,
    /// The times of the first and the last line.
    ends: Option<(Timestamp, Timestamp)>,
}

impl Tally {
    /// Counts a line.
    pub(super) fn add(&mut self, at: Timestamp, seen: &Seen) {
        self.lines += seen.count;
        if seen.class == Class::Warning {
            self.warned += seen.count;
        }
        if let Some(group) = seen.group {
            self.count(group, seen.count, at);
        }
        self.stretch(at, at);
    }

    fn merge(&mut self, other: &Tally) {
        self.lines += other.lines;
        self.warned += other.warned;
        for (group, (count, first)) in &other.groups {
            self.count(*group, *count, *first);
        }
        if let Some((first, last)) = other.ends {
            self.stretch(first, last);
        }
    }

    fn count(&mut self, group: usize, by: u64, at: Timestamp) {
        let (count, first) = self.groups.entry(group).or_insert((0, at));
        *count += by;
        *first = (*first).min(at);
    }

    fn stretch(&mut self, first: Timestamp, last: Timestamp) {
        let (earliest, latest) = self.ends.get_or_insert((first, last));
        *earliest = (*earliest).min(first);
        *latest = (*latest).max(last);
    }

    fn errors(&self) -> u64 {
        self.groups.values().map(|group| group.0).sum()
    }
}

/// The counts: of lines before the window, inside it, inside it unless it ends before its time, and after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded([Tally; 4]);

/// The window as it is known at some time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known([Timestamp; 3]);

impl Known {
    /// The window by what is known at `now`. A watch may end before its time, but not before now, unless it has said
    /// where.
    pub(super) fn new(end: End, now: Timestamp) -> Known {
        let Window { from, to } = end.window;
        let to = to.max(from);
        Known([from, end.perhaps.unwrap_or(now).clamp(from, to), to])
    }

    fn place(self, at: Timestamp) -> usize {
        self.0.iter().filter(|edge| at > **edge).count()
    }
}

impl Folded {
    /// Counts a line.
    pub(super) fn add(&mut self, known: Known, at: Timestamp, seen: &Seen) {
        self.0[known.place(at)].add(at, seen);
    }

    /// Puts what was counted to where it lies by what is known now. What lies in several places stays together.
    pub(super) fn sort(&mut self, known: Known) {
        for (was, tally) in std::mem::take(&mut self.0).iter().enumerate() {
            let place = tally.ends.map(|(first, last)| (known.place(first), known.place(last)));
            match place {
                Some((first, last)) if first == last => self.0[first].merge(tally),
                _ => self.0[was].merge(tally),
            }
        }
    }

    /// Adds what lies inside the window to `into`.
    ///
    /// # Errors
    /// Why some of it is not added: the window is another one than was known, and cuts through what was counted
    /// together.
    pub(super) fn within(&self, window: Window, into: &mut Tally) -> Result<(), String> {
        let (mut lines, mut errors) = (0, 0);
        for tally in &self.0 {
            let Some((first, last)) = tally.ends else { continue };
            if window.holds(first) && window.holds(last) {
                into.merge(tally);
            } else if first <= window.to && last > window.from {
                lines += tally.lines;
                errors += tally.errors();
            }
        }
        if lines == 0 {
            return Ok(());
        }
        Err(format!(
            "{lines} lines, {errors} of them errors, were counted by other ends of the window, and cannot be told apart"
        ))
    }
}
