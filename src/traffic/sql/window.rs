//! The statements of the final query, all over the whole window and in one snapshot.

use super::{DEAD_LETTER, ERROR, RETRY, STATUS, Source};
use crate::outcome::window::Window;

/// More dead letters' messages than anyone follows up; far fewer already fail the window.
const MESSAGES: u32 = 50_000;

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
             ELSE concat('=' || left({value}->>'finalStatus', {STATUS})) END AS failure, \
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
            "SELECT left({}->>'lastError', {ERROR}) AS error, count(*) AS n FROM {} WHERE {} AND {} \
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
             AND {value}->'payload'->>'event' = 'message_created' AND {value}->'payload'->>'id' ~ '^[0-9]{{1,18}}$' LIMIT {MESSAGES}",
            self.table(),
            self.is_kind(DEAD_LETTER),
            self.within(window)
        )
    }
}
