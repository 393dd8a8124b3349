//! The measurement: one connection, what the server reports about itself, its clock, and the age of the newest fact.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::context::{Attempt, Context, Key};
use crate::outcome::finding::{Claim, Finding};
use crate::service::dsn::{Dsn, SslMode};
use crate::service::postgres::{PgError, Protection, Session, SessionInfo, connect, quote_ident, quote_name};
use crate::service::unreachable::is_loopback;

/// How long the search for the newest fact may take: it is evidence, never judged.
const NEWEST_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that answered.
#[derive(Clone, Debug)]
pub struct Connection {
    pub info: SessionInfo,
    protection: Protection,
    sslmode: SslMode,
    /// Whether every server of the DSN is on a network where connections are usually not encrypted.
    private: bool,
    opened: SignedDuration,
    /// The server's clock minus ours, and the uncertainty of that.
    skew: (SignedDuration, SignedDuration),
    newest: Newest,
    ignored: Vec<String>,
    pooler: Option<String>,
}

/// The newest fact about a delivery.
#[derive(Clone, Debug)]
enum Newest {
    /// Its age by the server's clock, and how far the app's clock was behind when it wrote it.
    Aged {
        age: SignedDuration,
        app_behind: Option<SignedDuration>,
    },
    None,
    Unreadable(String),
}

/// The connection, and what the session shows.
const CONNECTION: Key<Result<Connection, PgError>> = Key::new("the database connection");

/// Connects and takes the measurement, once per run.
pub async fn measure(attempt: &Attempt<'_>, dsn: Dsn) -> Arc<Result<Connection, PgError>> {
    let (cx, deadline) = (Arc::clone(attempt.cx), attempt.deadline);
    let take = async move {
        let began = Instant::now();
        let session = connect(&dsn, &cx.roots, &cx.marker, deadline).await?;
        let opened = began.elapsed();
        let newest = newest(&session, &cx).await;
        let connection = newest.map(|newest| Connection {
            opened: SignedDuration::try_from(opened).unwrap_or_default(),
            skew: session.info().ahead_of(cx.now()),
            info: session.info().clone(),
            protection: session.protection(),
            sslmode: dsn.sslmode,
            private: is_private_dsn(&dsn),
            newest,
            ignored: dsn.ignored.clone(),
            pooler: pooler(&dsn, session.info().port.as_deref()),
        });
        session.close().await;
        connection
    };
    attempt.cx.measure(CONNECTION, attempt.again, take).await
}

fn pooler(dsn: &Dsn, port: Option<&str>) -> Option<String> {
    let elsewhere = port.filter(|p| *p != dsn.port.to_string());
    match (dsn.pooler, elsewhere) {
        (true, Some(port)) => {
            Some(format!("in transaction mode; the server behind it listens on port {port}"))
        }
        (true, None) => Some("in transaction mode (by its port, or pgbouncer=true)".to_owned()),
        (false, Some(port)) => {
            Some(format!("a proxy or pooler is in between: the server itself listens on port {port}"))
        }
        (false, None) => None,
    }
}

/// Reads the newest delivery. That it cannot be read proves nothing against the connection, as long as the server answers.
async fn newest(session: &Session, cx: &Context) -> Result<Newest, PgError> {
    let names = &cx.settings.target.names;
    let at = quote_ident(&names.recorded_at);
    // The table of another generation of the app has no such column; then only the age is read.
    let with_clock = format!("{} ->> 'timestamp'", quote_ident(&names.metadata));
    let mut answer = Err(PgError::TooMuch);
    for said in [with_clock.as_str(), "NULL::text"] {
        let sql = format!(
            "SELECT extract(epoch FROM {at})::text AS at, {said} AS said FROM {} \
             WHERE {} = 'support.webhook.retry' ORDER BY {at} DESC LIMIT 1",
            quote_name(&names.facts),
            quote_ident(&names.fact_type)
        );
        answer = session.rows_within(NEWEST_TIMEOUT, &sql).await;
        if !matches!(&answer, Err(error) if error.answered()) {
            break;
        }
    }
    let row = match answer {
        Ok(rows) => rows.into_iter().next(),
        Err(error) if error.answered() => return Ok(Newest::Unreadable(error.to_string())),
        Err(error) => return Err(error),
    };
    let Some(row) = row else { return Ok(Newest::None) };
    let Some(recorded) = row.get("at").and_then(instant) else {
        return Ok(Newest::Unreadable("its time cannot be read".to_owned()));
    };
    let said: Option<Timestamp> = row.get("said").and_then(|text| text.parse().ok());
    Ok(Newest::Aged {
        age: session.info().now().duration_since(recorded),
        app_behind: said.map(|said| recorded.duration_since(said)),
    })
}

