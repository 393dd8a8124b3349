//! The good database, whichever engine serves it: its name, its roles, what is in it, and how copies of it
//! are made.

/// The database of a new engine, good in every respect that the checks ask about.
pub const DATABASE: &str = "hotdash";
/// What copies are made from: nobody can connect to it, so it is always free to be copied.
const TEMPLATE: &str = "hotdash_template";
/// Owns the tables, like the app that writes them.
pub const OWNER: &str = "hotdash";
/// May read the tables and nothing else: what an operator should use.
pub const READER: &str = "ops_reader";
/// May connect and read no table at all.
pub const OUTSIDER: &str = "ops_outsider";
/// Reads like [`READER`], and row level security does not bind it.
pub const BYPASSING: &str = "ops_bypass";
/// Reads like [`READER`], one connection at a time.
pub const SINGLE: &str = "ops_single";
/// Reads like [`READER`], in sessions whose time zone is Europe/Berlin.
pub const BERLIN: &str = "ops_berlin";

const ROLES: [&str; 6] = [OWNER, READER, OUTSIDER, BYPASSING, SINGLE, BERLIN];

/// The tables and their rows, for whoever runs this to own.
pub(super) const TABLES: &str = include_str!("seed.sql");

/// The template's facts grow older while the engine lives; the newest is two seconds old in a new database, and
/// the app's clock in them goes with it.
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

/// The roles, with these passwords.
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

/// Fills the database for its owner, and lets the readers read.
pub(super) fn seed() -> String {
    format!(
        "set role {OWNER};\n{TABLES}\
         grant select on dashboard_facts, customer_grades, hotdash_ops_sandbox\n\
         \x20   to {READER}, {BYPASSING}, {SINGLE}, {BERLIN};\n\
         reset role;\n"
    )
}

/// Keeps the database as it is now for copies.
pub(super) fn keep_a_template() -> String {
    format!("create database {TEMPLATE} template {DATABASE} allow_connections false")
}

/// Makes a database out of the template.
pub(super) fn copy_template(name: &str) -> String {
    format!("create database \"{name}\" template {TEMPLATE} owner {OWNER}")
}

/// Lets the operator's role make the table that `baseline` writes to, as its documentation asks for.
pub(super) const KEEPS_BASELINES: &str = "grant create on schema public to ops_reader";
