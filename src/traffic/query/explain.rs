//! The statements as a person would run them.

use super::{DEAD_LETTER, ERROR, RETRY, Source};
use crate::settings::Names;

/// What a person would ask of the last minutes to see the same numbers: the checklist's statement, dead letters,
/// and where failures lie. A session elsewhere would read a column without zone by its own clock.
pub fn explain(names: &Names, minutes: f64) -> Vec<String> {
    let source = Source::usual(names);
    let (at, value, table) = (source.at(), source.value(), source.table());
    let window = format!("{at} > now() - interval '{minutes} minutes' AND {at} <= now()");
    let asked = |list: &str, kind: &str, more: &str| {
        format!(
            "SET LOCAL TimeZone = 'UTC'; SELECT {list} FROM {table} WHERE {} AND {window}{more}",
            source.of(kind)
        )
    };
    let letter = format!("{}, {}", source.checklist(), source.parts());
    vec![
        asked(&letter, RETRY, ""),
        asked("COUNT(*) AS dlq_count", DEAD_LETTER, ""),
        asked(
            &format!("{value}->>'finalStatus' AS status, COUNT(*) AS failures"),
            RETRY,
            &format!(" AND ({value}->>'success' = 'true') IS NOT TRUE GROUP BY 1 ORDER BY 2 DESC"),
        ),
        asked(
            &format!("left({value}->>'lastError', {ERROR}) AS error, COUNT(*) AS dead_letters"),
            DEAD_LETTER,
            " GROUP BY 1 ORDER BY 2 DESC",
        ),
    ]
}