impl Connection {
    pub(super) fn reachable(&self, finding: Finding) -> Finding {
        let opened = format!("in {}", written(self.opened));
        let (skew, doubt) = self.skew;
        let mut finding = finding
            .claim(Claim::compared(
                "connection",
                "connection",
                "an answer",
                format!("from {}", self.info.database),
                true,
            ))
            .evidence("opened", opened)
            .evidence("server", format!("PostgreSQL {}", self.info.version))
            .evidence("role", &self.info.role)
            .evidence("protection", format!("{} (sslmode={})", self.protected(), self.sslmode))
            .evidence("clock", format!("{} (± {})", against(skew, "ours"), written(doubt)));
        finding = match &self.newest {
            Newest::Aged { age, app_behind } => {
                let dated = if age.is_negative() {
                    format!("dated {} in the future", written(age.abs()))
                } else {
                    format!("{} old", written(*age))
                };
                let finding = finding.evidence("newest delivery recorded", dated);
                match app_behind {
                    Some(behind) => finding.evidence("app's clock", against(-*behind, "the time recorded")),
                    None => finding,
                }
            }
            Newest::None => finding.evidence("newest delivery recorded", "none yet"),
            Newest::Unreadable(why) => {
                finding.evidence("newest delivery recorded", format!("not readable: {why}"))
            }
        };
        if !self.ignored.is_empty() {
            finding = finding.evidence("ignored parameters (for other clients)", self.ignored.join(", "));
        }
        if let Some(pooler) = &self.pooler {
            finding = finding.evidence("pooler", pooler);
        }
        match self.warning() {
            Some(warning) => finding.warn(warning),
            None => finding,
        }
    }

    fn protected(&self) -> &'static str {
        match self.protection {
            Protection::LocalSocket => "a local socket",
            Protection::Plain => "not encrypted",
            Protection::Encrypted => "encrypted, server not verified",
            Protection::Chain => "encrypted, the server's issuer verified",
            Protection::ChainAndName => "encrypted, the server's issuer and name verified",
        }
    }

    fn warning(&self) -> Option<String> {
        match self.protection {
            Protection::Encrypted => Some(format!(
                "sslmode={} encrypts the connection, but does not verify the server; set sslmode=verify-full and sslrootcert in DATABASE_URL",
                self.sslmode
            )),
            Protection::Plain if !self.private => {
                Some("the connection is not encrypted; set sslmode=verify-full in DATABASE_URL".to_owned())
            }
            _ => None,
        }
    }
}

/// Considers all servers, not only the one that answered: a private first host must not hide a public second one.
fn is_private_dsn(dsn: &Dsn) -> bool {
    dsn.servers.iter().all(|server| is_private(&server.host))
}

/// True where connections are usually not encrypted: this machine, and Fly's private network, which is encrypted
/// itself.
fn is_private(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    is_loopback(&host) || host.ends_with(".internal") || host.ends_with(".flycast")
}

/// Reads seconds since 1970 as PostgreSQL writes them, to the microsecond.
fn instant(text: &str) -> Option<Timestamp> {
    let seconds: f64 = text.parse().ok().filter(|s: &f64| s.is_finite())?;
    let micros = seconds * 1e6;
    (micros.abs() < 2e17).then(|| Timestamp::from_microsecond(micros.round() as i64).ok()).flatten()
}

/// `12ms`, `3s`, `2h 5m`: from ten seconds on, fractions of a second are dropped.
fn written(length: SignedDuration) -> String {
    let length = length.abs();
    let whole = if length < SignedDuration::from_secs(10) {
        SignedDuration::from_millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
    } else {
        SignedDuration::from_secs(length.as_secs())
    };
    format!("{whole:#}")
}

fn against(ahead: SignedDuration, whose: &str) -> String {
    let word = if ahead.is_negative() { "behind" } else { "ahead of" };
    format!("{} {word} {whose}", written(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_to_the_microsecond_and_other_texts_are_rejected() {
        let at = instant("1763856000.123456").expect("a number");
        assert_eq!(at.to_string(), "2025-11-23T00:00:00.123456Z");
        for bad in ["", "Infinity", "-Infinity", "NaN", "1e300", "yesterday"] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_private_hosts_may_be_unencrypted() {
        for host in
            ["127.0.0.1", "localhost", "db.internal", "hotdash-db.flycast", "top1.nearest.of.db.internal"]
        {
            assert!(is_private(host), "{host}");
        }
        for host in ["db.example.com", "internal.example.com", "10.0.0.1.example"] {
            assert!(!is_private(host), "{host}");
        }
        for (hosts, private) in [
            ("db.internal,localhost", true),
            ("db.internal,db.example.com", false),
            ("db.example.com,db.internal", false),
        ] {
            let dsn = Dsn::parse(&format!("postgresql://u:p@{hosts}/app")).expect("a connection string");
            assert_eq!(is_private_dsn(&dsn), private, "{hosts}");
        }
    }
}
