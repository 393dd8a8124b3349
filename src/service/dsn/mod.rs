//! Parses `DATABASE_URL` in the forms of Prisma and libpq. Parameters that only other clients understand are listed
//! separately. An error names the invalid part and never shows its value, which may be the password.

mod fault;
mod parts;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslNegotiation};

pub use fault::DsnError;
use parts::Parts;

/// How to encrypt the connection, as defined by libpq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Plain, and encrypted only if the server refuses plain connections.
    Allow,
    /// Encrypted if the server supports it. The default.
    Prefer,
    /// Encrypted. The server's identity is not verified unless `sslrootcert` is given.
    Require,
    /// Encrypted, and the certificate is signed by a trusted root.
    VerifyCa,
    /// Encrypted, and the certificate is signed by a trusted root and issued for this host's name.
    VerifyFull,
}

/// The trusted roots that the DSN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SslRootCert {
    /// `sslrootcert=system`: the system's trusted roots.
    System,
    /// A PEM file with the only trusted roots.
    File(PathBuf),
}

/// Which servers are acceptable, as defined by libpq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// One server to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A name, an address, or the directory of a Unix socket.
    pub host: String,
    /// The address to connect to instead of `host`, which is then only used to verify the certificate.
    pub address: Option<std::net::IpAddr>,
    pub port: u16,
}

impl Server {
    /// True when `host` is the directory of a Unix socket.
    pub fn is_socket(&self) -> bool {
        self.host.starts_with(['/', '@'])
    }
}

/// A parsed data source name.
#[derive(Clone)]
pub struct Dsn {
    /// User, password, database and session parameters. Hosts and TLS are in the other fields.
    pub config: Config,
    pub user: String,
    /// The first server's host.
    pub host: String,
    /// The first server's port.
    pub port: u16,
    /// All servers, in the order in which they are tried.
    pub servers: Vec<Server>,
    /// `None` when not given; the server then uses the user's name.
    pub database: Option<String>,
    /// Prisma's `schema` parameter, which sets the search path.
    pub schema: Option<String>,
    pub sslmode: SslMode,
    pub sslrootcert: Option<SslRootCert>,
    pub attrs: Attrs,
    pub connect_timeout: Option<Duration>,
    /// The sorted names of parameters that only other clients understand.
    pub ignored: Vec<String>,
    /// Whether this looks like a transaction-mode pooler: `pgbouncer=true`, or port 6543.
    pub pooler: bool,
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dsn({}, sslmode={})", self.identity(), self.sslmode)
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        })
    }
}

impl Dsn {
    /// Parses a DSN in URL form (`postgres://`, `postgresql://`) or as `key=value` pairs.
    pub fn parse(text: &str) -> Result<Dsn, DsnError> {
        Dsn::from_parts(Parts::read(text)?)
    }

    /// `user@host/database`, without the password. The host is in lower case; several hosts are joined by commas.
    pub fn identity(&self) -> String {
        let hosts: Vec<String> = self
            .servers
            .iter()
            .map(|s| if s.is_socket() { s.host.clone() } else { s.host.to_ascii_lowercase() })
            .collect();
        format!("{}@{}/{}", self.user, hosts.join(","), self.database_name())
    }

    /// The database to connect to. As in libpq, the default is the user's name.
    pub fn database_name(&self) -> &str {
        self.database.as_deref().unwrap_or(&self.user)
    }

    fn from_parts(parts: Parts) -> Result<Dsn, DsnError> {
        let user = parts.text("user")?.filter(|u| !u.is_empty()).ok_or(DsnError::Missing("user"))?;
        let database = parts.text("dbname")?.filter(|d| !d.is_empty());
        let servers = servers(&parts)?;
        let first = servers.first().ok_or(DsnError::Missing("host"))?;
        let sslrootcert = match parts.text("sslrootcert")?.filter(|f| !f.is_empty()) {
            Some(file) if file == "system" => Some(SslRootCert::System),
            Some(file) => Some(SslRootCert::File(file.into())),
            None => None,
        };
        let mut config = Config::new();
        config.user(&user);
        if let Some(password) = parts.bytes("password").filter(|p| !p.is_empty()) {
            config.password(password);
        }
        if let Some(database) = &database {
            config.dbname(database);
        }
        session(&mut config, &parts)?;
        Ok(Dsn {
            sslmode: sslmode(&parts, sslrootcert.as_ref())?,
            attrs: attrs(&parts)?,
            connect_timeout: connect_timeout(&parts)?,
            schema: parts.text("schema")?.filter(|s| !s.is_empty()),
            pooler: parts.text("pgbouncer")?.is_some_and(|p| p == "true") || first.port == 6543,
            ignored: parts.unknown(),
            host: first.host.clone(),
            port: first.port,
            config,
            user,
            servers,
            database,
            sslrootcert,
        })
    }
}

