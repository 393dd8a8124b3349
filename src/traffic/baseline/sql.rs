//! The statements about the table, as text. It is named without a schema, as the
//! checklist does: the search path decides, and [`super::table`] looks where it leads.

use super::row::Details;
use crate::service::postgres::{quote_ident, quote_literal};
use crate::settings::Names;
use crate::traffic::query::Source;

/// Held by a capture from before it looks until it has committed, so that two at once leave one row.
pub const LOCK: &str = "SELECT pg_advisory_xact_lock(7526764326012089189) IS NULL AS locked";

/// The checklist's columns, and the counts behind them.
pub const CREATE: &str = "CREATE TABLE IF NOT EXISTS support_baseline (
  captured_at timestamp DEFAULT NOW(),
  success_rate numeric,
  avg_response_ms numeric,
  requests_per_minute numeric,
  daily_dlq_count integer,
  details jsonb
)";

/// Where the name leads, and what this role may do there. Everywhere is asked for, because a table that the
/// search path does not reach must not be doubled.
pub const PLACE: &str = "SELECT current_schema()::text AS schema, current_user::text AS role, \
 coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text AS may_create, \
 (to_regclass('support_baseline') IS NOT NULL)::text AS reached, \
 (SELECT string_agg(n.nspname::text, ', ' ORDER BY n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  WHERE c.relname = 'support_baseline' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) AS schemas";

/// What it is.
pub const KIND: &str = "SELECT c.relkind::text AS kind, n.nspname::text AS schema, \
 has_table_privilege(c.oid, 'INSERT')::text AS may_insert, has_table_privilege(c.oid, 'SELECT')::text AS may_select \
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('support_baseline')";

/// Its columns.
pub const COLUMNS: &str = "SELECT a.attname::text AS name, t.typcategory::text AS category, \
 format_type(a.atttypid, a.atttypmod)::text AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
 WHERE a.attrelid = to_regclass('support_baseline') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// What a capture writes, as the database said it.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers<'a> {
    /// `ROUND(.., 2)` of the database.
    pub success_rate: &'a str,
    /// Not rounded yet.
    pub average_ms: &'a str,
    pub total: u64,
    pub daily_dead_letters: u64,
    /// For a table that keeps them.
    pub details: Option<&'a Details>,
}

const WITHIN: &str =
    "captured_at > now() - interval '1 minute' AND captured_at < now() + interval '1 minute'";

fn columns(detailed: bool) -> String {
    let more = if detailed { ", details" } else { "" };
    format!("captured_at, success_rate, avg_response_ms, requests_per_minute, daily_dlq_count{more}")
}

fn texts(detailed: bool) -> String {
    // A baseline has a few hundred characters of details; what has more is not ours.
    let details = if detailed { "left(details::text, 4000)" } else { "NULL::text" };
    format!(
        "captured_at::text AS captured_at, success_rate::text AS success_rate, \
         avg_response_ms::text AS avg_response_ms, requests_per_minute::text AS requests_per_minute, \
         daily_dlq_count::text AS daily_dlq_count, {details} AS details"
    )
}

/// Writes one row and gives it back as it is stored, unless there is one of the same minute.
pub fn insert(numbers: &Numbers<'_>) -> String {
    let detailed = numbers.details.is_some();
    let details = numbers.details.and_then(|d| serde_json::to_string(d).ok());
    let details = details.map(|json| format!(", {}::jsonb", quote_literal(&json))).unwrap_or_default();
    format!(
        "INSERT INTO support_baseline ({}) SELECT now(), {}::numeric, ROUND({}::numeric, 0), ROUND({} / 60.0, 2), {}{details} \
         WHERE NOT EXISTS (SELECT FROM support_baseline WHERE {WITHIN}) RETURNING {}",
        columns(detailed),
        quote_literal(numbers.success_rate),
        quote_literal(numbers.average_ms),
        numbers.total,
        numbers.daily_dead_letters,
        texts(detailed)
    )
}

/// The row of the same minute.
pub fn of_this_minute(detailed: bool) -> String {
    format!(
        "SELECT {} FROM support_baseline WHERE {WITHIN} ORDER BY support_baseline.captured_at DESC LIMIT 1",
        texts(detailed)
    )
}

/// All rows, the newest first.
pub fn all(detailed: bool) -> String {
    format!(
        "SELECT {} FROM support_baseline ORDER BY support_baseline.captured_at DESC NULLS LAST LIMIT 10000",
        texts(detailed)
    )
}

/// The same as a capture does, for a person and in one piece: where the program inserts what it has read and
/// judged before, this reads and inserts at once. `schema` is where `DATABASE_URL` leads the search path.
pub fn by_hand(names: &Names, schema: Option<&str>) -> String {
    let path = schema.map(|s| format!("SET LOCAL search_path = {};\n", quote_ident(s))).unwrap_or_default();
    let (list, from) = Source::usual(names).baseline(true);
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED;\n\
         SET LOCAL TimeZone = 'UTC';\n\
         SET LOCAL statement_timeout = '60s';\n\
         SET LOCAL lock_timeout = '5s';\n\
         {path}{LOCK};\n\
         {CREATE};\n\
         INSERT INTO support_baseline ({})\n\
         SELECT now(),\n       {list}\n{from}\n\
         HAVING COUNT(*) > 0 AND NOT EXISTS (SELECT FROM support_baseline WHERE {WITHIN})\n\
         RETURNING *;\n\
         COMMIT;\n",
        columns(true)
    )
}

/// Whether a text of the database may stand in a statement again as a number.
pub fn is_plain(number: &str) -> bool {
    let mut parts = number.strip_prefix('-').unwrap_or(number).splitn(2, '.');
    let digits =
        |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    digits(parts.next()) && parts.next().is_none_or(|p| digits(Some(p)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_or_not_written() {
        for good in ["96.67", "100.00", "0", "201.2122434801197093", "-1"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in ["", "NaN", "Infinity", "1e5", "1.", ".5", "1'; DROP TABLE x; --", "1.2.3", "--1"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn a_table_of_the_checklist_gets_its_columns_only() {
        let numbers = Numbers {
            success_rate: "96.67",
            average_ms: "201.5",
            total: 240,
            daily_dead_letters: 3,
            details: None,
        };
        let sql = insert(&numbers);
        assert!(!sql.contains("details)") && sql.contains("ROUND(240 / 60.0, 2)"), "{sql}");
        assert!(sql.contains("'96.67'::numeric, ROUND('201.5'::numeric, 0)"), "{sql}");
    }

    #[test]
    fn what_is_shown_to_be_repeated_names_the_targets_columns() {
        let names = Names { facts: "app.Fact".to_owned(), value: "v'".to_owned(), ..Names::default() };
        let sql = by_hand(&names, Some("app"));
        assert!(sql.contains("SET LOCAL search_path = \"app\";"), "{sql}");
        for part in ["BEGIN", "TimeZone = 'UTC'", "CREATE TABLE IF NOT EXISTS", "INSERT INTO", "COMMIT;"] {
            assert!(sql.contains(part), "{part}: {sql}");
        }
        assert!(sql.contains(r#"FROM "app"."Fact""#) && sql.contains(r#""v'"->>'success'"#), "{sql}");
    }
}
