//! Why a PostgreSQL query failed, classified by what the operator has to do, which is in [`super::advice`].

use std::error::Error;
use std::fmt;
use std::time::Duration;

use tokio_postgres::error::DbError;

use crate::service::tls::{RootsError, TlsError};
use crate::service::unreachable::{Unreachable, short};
use crate::text::visible;

/// Why a PostgreSQL query failed. Displays as a lower-case fragment without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PgError {
    /// It could not be reached, or the connection broke.
    Unreachable(Unreachable),
    /// The file named by `sslrootcert` cannot be used.
    RootCert(RootsError),
    /// The server requires a password, and the DSN has none.
    NoPassword,
    /// The server rejected the login. Without SQLSTATE when both sides found no common login method.
    Auth { sqlstate: Option<String>, message: String },
    /// The database does not exist.
    NoDatabase { message: String },
    /// No connection is available at the server or the pooler.
    TooMany { message: String },
    /// The server is starting, stopping or recovering.
    NotReady { sqlstate: String, message: String },
    /// No server satisfies `target_session_attrs`.
    NotSuitable { host: String, wanted: &'static str },
    /// The server cancelled the statement, because of a timeout or on request.
    Cancelled { after: Duration, message: String },
    /// A lock was not available in time.
    Locked { message: String },
    /// The server rejected the statement.
    Server { sqlstate: String, message: String, hint: Option<String> },
    /// A selected column is not text.
    NotText { column: String },
    /// The result exceeds the limits.
    TooMuch,
    /// A column that holds times has another type.
    NotTimestamp { column: String, found: String },
    /// The answer does not have the form that the statement must give; what is wrong with it.
    Unexpected(String),
}

impl PgError {
    /// Classifies a client error. `host` is the server, `after` the time waited.
    pub(super) fn from_error(error: &tokio_postgres::Error, host: &str, after: Duration) -> PgError {
        if let Some(db) = error.as_db_error() {
            return from_server(db, after);
        }
        if error.is_closed() {
            return PgError::Unreachable(Unreachable::Closed);
        }
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        // tokio-postgres does not expose its other kinds of errors, so they are recognised by their texts, each of which
        // a test provokes (tests/it/clients/postgres/faults.rs).
        match error.to_string().as_str() {
            "error performing TLS handshake" if cause == "server does not support TLS" => {
                PgError::Unreachable(Unreachable::Tls(TlsError::NotOffered))
            }
            "invalid configuration" if cause == "password missing" => PgError::NoPassword,
            "authentication error" => PgError::Auth { sqlstate: None, message: visible(cause.as_bytes()) },
            "unexpected message from server" | "error parsing response from server" => not_postgres(),
            kind => match Unreachable::from_error(error, host, after) {
                Unreachable::Other(_) if kind == "error communicating with the server" => not_postgres(),
                error => PgError::Unreachable(error),
            },
        }
    }

    /// The error for an answer that does not have the form that the statement must give; `what` is wrong with it.
    pub fn unexpected(what: impl Into<String>) -> PgError {
        PgError::Unexpected(what.into())
    }

    /// The SQLSTATE, if the server reported the failure.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            PgError::Auth { sqlstate, .. } => sqlstate.as_deref(),
            PgError::NotReady { sqlstate, .. } | PgError::Server { sqlstate, .. } => Some(sqlstate),
            PgError::NoDatabase { .. } => Some("3D000"),
            PgError::Cancelled { .. } => Some("57014"),
            PgError::Locked { .. } => Some("55P03"),
            _ => None,
        }
    }

    /// See [`Unreachable::offline_host`].
    pub fn offline_host(&self) -> Option<&str> {
        match self {
            PgError::Unreachable(error) => error.offline_host(),
            _ => None,
        }
    }

    /// True when the database answered, if only to reject the statement.
    pub fn answered(&self) -> bool {
        match self {
            PgError::Cancelled { .. }
            | PgError::Locked { .. }
            | PgError::Server { .. }
            | PgError::NotText { .. }
            | PgError::TooMuch
            | PgError::NotTimestamp { .. }
            | PgError::Unexpected(_) => true,
            PgError::Unreachable(_)
            | PgError::RootCert(_)
            | PgError::NoPassword
            | PgError::Auth { .. }
            | PgError::NoDatabase { .. }
            | PgError::TooMany { .. }
            | PgError::NotReady { .. }
            | PgError::NotSuitable { .. } => false,
        }
    }

    /// True when waiting does not help: somebody has to correct the login, a name or a permission.
    pub fn is_permanent(&self) -> bool {
        match self {
            PgError::RootCert(_)
            | PgError::NoPassword
            | PgError::Auth { .. }
            | PgError::NoDatabase { .. }
            | PgError::NotText { .. }
            | PgError::TooMuch
            | PgError::NotTimestamp { .. }
            | PgError::Unexpected(_) => true,
            PgError::Server { sqlstate, .. } => names_wrong_thing(sqlstate) || sqlstate == "42501",
            PgError::Unreachable(_)
            | PgError::TooMany { .. }
            | PgError::NotReady { .. }
            | PgError::NotSuitable { .. }
            | PgError::Cancelled { .. }
            | PgError::Locked { .. } => false,
        }
    }

    /// True when our side could not send the query at all: a local file is missing.
    pub fn is_ours(&self) -> bool {
        matches!(self, PgError::RootCert(_))
    }

    /// True when another server of the same DSN may still work.
    pub(super) fn concerns_one_server(&self) -> bool {
        matches!(self, PgError::Unreachable(_) | PgError::NotReady { .. } | PgError::NotSuitable { .. })
    }

    /// True when the result may differ with or without encryption: the two sides could not agree on it, or
    /// `pg_hba.conf` has no line for this kind of connection.
    pub(super) fn depends_on_encryption(&self) -> bool {
        match self {
            PgError::Unreachable(Unreachable::Tls(_)) => true,
            PgError::Auth { sqlstate, .. } => sqlstate.as_deref() == Some("28000"),
            _ => false,
        }
    }

    pub(super) fn weight(&self) -> u8 {
        match self {
            PgError::Unreachable(error) => error.weight(),
            _ => 10,
        }
    }
}

