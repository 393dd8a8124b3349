//! Lines that cannot appear in a later batch are kept only as counts, separated by their position in the window as known
//! at that time, so that they can still be judged if the window ends earlier or later than planned.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Seen;
use super::line::Class;
use crate::outcome::window::Window;
use crate::traffic::window::End;

/// Counts of lines.
#[derive(Clone, Debug, Default)]
pub(super) struct LineCounts {
    pub(super) lines: u64,
    pub(super) warned: u64,
    /// Error lines by the index of their quote: how many, and the time of the first.
    pub(super) groups: BTreeMap<usize, (u64, Timestamp)>,
    /// The times of the first and the last line.
    ends: Option<(Timestamp, Timestamp)>,
}

impl LineCounts {
    /// Counts a line.
    pub(super) fn add(&mut self, at: Timestamp, seen: &Seen) {
        self.lines += seen.count;
        if seen.class == Class::Warning {
            self.warned += seen.count;
        }
        if let Some(group) = seen.group {
            self.count(group, seen.count, at);
        }
        self.extend(at, at);
    }

    fn merge(&mut self, other: &LineCounts) {
        self.lines += other.lines;
        self.warned += other.warned;
        for (group, (count, first)) in &other.groups {
            self.count(*group, *count, *first);
        }
        if let Some((first, last)) = other.ends {
            self.extend(first, last);
        }
    }

    fn count(&mut self, group: usize, by: u64, at: Timestamp) {
        let (count, first) = self.groups.entry(group).or_insert((0, at));
        *count += by;
        *first = (*first).min(at);
    }

    fn extend(&mut self, first: Timestamp, last: Timestamp) {
        let (earliest, latest) = self.ends.get_or_insert((first, last));
        *earliest = (*earliest).min(first);
        *latest = (*latest).max(last);
    }

    fn errors(&self) -> u64 {
        self.groups.values().map(|group| group.0).sum()
    }
}

/// The counts of lines before the window, inside it, inside it unless it ends early, and after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Compacted([LineCounts; 4]);

/// The edges of the window as known at some time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edges([Timestamp; 3]);

impl Edges {
    /// The edges as known at `now`. A watch may end early, but not before now unless it has announced so.
    pub(super) fn new(end: End, now: Timestamp) -> Edges {
        let Window { from, to } = end.window;
        let to = to.max(from);
        Edges([from, end.tentative_end.unwrap_or(now).clamp(from, to), to])
    }

    fn place(self, at: Timestamp) -> usize {
        self.0.iter().filter(|edge| at > **edge).count()
    }
}

impl Compacted {
    /// Counts a line.
    pub(super) fn add(&mut self, known: Edges, at: Timestamp, seen: &Seen) {
        self.0[known.place(at)].add(at, seen);
    }

    /// Moves each tally to its position by what is known now. A tally that spans several positions stays where it is.
    pub(super) fn sort(&mut self, known: Edges) {
        for (was, counts) in std::mem::take(&mut self.0).iter().enumerate() {
            let place = counts.ends.map(|(first, last)| (known.place(first), known.place(last)));
            match place {
                Some((first, last)) if first == last => self.0[first].merge(counts),
                _ => self.0[was].merge(counts),
            }
        }
    }

    /// Adds the tallies inside the window to `into`.
    ///
    /// # Errors
    /// When the window cuts through lines that were counted together, because its end was announced differently.
    pub(super) fn within(&self, window: Window, into: &mut LineCounts) -> Result<(), String> {
        let (mut lines, mut errors) = (0, 0);
        for counts in &self.0 {
            let Some((first, last)) = counts.ends else { continue };
            if window.holds(first) && window.holds(last) {
                into.merge(counts);
            } else if first <= window.to && last > window.from {
                lines += counts.lines;
                errors += counts.errors();
            }
        }
        if lines == 0 {
            return Ok(());
        }
        Err(format!(
            "{lines} lines ({errors} errors) were counted for a window with another end, and may lie inside or outside this one"
        ))
    }
}
