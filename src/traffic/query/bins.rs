//! The window in equal parts, for what changed in it and when.

use jiff::{SignedDuration, Timestamp};

use super::{Engine, Source};
use crate::traffic::window::Window;

/// Equal parts of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::traffic) struct Bins {
    pub(in crate::traffic) count: i64,
    /// The whole window's length in microseconds.
    pub(in crate::traffic) micros: i64,
}

impl Bins {
    /// `None` where there is nothing to divide.
    pub(in crate::traffic) fn of(window: Window, count: usize) -> Option<Bins> {
        let micros = i64::try_from(window.length().as_micros()).ok().filter(|m| *m > 0)?;
        let count = i64::try_from(count).ok().filter(|c| *c > 0 && micros.checked_mul(*c).is_some())?;
        Some(Bins { count, micros })
    }

    /// When a bin begins, which is not in it itself; `None` when that is no time.
    pub(in crate::traffic) fn begin(self, window: Window, at: i64) -> Option<Timestamp> {
        let since = i128::from(self.micros) * i128::from(at) / i128::from(self.count.max(1));
        window.from.checked_add(SignedDuration::from_micros(i64::try_from(since).ok()?)).ok()
    }
}

impl Source {
    /// Which of the equal bins `(from + i*w, from + (i+1)*w]` a fact is in: exact, in whole microseconds.
    pub(super) fn bin(&self, window: Window, bins: Bins) -> String {
        let since = format!("{} - {}", self.at(), self.time(window.from));
        let Bins { count, micros } = bins;
        // Whole numbers are divided in one by `/` and in the other by `//`.
        let over = if self.engine == Engine::Cockroach { "//" } else { "/" };
        format!(
            "((date_part('epoch', {since}) * 1000000)::bigint * {count} + {}) {over} {micros} - 1",
            micros - 1
        )
    }
}
