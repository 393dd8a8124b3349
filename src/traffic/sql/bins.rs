//! The window in equal parts, to find out when something changed.

use jiff::{SignedDuration, Timestamp};

use super::{RETRY, Source};
use crate::outcome::window::Window;

/// Equal parts of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::traffic) struct Bins {
    pub(in crate::traffic) count: i64,
    /// The whole window's length in microseconds.
    pub(in crate::traffic) micros: i64,
}

impl Bins {
    /// `None` if there is nothing to divide.
    pub(in crate::traffic) fn new(window: Window, count: usize) -> Option<Bins> {
        let micros = i64::try_from(window.length().as_micros()).ok().filter(|m| *m > 0)?;
        let count = i64::try_from(count).ok().filter(|c| *c > 0 && micros.checked_mul(*c).is_some())?;
        Some(Bins { count, micros })
    }

    /// The start of a bin, exclusive; `None` if it is not a valid time.
    pub(in crate::traffic) fn begin(self, window: Window, at: i64) -> Option<Timestamp> {
        let since = i128::from(self.micros) * i128::from(at) / i128::from(self.count.max(1));
        window.from.checked_add(SignedDuration::from_micros(i64::try_from(since).ok()?)).ok()
    }
}

impl Source {
    /// Deliveries and failures of each bin `(start, next start]`, as many short statements in one. With an index this costs
    /// a third of [`Source::bins_in_a_pass`], for which the planner expects one bin per fact and uses one process.
    pub(in crate::traffic) fn bins(&self, window: Window, bins: Bins) -> Option<String> {
        let one_bin = |at| {
            let part = Window { from: bins.begin(window, at)?, to: bins.begin(window, at + 1)? };
            Some(format!("SELECT {at} AS bin, {}", self.one_bin(part)))
        };
        let all: Option<Vec<String>> = (0..bins.count).map(one_bin).collect();
        Some(all?.join("\nUNION ALL "))
    }

    /// The same in one pass over the window, for a table that would otherwise be scanned once per bin.
    pub(in crate::traffic) fn bins_in_a_pass(&self, window: Window, bins: Bins) -> String {
        format!("SELECT {} AS bin, {} GROUP BY 1", self.bin(window, bins), self.one_bin(window))
    }

    fn one_bin(&self, part: Window) -> String {
        format!(
            "COUNT(*) AS n, COALESCE(SUM(CASE WHEN {}->>'success' = 'true' THEN 0 ELSE 1 END), 0) AS bad \
             FROM {} WHERE {} AND {}",
            self.value(),
            self.table(),
            self.is_kind(RETRY),
            self.within(part)
        )
    }

    /// The number `i` of the bin `(from + i*w, from + (i+1)*w]` of a fact: exact, in whole microseconds.
    fn bin(&self, window: Window, bins: Bins) -> String {
        let since = format!("{} - {}", self.at(), self.time(window.from));
        let Bins { count, micros } = bins;
        format!("((date_part('epoch', {since}) * 1000000)::bigint * {count} + {}) / {micros} - 1", micros - 1)
    }
}
