//! The rehearsal's own database connections: for the facts that its app writes, and for servers without psql.
//! Connection strings are parsed as everywhere in this program; TLS is not supported.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls, SimpleQueryMessage, Socket};

use crate::service::dsn::{Dsn, SslMode};

/// Connects to the first server of a connection string.
///
/// # Errors
/// A connection string that is not valid or requires TLS, and an error of the server or the connection.
pub async fn connect(dsn: &str) -> Result<(Client, Connection<Socket, NoTlsStream>)> {
    let dsn = Dsn::parse(dsn).map_err(|fault| anyhow!("{fault}"))?;
    let spoken = matches!(dsn.sslmode, SslMode::Disable | SslMode::Allow | SslMode::Prefer);
    ensure!(spoken, "the rehearsal connects without TLS: use a URL without sslmode={}", dsn.sslmode);
    let mut config = dsn.config;
    config.host(&dsn.host).port(dsn.port);
    config.connect(NoTls).await.map_err(|error| described(&error))
}

/// Runs SQL in one transaction over a new connection and returns the rows unaligned and without headings, as psql does.
///
/// # Errors
/// The server's error, or a timeout after `timeout`.
pub async fn run(dsn: &str, sql: &str, timeout: Duration) -> Result<String> {
    let answer = async {
        let (client, connection) = connect(dsn).await?;
        // Dropping the client ends the connection.
        let (messages, ended) = tokio::join!(async move { client.simple_query(sql).await }, connection);
        let messages = messages.map_err(|error| described(&error))?;
        ended.map_err(|error| described(&error))?;
        anyhow::Ok(messages)
    };
    let messages = tokio::time::timeout(timeout, answer).await.context("the database timed out")??;
    Ok(lines(&messages).join("\n"))
}

fn lines(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let line = |row: &tokio_postgres::SimpleQueryRow| {
        (0..row.len()).map(|at| row.get(at).unwrap_or_default()).collect::<Vec<_>>().join("|")
    };
    rows.map(line).collect()
}

/// The error's own text is only `db error`; the server's message is kept separately.
fn described(error: &tokio_postgres::Error) -> anyhow::Error {
    match error.as_db_error() {
        Some(error) => anyhow!("{}: {}", error.severity(), error.message()),
        None => anyhow!("{error}"),
    }
}
