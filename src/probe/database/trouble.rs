//! What went wrong with the database connection, distinguished by what the operator
//! has to do about it.

use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::Unreachable;
use crate::service::postgres::PgError;
use crate::service::tls::TlsError;

/// For answers that no supported PostgreSQL gives.
const UNEXPECTED: &str =
    "check that DATABASE_URL points to PostgreSQL 13 or later, and check for a proxy or pooler in between";

/// Why a measurement of the database has no result.
#[derive(Clone, Debug)]
pub enum DatabaseError {
    /// Our side could not connect at all.
    Cannot(ProbeError),
    /// The database did not answer, or its answer cannot be read.
    Failed(Failure),
}

/// The parts of a failing claim.
#[derive(Clone, Debug)]
pub struct Failure {
    pub expected: &'static str,
    pub found: String,
    /// The reason in one sentence.
    pub sentence: String,
    /// What to do about it.
    pub fix: String,
    /// See [`Claim::offline`].
    pub offline: Option<String>,
}

impl DatabaseError {
    /// An answer that does not have the form that the statement must give.
    pub fn unreadable(why: impl Into<String>) -> DatabaseError {
        let why = why.into();
        DatabaseError::Failed(Failure {
            expected: "a readable answer",
            sentence: format!("the database's answer cannot be read: {why}"),
            found: why,
            fix: UNEXPECTED.to_owned(),
            offline: None,
        })
    }

    /// Adds the failing claim.
    ///
    /// # Errors
    /// When our side could not connect at all.
    pub fn finding(&self, finding: Finding) -> Result<Finding, ProbeError> {
        match self {
            DatabaseError::Cannot(why) => Err(why.clone()),
            DatabaseError::Failed(failure) => {
                let Failure { expected, found, sentence, fix, offline } = failure;
                let mut claim = Claim::compared("connection", "connection", *expected, found, false)
                    .sentence(sentence)
                    .fix(fix);
                claim.offline.clone_from(offline);
                Ok(finding.claim(claim))
            }
        }
    }
}

impl From<&PgError> for DatabaseError {
    fn from(fault: &PgError) -> DatabaseError {
        if fault.is_ours() {
            return DatabaseError::Cannot(ProbeError::because(format!("DATABASE_URL: {fault}")));
        }
        let (expected, sentence, fix) = advice(fault);
        DatabaseError::Failed(Failure {
            expected,
            found: fault.to_string(),
            sentence,
            fix: fix.to_owned(),
            offline: fault.offline_host().map(str::to_owned),
        })
    }
}

/// The expectation, the reason in one sentence, and what to do.
fn advice(fault: &PgError) -> (&'static str, String, &'static str) {
    match fault {
        PgError::Unreachable(Unreachable::Tls(tls)) => {
            ("a TLS handshake", format!("no TLS connection to the database: {fault}"), encryption(tls))
        }
        PgError::Unreachable(unreachable) => {
            ("an open connection", format!("cannot connect to the database: {fault}"), network(unreachable))
        }
        PgError::NoPassword => (
            "a successful login",
            "the server requires a password, but DATABASE_URL has none".to_owned(),
            "write the password into DATABASE_URL: postgresql://USER:PASSWORD@HOST/DATABASE",
        ),
        PgError::Auth { message, .. } => {
            ("a successful login", format!("cannot log in to the database: {message}"), login(message))
        }
        PgError::NoDatabase { message } => (
            "an existing database",
            format!("cannot open the database: {message}"),
            "correct the database name in DATABASE_URL (\\l in psql lists those that exist)",
        ),
        PgError::TooMany { message } => (
            "a free connection",
            format!("the server has no free connection: {message}"),
            "find out who holds them: SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC",
        ),
        PgError::NotReady { message, .. } => (
            "a server that is ready",
            format!("the server is not ready: {message}"),
            "wait until the server has started or recovered, and run the check again",
        ),
        PgError::NotSuitable { .. } => (
            "a server that meets target_session_attrs",
            format!("no server meets target_session_attrs: {fault}"),
            "correct the hosts or target_session_attrs in DATABASE_URL",
        ),
        PgError::Locked { message } => (
            "an answer in time",
            format!("a lock blocks the query: {message}"),
            "wait until the migration that holds the lock has ended, and run the check again",
        ),
        PgError::Cancelled { message, .. } => (
            "an answer in time",
            format!("the database did not answer in time: {message}"),
            "find out what keeps the server busy (pg_stat_activity), and run the check again",
        ),
        PgError::Server { sqlstate, .. } if sqlstate == "42501" => (
            "the necessary permissions",
            format!("the role lacks a permission: {fault}"),
            "have the database's owner grant this role what it lacks (GRANT CONNECT ON DATABASE ... TO ...)",
        ),
        _ => ("an answer", format!("the database returned an error: {fault}"), UNEXPECTED),
    }
}

fn encryption(fault: &TlsError) -> &'static str {
    match fault {
        TlsError::NotOffered => {
            "turn TLS on at the server; only for a private network set sslmode=disable in DATABASE_URL"
        }
        TlsError::UnknownIssuer => {
            "give the root certificate that issued the server's certificate: sslrootcert=FILE in DATABASE_URL, or --ca-file FILE"
        }
        _ => "inspect the server's certificate: openssl s_client -starttls postgres -connect HOST:PORT",
    }
}

fn network(fault: &Unreachable) -> &'static str {
    match fault {
        Unreachable::Unresolvable { .. } => {
            "correct the host in DATABASE_URL, or find out why its name does not resolve"
        }
        Unreachable::Refused => "start the database, or correct host and port in DATABASE_URL",
        Unreachable::TimedOut { .. } | Unreachable::NoRoute { .. } => {
            "correct host and port in DATABASE_URL, or allow this machine in the database's firewall"
        }
        Unreachable::Closed | Unreachable::Reset => {
            "check the database's log; a pooler that is full or stopping also closes connections"
        }
        _ => "correct host and port in DATABASE_URL: something other than PostgreSQL may be listening there",
    }
}

fn login(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    if says("pg_hba") && (says("no encryption") || says("ssl off")) {
        "the server requires TLS: add sslmode=require (better: verify-full) to DATABASE_URL"
    } else if says("pg_hba") {
        "allow this role to connect from this machine in the server's pg_hba.conf, or connect through the pooler"
    } else if says("role") && says("does not exist") {
        "correct the user in DATABASE_URL; a pooler may need it as USER.PROJECT"
    } else {
        "reset the role's password and put it, percent-encoded, into DATABASE_URL"
    }
}
