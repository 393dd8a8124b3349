//! Why a service did not respond. The kinds differ in what they mean for the verdict (an offline machine proves
//! nothing about the remote side) and in what the operator has to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::tls::TlsError;

/// Why a host did not respond. Displays as a lower-case fragment without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The name has no address, or no name server answered.
    Unresolvable { host: String },
    /// There is no route to any of its addresses.
    NoRoute { host: String },
    /// Nothing listens on the port.
    Refused,
    /// The connection was reset.
    Reset,
    /// The TLS handshake failed.
    Tls(TlsError),
    /// The response was missing or incomplete after this time.
    TimedOut { after: Duration },
    /// The other side closed the connection before the response was complete.
    Closed,
    /// The URL is not an http or https URL; with the reason.
    BadUrl(String),
    /// A header's value cannot be sent; with the header's name.
    BadHeader(String),
    /// The environment's proxy (its host) rejected the connection; with the reason.
    Proxy { proxy: String, why: String },
    /// Anything else.
    Other(String),
}

impl Unreachable {
    /// The host, if its name did not resolve or it has no route, and it is not this machine itself. If every remote host
    /// fails in this way, this machine is offline.
    pub fn offline_host(&self) -> Option<&str> {
        match self {
            Unreachable::Unresolvable { host } | Unreachable::NoRoute { host } if !is_loopback(host) => {
                Some(host)
            }
            _ => None,
        }
    }

    /// Classifies an error and its causes. `host` is the server, `after` the time waited.
    pub fn from_error(error: &(dyn Error + 'static), host: &str, after: Duration) -> Unreachable {
        let causes = causes(error);
        if let Some(fault) = causes.iter().find_map(|e| e.downcast_ref::<Unreachable>()) {
            return fault.clone();
        }
        if let Some(tls) = causes.iter().find_map(|e| e.downcast_ref::<rustls::Error>()) {
            return Unreachable::Tls(tls.into());
        }
        let io = causes.iter().filter_map(|e| e.downcast_ref::<io::Error>());
        if let Some(known) = io.filter_map(|e| Unreachable::from_kind(e.kind(), host, after)).next() {
            return known;
        }
        for hyper in causes.iter().filter_map(|e| e.downcast_ref::<hyper::Error>()) {
            if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
                return Unreachable::Closed;
            }
            if hyper.is_timeout() {
                return Unreachable::TimedOut { after };
            }
            if hyper.is_parse() {
                return Unreachable::Other(format!(
                    "the response is not HTTP ({hyper}); check scheme and port"
                ));
            }
        }
        let last = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
        Unreachable::Other(last)
    }

    fn from_kind(kind: io::ErrorKind, host: &str, after: Duration) -> Option<Unreachable> {
        use io::ErrorKind as Kind;
        Some(match kind {
            Kind::ConnectionRefused => Unreachable::Refused,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Unreachable::Reset,
            Kind::NetworkUnreachable | Kind::HostUnreachable | Kind::NetworkDown => {
                Unreachable::NoRoute { host: host.to_owned() }
            }
            Kind::TimedOut => Unreachable::TimedOut { after },
            Kind::UnexpectedEof => Unreachable::Closed,
            _ => return None,
        })
    }

    /// How informative this failure is about the remote side, for choosing among the failures of several addresses: a
    /// refused connection ranks above a timeout, a timeout above a missing route.
    pub(crate) fn weight(&self) -> u8 {
        match self {
            Unreachable::Unresolvable { .. } => 0,
            Unreachable::NoRoute { .. } => 1,
            Unreachable::TimedOut { .. } => 2,
            _ => 3,
        }
    }
}

/// The error and all of its causes. An `io::Error` hides the error it was created from, so that is included, too.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        causes.push(error);
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    causes
}

/// True for names and addresses of this machine itself.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreachable::Unresolvable { host } => {
                write!(f, "the name {host} does not resolve; check its spelling and DNS")
            }
            Unreachable::NoRoute { host } => write!(f, "no route to {host}; check this machine's network"),
            Unreachable::Refused => {
                write!(f, "connection refused; nothing listens there: check host and port")
            }
            Unreachable::Reset => write!(f, "the connection was reset; check the server's log"),
            Unreachable::Tls(fault) => fault.fmt(f),
            Unreachable::TimedOut { after } => {
                write!(f, "no complete response within {}; check that the server is up", short(*after))
            }
            Unreachable::Closed => {
                write!(
                    f,
                    "the connection was closed before the response was complete; check the server's log"
                )
            }
            Unreachable::BadUrl(why) => write!(f, "not a valid URL: {why}"),
            Unreachable::BadHeader(name) => {
                write!(
                    f,
                    "the value of the header {name} contains characters that cannot be sent; set it again"
                )
            }
            Unreachable::Proxy { proxy, why } => {
                write!(f, "the proxy {proxy} rejected the connection ({why}); fix the proxy or set NO_PROXY")
            }
            Unreachable::Other(why) => write!(f, "no response: {why}"),
        }
    }
}

impl Error for Unreachable {}

/// `250ms`, `1.5s`, `90s`.
pub(crate) fn short(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        0..1000 => format!("{millis}ms"),
        _ if millis.is_multiple_of(1000) => format!("{}s", millis / 1000),
        _ => format!("{:.1}s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_remote_host_can_show_that_we_are_offline() {
        let gone = |host: &str| Unreachable::Unresolvable { host: host.to_owned() };
        assert_eq!(gone("chat.example").offline_host(), Some("chat.example"));
        for local in ["localhost", "LOCALHOST.", "app.localhost", "127.0.0.1", "[::1]", "0.0.0.0"] {
            assert_eq!(gone(local).offline_host(), None, "{local}");
        }
        assert_eq!(Unreachable::Refused.offline_host(), None);
        assert_eq!(Unreachable::TimedOut { after: Duration::ZERO }.offline_host(), None);
    }

    #[test]
    fn causes_are_found_inside_io_errors() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        let fault = Unreachable::from_error(&error, "h", Duration::ZERO);
        assert_eq!(fault, Unreachable::Tls(TlsError::UnknownIssuer));
    }

    #[test]
    fn system_errors_are_classified() {
        let of = |kind: io::ErrorKind| {
            Unreachable::from_error(&io::Error::from(kind), "h", Duration::from_secs(3))
        };
        assert_eq!(of(io::ErrorKind::ConnectionRefused), Unreachable::Refused);
        assert_eq!(of(io::ErrorKind::ConnectionReset), Unreachable::Reset);
        assert_eq!(of(io::ErrorKind::HostUnreachable), Unreachable::NoRoute { host: "h".to_owned() });
        assert_eq!(of(io::ErrorKind::TimedOut), Unreachable::TimedOut { after: Duration::from_secs(3) });
        assert_eq!(of(io::ErrorKind::UnexpectedEof), Unreachable::Closed);
    }

    #[test]
    fn durations_are_formatted_compactly() {
        assert_eq!(short(Duration::from_millis(250)), "250ms");
        assert_eq!(short(Duration::from_millis(1500)), "1.5s");
        assert_eq!(short(Duration::from_secs(90)), "90s");
    }
}
