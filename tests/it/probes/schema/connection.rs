//! The connection: what answers, and the ways in which it does not.

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, Native, Options, READER, SINGLE, Tls, variant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Reader;
use crate::support::server;

#[tokio::test]
async fn a_good_database_passes_with_its_evidence() {
    let mut reader = Reader::changed("db_good", "");
    let said = reader.database("reachable").await;
    said.passes().is_silent();
    for name in ["server", "role", "protection", "clock", "newest delivery recorded", "app's clock"] {
        assert!(!said.evidence(name).is_empty(), "{name}: {said:#?}");
    }
    assert!(said.evidence("newest delivery recorded").ends_with(" old"), "{said:#?}");
    assert!(said.evidence("app's clock").starts_with("20ms behind"), "{said:#?}");
    reader.database("primary").await.is("pass", "the primary");
    reader.database("name").await.is("inconclusive", "db_good").advises("add `database = ");
    reader.target.database = Some("db_good".to_owned());
    reader.database("name").await.passes();
    reader.target.database = Some("postgres".to_owned());
    reader.database("name").await.is("fail", "db_good");
}

#[tokio::test]
async fn the_newest_fact_is_evidence_only() {
    for (name, sql, evidence) in [
        ("db_old", variant::OLD_ROWS, "48h"),
        ("db_future", variant::FUTURE_ROWS, "in the future"),
        ("db_empty", variant::NO_ROWS, "none yet"),
        ("db_no_facts", variant::FACTS_MISSING, "not readable"),
        ("db_no_permission", variant::NO_SELECT, "not readable"),
        ("db_no_metadata", "alter table dashboard_facts drop metadata", " old"),
    ] {
        let said = Reader::changed(name, sql).database("reachable").await;
        assert!(said.passes().evidence("newest delivery recorded").contains(evidence), "{name}: {said:#?}");
    }
}

#[tokio::test]
async fn the_age_does_not_depend_on_the_time_zone() {
    let reader = Reader::changed("db_berlin", variant::WITHOUT_TIME_ZONE).by(BERLIN, "db_berlin");
    let age = reader.database("reachable").await.evidence("newest delivery recorded").to_owned();
    assert!(age.ends_with(" old") && !age.contains('h'), "{age}");
}

#[tokio::test]
async fn each_reason_to_reject_a_connection_has_its_own_fix() {
    let wrong = Reader::at(server().dsn(READER, "not-the-password", "postgres"));
    wrong
        .database("reachable")
        .await
        .is("fail", "password authentication failed")
        .advises("reset the role's password");
    let missing = Reader::at(server().login(READER, "no_such_database"));
    missing.database("reachable").await.is("fail", "does not exist").advises("database name in DATABASE_URL");
    let nobody = Reader::at(server().dsn("nobody_here", "x", "postgres"));
    nobody.database("reachable").await.is("fail", "login rejected");
    let closed = Reader::at("postgresql://a:b@127.0.0.1:1/c".to_owned());
    let said = closed.database("reachable").await;
    said.is("fail", "connection refused").advises("start the database");
    assert_eq!(said.finding.claims[0].offline, None);
    let lost = Reader::at("postgresql://a:b@database.invalid/c".to_owned()).database("reachable").await;
    lost.is("fail", "does not resolve").advises("host in DATABASE_URL");
    assert_eq!(lost.finding.claims[0].offline.as_deref(), Some("database.invalid"));
    let plain = Reader::at(format!("{}?sslmode=require", server().login(READER, "postgres")));
    plain.database("reachable").await.is("fail", "").advises("turn TLS on");
    // The other claims on a connection that there is not fail, too, and so does the catalog.
    for claim in ["primary", "name"] {
        missing.database(claim).await.is("fail", "does not exist");
    }
    missing.ask("facts-table").await.is("fail", "does not exist");
}

#[tokio::test]
async fn a_full_server_is_reported() {
    let dsn = server().login(SINGLE, "postgres");
    let (_held, connection) =
        tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await.expect("the only one");
    let line = tokio::spawn(connection);
    Reader::at(dsn)
        .database("reachable")
        .await
        .is("fail", "too many connections")
        .advises("pg_stat_activity");
    line.abort();
}

