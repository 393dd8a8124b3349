//! What a PostgreSQL error means and what an operator does about it: the one table of this program. Callers add only what
//! the statement was for.

use super::PgError;
use super::error::names_wrong_thing;
use crate::service::tls::TlsError;
use crate::service::unreachable::Unreachable;

/// For answers that no supported PostgreSQL gives.
const UNEXPECTED: &str =
    "check that DATABASE_URL points to PostgreSQL 13 or later, and check for a proxy or pooler in between";

/// What the failed statement was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task<'a> {
    /// Connecting, and reading what the server reports about itself and its catalog.
    Connect,
    /// Reading a table whose names are under `[targets.TARGET.names]`.
    Read { table: &'a str, target: &'a str },
    /// Adding rows to a table.
    Write { table: &'a str },
}

/// What an error means and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What should have been there instead, for a claim: `an open connection`.
    pub expected: &'static str,
    /// The reason in one sentence.
    pub reason: String,
    /// The fix in one line.
    pub fix: String,
}

impl PgError {
    /// What this error means for a task and what an operator does about it.
    pub fn advice(&self, task: Task<'_>) -> Advice {
        let (expected, reason, fix) = match self {
            PgError::Unreachable(Unreachable::Tls(error)) => {
                ("a TLS handshake", format!("no TLS connection to the database: {error}"), encryption(error))
            }
            PgError::Unreachable(error) => {
                ("an open connection", format!("cannot connect to the database: {error}"), network(error))
            }
            PgError::RootCert(_) => (
                "a readable root certificate",
                format!("the root certificate cannot be used: {self}"),
                "correct the file of sslrootcert in DATABASE_URL",
            ),
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
                "wait until the server has started or recovered, then run again",
            ),
            PgError::NotSuitable { .. } => (
                "a server that meets target_session_attrs",
                format!("no server meets target_session_attrs: {self}"),
                "correct the hosts or target_session_attrs in DATABASE_URL",
            ),
            PgError::Locked { message } => (
                "an answer in time",
                format!("a lock blocks the query: {message}"),
                "wait until the migration that holds the lock has ended (pg_locks shows it), then run again",
            ),
            PgError::Cancelled { message, .. } => {
                let fix = match task {
                    Task::Read { table, .. } => format!(
                        "create the index on {table} that `hotdash-ops preflight --only schema` suggests; if it exists, find out what keeps the server busy (pg_stat_activity)"
                    ),
                    _ => "find out what keeps the server busy (pg_stat_activity), then run again".to_owned(),
                };
                let reason = format!("the database did not answer in time: {message}");
                return Advice { expected: "an answer in time", reason, fix };
            }
            PgError::Server { sqlstate, .. } => {
                let (expected, reason, fix) = rejected(sqlstate, task);
                return Advice { expected, reason: format!("{reason}: {self}"), fix };
            }
            PgError::NotTimestamp { .. } => {
                let fix = match task {
                    Task::Read { target, .. } => {
                        format!(
                            "correct the column's name under [targets.{target}.names] in the configuration"
                        )
                    }
                    _ => "correct the column's type".to_owned(),
                };
                return Advice { expected: "a timestamp", reason: self.to_string(), fix };
            }
            PgError::NotText { .. } | PgError::TooMuch | PgError::Unexpected(_) => {
                ("a readable answer", self.to_string(), UNEXPECTED)
            }
        };
        Advice { expected, reason, fix: fix.to_owned() }
    }
}

/// The expectation, the beginning of the reason, and the fix for a statement that the server rejected.
fn rejected(sqlstate: &str, task: Task<'_>) -> (&'static str, &'static str, String) {
    let permission = ("the necessary permissions", "the role lacks a permission");
    let answer = ("an answer", "the database returned an error");
    let ((expected, reason), fix) = match (sqlstate, task) {
        ("42501", Task::Connect) => (
            permission,
            "have the database's owner grant this role what it lacks (GRANT CONNECT ON DATABASE ... TO ...)"
                .to_owned(),
        ),
        ("42501", Task::Read { table, .. }) => (
            permission,
            format!(
                "have the table's owner run: GRANT SELECT ON {table} TO the role of DATABASE_URL (`hotdash-ops preflight --only schema` shows the statement)"
            ),
        ),
        ("42501", Task::Write { table }) => (
            permission,
            format!(
                "have the owner run: GRANT SELECT, INSERT ON {table} TO the role of DATABASE_URL; check its row level security policies, too"
            ),
        ),
        (state, Task::Read { target, .. }) if names_wrong_thing(state) => (
            answer,
            format!(
                "correct the table and column names under [targets.{target}.names] in the configuration, or DATABASE_URL: `hotdash-ops preflight --only schema` shows which are wrong"
            ),
        ),
        (state, Task::Write { table })
            if state.starts_with("22") || state.starts_with("23") || state == "P0001" =>
        {
            (
                ("the row accepted", "the table does not accept the row"),
                format!("check the constraints, triggers and other columns of {table} (\\d {table} in psql)"),
            )
        }
        (_, Task::Connect) => (answer, UNEXPECTED.to_owned()),
        (state, _) => (answer, format!("find SQLSTATE {state} in the database's log at this time")),
    };
    (expected, reason, fix)
}

