//! The statements as a person would run them.

use super::{DEAD_LETTER, ERROR, RETRY, Source};
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
            &format!("left({value}->>'lastError', {ERROR}) AS error, COUNT(*) AS dead_letters"),
            DEAD_LETTER,
            " GROUP BY 1 ORDER BY 2 DESC",
        ),
    ]
}