#[tokio::test]
async fn an_invalid_connection_string_is_not_used_and_not_shown() {
    let said = Reader::at("mysql://u:s3cretvalue@h/d".to_owned()).database("reachable").await;
    assert!(said.verdict == "error" && said.why.starts_with("DATABASE_URL "), "{said:#?}");
    assert!(!said.why.contains("s3cret"), "{}", said.why);
    let said = Reader::at("  ".to_owned()).ask("facts-table").await;
    assert!(said.verdict == "error" && said.why.contains("not set"), "{said:#?}");
    let said = Reader::at("postgresql://a:b@h/d?sslmode=verify-full&sslrootcert=/no/such/file".to_owned());
    let said = said.database("reachable").await;
    assert!(said.verdict == "error" && said.why.contains("/no/such/file"), "{said:#?}");
}

#[tokio::test]
async fn a_standby_is_not_the_primary() {
    let primary = Native::start(&Options::default()).expect("a primary");
    let standby = primary.standby().expect("a standby");
    let reader = Reader::at(standby.login(READER, "hotdash"));
    reader.database("reachable").await.passes();
    reader.database("primary").await.is("fail", "a standby").advises("primary's host");
    for check in super::section() {
        reader.ask(&check.entry.id).await.passes();
    }
}

#[tokio::test]
async fn encryption_without_verification_is_a_warning() {
    let signed = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])
        .expect("a certificate");
    let tls = Tls { certificate: signed.cert.pem(), key: signed.signing_key.serialize_pem(), required: true };
    let server = Native::start(&Options { tls: Some(tls), ..Options::default() }).expect("a server with TLS");
    let home = tempfile::tempdir().expect("a directory");
    let ca = home.path().join("ca.pem");
    std::fs::write(&ca, signed.cert.pem()).expect("the certificate is written");
    let base = server.login(READER, "hotdash");
    let at = |end: &str| Reader::at(format!("{base}?{end}"));
    let said = at("sslmode=require").database("reachable").await;
    said.passes().warns("does not verify the server");
    assert!(said.evidence("protection").contains("not verified"), "{said:#?}");
    at("").database("reachable").await.passes().warns("does not verify the server");
    at("sslmode=verify-full").database("reachable").await.is("fail", "").advises("sslrootcert=FILE");
    let rooted = format!("sslmode=verify-full&sslrootcert={}", ca.display());
    at(&rooted).database("reachable").await.passes().is_silent();
    let mut by_flag = at("sslmode=verify-full");
    by_flag.ca_file = Some(ca);
    by_flag.database("reachable").await.passes().is_silent();
    at("sslmode=disable")
        .database("reachable")
        .await
        .is("fail", "login rejected")
        .advises("the server requires TLS");
}

#[tokio::test]
async fn the_marker_of_a_rehearsal_is_seen() {
    for (name, sql, marked) in [("db_marked", "", true), ("db_unmarked", variant::UNMARKED, false)] {
        for schema in [false, true] {
            let database = format!("{name}_{schema}");
            let mut reader = Reader::changed(&database, sql);
            reader.target.name = "production".to_owned();
            let cx = reader.context();
            let check = if schema { super::check("facts-table") } else { super::database_check("primary") };
            super::ask(&cx, &check, std::time::Duration::from_secs(8)).await.expect("it answers");
            assert_eq!(cx.sandbox_mistaken(), marked, "{database}");
        }
    }
}

/// The port of a proxy in front of the database of a connection string, which drops each connection at its `last` + 1st
/// statement.
async fn proxy(dsn: &url::Url, last: usize) -> u16 {
    let server = (dsn.host_str().expect("a host").to_owned(), dsn.port().expect("a port"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = tokio::net::TcpStream::connect(&server).await.expect("the server");
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let back =
                    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                let (mut bytes, mut statements) = ([0; 65_536], 0);
                while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
                    statements += usize::from(matches!(bytes[0], b'Q' | b'P'));
                    if statements > last || to_server.write_all(&bytes[..read]).await.is_err() {
                        break;
                    }
                }
                back.abort();
            });
        }
    });
    port
}

#[tokio::test]
async fn a_connection_that_drops_after_its_first_answers_is_not_reachable() {
    server().copy("db_drops", "").expect("a copy");
    let dsn = url::Url::parse(&server().login(READER, "db_drops")).expect("a connection string");
    for (last, verdict) in [(1, "fail"), (2, "fail"), (9, "pass")] {
        let mut through = dsn.clone();
        through.set_port(Some(proxy(&dsn, last).await)).expect("a port");
        for claim in ["reachable", "primary"] {
            let answered = Reader::at(through.to_string()).database(claim).await;
            assert_eq!(answered.verdict, verdict, "{claim} after {last}: {answered:#?}");
        }
    }
}
