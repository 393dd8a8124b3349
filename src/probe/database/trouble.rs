//! What went wrong on the way to the database, told apart by what the operator has
//! to do about it.

use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::service::Unreachable;
use crate::service::postgres::PgFault;
use crate::service::tls::TlsFault;

/// For answers that no PostgreSQL in use gives.
const UNLIKE: &str = "look whether DATABASE_URL leads to PostgreSQL 13 or later, and what stands between";

/// Why a measurement of the database has no result.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Our side could not ask.
    Cannot(CannotAsk),
    /// The database did not answer, or not in a way that can be read.
    Failed(Failure),
}

/// A failing claim in the making.
#[derive(Clone, Debug)]
pub struct Failure {
    pub expected: &'static str,
    pub found: String,
    /// What to do about it.
    pub fix: String,
    /// See [`Claim::offline`].
    pub offline: Option<String>,
}

impl Trouble {
    /// An answer that is not what the statement must give.
    pub fn unreadable(why: impl Into<String>) -> Trouble {
        let found = format!("an answer that cannot be read: {}", why.into());
        Trouble::Failed(Failure { expected: "rows of text", found, fix: UNLIKE.to_owned(), offline: None })
    }

    /// # Errors
    /// When it was our side that could not ask.
    pub fn finding(&self, finding: Finding) -> Result<Finding, CannotAsk> {
        match self {
            Trouble::Cannot(why) => Err(why.clone()),
            Trouble::Failed(failure) => {
                let mut claim = Claim::new("connection", failure.expected, &failure.found, false);
                claim.offline.clone_from(&failure.offline);
                let mut finding = finding.claim(claim);
                finding.fix = Some(failure.fix.clone());
                Ok(finding)
            }
        }
    }
}

impl From<&PgFault> for Trouble {
    fn from(fault: &PgFault) -> Trouble {
        if fault.is_ours() {
            return Trouble::Cannot(CannotAsk::because(format!("DATABASE_URL: {fault}")));
        }
        let (expected, fix) = told_apart(fault);
        Trouble::Failed(Failure {
            expected,
            found: fault.to_string(),
            fix: fix.to_owned(),
            offline: fault.offline_host().map(str::to_owned),
        })
    }
}

/// What it should have been, and what to do.
fn told_apart(fault: &PgFault) -> (&'static str, &'static str) {
    match fault {
        PgFault::Unreachable(Unreachable::Tls(tls)) => ("a TLS handshake", encryption(tls)),
        PgFault::Unreachable(unreachable) => ("an open connection", way(unreachable)),
        PgFault::NoPassword => (
            "a login that is accepted",
            "write the password into DATABASE_URL: postgresql://USER:PASSWORD@HOST/DATABASE",
        ),
        PgFault::Auth { message, .. } => ("a login that is accepted", login(message)),
        PgFault::NoDatabase { .. } => (
            "a database that exists",
            "correct the database name in DATABASE_URL (\\l in psql lists those that exist)",
        ),
        PgFault::TooMany { .. } => (
            "a free connection",
            "find who holds them: SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC",
        ),
        PgFault::NotReady { .. } => {
            ("a server that is ready", "wait until the server has started or recovered, and ask again")
        }
        PgFault::NotSuitable { .. } => (
            "a server as target_session_attrs asks for",
            "correct the hosts or target_session_attrs in DATABASE_URL",
        ),
        PgFault::Locked { .. } => {
            ("an answer in time", "wait until the migration that holds the lock has ended, and ask again")
        }
        PgFault::Cancelled { .. } => {
            ("an answer in time", "look what the server is busy with (pg_stat_activity), and ask again")
        }
        PgFault::Server { sqlstate, .. } if sqlstate == "42501" => (
            "permission to ask",
            "let the database's owner grant this role what it lacks (GRANT CONNECT ON DATABASE ... TO ...)",
        ),
        _ => ("an answer", UNLIKE),
    }
}

fn encryption(fault: &TlsFault) -> &'static str {
    match fault {
        TlsFault::NotOffered => {
            "turn TLS on at the server; only for a private network write sslmode=disable into DATABASE_URL"
        }
        TlsFault::UnknownIssuer => {
            "give the root that issued the server's certificate: sslrootcert=FILE in DATABASE_URL, or --ca-file FILE"
        }
        _ => "look at the server's certificate: openssl s_client -starttls postgres -connect HOST:PORT",
    }
}

fn way(fault: &Unreachable) -> &'static str {
    match fault {
        Unreachable::Unresolvable { .. } => {
            "correct the host in DATABASE_URL, or look why its name does not resolve"
        }
        Unreachable::Refused => "start the database, or correct host and port in DATABASE_URL",
        Unreachable::TimedOut { .. } | Unreachable::NoRoute { .. } => {
            "correct host and port in DATABASE_URL, or let this machine through the database's firewall"
        }
        Unreachable::Closed | Unreachable::Reset => {
            "look into the database's log; a pooler that is full or stopping also hangs up"
        }
        _ => "correct host and port in DATABASE_URL: something else than PostgreSQL may answer there",
    }
}

fn login(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    if says("pg_hba") && (says("no encryption") || says("ssl off")) {
        "the server wants TLS: add sslmode=require (better: verify-full) to DATABASE_URL"
    } else if says("pg_hba") {
        "let this role connect from here in the server's pg_hba.conf, or connect through the pooler"
    } else if says("role") && says("does not exist") {
        "correct the user in DATABASE_URL; a pooler may want it as USER.PROJECT"
    } else {
        "set the role's password anew and put it, percent-encoded, into DATABASE_URL"
    }
}
