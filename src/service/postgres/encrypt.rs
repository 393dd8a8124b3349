//! The meaning of `sslmode`: which kinds of connections are tried in which order, and what is verified about the
//! server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::ClientConfig;
use tokio_postgres::config::SslNegotiation;
use tokio_postgres::tls::TlsConnect;

use super::{PgError, Protection};
use crate::service::dsn::{Dsn, SslMode, SslRootCert};
use crate::service::tls::{Check, Roots};

/// How to try to open a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsAttempt {
    /// Not encrypted.
    Plain,
    /// Encrypted if the server supports it.
    Offered,
    /// Always encrypted.
    Encrypted,
}

/// What to try, in order.
pub fn attempts(mode: SslMode) -> &'static [TlsAttempt] {
    match mode {
        SslMode::Disable => &[TlsAttempt::Plain],
        SslMode::Allow => &[TlsAttempt::Plain, TlsAttempt::Encrypted],
        SslMode::Prefer => &[TlsAttempt::Offered, TlsAttempt::Plain],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[TlsAttempt::Encrypted],
    }
}

impl TlsAttempt {
    pub fn mode(self) -> tokio_postgres::config::SslMode {
        match self {
            TlsAttempt::Plain => tokio_postgres::config::SslMode::Disable,
            TlsAttempt::Offered => tokio_postgres::config::SslMode::Prefer,
            TlsAttempt::Encrypted => tokio_postgres::config::SslMode::Require,
        }
    }
}

/// What to verify. `require` with a root file verifies the chain. libpq does this for old configurations, and users who
/// rely on it must not get an unverified connection.
pub fn check(dsn: &Dsn) -> Check {
    match dsn.sslmode {
        SslMode::VerifyFull => Check::ChainAndName,
        SslMode::VerifyCa => Check::Chain,
        SslMode::Require if matches!(dsn.sslrootcert, Some(SslRootCert::File(_))) => Check::Chain,
        _ => Check::Nothing,
    }
}

/// The TLS configuration, with the DSN's own root file if it names one, else with the given roots.
pub fn config(dsn: &Dsn, roots: &Roots) -> Result<ClientConfig, PgError> {
    let check = check(dsn);
    let mut config = match &dsn.sslrootcert {
        Some(SslRootCert::File(path)) if check != Check::Nothing => {
            Roots::only(path).map_err(PgError::RootCert)?.config(check)
        }
        _ => roots.config(check),
    };
    if dsn.config.get_ssl_negotiation() == SslNegotiation::Direct {
        // Servers that expect TLS from the first byte require it.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(config)
}

/// The protection of an established connection.
pub fn protection(encrypted: bool, check: Check) -> Protection {
    match (encrypted, check) {
        (false, _) => Protection::Plain,
        (true, Check::Nothing) => Protection::Encrypted,
        (true, Check::Chain) => Protection::Chain,
        (true, Check::ChainAndName) => Protection::ChainAndName,
    }
}

/// Records whether TLS was started. Afterwards it is not possible to find out whether a connection with `prefer` is
/// encrypted, and behind a pooler the server does not know either.
pub struct Noting<T> {
    pub inner: T,
    pub begun: Arc<AtomicBool>,
}

impl<S, T: TlsConnect<S>> TlsConnect<S> for Noting<T> {
    type Stream = T::Stream;
    type Error = T::Error;
    type Future = T::Future;

    fn connect(self, stream: S) -> T::Future {
        self.begun.store(true, Ordering::Relaxed);
        self.inner.connect(stream)
    }
}
