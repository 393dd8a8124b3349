//! Why a TLS handshake failed, classified by what the operator has to do.

use std::fmt;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsError {
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

impl From<&Error> for TlsError {
    fn from(error: &Error) -> TlsError {
        match error {
            Error::InvalidCertificate(certificate) => certificate_fault(certificate),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsError::NotTls,
            Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => TlsError::NotTls,
            Error::AlertReceived(alert) => TlsError::Rejected(alert_text(*alert)),
            other => TlsError::Other(other.to_string()),
        }
    }
}

fn certificate_fault(error: &CertificateError) -> TlsError {
    match error {
        CertificateError::Expired => TlsError::Expired { since: None },
        CertificateError::ExpiredContext { not_after, .. } => TlsError::Expired { since: time(*not_after) },
        CertificateError::NotValidYet => TlsError::NotYetValid { until: None },
        CertificateError::NotValidYetContext { not_before, .. } => {
            TlsError::NotYetValid { until: time(*not_before) }
        }
        // Verification reports a bad signature when a root has the right name but another key, and an unsupported
        // algorithm when that key is also of another kind.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            TlsError::UnknownIssuer
        }
        CertificateError::NotValidForName => TlsError::WrongName { names: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsError::WrongName { names: presented.iter().map(|n| plain_name(n)).collect() }
        }
        other => TlsError::Other(other.to_string()),
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

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsError::Expired { since: Some(since) } => {
                write!(f, "the certificate expired at {since}; renew it")
            }
            TlsError::Expired { since: None } => write!(f, "the certificate has expired; renew it"),
            TlsError::NotYetValid { until } => {
                let when = until.map(|t| format!(" before {t}")).unwrap_or_default();
                write!(
                    f,
                    "the certificate is not valid{when}; check this machine's clock and the certificate"
                )
            }
            TlsError::UnknownIssuer => {
                write!(
                    f,
                    "the certificate's issuer is not trusted here; pass its root certificate with --ca-file"
                )
            }
            TlsError::WrongName { names } if names.is_empty() => {
                write!(f, "the certificate contains no host name (subjectAltName); issue one for this host")
            }
            TlsError::WrongName { names } => {
                write!(f, "the certificate was issued for {}, not for this host", names.join(", "))
            }
            TlsError::NotTls => {
                write!(f, "the server does not speak TLS on this port; check scheme and port")
            }
            TlsError::NotOffered => {
                write!(f, "the server does not support TLS; enable ssl on the server")
            }
            TlsError::Rejected(alert) => write!(f, "the server ended the TLS handshake: {alert}"),
            TlsError::Other(why) => write!(f, "TLS failed: {why}"),
        }
    }
}
