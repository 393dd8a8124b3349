//! The PostgreSQL client against real servers.

mod faults;
mod hosts;
mod pooler;
mod tls;

use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, DATABASE, OUTSIDER, OWNER, READER};
use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::postgres::{PgError, Session, connect, quote_ident};
use hotdash_ops::testing::service::tls::Roots;

use super::{TIMEOUT, sendable};
use crate::support::server;

async fn open(dsn: &str) -> Result<Session, PgError> {
    sendable(connect(&Dsn::parse(dsn).unwrap(), &Roots::none(), &MarkerSink::default(), TIMEOUT)).await
}

/// The connection string of a new role that may connect once at a time.
fn single(role: &str) -> String {
    let sql = format!("create role {role} login password 'one at a time' connection limit 1");
    server().psql(DATABASE, &sql).unwrap();
    server().dsn(role, "one at a time", DATABASE)
}

/// The first column of the first row.
async fn one(session: &Session, sql: &str) -> Result<String, PgError> {
    let rows = session.rows(sql, &[]).await?;
    let row = rows.first().expect("a row");
    Ok(row.get(&row.columns()[0]).unwrap_or("NULL").to_owned())
}

#[tokio::test]
async fn a_session_begins_with_what_the_server_reports_about_itself() {
    let server = server();
    let session = open(&format!("{}?schema=pg_catalog", server.login(BERLIN, DATABASE))).await.unwrap();
    let info = session.info();
    assert_eq!((info.database.as_str(), info.role.as_str()), (DATABASE, BERLIN));
    assert_eq!(info.search_path, "pg_catalog", "with the settings of every transaction");
    assert_eq!(info.port, Some(server.port().to_string()));
    assert!(!info.standby && !info.read_only && info.replayed_to.is_none(), "{info:?}");
    let (ahead, doubt) = info.ahead_of(jiff::Timestamp::now());
    assert!(ahead.abs() <= doubt + jiff::SignedDuration::from_millis(20), "{ahead} ± {doubt}");
}

#[tokio::test]
async fn rows_are_text_by_column_and_values_are_bound() {
    let session = open(&server().login(READER, DATABASE)).await.unwrap();
    let sql = "select $1 as said, null::text as nothing, (2 + $2::int)::text as sum, '' as empty";
    let rows = sendable(session.rows(sql, &["it's; drop table x --", "3"])).await.unwrap();
    assert_eq!(rows[0].get("said"), Some("it's; drop table x --"));
    assert_eq!(
        (rows[0].get("nothing"), rows[0].get("empty"), rows[0].get("sum")),
        (None, Some(""), Some("5"))
    );
    assert_eq!(rows[0].get("missing"), None);
    assert_eq!(rows[0].columns(), ["said", "nothing", "sum", "empty"]);
    assert!(session.rows("select 1::text where false", &[]).await.unwrap().is_empty());
    let many = session.rows("select n::text from generate_series(1, 5000) n", &[]).await.unwrap();
    assert_eq!(many[4999].get("n"), Some("5000"));
    session.close().await;
}

#[tokio::test]
async fn nothing_can_be_written_and_a_failure_does_not_end_the_session() {
    let server = server();
    let session = open(&server.login(OWNER, DATABASE)).await.unwrap();
    for sql in
        ["delete from dashboard_facts returning 1::text", "create table x ()", "select nextval('s')::text"]
    {
        let fault = session.rows(sql, &[]).await.unwrap_err();
        assert!(matches!(fault.sqlstate(), Some("25006" | "42P01")), "{sql}: {fault}");
    }
    let nothing = session.rows("select no_such_column::text", &[]).await.unwrap_err();
    assert_eq!(nothing.sqlstate(), Some("42703"));
    assert!(nothing.to_string().contains("no_such_column"), "{nothing}");
    assert_eq!(one(&session, "select 1::text").await.unwrap(), "1");
    assert_eq!(one(&session, "select current_setting('transaction_read_only')").await.unwrap(), "on");
    let denied = open(&server.login(OUTSIDER, DATABASE)).await.unwrap();
    let fault = denied.rows("select 1::text from dashboard_facts", &[]).await.unwrap_err();
    assert_eq!(fault.sqlstate(), Some("42501"));
    let typed = session.rows("select now() as t", &[]).await.unwrap_err();
    assert_eq!(typed, PgError::NotText { column: "t".into() });
    let much =
        session.rows("select repeat('x', 1000) from generate_series(1, 200000)", &[]).await.unwrap_err();
    assert_eq!(much, PgError::TooMuch);
    assert_eq!(one(&session, "select 2::text").await.unwrap(), "2");
}