/// True when a statement names a schema, table, column or function that does not exist or has another type.
pub(super) fn names_wrong_thing(sqlstate: &str) -> bool {
    (sqlstate.starts_with("42") && sqlstate != "42501") || sqlstate == "3F000"
}

fn not_postgres() -> PgError {
    let why = "the response is not a complete PostgreSQL message; check host and port, and the server's log";
    PgError::Unreachable(Unreachable::Other(why.to_owned()))
}

/// Classifies an error by SQLSTATE. Poolers use general codes, so their texts count, too.
fn from_server(error: &DbError, after: Duration) -> PgError {
    let (sqlstate, message) = (error.code().code().to_owned(), visible(error.message().as_bytes()));
    let mentions = |words: &[&str]| words.iter().any(|w| message.to_ascii_lowercase().contains(w));
    match sqlstate.as_str() {
        "3D000" => PgError::NoDatabase { message },
        "53300" => PgError::TooMany { message },
        "57P01" | "57P02" | "57P03" | "57P05" => PgError::NotReady { sqlstate, message },
        "57014" => PgError::Cancelled { after, message },
        "55P03" => PgError::Locked { message },
        code if code.starts_with("28") => PgError::Auth { sqlstate: Some(sqlstate), message },
        "08P01" | "XX000" if mentions(&["no such database", "does not exist"]) => {
            PgError::NoDatabase { message }
        }
        "08P01" | "XX000"
            if mentions(&["no more connections", "max clients", "max_client_conn", "too many"]) =>
        {
            PgError::TooMany { message }
        }
        "08P01" | "XX000" if mentions(&["tenant or user not found", "no such user", "auth"]) => {
            PgError::Auth { sqlstate: Some(sqlstate), message }
        }
        _ => PgError::Server { sqlstate, message, hint: error.hint().map(|h| visible(h.as_bytes())) },
    }
}

impl From<Unreachable> for PgError {
    fn from(error: Unreachable) -> PgError {
        PgError::Unreachable(error)
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PgError::Unreachable(error) => error.fmt(f),
            PgError::RootCert(error) => write!(f, "sslrootcert {error}"),
            PgError::NoPassword => f.write_str("the server requires a password, but the URL has none"),
            PgError::Auth { message, .. } => write!(f, "login rejected: {message}"),
            PgError::NoDatabase { message } => f.write_str(message),
            PgError::TooMany { message } => write!(f, "no connection is available: {message}"),
            PgError::NotReady { message, .. } => write!(f, "the server is not ready: {message}"),
            PgError::NotSuitable { host, wanted } => {
                write!(f, "{host} is not {wanted}, which target_session_attrs requires")
            }
            PgError::Cancelled { after, message } => write!(f, "{message} (allowed: {})", short(*after)),
            PgError::Locked { message } => f.write_str(message),
            PgError::Server { sqlstate, message, hint } => {
                write!(f, "{message} (SQLSTATE {sqlstate})")?;
                hint.as_ref().map_or(Ok(()), |h| write!(f, "; {h}"))
            }
            PgError::NotText { column } => {
                write!(f, "the column {column} is not text; select {column}::text")
            }
            PgError::TooMuch => f.write_str("the result is too large"),
            PgError::NotTimestamp { column, found } => {
                write!(f, "the column {column} is not a timestamp but {found}")
            }
            PgError::Unexpected(what) => write!(f, "the database's answer cannot be read: {what}"),
        }
    }
}

impl Error for PgError {}
