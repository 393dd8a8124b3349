//! What is not PostgreSQL, or not any more.

use std::time::{Duration, Instant};

use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::postgres::{PgError, Task, connect};
use hotdash_ops::testing::service::tls::{Roots, TlsError};

use super::super::{Manner, Site, TIMEOUT, closed_port};

async fn fault(dsn: &str, deadline: Duration) -> PgError {
    connect(&Dsn::parse(dsn).unwrap(), &Roots::none(), &MarkerSink::default(), deadline).await.unwrap_err()
}

async fn of(manner: Manner, mode: &str) -> PgError {
    let site = Site::always(manner).await;
    let dsn = format!("postgres://u:hunter2hunter2@127.0.0.1:{}/x?sslmode={mode}", site.port);
    let fault = fault(&dsn, Duration::from_millis(600)).await;
    assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault}");
    fault
}

fn reached(fault: PgError) -> Unreachable {
    match fault {
        PgError::Unreachable(fault) => fault,
        other => panic!("not about the connection: {other:?}"),
    }
}

#[tokio::test]
async fn each_way_not_to_answer_is_reported_as_its_own() {
    for mode in ["disable", "prefer", "require", "verify-full"] {
        assert_eq!(reached(of(Manner::HangUp, mode).await), Unreachable::Closed, "{mode}");
        assert_eq!(reached(of(Manner::Reset, mode).await), Unreachable::Reset, "{mode}");
        let silent = reached(of(Manner::Silent, mode).await);
        assert!(matches!(silent, Unreachable::TimedOut { .. }), "{mode}: {silent:?}");
    }
    let not_offered = Unreachable::Tls(TlsError::NotOffered);
    assert_eq!(reached(of(Manner::Say(b"N".to_vec()), "require").await), not_offered);
    let web = Manner::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    let said = reached(of(web, "disable").await);
    assert!(matches!(&said, Unreachable::Other(why) if why.contains("PostgreSQL")), "{said:?}");
    let broken = reached(of(Manner::Say(b"Snot tls at all, but something else".to_vec()), "require").await);
    assert!(matches!(broken, Unreachable::Tls(_)), "{broken:?}");
}

/// A message of the server: its tag, its length and its content.
fn message(tag: u8, content: &[u8]) -> Manner {
    let length = u32::try_from(content.len() + 4).unwrap().to_be_bytes();
    Manner::Say([&[tag], &length[..], content].concat())
}

/// The library does not expose its kinds of errors, so their texts are matched. A version with other texts fails here.
#[tokio::test]
async fn the_matched_texts_of_the_library_are_still_the_same() {
    let gss = of(message(b'R', &[0, 0, 0, 7]), "disable").await;
    let unsupported = "unsupported authentication method".to_owned();
    assert_eq!(gss, PgError::Auth { sqlstate: None, message: unsupported });
    assert!(gss.advice(Task::Connect).fix.contains("scram-sha-256"), "{gss:?}");
    let site = Site::always(message(b'R', &[0, 0, 0, 3])).await;
    let bare = fault(&format!("postgres://u@127.0.0.1:{}/x?sslmode=disable", site.port), TIMEOUT).await;
    assert_eq!(bare, PgError::NoPassword);
    for (name, manner) in [
        ("unexpected message from server", message(b'Z', b"I")),
        ("error parsing response from server", message(b'E', &[0])),
        ("error communicating with the server", message(b'?', b"")),
    ] {
        let other = reached(of(manner, "disable").await);
        let not_postgres = matches!(&other, Unreachable::Other(why) if why.contains("PostgreSQL message"));
        assert!(not_postgres, "{name}: {other:?}");
    }
}

/// Poolers report several causes with one SQLSTATE, so their texts are matched.
#[tokio::test]
async fn the_texts_of_poolers_are_told_apart() {
    let rejects = async |sqlstate: &str, text: &str| {
        let fields = format!("SFATAL\0C{sqlstate}\0M{text}\0\0");
        of(message(b'E', fields.as_bytes()), "disable").await
    };
    let missing = rejects("08P01", "no such database: app").await;
    assert!(matches!(missing, PgError::NoDatabase { .. }), "{missing:?}");
    for (sqlstate, text) in [
        ("08P01", "no more connections allowed (max_client_conn)"),
        ("XX000", "MaxClientsInSessionMode: max clients reached"),
    ] {
        let full = rejects(sqlstate, text).await;
        assert!(matches!(full, PgError::TooMany { .. }), "{full:?}");
    }
    for (sqlstate, text) in [("XX000", "Tenant or user not found"), ("08P01", "no such user: app")] {
        let unknown = rejects(sqlstate, text).await;
        assert!(matches!(unknown, PgError::Auth { .. }), "{unknown:?}");
        assert!(unknown.advice(Task::Connect).fix.contains("USER.PROJECT"), "{unknown:?}");
    }
}

#[tokio::test]
async fn a_closed_port_differs_from_an_unknown_host() {
    let port = closed_port().await;
    let refused = fault(&format!("postgres://u:p@127.0.0.1:{port}/x"), TIMEOUT).await;
    assert_eq!(reached(refused), Unreachable::Refused);
    let gone = fault("postgres://u:p@db.invalid/x", TIMEOUT).await;
    assert_eq!(gone.offline_host(), Some("db.invalid"));
    let both = fault(&format!("postgres://u:p@127.0.0.1:{port},db.invalid/x"), TIMEOUT).await;
    assert_eq!(reached(both), Unreachable::Refused, "a refusal says more than a missing name");
}

#[tokio::test]
async fn a_silent_first_host_leaves_time_for_the_second() {
    let (silent, closing) = (Site::always(Manner::Silent).await, Site::always(Manner::HangUp).await);
    let dsn =
        format!("postgres://u:p@127.0.0.1:{},127.0.0.1:{}/x?sslmode=disable", silent.port, closing.port);
    assert_eq!(reached(fault(&dsn, Duration::from_secs(2)).await), Unreachable::Closed);
    assert_eq!((silent.seen().len(), closing.seen().len()), (1, 1));
    let began = Instant::now();
    let bounded =
        fault(&format!("postgres://u:p@127.0.0.1:{}/x?connect_timeout=1", silent.port), TIMEOUT).await;
    assert!(matches!(reached(bounded), Unreachable::TimedOut { .. }));
    assert!(began.elapsed() < Duration::from_secs(4), "connect_timeout is the DSN's own bound");
}