#[tokio::test]
async fn one_transaction_with_its_settings_serves_all_statements() {
    let session = open(&server().login(BERLIN, DATABASE)).await.unwrap();
    assert_eq!(one(&session, "select current_setting('TimeZone')").await.unwrap(), "UTC");
    assert_eq!(one(&session, "select '2025-01-02'::date::text").await.unwrap(), "2025-01-02");
    let first = one(&session, "select now()::text").await.unwrap();
    assert!(first.ends_with("+00"), "{first}");
    assert_eq!(one(&session, "select now()::text").await.unwrap(), first);
    for setting in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
        let value = one(&session, &format!("select setting from pg_settings where name = '{setting}'"))
            .await
            .unwrap();
        assert!((1..=20_000).contains(&value.parse::<u64>().unwrap()), "{setting}: {value}");
    }
    let name = one(&session, "select current_setting('application_name')").await.unwrap();
    assert_eq!(name, "hotdash-ops");
}

#[tokio::test]
async fn names_are_looked_up_in_the_schema_of_prismas_url() {
    let server = server();
    server.copy("schemas", &format!("create schema \"App\"; create table \"App\".only_here (); grant usage on schema \"App\" to {READER}; grant select on all tables in schema \"App\" to {READER}")).unwrap();
    let dsn = server.login(READER, "schemas");
    let lookup = "select to_regclass('only_here')::text";
    let plain = open(&dsn).await.unwrap();
    assert_eq!(one(&plain, lookup).await.unwrap(), "NULL");
    let app = open(&format!("{dsn}?schema=App")).await.unwrap();
    assert_eq!(one(&app, lookup).await.unwrap(), "only_here");
    assert_eq!(quote_ident("App"), "\"App\"");
}

#[tokio::test]
async fn the_server_and_the_client_both_bound_the_time() {
    let server = server();
    let dsn = Dsn::parse(&server.login(READER, DATABASE)).unwrap();
    let began = Instant::now();
    let session =
        connect(&dsn, &Roots::none(), &MarkerSink::default(), Duration::from_millis(900)).await.unwrap();
    let fault = session.rows("select pg_sleep(30)::text", &[]).await.unwrap_err();
    assert_eq!(fault.sqlstate(), Some("57014"), "the server gives its reason first: {fault}");
    assert!(began.elapsed() < Duration::from_secs(3));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let late = session.rows("select 1::text", &[]).await.unwrap_err();
    assert!(matches!(late, PgError::Unreachable(Unreachable::TimedOut { .. })), "{late:?}");
    let left = "select count(*) from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active' and pid <> pg_backend_pid()";
    assert_eq!(server.psql(DATABASE, left).unwrap(), "0", "the server does not go on without us");
}

#[tokio::test]
async fn waiting_for_a_lock_is_short() {
    let server = server();
    server.copy("locked", "").unwrap();
    let (owner, connection) =
        tokio_postgres::connect(&server.login(OWNER, "locked"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    owner.batch_execute("begin; lock table dashboard_facts in access exclusive mode").await.unwrap();
    let dsn = Dsn::parse(&server.login(READER, "locked")).unwrap();
    let session =
        connect(&dsn, &Roots::none(), &MarkerSink::default(), Duration::from_secs(3)).await.unwrap();
    let fault = session.rows("select count(*)::text from dashboard_facts", &[]).await.unwrap_err();
    assert!(matches!(fault, PgError::Locked { .. }), "{fault:?}");
    owner.batch_execute("rollback").await.unwrap();
    assert_ne!(one(&session, "select count(*)::text from dashboard_facts").await.unwrap(), "0");
}

#[tokio::test]
async fn each_reason_to_reject_a_connection_is_reported_as_its_own() {
    let server = server();
    let wrong = open(&server.dsn(READER, "hunter2hunter2", DATABASE)).await.unwrap_err();
    assert!(matches!(&wrong, PgError::Auth { sqlstate: Some(s), .. } if s == "28P01"), "{wrong:?}");
    assert!(!format!("{wrong} {wrong:?}").contains("hunter2"));
    let bare = server.login(READER, DATABASE).replace(&format!(":{}@", server.password(READER)), "@");
    assert_eq!(open(&bare).await.unwrap_err(), PgError::NoPassword);
    let nowhere = open(&server.login(READER, "no_such_database")).await.unwrap_err();
    assert!(matches!(nowhere, PgError::NoDatabase { .. }), "{nowhere:?}");
    let single = single("svc_full");
    let _first = open(&single).await.unwrap();
    let full = open(&single).await.unwrap_err();
    assert!(matches!(full, PgError::TooMany { .. }), "{full:?}");
    for fault in [wrong, nowhere, full] {
        assert_eq!(fault.offline_host(), None);
    }
}

#[tokio::test]
async fn a_closed_session_frees_its_connection_at_once() {
    let single = single("svc_freed");
    for _ in 0..20 {
        let session = open(&single).await.unwrap();
        assert_eq!(one(&session, "select 1::text").await.unwrap(), "1");
        session.close().await;
    }
}