fn encryption(error: &TlsError) -> &'static str {
    match error {
        TlsError::NotOffered => {
            "turn TLS on at the server, or put the provider's TLS endpoint into DATABASE_URL; on Fly's private network use DATABASE_URL as `fly postgres attach` sets it"
        }
        TlsError::UnknownIssuer => {
            "give the root certificate that issued the server's certificate: sslrootcert=FILE in DATABASE_URL, or --ca-file FILE"
        }
        _ => "inspect the server's certificate: openssl s_client -starttls postgres -connect HOST:PORT",
    }
}

fn network(error: &Unreachable) -> &'static str {
    match error {
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

/// Servers and poolers use one SQLSTATE for several causes, so their texts decide.
fn login(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    let mentions = |words: &str| message.contains(words);
    if mentions("pg_hba") && (mentions("no encryption") || mentions("ssl off")) {
        "the server requires TLS: add sslmode=require (better: verify-full) to DATABASE_URL"
    } else if mentions("pg_hba") {
        "allow this role to connect from this machine in the server's pg_hba.conf, or connect through the pooler"
    } else if (mentions("role") && mentions("does not exist"))
        || mentions("user not found")
        || mentions("no such user")
    {
        "correct the user in DATABASE_URL; a pooler may need it as USER.PROJECT"
    } else if mentions("unsupported") {
        "set scram-sha-256 for this role in the server's pg_hba.conf: this program logs in with a password"
    } else {
        "reset the role's password and put it, percent-encoded, into DATABASE_URL"
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const READ: Task<'_> = Task::Read { table: "dashboard_facts", target: "staging" };
    const WRITE: Task<'_> = Task::Write { table: "support_baseline" };

    fn server(sqlstate: &str) -> PgError {
        PgError::Server { sqlstate: sqlstate.to_owned(), message: "no".to_owned(), hint: None }
    }

    #[test]
    fn each_error_has_a_fix_for_its_task() {
        let late = PgError::Cancelled { after: Duration::from_secs(5), message: String::new() };
        let missing = server("42P01");
        for (error, task, fix) in [
            (&server("42501"), Task::Connect, "GRANT CONNECT"),
            (&server("42501"), READ, "GRANT SELECT ON dashboard_facts"),
            (&server("42501"), WRITE, "GRANT SELECT, INSERT ON support_baseline"),
            (&missing, READ, "[targets.staging.names]"),
            (&missing, Task::Connect, "PostgreSQL 13"),
            (&server("23514"), WRITE, "constraints, triggers"),
            (&server("XX000"), READ, "SQLSTATE XX000 in the database's log"),
            (&late, READ, "create the index on dashboard_facts"),
            (&late, WRITE, "pg_stat_activity"),
            (&PgError::NotTimestamp { column: "at".into(), found: "text".into() }, READ, "staging.names"),
            (&PgError::unexpected("it has no row"), READ, "proxy or pooler"),
        ] {
            let advice = error.advice(task);
            assert!(advice.fix.contains(fix), "{error:?}: {advice:?}");
        }
    }

    #[test]
    fn the_text_of_a_rejected_login_decides_the_fix() {
        for (message, fix) in [
            ("no pg_hba.conf entry for host \"1.2.3.4\", no encryption", "sslmode=require"),
            ("no pg_hba.conf entry for host \"1.2.3.4\", SSL off", "sslmode=require"),
            ("no pg_hba.conf entry for host \"1.2.3.4\", SSL encryption", "pg_hba.conf, or connect"),
            ("role \"nobody\" does not exist", "correct the user"),
            ("Tenant or user not found", "correct the user"),
            ("no such user: nobody", "correct the user"),
            ("unsupported authentication method", "scram-sha-256"),
            ("password authentication failed for user \"app\"", "reset the role's password"),
        ] {
            assert!(login(message).contains(fix), "{message}: {}", login(message));
        }
    }

    #[test]
    fn no_fix_weakens_encryption() {
        for error in [
            TlsError::NotOffered,
            TlsError::UnknownIssuer,
            TlsError::NotTls,
            TlsError::Expired { since: None },
            TlsError::WrongName { names: Vec::new() },
        ] {
            let fix = encryption(&error);
            for weak in ["disable", "allow", "prefer", "no-verify"] {
                assert!(!fix.contains(weak), "{error:?}: {fix}");
            }
        }
    }

    #[test]
    fn errors_that_waiting_does_not_cure_are_permanent() {
        let refused = PgError::Unreachable(Unreachable::Refused);
        let starting = PgError::NotReady { sqlstate: "57P03".to_owned(), message: String::new() };
        let late = PgError::Cancelled { after: Duration::from_secs(5), message: String::new() };
        let login = PgError::Auth { sqlstate: None, message: String::new() };
        for (error, answered, permanent) in [
            (&refused, false, false),
            (&starting, false, false),
            (&late, true, false),
            (&login, false, true),
            (&server("42P01"), true, true),
            (&server("42501"), true, true),
            (&server("40001"), true, false),
        ] {
            assert_eq!((error.answered(), error.is_permanent()), (answered, permanent), "{error:?}");
        }
    }
}
