//! The statements as a person would run them.

use super::{DEAD_LETTER, MAX_ERROR_CHARS, RETRY, Source, Stamp};
use crate::settings::Names;

/// Statements for a person to see the same numbers of the last minutes: the checklist's statement, dead letters, and what
/// the failures are. The time zone is set because a column without zone is compared in the session's zone.
pub fn explain(names: &Names, minutes: f64) -> Vec<String> {
    let source = Source::new(names);
    let (at, value, table) = (source.at(), source.value(), source.table());
    let window = format!("{at} > now() - interval '{minutes} minutes' AND {at} <= now()");
    let select = |list: &str, kind: &str, more: &str| {
        format!(
            "SET LOCAL TimeZone = 'UTC'; SELECT {list} FROM {table} WHERE {} AND {window}{more}",
            source.is_kind(kind)
        )
    };
    let totals = format!("{}, {}", source.checklist(), source.parts());
    vec![
        select(&totals, RETRY, ""),
        select("COUNT(*) AS dlq_count", DEAD_LETTER, ""),
        select(
            &format!("{value}->>'finalStatus' AS status, COUNT(*) AS failures"),
            RETRY,
            &format!(" AND ({value}->>'success' = 'true') IS NOT TRUE GROUP BY 1 ORDER BY 2 DESC"),
        ),
        select(
            &format!("left({value}->>'lastError', {MAX_ERROR_CHARS}) AS error, COUNT(*) AS dead_letters"),
            DEAD_LETTER,
            " GROUP BY 1 ORDER BY 2 DESC",
        ),
    ]
}

impl Source {
    /// When the oldest delivery was recorded.
    pub(in crate::traffic) fn oldest(&self) -> String {
        let at = self.at();
        let oldest = match self.stamp {
            Stamp::Zoned => format!("min({at})"),
            Stamp::Plain => format!("(min({at}) AT TIME ZONE 'UTC')"),
        };
        format!(
            "SELECT {oldest}::text AS oldest FROM {} WHERE {} AND {at} > '-infinity' AND {at} < 'infinity'",
            self.table(),
            self.is_kind(RETRY)
        )
    }

    /// The checklist's own numbers of the last hour, with the parts of `details` if `detailed`: a select list, and the FROM
    /// clause. An hour without a delivery gives no row, so that no NULL becomes a baseline.
    pub(in crate::traffic) fn baseline(&self, detailed: bool) -> (String, String) {
        let (value, at, table) = (self.value(), self.at(), self.table());
        let since = |hours: &str| format!("{at} > now() - interval '{hours}' AND {at} <= now()");
        let ok = format!("SUM(CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END)");
        let dead = |hours| {
            format!("(SELECT COUNT(*) FROM {table} WHERE {} AND {})", self.is_kind(DEAD_LETTER), since(hours))
        };
        let mut list = vec![
            format!("ROUND(100.0 * {ok} / COUNT(*), 2)"),
            format!("ROUND(AVG(({value}->>'durationMs')::numeric), 0)"),
            "ROUND(COUNT(*) / 60.0, 2)".to_owned(),
            dead("24 hours"),
        ];
        if detailed {
            list.push(format!(
                "jsonb_build_object('ok', {ok}, 'total', COUNT(*), 'timed', COUNT({value}->>'durationMs'), \
                 'sum_ms', SUM(({value}->>'durationMs')::numeric)::text, 'dead_letters', {}, \
                 'from', now() - interval '1 hour', 'to', now())",
                dead("1 hour")
            ));
        }
        let from = format!("FROM {table} WHERE {} AND {}", self.is_kind(RETRY), since("1 hour"));
        (list.join(",\n       "), from)
    }
}
