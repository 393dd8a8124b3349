//! The statements of the final query, all in one snapshot: over the whole window, and over equal parts of it, to find out
//! when something changed.

use jiff::{SignedDuration, Timestamp};

use super::{DEAD_LETTER, MAX_ERROR_CHARS, MAX_STATUS_CHARS, RETRY, Source};
use crate::outcome::window::Window;

/// More dead letters' messages than anyone follows up; far fewer already fail the window.
const MAX_MESSAGE_IDS: u32 = 50_000;

impl Source {
    /// The checklist's select list.
    pub(super) fn checklist(&self) -> String {
        let value = self.value();
        format!(
            "ROUND(100.0 * SUM(CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END) / COUNT(*), 2) AS success_rate, \
             COUNT(*) AS total, AVG(({value}->>'durationMs')::numeric) AS avg_duration_ms"
        )
    }

    /// The parts of the checklist's quotients.
    pub(super) fn parts(&self) -> String {
        let value = self.value();
        format!(
            "SUM(CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END) AS ok, \
             SUM(({value}->>'durationMs')::numeric) AS sum_ms"
        )
    }

    /// The checklist's own statement, with a time range.
    pub(in crate::traffic) fn totals(&self, window: Window) -> String {
        format!(
            "SELECT {}, {} FROM {} WHERE {} AND {}",
            self.checklist(),
            self.parts(),
            self.table(),
            self.is_kind(RETRY),
            self.within(window)
        )
    }

    /// The same for durations that make the checklist's own statement fail: what is not a plain number is counted but not
    /// averaged. A JSON number counts unless it is absurdly long, so that no sum overflows. `OFFSET 0` keeps the planner
    /// from evaluating the pattern again for every use of the duration.
    pub(in crate::traffic) fn guarded(&self, window: Window) -> String {
        let value = self.value();
        format!(
            "SELECT ROUND(100.0 * SUM(good) / COUNT(*), 2) AS success_rate, COUNT(*) AS total, \
             AVG(ms) AS avg_duration_ms, SUM(good) AS ok, SUM(ms) AS sum_ms, COUNT(ms) AS timed, \
             COUNT(d) - COUNT(ms) AS unreadable \
             FROM (SELECT good, d, CASE WHEN (num AND length(d) <= 400) \
                     OR d ~ '^[+-]?([0-9]{{1,15}}([.][0-9]{{0,20}})?|[.][0-9]{{1,20}})$' THEN d::numeric END AS ms \
                   FROM (SELECT CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END AS good, \
                                trim({value}->>'durationMs') AS d, \
                                jsonb_typeof(({value}->'durationMs')::jsonb) = 'number' AS num \
                         FROM {} WHERE {} AND {} OFFSET 0) AS a OFFSET 0) AS b",
            self.table(),
            self.is_kind(RETRY),
            self.within(window)
        )
    }

    /// Dead letters in the window, and facts dated after the database's clock.
    pub(in crate::traffic) fn dead_and_future(&self, window: Window) -> String {
        let (table, at) = (self.table(), self.at());
        format!(
            "SELECT (SELECT COUNT(*) FROM {table} WHERE {} AND {}) AS dlq_count, \
             (SELECT COUNT(*) FROM {table} WHERE {} AND {at} > {}) AS future",
            self.is_kind(DEAD_LETTER),
            self.within(window),
            self.is_either_kind(),
            self.now()
        )
    }

    /// One pass over the deliveries, for percentiles, attempts and failures. `failure` is NULL for a success, else `=503`,
    /// or `=` without a status.
    pub(in crate::traffic) fn pass(&self, window: Window) -> String {
        let value = self.value();
        format!(
            "SELECT CASE WHEN {value}->>'success' = 'true' THEN NULL \
             ELSE concat('=' || left({value}->>'finalStatus', {MAX_STATUS_CHARS})) END AS failure, \
             {} AS ms, {} AS attempts, count(*) AS n FROM {} WHERE {} AND {} GROUP BY 1, 2, 3",
            self.ms(),
            self.attempts(),
            self.table(),
            self.is_kind(RETRY),
            self.within(window)
        )
    }

    /// Dead letters by their error.
    pub(in crate::traffic) fn errors(&self, window: Window) -> String {
        format!(
            "SELECT left({}->>'lastError', {MAX_ERROR_CHARS}) AS error, count(*) AS n FROM {} WHERE {} AND {} \
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1000",
            self.value(),
            self.table(),
            self.is_kind(DEAD_LETTER),
            self.within(window)
        )
    }

    /// The message ids of dead letters, if they are numbers, and nothing else of the payload.
    pub(in crate::traffic) fn messages(&self, window: Window) -> String {
        let value = self.value();
        format!(
            "SELECT DISTINCT {value}->'payload'->>'id' AS id FROM {} WHERE {} AND {} \
             AND {value}->'payload'->>'event' = 'message_created' AND {value}->'payload'->>'id' ~ '^[0-9]{{1,18}}$' LIMIT {MAX_MESSAGE_IDS}",
            self.table(),
            self.is_kind(DEAD_LETTER),
            self.within(window)
        )
    }
}

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
