//! Opens a connection: tries each server of the DSN, each of its addresses and each encryption its `sslmode` allows, until
//! one is suitable or the most telling error is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Client;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::encrypt::{self, Noting, TlsAttempt};
use super::limits::Limits;
use super::{PgError, Protection, Session, SessionInfo, State, Worker, quote_ident};
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
            let error = match opened {
                Ok(Ok(session)) => return Ok(session),
                Ok(Err(error)) => error,
                Err(_) => PgError::Unreachable(Unreachable::TimedOut { after: began.elapsed() }),
            };
            // The answer of a server that rejected us is final; the next server is tried only where libpq would try it.
            if !error.concerns_one_server() {
                return Err(error);
            }
            if worst.as_ref().is_none_or(|w| error.weight() > w.weight()) {
                worst = Some(error);
            }
        }
        Err(worst.unwrap_or(PgError::Unreachable(Unreachable::Closed)))
    }

    async fn server(&self, server: &Server, wanted: Attrs, until: Instant) -> Result<Session, PgError> {
        let attempts: &[TlsAttempt] =
            if server.is_socket() { &[TlsAttempt::Plain] } else { encrypt::attempts(self.dsn.sslmode) };
        let mut result = Err(PgError::Unreachable(Unreachable::Closed));
        for attempt in attempts {
            result = self.attempt(server, *attempt, until).await;
            match &result {
                Err(error) if error.depends_on_encryption() => {}
                _ => break,
            }
        }
        let (client, worker, protection) = result?;
        let schema = self.dsn.schema.as_ref();
        let path =
            schema.map(|s| format!("; SET LOCAL search_path = {}", quote_ident(s))).unwrap_or_default();
        let limits = Limits { path, deadline: self.deadline, given: self.given };
        let info = SessionInfo::read(&client, &limits).await?;
        suitable(&info, wanted, &server.host)?;
        if info.rehearsal {
            self.marker.report();
        }
        Ok(Session { client, worker, state: Mutex::new(State::Idle), limits, protection, info })
    }

    async fn attempt(
        &self,
        server: &Server,
        attempt: TlsAttempt,
        until: Instant,
    ) -> Result<(Client, Worker, Protection), PgError> {
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
        config.ssl_mode(attempt.mode());
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
        Ok((client, worker, protection))
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

/// Checks `target_session_attrs`.
fn suitable(info: &SessionInfo, wanted: Attrs, host: &str) -> Result<(), PgError> {
    let SessionInfo { standby, read_only, .. } = *info;
    let (fits, name) = match wanted {
        Attrs::ReadWrite => (!read_only, "read-write"),
        Attrs::ReadOnly => (read_only, "read-only"),
        Attrs::Primary => (!standby, "primary"),
        Attrs::Standby => (standby, "standby"),
        Attrs::Any | Attrs::PreferStandby => (true, "any"),
    };
    if fits { Ok(()) } else { Err(PgError::NotSuitable { host: host.to_owned(), wanted: name }) }
}
