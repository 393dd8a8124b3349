//! The catalog queries. Each takes two text parameters, a schema (empty: the search
//! path decides) and a table, and returns text columns only, so that the same
//! statement works through any pooler and can be pasted into psql.

use super::name::{TableName, ident, literal};
use crate::settings::Names;

/// JIT compilation takes about a second for a catalog query that runs in a millisecond.
pub const NO_JIT: &str = "SELECT set_config('jit', 'off', true) AS jit";

/// The relation of that name: no row or one. The name is looked up in the catalog and not cast to `regclass`, which
/// fails with an error when the role may not use the schema.
pub const RELATION: &str =
    "SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       (c.relpersistence = 'u')::text AS unlogged, pg_get_userbyid(c.relowner)::text AS owner,
       has_schema_privilege(n.oid, 'USAGE')::text AS schema_usable,
       has_table_privilege(c.oid, 'SELECT')::text AS selectable,
       c.relrowsecurity::text AS row_security, row_security_active(c.oid)::text AS row_security_binds_me
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $2 AND CASE WHEN $1 = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END";

/// Tables with a similar name: the same name in another schema, in another case or without its plural `s`, and the
/// grades table under the name that a later migration gives it.
pub const ALIKE: &str = "SELECT n.nspname::text AS schema, c.relname::text AS name,
       has_schema_privilege(n.oid, 'USAGE')::text AS schema_usable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND $1 IS NOT NULL
  AND (rtrim(lower(replace(c.relname, '_', '')), 's') = rtrim(lower(replace($2, '_', '')), 's')
       OR ($2 = 'customer_grades' AND lower(replace(c.relname, '_', '')) = 'customerreplygrading'))
ORDER BY 1, 2 LIMIT 5";

/// The columns with their types, and the base types of domains.
pub const COLUMNS: &str = "SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS type,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, NULL) END AS base_type,
       has_column_privilege(c.oid, a.attnum, 'SELECT')::text AS selectable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relname = $2 AND CASE WHEN $1 = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END
ORDER BY a.attnum";

/// The table, its partitions and heirs to any depth, and the indexes of each. `inhdetachpending` is read
/// through JSON because PostgreSQL 13 does not have it. An operator class serves by what its operators are,
/// not by its name. While `REINDEX CONCURRENTLY` waits for old readers its new index is already in use.
/// `pg_get_indexdef` is left out: it waits for a table that a migration has locked.
pub const INDEXES: &str = "WITH RECURSIVE part AS (
  SELECT c.oid, NULL::oid AS parent, false AS detaching
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $2 AND CASE WHEN $1 = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END
  UNION
  SELECT h.inhrelid, p.oid, p.detaching OR coalesce((to_jsonb(h) ->> 'inhdetachpending')::boolean, false)
  FROM part p JOIN pg_inherits h ON h.inhparent = p.oid
)
SELECT p.oid::text AS part_oid, p.parent::text AS parent_oid, n.nspname::text AS schema, c.relname::text AS part,
       c.relkind::text AS kind, p.detaching::text AS detaching,
       i.indexrelid::text AS index_oid, x.relname::text AS index, m.amname::text AS method,
       i.indisvalid::text AS valid, i.indisready::text AS ready, i.indislive::text AS live,
       i.indisunique::text AS is_unique, (i.indpred IS NOT NULL)::text AS partial,
       (SELECT h.inhparent::text FROM pg_inherits h WHERE h.inhrelid = i.indexrelid) AS attached_to,
       (SELECT b.phase FROM pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid
        AND b.phase NOT IN ('waiting for readers before marking dead', 'waiting for readers before dropping')
        LIMIT 1) AS building,
       (SELECT json_agg(json_build_object(
          'column', a.attname,
          'collation', i.indcollation[k.at] = a.attcollation,
          'equal', EXISTS (SELECT FROM pg_amop o JOIN pg_operator f ON f.oid = o.amopopr
            WHERE o.amopfamily = s.opcfamily AND o.amoplefttype = s.opcintype
              AND o.amoprighttype = s.opcintype AND o.amopstrategy = 3 AND f.oprname = '='),
          'later', EXISTS (SELECT FROM pg_amop o JOIN pg_operator f ON f.oid = o.amopopr
            WHERE o.amopfamily = s.opcfamily AND o.amoplefttype = s.opcintype
              AND o.amoprighttype = s.opcintype AND o.amopstrategy = 5 AND f.oprname = '>')
        ) ORDER BY k.at)::text
        FROM generate_series(0, i.indnkeyatts - 1) AS k(at)
        JOIN pg_opclass s ON s.oid = i.indclass[k.at]
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.at]) AS keys,
       (i.indnatts > i.indnkeyatts)::text AS has_include
FROM part p
JOIN pg_class c ON c.oid = p.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam)
       ON i.indrelid = p.oid
ORDER BY p.parent NULLS FIRST, c.relname, x.relname";

/// The policies. `for_me`: the policy names this role, a role whose privileges it has, or everybody.
pub const POLICIES: &str = "SELECT p.polname::text AS policy, p.polpermissive::text AS permissive,
       (p.polcmd IN ('r', '*'))::text AS for_select,
       EXISTS (SELECT FROM unnest(p.polroles) AS r(oid)
               WHERE r.oid = 0 OR pg_has_role(r.oid, 'USAGE'))::text AS for_me,
       pg_get_expr(p.polqual, p.polrelid) AS condition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_policy p ON p.polrelid = c.oid
WHERE c.relname = $2 AND CASE WHEN $1 = '' THEN pg_table_is_visible(c.oid) ELSE n.nspname = $1 END
ORDER BY 1";

/// Reads one row of these columns without sending it: the permission on each is checked, and no customer's words
/// leave the server.
pub fn reading(table: &str, columns: &[String]) -> String {
    let list = if columns.is_empty() { "1".to_owned() } else { super::name::idents(columns) };
    format!("SELECT count(*)::text AS rows FROM (SELECT {list} FROM {table} LIMIT 1) AS one")
}

/// The checklist's success rate over fifteen minutes, with the names of this database.
pub fn monitoring(table: &str, names: &Names) -> String {
    let (value, kind, at) = (ident(&names.value), ident(&names.fact_type), ident(&names.recorded_at));
    format!(
        "SELECT round(100.0 * sum(CASE WHEN {value} ->> 'success' = 'true' THEN 1 ELSE 0 END) / count(*), 2) AS success_rate, \
         count(*) AS total, avg(({value} ->> 'durationMs')::numeric) AS avg_duration_ms \
         FROM {table} WHERE {kind} = 'support.webhook.retry' AND {at} > now() - interval '15 minutes'"
    )
}

/// A catalog query with its parameters filled in, as a person would run it.
pub fn with_values(sql: &str, name: &TableName) -> String {
    let (schema, table) = (literal(name.schema_or_empty()), literal(&name.table));
    sql.split("$1").map(|piece| piece.replace("$2", &table)).collect::<Vec<_>>().join(&schema)
}
