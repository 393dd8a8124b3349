//! The rehearsal's own conversations with a server over the wire: what its app writes, and statements for servers
//! to which there is no psql. A connection string means what it means to the program; it is spoken without TLS.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls, SimpleQueryMessage, Socket};

use crate::service::dsn::{Dsn, SslMode};

/// Connects to the first server of a connection string.
///
/// # Errors
/// A connection string that cannot be read or insists on TLS, and what the server or the way to it says.
pub async fn connect(dsn: &str) -> Result<(Client, Connection<Socket, NoTlsStream>)> {
    let dsn = Dsn::parse(dsn).map_err(|fault| anyhow!("{fault}"))?;
    let spoken = matches!(dsn.sslmode, SslMode::Disable | SslMode::Allow | SslMode::Prefer);
    ensure!(spoken, "the rehearsal writes without TLS: give a URL without sslmode={}", dsn.sslmode);
    let mut config = dsn.config;
    config.host(&dsn.host).port(dsn.port);
    config.connect(NoTls).await.map_err(|error| told(&error))
}

/// Runs SQL, in one transaction, over a connection of its own and returns its rows as psql does unaligned and
/// without headings.
///
/// # Errors
/// What the server says, and that it does not answer within `patience`.
pub async fn run(dsn: &str, sql: &str, patience: Duration) -> Result<String> {
    let answer = async {
        let (client, connection) = connect(dsn).await?;
        // The client goes with its answer, and that ends the connection.
        let (said, ended) = tokio::join!(async move { client.simple_query(sql).await }, connection);
        let said = said.map_err(|error| told(&error))?;
        ended.map_err(|error| told(&error))?;
        anyhow::Ok(said)
    };
    let said = tokio::time::timeout(patience, answer).await.context("the database takes too long")??;
    Ok(lines(&said).join("\n"))
}

fn lines(said: &[SimpleQueryMessage]) -> Vec<String> {
    let rows = said.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let line = |row: &tokio_postgres::SimpleQueryRow| {
        (0..row.len()).map(|at| row.get(at).unwrap_or_default()).collect::<Vec<_>>().join("|")
    };
    rows.map(line).collect()
}

/// The error prints `db error` and keeps the server's own words apart.
fn told(error: &tokio_postgres::Error) -> anyhow::Error {
    match error.as_db_error() {
        Some(said) => anyhow!("{}: {}", said.severity(), said.message()),
        None => anyhow!("{error}"),
    }
}
