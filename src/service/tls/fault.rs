//! Why a TLS handshake failed, classified by what the operator has to do.

use std::fmt;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate has expired.
    Expired { since: Option<Timestamp> },
    /// The certificate is not valid yet, or this machine's clock is wrong.
    NotYetValid { until: Option<Timestamp> },
    /// It is not signed by a trusted root.
    UnknownIssuer,
    /// It was issued for other names.
    WrongName { names: Vec<String> },
    /// The server does not speak TLS.
    NotTls,
    /// The PostgreSQL server does not support TLS.
    NotOffered,
    /// The server ended the handshake; with its alert.
    Rejected(String),
    /// Anything else, in the words of the TLS library.
    Other(String),
}

impl From<&Error> for TlsFault {
    fn from(error: &Error) -> TlsFault {
        match error {
            Error::InvalidCertificate(certificate) => certificate_fault(certificate),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFault::NotTls,
            Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => TlsFault::NotTls,
            Error::AlertReceived(alert) => TlsFault::Rejected(alert_text(*alert)),
            other => TlsFault::Other(other.to_string()),
        }
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::Expired => TlsFault::Expired { since: None },
        CertificateError::ExpiredContext { not_after, .. } => TlsFault::Expired { since: time(*not_after) },
        CertificateError::NotValidYet => TlsFault::NotYetValid { until: None },
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsFault::NotYetValid { until: time(*not_before) }
        }
        // Verification reports a bad signature when a root has the right name but another key, and an unsupported
        // algorithm when that key is also of another kind.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            TlsFault::UnknownIssuer
        }
        CertificateError::NotValidForName => TlsFault::WrongName { names: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongName { names: presented.iter().map(|n| plain_name(n)).collect() }
        }
        other => TlsFault::Other(other.to_string()),
    }
}

/// Converts the library's `DnsName("chat.example")` and `IpAddress(10.0.0.1)`.
fn plain_name(name: &str) -> String {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inside.trim_matches('"').to_owned()
}

fn time(time: UnixTime) -> Option<Timestamp> {
    i64::try_from(time.as_secs()).ok().and_then(|s| Timestamp::from_second(s).ok())
}

fn alert_text(alert: AlertDescription) -> String {
    format!("{alert:?}")
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsFault::Expired { since: Some(since) } => {
                write!(f, "the certificate expired at {since}; renew it")
            }
            TlsFault::Expired { since: None } => write!(f, "the certificate has expired; renew it"),
            TlsFault::NotYetValid { until } => {
                let when = until.map(|t| format!(" before {t}")).unwrap_or_default();
                write!(
                    f,
                    "the certificate is not valid{when}; check this machine's clock and the certificate"
                )
            }
            TlsFault::UnknownIssuer => {
                write!(
                    f,
                    "the certificate's issuer is not trusted here; pass its root certificate with --ca-file"
                )
            }
            TlsFault::WrongName { names } if names.is_empty() => {
                write!(f, "the certificate contains no host name (subjectAltName); issue one for this host")
            }
            TlsFault::WrongName { names } => {
                write!(f, "the certificate was issued for {}, not for this host", names.join(", "))
            }
            TlsFault::NotTls => {
                write!(f, "the server does not speak TLS on this port; check scheme and port")
            }
            TlsFault::NotOffered => {
                write!(f, "the server does not support TLS; enable ssl on the server")
            }
            TlsFault::Rejected(alert) => write!(f, "the server ended the TLS handshake: {alert}"),
            TlsFault::Other(why) => write!(f, "TLS failed: {why}"),
        }
    }
}
