//! How far a connection to a server gets: name, connection, TLS, first byte, each timed separately, plus the
//! certificate. It never uses a proxy, because a proxy would answer for the first three.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, HOST, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::http::{SANDBOX_HEADER, USER_AGENT as OURS, usable};
use super::marker::MarkerSink;
use super::socket;
use super::tls::{Certificate, Roots, TlsError};
use super::unreachable::Unreachable;

/// A step of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    Resolve,
    Connect,
    Tls,
    FirstByte,
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Leg::Resolve => "resolve",
            Leg::Connect => "connect",
            Leg::Tls => "tls",
            Leg::FirstByte => "first byte",
        })
    }
}

/// The result of the TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub took: Duration,
    /// `TLSv1.3`
    pub version: String,
    pub certificate: Certificate,
    /// Whole days until the certificate expires; negative when it has expired.
    pub days_left: i64,
}

/// How far the connection got. Steps that were not reached are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `None` also when the URL contains an address instead of a name.
    pub resolve: Option<Duration>,
    pub addresses: Vec<IpAddr>,
    pub connect: Option<Duration>,
    /// The address that accepted the connection.
    pub peer: Option<SocketAddr>,
    /// `None` also for http.
    pub tls: Option<Tls>,
    pub first_byte: Option<Duration>,
    /// The status of the response to `GET`; redirects are not followed.
    pub status: Option<u16>,
}

/// The step that failed, and how far the connection got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub at: Leg,
    pub why: Unreachable,
    pub reached: Reach,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.why)
    }
}

impl std::error::Error for Stopped {}

/// Connects to `url` and sends `GET`, all within `deadline`. `now` is used to date the certificate.
pub async fn reach(
    url: &str,
    roots: &Roots,
    marker: &MarkerSink,
    now: Timestamp,
    deadline: Duration,
) -> Result<Reach, Stopped> {
    let until = Instant::now() + deadline;
    let mut way = Transport { reached: Reach::default(), leg: Leg::Resolve, marker, deadline: until };
    match timeout_at(way.deadline, way.go(url, roots, now)).await {
        Ok(Ok(())) => Ok(way.reached),
        Ok(Err(why)) => Err(Stopped { at: way.leg, why, reached: way.reached }),
        Err(_) => {
            let why = Unreachable::TimedOut { after: deadline };
            Err(Stopped { at: way.leg, why, reached: way.reached })
        }
    }
}

struct Transport<'a> {
    reached: Reach,
    leg: Leg,
    marker: &'a MarkerSink,
    deadline: Instant,
}

impl Transport<'_> {
    async fn go(&mut self, url: &str, roots: &Roots, now: Timestamp) -> Result<(), Unreachable> {
        let url = usable(url)?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);

        let began = Instant::now();
        self.reached.addresses = socket::resolve(host).await?;
        if matches!(url.host(), Some(Host::Domain(_))) {
            self.reached.resolve = Some(began.elapsed());
        }

        self.leg = Leg::Connect;
        let began = Instant::now();
        let (stream, peer) = socket::dial(&self.reached.addresses, port, host, self.deadline).await?;
        self.reached.connect = Some(began.elapsed());
        self.reached.peer = Some(peer);

        if url.scheme() == "https" {
            self.leg = Leg::Tls;
            let stream = self.encrypt(stream, host, roots, now).await?;
            self.leg = Leg::FirstByte;
            self.first_byte(stream, &url).await
        } else {
            self.leg = Leg::FirstByte;
            self.first_byte(stream, &url).await
        }
    }

    async fn encrypt(
        &mut self,
        stream: TcpStream,
        host: &str,
        roots: &Roots,
        now: Timestamp,
    ) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, Unreachable> {
        let began = Instant::now();
        let name = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name)
            .map_err(|_| Unreachable::BadUrl("its host is not a valid certificate name".to_owned()))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(roots.https()));
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| Unreachable::from_error(&error, host, began.elapsed()))?;
        let took = began.elapsed();
        let session = stream.get_ref().1;
        let version =
            session.protocol_version().and_then(|v| v.as_str()).unwrap_or("unknown").replace('_', ".");
        let certificate = session
            .peer_certificates()
            .and_then(|chain| Certificate::read(chain.first()?))
            .ok_or_else(|| Unreachable::Tls(TlsError::Other("the certificate cannot be read".to_owned())))?;
        let days_left = certificate.days_left(now);
        self.reached.tls = Some(Tls { took, version, certificate, days_left });
        Ok(stream)
    }

    async fn first_byte(
        &mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        url: &Url,
    ) -> Result<(), Unreachable> {
        let began = Instant::now();
        let host = url.host_str().unwrap_or_default();
        let fault = |error: hyper::Error| Unreachable::from_error(&error, host, began.elapsed());
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path: Uri = url[url::Position::BeforePath..url::Position::AfterQuery]
            .parse()
            .map_err(|_| Unreachable::BadUrl("its path cannot be sent".to_owned()))?;
        let request = Request::get(path)
            .header(HOST, authority)
            .header(USER_AGENT, OURS)
            .header(ACCEPT, "*/*")
            .body(Empty::<Bytes>::new())
            .map_err(|_| Unreachable::BadUrl("its host cannot be sent".to_owned()))?;

        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(fault)?;
        // The connection task transfers the data and ends with the response. If it fails, the request returns the
        // error, so the task's own result is not needed.
        let mut connection = std::pin::pin!(connection);
        let mut answer = std::pin::pin!(sender.send_request(request));
        let mut working = true;
        let response = loop {
            tokio::select! {
                biased;
                response = &mut answer => break response.map_err(fault)?,
                _ = &mut connection, if working => working = false,
            }
        };
        self.reached.first_byte = Some(began.elapsed());
        self.reached.status = Some(response.status().as_u16());
        if response.headers().contains_key(SANDBOX_HEADER) {
            self.marker.report();
        }
        Ok(())
    }
}
