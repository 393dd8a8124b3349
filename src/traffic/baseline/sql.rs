//! The statements about the table, as text. The table is named without a schema, as in the checklist: the search path
//! decides, and [`super::table`] checks what it finds.

use super::row::Details;
use crate::service::postgres::{quote_ident, quote_literal};
use crate::settings::Names;
use crate::traffic::sql::Source;

/// Held by a recording from before it reads the table until it has committed, so that two at once leave one row.
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

/// What the search path finds under the name, and what this role may do there. Every schema is searched, because a table
/// outside the search path must not be duplicated.
pub const PLACE: &str = "SELECT current_schema()::text AS schema, current_user::text AS role, \
 coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::text AS may_create, \
 (to_regclass('support_baseline') IS NOT NULL)::text AS reached, \
 (SELECT string_agg(n.nspname::text, ', ' ORDER BY n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  WHERE c.relname = 'support_baseline' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) AS schemas";

/// The kind of relation, and this role's permissions on it.
pub const KIND: &str = "SELECT c.relkind::text AS kind, n.nspname::text AS schema, \
 has_table_privilege(c.oid, 'INSERT')::text AS may_insert, has_table_privilege(c.oid, 'SELECT')::text AS may_select \
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('support_baseline')";

/// Its columns.
pub const COLUMNS: &str = "SELECT a.attname::text AS name, t.typcategory::text AS category, \
 format_type(a.atttypid, a.atttypmod)::text AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
 WHERE a.attrelid = to_regclass('support_baseline') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// What a recording writes, as the database returned it.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers<'a> {
    /// Rounded to two decimals by the database.
    pub success_rate: &'a str,
    /// Not yet rounded.
    pub average_ms: &'a str,
    pub total: u64,
    pub daily_dead_letters: u64,
    /// For a table that has the column.
    pub details: Option<&'a Details>,
}

const WITHIN: &str =
    "captured_at > now() - interval '1 minute' AND captured_at < now() + interval '1 minute'";

fn columns(detailed: bool) -> String {
    let more = if detailed { ", details" } else { "" };
    format!("captured_at, success_rate, avg_response_ms, requests_per_minute, daily_dlq_count{more}")
}

fn texts(detailed: bool) -> String {
    // Details have a few hundred characters; anything longer was not written by this program.
    let details = if detailed { "left(details::text, 4000)" } else { "NULL::text" };
    format!(
        "captured_at::text AS captured_at, success_rate::text AS success_rate, \
         avg_response_ms::text AS avg_response_ms, requests_per_minute::text AS requests_per_minute, \
         daily_dlq_count::text AS daily_dlq_count, {details} AS details"
    )
}

/// Inserts one row and returns it as stored, unless there is already one of the same minute.
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

/// All rows, newest first.
pub fn all(detailed: bool) -> String {
    format!(
        "SELECT {} FROM support_baseline ORDER BY support_baseline.captured_at DESC NULLS LAST LIMIT 10000",
        texts(detailed)
    )
}

/// What a recording does, as one script for a person: it reads and inserts in one statement, while the program reads and
/// judges first. `schema` is the search path that `DATABASE_URL` sets.
pub fn by_hand(names: &Names, schema: Option<&str>) -> String {
    let path = schema.map(|s| format!("SET LOCAL search_path = {};\n", quote_ident(s))).unwrap_or_default();
    let (list, from) = Source::new(names).baseline(true);
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

/// Whether a text from the database is a plain decimal number, and safe to put into a statement.
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
    fn only_plain_numbers_are_written() {
        for good in ["96.67", "100.00", "0", "201.2122434801197093", "-1"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in ["", "NaN", "Infinity", "1e5", "1.", ".5", "1'; DROP TABLE x; --", "1.2.3", "--1"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn the_checklists_own_table_gets_only_its_columns() {
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
    fn the_script_for_a_person_uses_the_targets_names() {
        let names = Names { facts: "app.Fact".to_owned(), value: "v'".to_owned(), ..Names::default() };
        let sql = by_hand(&names, Some("app"));
        assert!(sql.contains("SET LOCAL search_path = \"app\";"), "{sql}");
        for part in ["BEGIN", "TimeZone = 'UTC'", "CREATE TABLE IF NOT EXISTS", "INSERT INTO", "COMMIT;"] {
            assert!(sql.contains(part), "{part}: {sql}");
        }
        assert!(sql.contains(r#"FROM "app"."Fact""#) && sql.contains(r#""v'"->>'success'"#), "{sql}");
    }
}
