//! The good database, the same for both engines: its name, its roles, its contents, and how it is copied.

/// The database of a new engine, good in every respect that the checks examine.
pub const DATABASE: &str = "hotdash";
/// The template of the copies: it accepts no connections, so it can always be copied.
const TEMPLATE: &str = "hotdash_template";
/// Owns the tables, as the app does.
pub const OWNER: &str = "hotdash";
/// Has read access to the tables and nothing else: the role that an operator should use.
pub const READER: &str = "ops_reader";
/// Can connect, but cannot read any table.
pub const OUTSIDER: &str = "ops_outsider";
/// Like [`READER`], but bypasses row level security.
pub const BYPASSING: &str = "ops_bypass";
/// Like [`READER`], with a limit of one connection.
pub const SINGLE: &str = "ops_single";
/// Like [`READER`], with the session time zone Europe/Berlin.
pub const BERLIN: &str = "ops_berlin";

const ROLES: [&str; 6] = [OWNER, READER, OUTSIDER, BYPASSING, SINGLE, BERLIN];

/// The tables and their rows, owned by the role that runs this.
pub(super) const TABLES: &str = include_str!("seed.sql");

/// The template's facts get older while the engine runs; this makes the newest two seconds old again, and shifts the
/// app's own timestamps by the same amount.
pub(super) const YOUNG_AGAIN: &str = r#"do $$
declare older interval;
begin
    if to_regclass('dashboard_facts') is not null then
        -- Whole milliseconds, which is what the app writes: the distance between the two clocks stays what it was.
        select date_trunc('milliseconds', now() - interval '2 seconds' - max(recorded_at)) into older
            from dashboard_facts;
        update dashboard_facts set recorded_at = recorded_at + older,
            metadata = case when metadata ? 'timestamp' then jsonb_set(metadata, '{timestamp}', to_jsonb(to_char(
                ((metadata->>'timestamp')::timestamptz + older) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
                else metadata end;
    end if;
end $$;"#;

/// The SQL that creates the roles, with these passwords.
pub(super) fn roles(password: impl Fn(&str) -> String) -> String {
    let mut sql = String::new();
    for role in ROLES {
        sql.push_str(&format!("create role {role} login password '{}';\n", password(role)));
    }
    sql.push_str(&format!("alter role {BYPASSING} bypassrls;\n"));
    sql.push_str(&format!("alter role {SINGLE} connection limit 1;\n"));
    sql.push_str(&format!("alter role {BERLIN} set timezone to 'Europe/Berlin';\n"));
    sql
}

/// Fills the database as its owner, and grants read access to the readers.
pub(super) fn seed() -> String {
    format!(
        "set role {OWNER};\n{TABLES}\
         grant select on dashboard_facts, customer_grades, hotdash_ops_sandbox\n\
         \x20   to {READER}, {BYPASSING}, {SINGLE}, {BERLIN};\n\
         reset role;\n"
    )
}

/// Keeps the current database as the template of copies.
pub(super) fn keep_a_template() -> String {
    format!("create database {TEMPLATE} template {DATABASE} allow_connections false")
}

/// Creates a database from the template.
pub(super) fn copy_template(name: &str) -> String {
    format!("create database \"{name}\" template {TEMPLATE} owner {OWNER}")
}

/// Grants the operator's role the right to create the table for `baseline`, as documented there.
pub(super) const KEEPS_BASELINES: &str = "grant create on schema public to ops_reader";
