//! Opens a connection: tries each server of the DSN, each of its addresses and each way its `sslmode` allows, until
//! one is suitable or the most telling error is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::encrypt::{self, Noting, TlsAttempt};
use super::{PgError, Protection, Session, State, Worker, quote_ident};
use crate::service::dsn::{Attrs, Dsn, Server};
use crate::service::marker::MarkerSink;
use crate::service::socket;
use crate::service::tls::Roots;
use crate::service::unreachable::Unreachable;

/// The transport of a connection.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects, and reports to `marker` when the database is a rehearsal's. `deadline` bounds the connection and all queries
/// of the session together.
pub async fn connect(
    dsn: &Dsn,
    roots: &Roots,
    marker: &MarkerSink,
    deadline: Duration,
) -> Result<Session, PgError> {
    let opening = Opening {
        dsn,
        marker,
        tls: MakeRustlsConnect::new(encrypt::config(dsn, roots)?),
        given: deadline,
        deadline: Instant::now() + deadline,
    };
    if dsn.attrs != Attrs::PreferStandby {
        return opening.any_server(dsn.attrs).await;
    }
    match opening.any_server(Attrs::Standby).await {
        Err(_) => opening.any_server(Attrs::Any).await,
        found => found,
    }
}

struct Opening<'a> {
    dsn: &'a Dsn,
    marker: &'a MarkerSink,
    tls: MakeRustlsConnect,
    given: Duration,
    deadline: Instant,
}

impl Opening<'_> {
    async fn any_server(&self, wanted: Attrs) -> Result<Session, PgError> {
        let mut worst: Option<PgError> = None;
        for (tried, server) in self.dsn.servers.iter().enumerate() {
            let mut until = socket::shared(self.deadline, self.dsn.servers.len() - tried);
            if let Some(bound) = self.dsn.connect_timeout {
                until = until.min(Instant::now() + bound);
            }
            let began = Instant::now();
            let opened = timeout_at(until, self.server(server, wanted, until)).await;
            let fault = match opened {
                Ok(Ok(session)) => return Ok(session),
                Ok(Err(fault)) => fault,
                Err(_) => PgError::Unreachable(Unreachable::TimedOut { after: began.elapsed() }),
            };
            // The answer of a server that rejected us is final; the next server is tried only where libpq would try it.
            if !fault.concerns_one_server() {
                return Err(fault);
            }
            if worst.as_ref().is_none_or(|w| fault.weight() > w.weight()) {
                worst = Some(fault);
            }
        }
        Err(worst.unwrap_or(PgError::Unreachable(Unreachable::Closed)))
    }

    async fn server(&self, server: &Server, wanted: Attrs, until: Instant) -> Result<Session, PgError> {
        let ways: &[TlsAttempt] =
            if server.is_socket() { &[TlsAttempt::Plain] } else { encrypt::ways(self.dsn.sslmode) };
        let mut result = Err(PgError::Unreachable(Unreachable::Closed));
        for way in ways {
            result = self.way(server, *way, until).await;
            match &result {
                Err(fault) if fault.depends_on_encryption() => {}
                _ => break,
            }
        }
        let session = result?;
        suitable(&session.client, wanted, &server.host, self.given).await?;
        if is_rehearsal(&session.client, &server.host, self.given).await? {
            self.marker.report();
        }
        Ok(session)
    }

    async fn way(&self, server: &Server, way: TlsAttempt, until: Instant) -> Result<Session, PgError> {
        let began = Instant::now();
        // Boxed with explicit lifetimes, because otherwise the compiler cannot prove that a task holding this future
        // is Send.
        let dialled: BoxFuture<'_, _> = Box::pin(stream(server, until));
        let stream = dialled.await.map_err(PgError::Unreachable)?;
        let begun = Arc::new(AtomicBool::new(false));
        let Ok(connector) =
            MakeTlsConnect::<Box<dyn Stream>>::make_tls_connect(&mut self.tls.clone(), &server.host);
        let connector = Noting { inner: connector, begun: Arc::clone(&begun) };
        let mut config = self.dsn.config.clone();
        config.ssl_mode(way.mode());
        let greeted: BoxFuture<'_, _> = Box::pin(config.connect_raw(stream, connector));
        let (client, connection) =
            greeted.await.map_err(|e| PgError::from_error(&e, &server.host, began.elapsed()))?;
        // The client reports the error that ends the connection to pending queries.
        let worker = Worker(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let protection = if server.is_socket() {
            Protection::LocalSocket
        } else {
            encrypt::protection(begun.load(Ordering::Relaxed), encrypt::check(self.dsn))
        };
        let schema = self.dsn.schema.as_ref();
        Ok(Session {
            client,
            worker,
            state: Mutex::new(State::Idle),
            path: schema.map(|s| format!("; SET LOCAL search_path = {}", quote_ident(s))).unwrap_or_default(),
            deadline: self.deadline,
            given: self.given,
            protection,
        })
    }
}

async fn stream(server: &Server, until: Instant) -> Result<Box<dyn Stream>, Unreachable> {
    if server.is_socket() {
        return unix(server).await;
    }
    let addresses = match server.address {
        Some(address) => vec![address],
        None => socket::resolve(&server.host).await?,
    };
    let (stream, _) = socket::dial(&addresses, server.port, &server.host, until).await?;
    Ok(Box::new(stream))
}

async fn unix(server: &Server) -> Result<Box<dyn Stream>, Unreachable> {
    let path = format!("{}/.s.PGSQL.{}", server.host.trim_end_matches('/'), server.port);
    match UnixStream::connect(&path).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Unreachable::Other(format!("the socket {path} does not exist; check directory and port")))
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(Unreachable::Other(format!("this user is not allowed to use the socket {path}")))
        }
        Err(error) => Err(Unreachable::from_error(&error, "localhost", Duration::ZERO)),
    }
}

/// Whether the database has the table that marks a rehearsal's.
async fn is_rehearsal(client: &Client, host: &str, given: Duration) -> Result<bool, PgError> {
    let sql = "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'hotdash_ops_sandbox' AND relkind IN ('r', 'p') LIMIT 1";
    let answer = client.simple_query(sql).await.map_err(|e| PgError::from_error(&e, host, given))?;
    Ok(answer.iter().any(|message| matches!(message, SimpleQueryMessage::Row(_))))
}

/// Checks `target_session_attrs` through the simple protocol, as libpq does.
async fn suitable(client: &Client, wanted: Attrs, host: &str, given: Duration) -> Result<(), PgError> {
    if wanted == Attrs::Any {
        return Ok(());
    }
    let sql = "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";
    let answer = client.simple_query(sql).await.map_err(|e| PgError::from_error(&e, host, given))?;
    let row = answer.iter().find_map(|m| match m {
        SimpleQueryMessage::Row(row) => Some((row.get(0) == Some("t"), row.get(1) == Some("on"))),
        _ => None,
    });
    // Without an answer, the server is not known to be suitable.
    let Some((standby, read_only)) = row else { return Err(PgError::from(Unreachable::Closed)) };
    let (fits, name) = match wanted {
        Attrs::ReadWrite => (!standby && !read_only, "read-write"),
        Attrs::ReadOnly => (standby || read_only, "read-only"),
        Attrs::Primary => (!standby, "primary"),
        Attrs::Standby => (standby, "standby"),
        Attrs::Any | Attrs::PreferStandby => (true, "any"),
    };
    if fits { Ok(()) } else { Err(PgError::NotSuitable { host: host.to_owned(), wanted: name }) }
}
