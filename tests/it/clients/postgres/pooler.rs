//! A real PgBouncer in transaction mode between the program and the server.

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, READER};
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::postgres::PgError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{one, open};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

async fn plain_client(dsn: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn a_transaction_mode_pooler_carries_everything() {
    let server = server();
    server.copy("carried", "").unwrap();
    let pooler = PgBouncer::start(server, &[READER, BERLIN], 1);
    let dsn = pooler.prisma_login(server, BERLIN, "carried");
    assert!(Dsn::parse(&dsn).unwrap().pooler);
    for _ in 0..3 {
        let session = open(&dsn).await.unwrap();
        assert_eq!(one(&session, "select current_setting('TimeZone')").await.unwrap(), "UTC");
        let sql = "select count(*)::text from dashboard_facts where fact_type = $1";
        for kind in ["support.webhook.retry", "support.escalation"] {
            assert_ne!(session.rows(sql, &[kind]).await.unwrap()[0].get("count"), Some("0"), "{kind}");
        }
        session.close().await;
    }
    // Dropped in the middle of its transaction: the only server connection is free again.
    let session = open(&dsn).await.unwrap();
    one(&session, "select 1::text").await.unwrap();
    drop(session);
    let session = open(&dsn).await.unwrap();
    assert_eq!(one(&session, "select current_setting('TimeZone')").await.unwrap(), "UTC");

    let wrong = open(&pooler.login(server, "nobody", "carried")).await.unwrap_err();
    assert!(matches!(wrong, PgError::Auth { .. }), "{wrong:?}");
    session.close().await;
    let nowhere = open(&pooler.login(server, READER, "no_such_database")).await.unwrap_err();
    assert!(matches!(nowhere, PgError::NoDatabase { .. }), "{nowhere:?}");
}

#[tokio::test]
async fn named_statements_break_behind_the_pooler() {
    let server = server();
    server.copy("pooled", "").expect("a copy");
    let pooler = PgBouncer::start(server, &[READER], 2);
    let first =
        plain_client(&pooler.login(server, READER, "pooled")).await.expect("connects through the pooler");
    let facts = first.simple_query("select 1 from dashboard_facts limit 1").await.unwrap();
    assert!(facts.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_))));
    let statement = first.prepare("select 1").await.expect("prepared");
    first.query(&statement, &[]).await.expect("the same server connection still knows it");
    // Another client's transaction takes that connection; the next one does not know the statement.
    let second =
        plain_client(&pooler.login(server, READER, "pooled")).await.expect("connects through the pooler");
    second.simple_query("begin").await.expect("a transaction");
    let lost = first.query(&statement, &[]).await;
    let code = lost.expect_err("the statement is lost").code().cloned();
    assert_eq!(code, Some(SqlState::INVALID_SQL_STATEMENT_NAME), "{}", pooler.log());
    assert!(pooler.prisma_login(server, READER, "pooled").contains("pgbouncer=true"));
    let wrong = plain_client(&pooler.login(server, "nobody", "pooled")).await;
    assert!(wrong.is_err(), "the pooler checks passwords");
}
