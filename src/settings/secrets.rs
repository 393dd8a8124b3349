//! Which values are secret. The redactor learns all of them before any check runs: the pipeline's own secrets and
//! the values of all other environment variables whose names suggest a secret, because a program that is run may print
//! its environment.

use std::collections::BTreeSet;

use url::Url;

use super::Vars;
use crate::redact::SHORTEST;
use crate::service::dsn::Dsn;

/// Secret by name, whatever their values.
const NAMED: &[&str] = &[
    "CHATWOOT_API_KEY",
    "CHATWOOT_API_TOKEN",
    "CHATWOOT_WEBHOOK_SECRET",
    "DATABASE_URL",
    "FLY_API_TOKEN",
    "FLY_ACCESS_TOKEN",
];
const WORDS: &[&str] =
    &["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PRIVATE", "CREDENTIAL", "API_KEY", "APIKEY"];
const ENDINGS: &[&str] = &["_KEY", "_DSN", "_PAT"];

/// Every value that must not be shown, for the redactor: whole values of secret variables, passwords in connection
/// strings (as written and decoded), user information and query values of variables that end in `_URL`. Values shorter
/// than the redactor's minimum are included only for variables that are secret by their own name.
pub fn secret_values(vars: &Vars) -> Vec<String> {
    let mut values = BTreeSet::new();
    for (name, value) in vars.iter() {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        let name = name.to_ascii_uppercase();
        if NAMED.contains(&name.as_str()) || (value.len() >= SHORTEST && is_secret_name(&name)) {
            values.insert(value.to_owned());
        }
        if name == "DATABASE_URL" || name.ends_with("_DSN") || is_postgres(value) {
            passwords(value, &mut values);
        } else if name.ends_with("_URL") || name == "URL" {
            url_parts(value, &mut values);
        }
    }
    values.into_iter().collect()
}

fn is_secret_name(name: &str) -> bool {
    WORDS.iter().any(|w| name.contains(w)) || ENDINGS.iter().any(|e| name.ends_with(e))
}

fn is_postgres(value: &str) -> bool {
    value.starts_with("postgres://") || value.starts_with("postgresql://")
}

/// The password of a connection string: as parsed, and the raw text between the first colon and the last `@`, for a
/// string that does not parse because the password is not encoded.
fn passwords(value: &str, values: &mut BTreeSet<String>) {
    if let Some(password) = Dsn::parse(value).ok().and_then(|d| d.config.get_password().map(<[u8]>::to_vec)) {
        values.extend(String::from_utf8(password).ok().filter(|p| !p.is_empty()));
    }
    if let Some((_, rest)) = value.split_once("://") {
        let ends = [rest.rfind('@'), rest.find(['/', '?']).and_then(|at| rest[..at].rfind('@'))];
        for end in ends.into_iter().flatten() {
            if let Some((_, password)) = rest[..end].split_once(':').filter(|(_, p)| !p.is_empty()) {
                values.insert(password.to_owned());
                values.insert(decoded(password));
            }
        }
    }
    for (key, raw) in query(value) {
        if is_secret_name(&key.to_ascii_uppercase()) && !raw.is_empty() {
            values.insert(raw.to_owned());
            values.insert(decoded(raw));
        }
    }
}

fn url_parts(value: &str, values: &mut BTreeSet<String>) {
    let mut add = |part: &str| {
        if part.len() >= SHORTEST {
            values.insert(part.to_owned());
            values.insert(decoded(part));
        }
    };
    if let Ok(url) = Url::parse(value) {
        add(url.username());
        add(url.password().unwrap_or_default());
    }
    if let Some((_, rest)) = value.split_once("://") {
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        if let Some((info, _)) = authority.rsplit_once('@') {
            add(info);
            info.split_once(':').into_iter().for_each(|(user, password)| {
                add(user);
                add(password);
            });
        }
    }
    query(value).for_each(|(_, raw)| add(raw));
}

fn query(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = value.split_once('?').map_or("", |(_, q)| q);
    let query = query.split_once('#').map_or(query, |(q, _)| q);
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// Decodes percent-encoding; a plus is kept, as in user information.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let pair = (byte == b'%').then(|| [ahead.next(), ahead.next()]);
        match pair {
            Some([Some(high), Some(low)]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.extend(hex::decode([high, low]).unwrap_or_default());
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Vec<String> {
        secret_values(&Vars::new([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn the_pipelines_secrets_are_included_however_short() {
        for name in NAMED {
            assert!(of(name, "abc").contains(&"abc".to_owned()), "{name}");
        }
    }

    #[test]
    fn secret_names_are_included_from_eight_bytes() {
        for name in [
            "NPM_TOKEN",
            "MY_SECRET_X",
            "PGPASSWORD",
            "SENTRY_DSN",
            "GITHUB_PAT",
            "OPENAI_API_KEY",
            "SSH_KEY",
        ] {
            assert_eq!(of(name, "12345678"), ["12345678"], "{name}");
            assert!(of(name, "1234567").is_empty(), "{name}");
        }
        for name in ["PATH", "HOME", "CHATWOOT_ACCOUNT_ID", "LANG", "KEYBOARD"] {
            assert!(of(name, "123456789").is_empty(), "{name}");
        }
    }

    #[test]
    fn a_password_is_included_as_written_and_decoded() {
        let values = of("DATABASE_URL", "postgres://u:p%40ss@db.example/app?sslmode=verify-full");
        for secret in ["p%40ss", "p@ss"] {
            assert!(values.contains(&secret.to_owned()), "{values:?}");
        }
        assert!(!values.contains(&"verify-full".to_owned()), "a mode is not secret");
        assert!(!values.contains(&"u".to_owned()), "a user's name is shown as evidence");
        let values = of("DATABASE_URL", "host=db user=u password='a b' dbname=app");
        assert!(values.contains(&"a b".to_owned()), "{values:?}");
    }

    #[test]
    fn an_unencoded_password_is_included() {
        let values = of("DIRECT_URL", "postgres://u:p@ss/word@db.example/app");
        assert!(values.contains(&"p@ss/word".to_owned()), "{values:?}");
    }

    #[test]
    fn user_information_and_query_of_urls_are_included() {
        let values = of("HOOK_URL", "https://someuser:hunter%2022@h.example/p?key=abcd%2Fefgh&x=1");
        for secret in ["someuser", "hunter%2022", "hunter 22", "abcd%2Fefgh", "abcd/efgh"] {
            assert!(values.contains(&secret.to_owned()), "{secret} in {values:?}");
        }
        assert!(!values.contains(&"1".to_owned()));
        assert!(of("AGENT_SDK_URL", "https://agent.example.com/path").is_empty());
    }
}
