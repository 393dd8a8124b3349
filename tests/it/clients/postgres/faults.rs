//! What is not PostgreSQL, or not any more.

use std::time::{Duration, Instant};

use hotdash_ops::service::Unreachable;
use hotdash_ops::service::dsn::Dsn;
use hotdash_ops::service::marker::MarkerSink;
use hotdash_ops::service::postgres::{PgError, connect};
use hotdash_ops::service::tls::{Roots, TlsError};

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
