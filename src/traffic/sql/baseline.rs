//! The additional statements of a baseline.

use super::{DEAD_LETTER, RETRY, Source, Stamp};

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
