//! Several hosts in one connection string, and a Unix socket as a host.

use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, Options, READER};
use hotdash_ops::testing::service::postgres::{PgError, Protection, Task};

use super::super::closed_port;
use super::{one, open};
use crate::support::server;

#[tokio::test]
async fn hosts_are_tried_in_order_until_one_is_suitable() {
    let primary = Native::start(&Options::default()).unwrap();
    let standby = primary.standby().unwrap();
    let password = primary.password(READER);
    let (first, second) = (standby.port(), primary.port());
    let dead = closed_port().await;
    let answered = async |hosts: &str, attrs: &str| {
        let dsn = format!("postgres://{READER}:{password}@{hosts}/{DATABASE}?target_session_attrs={attrs}");
        one(&open(&dsn).await?, "select pg_is_in_recovery()::text").await
    };
    let both = format!("127.0.0.1:{dead},127.0.0.1:{first},127.0.0.1:{second}");
    for (attrs, standby) in [
        ("any", "true"),
        ("read-write", "false"),
        ("primary", "false"),
        ("read-only", "true"),
        ("standby", "true"),
        ("prefer-standby", "true"),
    ] {
        assert_eq!(answered(&both, attrs).await.as_deref(), Ok(standby), "{attrs}");
    }
    let only = format!("127.0.0.1:{first}");
    let fault = answered(&only, "read-write").await.unwrap_err();
    assert!(matches!(fault, PgError::NotSuitable { wanted: "read-write", .. }), "{fault:?}");
    let only = format!("127.0.0.1:{second}");
    assert_eq!(answered(&only, "prefer-standby").await.as_deref(), Ok("false"));
}

#[tokio::test]
async fn a_unix_socket_is_a_host_too() {
    let server = server();
    let folder = server.directory().display().to_string();
    let dsn = format!(
        "postgres://{READER}:{}@/{DATABASE}?host={folder}&port={}&sslmode=require",
        server.password(READER),
        server.port()
    );
    let session = open(&dsn).await.unwrap();
    assert_eq!((session.protection(), session.encrypted()), (Protection::LocalSocket, false));
    assert_eq!(one(&session, "select current_user::text").await.unwrap(), READER);
    let fault = open(&dsn.replace(READER, "nobody_here")).await.unwrap_err();
    assert!(fault.advice(Task::Connect).fix.contains("correct the user"), "{fault:?}");
    let fault = open(&dsn.replace(&folder, "/no/such/place")).await.unwrap_err();
    assert!(fault.to_string().contains("the socket /no/such/place"), "{fault}");
}