/// Session parameters that tokio-postgres passes on or negotiates.
fn session(config: &mut Config, parts: &Parts) -> Result<(), DsnError> {
    let name = parts.text("application_name")?.or(parts.text("fallback_application_name")?);
    config.application_name(name.filter(|n| !n.is_empty()).unwrap_or_else(|| "hotdash-ops".to_owned()));
    if let Some(options) = parts.text("options")?.filter(|o| !o.is_empty()) {
        config.options(options);
    }
    match parts.text("channel_binding")?.as_deref() {
        None | Some("" | "prefer") => config.channel_binding(ChannelBinding::Prefer),
        Some("disable") => config.channel_binding(ChannelBinding::Disable),
        Some("require") => config.channel_binding(ChannelBinding::Require),
        Some(_) => return Err(DsnError::value("channel_binding", "disable, prefer or require")),
    };
    match parts.text("sslnegotiation")?.as_deref() {
        None | Some("" | "postgres") => config.ssl_negotiation(SslNegotiation::Postgres),
        Some("direct") => config.ssl_negotiation(SslNegotiation::Direct),
        Some(_) => return Err(DsnError::value("sslnegotiation", "postgres or direct")),
    };
    Ok(())
}

fn sslmode(parts: &Parts, rootcert: Option<&SslRootCert>) -> Result<SslMode, DsnError> {
    let system = rootcert == Some(&SslRootCert::System);
    let mode = match parts.text("sslmode")?.as_deref() {
        // node-postgres and JDBC use ssl=true for libpq's require.
        None | Some("") if parts.text("ssl")?.as_deref() == Some("true") => SslMode::Require,
        None | Some("") if system => SslMode::VerifyFull,
        None | Some("") => SslMode::Prefer,
        Some("disable") => SslMode::Disable,
        Some("allow") => SslMode::Allow,
        Some("prefer") => SslMode::Prefer,
        // node-postgres uses no-verify for libpq's require.
        Some("require" | "no-verify") => SslMode::Require,
        Some("verify-ca") => SslMode::VerifyCa,
        Some("verify-full") => SslMode::VerifyFull,
        Some(_) => {
            let known = "disable, allow, prefer, require, verify-ca or verify-full";
            return Err(DsnError::value("sslmode", known));
        }
    };
    if system && mode != SslMode::VerifyFull {
        return Err(DsnError::value("sslmode", "verify-full, because sslrootcert is system"));
    }
    Ok(mode)
}

fn attrs(parts: &Parts) -> Result<Attrs, DsnError> {
    Ok(match parts.text("target_session_attrs")?.as_deref() {
        None | Some("" | "any") => Attrs::Any,
        Some("read-write") => Attrs::ReadWrite,
        Some("read-only") => Attrs::ReadOnly,
        Some("primary") => Attrs::Primary,
        Some("standby") => Attrs::Standby,
        Some("prefer-standby") => Attrs::PreferStandby,
        Some(_) => {
            let known = "any, read-write, read-only, primary, standby or prefer-standby";
            return Err(DsnError::value("target_session_attrs", known));
        }
    })
}

/// Whole seconds. Zero and negative numbers mean no limit, as in libpq and Prisma.
fn connect_timeout(parts: &Parts) -> Result<Option<Duration>, DsnError> {
    let Some(text) = parts.text("connect_timeout")?.filter(|t| !t.is_empty()) else { return Ok(None) };
    let seconds: i64 =
        text.trim().parse().map_err(|_| DsnError::value("connect_timeout", "whole seconds"))?;
    Ok(u64::try_from(seconds).ok().filter(|s| *s > 0).map(Duration::from_secs))
}

fn servers(parts: &Parts) -> Result<Vec<Server>, DsnError> {
    let list = |key: &'static str| -> Result<Vec<String>, DsnError> {
        let text = parts.text(key)?.filter(|t| !t.is_empty());
        Ok(text.map(|t| t.split(',').map(|p| p.trim().to_owned()).collect()).unwrap_or_default())
    };
    let (hosts, addresses, ports) = (list("host")?, list("hostaddr")?, list("port")?);
    let count = hosts.len().max(addresses.len());
    if !addresses.is_empty() && !hosts.is_empty() && addresses.len() != hosts.len() {
        return Err(DsnError::value("hostaddr", "one address for each host"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(DsnError::value("port", "one port, or one for each host"));
    }
    let mut servers = Vec::new();
    for at in 0..count {
        let address = match addresses.get(at).filter(|a| !a.is_empty()) {
            Some(text) => Some(text.parse().map_err(|_| DsnError::value("hostaddr", "IP addresses"))?),
            None => None,
        };
        let host = hosts.get(at).cloned().or(address.map(|a: std::net::IpAddr| a.to_string()));
        let host = host.filter(|h| !h.is_empty()).ok_or(DsnError::Missing("host"))?;
        let wrong = |c: char| c.is_whitespace() || c.is_control() || "@/?#\\".contains(c);
        if !host.starts_with(['/', '@']) && host.contains(wrong) {
            return Err(DsnError::value("host", "a host name (percent-encode any @ / ? # in the password)"));
        }
        let port = match ports.get(at).or(ports.first()).filter(|p| !p.is_empty()) {
            Some(text) => text.parse().ok().filter(|p| *p > 0),
            None => Some(5432),
        };
        let port = port.ok_or(DsnError::value("port", "a number from 1 to 65535"))?;
        servers.push(Server { host, address, port });
    }
    Ok(servers)
}

#[cfg(test)]
mod tests;
