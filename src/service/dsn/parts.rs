//! Splits both forms of a DSN into the same keys.

use std::collections::BTreeMap;

use super::DsnError;

/// Keys that are supported here or that do not matter for one short connection: keep-alives, TCP details, load
/// balancing.
const KNOWN: &[&str] = &[
    "user",
    "password",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "schema",
    "pgbouncer",
    "ssl",
    "sslmode",
    "sslrootcert",
    "sslnegotiation",
    "connect_timeout",
    "application_name",
    "fallback_application_name",
    "target_session_attrs",
    "options",
    "channel_binding",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "keepalives_count",
    "tcp_user_timeout",
    "load_balance_hosts",
    "client_encoding",
];

/// The values of a DSN under libpq's names. Bytes, because a password need not be UTF-8.
#[derive(Default)]
pub struct Parts {
    values: BTreeMap<String, Vec<u8>>,
}

impl Parts {
    /// Splits a DSN into its parts.
    pub fn read(text: &str) -> Result<Parts, DsnError> {
        if text.trim().is_empty() {
            return Err(DsnError::Empty);
        }
        if text.starts_with(['"', '\'']) {
            return Err(DsnError::Quoted);
        }
        if text.trim() != text {
            return Err(DsnError::Spaces);
        }
        if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
            return Err(DsnError::Control);
        }
        match text.split_once("://") {
            Some((scheme, rest)) if is_postgres(scheme) => from_url(rest),
            Some((scheme, _)) if !scheme.contains(['=', ' ']) => Err(DsnError::Scheme(hint(scheme))),
            _ if text.contains('=') => from_pairs(text),
            _ => Err(DsnError::Scheme("")),
        }
    }

    /// A value as text.
    pub fn text(&self, key: &str) -> Result<Option<String>, DsnError> {
        let Some(bytes) = self.values.get(key) else { return Ok(None) };
        let text = String::from_utf8(bytes.clone()).map_err(|_| DsnError::NotUtf8(key.to_owned()))?;
        if text.contains('\0') {
            return Err(DsnError::Control);
        }
        Ok(Some(text))
    }

    /// The raw bytes of a value.
    pub fn bytes(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    /// The unsupported keys. A key that does not look like one is not shown: it may be a piece of a password.
    pub fn unknown(&self) -> Vec<String> {
        let unknown = self.values.keys().filter(|k| !KNOWN.contains(&k.as_str()));
        let mut names: Vec<String> =
            unknown.map(|k| if is_key(k) { k.clone() } else { "(unreadable)".to_owned() }).collect();
        names.sort();
        names.dedup();
        names
    }

    fn set(&mut self, key: &str, value: Vec<u8>) {
        self.values.insert(key.to_owned(), value);
    }
}

fn is_key(key: &str) -> bool {
    (1..=40).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn is_postgres(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("postgres") || scheme.eq_ignore_ascii_case("postgresql")
}

fn hint(scheme: &str) -> &'static str {
    match scheme.to_ascii_lowercase().as_str() {
        "prisma" | "prisma+postgres" => {
            "; prisma:// belongs to Prisma Accelerate; use the URL of the database itself"
        }
        "jdbc:postgresql" => "; remove jdbc: and write USER:PASSWORD@ before the host",
        "mysql" | "mariadb" | "sqlserver" | "mongodb" | "mongodb+srv" | "redis" | "file" => {
            "; it is the URL of another kind of system"
        }
        "http" | "https" => "; it is a web address",
        _ => "",
    }
}

/// libpq's URL form is not a standard URL: it allows several hosts, percent-encoded paths as the host, and an
/// unencoded `@` or `#` in a password.
fn from_url(rest: &str) -> Result<Parts, DsnError> {
    let mut parts = Parts::default();
    // There is user information when an @ comes before the first slash. It ends at the last @ of the authority,
    // so that a password with an unencoded @ is parsed as intended.
    let slash = rest.find('/').unwrap_or(rest.len());
    let from = rest[..slash].find('@').unwrap_or(0);
    let end = rest[from..].find(['/', '?']).map_or(rest.len(), |i| from + i);
    let (authority, tail) = rest.split_at(end);
    let hosts = match authority.rsplit_once('@') {
        Some((info, hosts)) => {
            let (user, password) = info.split_once(':').map_or((info, None), |(u, p)| (u, Some(p)));
            parts.set("user", decoded(user));
            if let Some(password) = password {
                parts.set("password", decoded(password));
            }
            hosts
        }
        None => authority,
    };
    from_hosts(&mut parts, hosts)?;
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    if let Some(database) = path.strip_prefix('/') {
        parts.set("dbname", decoded(database));
    }
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        parts.set(&String::from_utf8_lossy(&decoded(key)), decoded(value));
    }
    Ok(parts)
}

fn from_hosts(parts: &mut Parts, hosts: &str) -> Result<(), DsnError> {
    if hosts.is_empty() {
        return Ok(());
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for chunk in hosts.split(',') {
        let (name, port) = match chunk.strip_prefix('[').map(|c| c.split_once(']')) {
            Some(Some((name, ""))) => (name, ""),
            Some(Some((name, port))) if port.starts_with(':') => (name, &port[1..]),
            Some(_) => return Err(DsnError::value("host", "an IPv6 address in brackets")),
            None => chunk.split_once(':').unwrap_or((chunk, "")),
        };
        names.push(decoded(name));
        ports.push(if port.is_empty() { b"5432".to_vec() } else { decoded(port) });
    }
    parts.set("host", names.join(&b','));
    parts.set("port", ports.join(&b','));
    Ok(())
}

/// Decodes percent-encoding. A `%` that does not start a code is kept, as in Prisma, because such passwords work in
/// production.
fn decoded(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%'
            && let [high, low, after @ ..] = tail
            && let Ok(byte) = hex::decode([*high, *low])
        {
            out.extend(byte);
            rest = after;
        } else {
            out.push(*first);
        }
    }
    out
}

/// Parses `host=db user='a b'`: spaces around `=`, backslash escapes and single quotes are allowed.
fn from_pairs(text: &str) -> Result<Parts, DsnError> {
    let mut parts = Parts::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = &rest[..end];
        let shown = if is_key(key) { key.to_owned() } else { "an unreadable key".to_owned() };
        let after = rest[end..].trim_start().strip_prefix('=');
        let after = after.filter(|_| !key.is_empty()).ok_or(DsnError::Unfinished(shown.clone()))?;
        let (value, tail) = pair_value(after.trim_start()).ok_or(DsnError::Unfinished(shown))?;
        parts.set(key, value.into_bytes());
        rest = tail.trim_start();
    }
    Ok(parts)
}

/// Splits one value from the rest. `None` when a quote is not closed.
fn pair_value(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            '\'' if quoted => return Some((value, &text[at + 1..])),
            c if !quoted && c.is_whitespace() => return Some((value, &text[at..])),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, ""))
}
