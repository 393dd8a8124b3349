//! Keyed fingerprints of secrets. The configuration stores one for each target and variable, so that a run can
//! distinguish its own secret from that of another target although the configuration contains no secrets. Without
//! the random key, a fingerprint reveals nothing about a short or guessable value.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Vars;
use crate::service::dsn::Dsn;

/// The variables with fingerprints. `CHATWOOT_API_TOKEN` is another name for `CHATWOOT_API_KEY` and has the same
/// fingerprint.
pub const FINGERPRINTED: &[&str] = &["CHATWOOT_API_KEY", "CHATWOOT_WEBHOOK_SECRET", "DATABASE_URL"];

/// The length of a key in bytes.
const KEY: usize = 32;
/// How many bytes of the HMAC make a fingerprint.
const SHOWN: usize = 16;

/// The fingerprint of a variable's value: the first 16 bytes, as lower-case hex, of the HMAC-SHA-256 of the
/// variable's name, a NUL and the value's identity. The identity of a connection string is `user@host/database`,
/// because its parameters and its password can change while the database stays the same.
///
/// `None` for a variable without a fingerprint, an empty value, an invalid connection string, and a key that is not
/// at least 32 bytes of hex.
pub fn fingerprint(key: &str, var: &str, value: &str) -> Option<String> {
    let var = canonical(var);
    if !FINGERPRINTED.contains(&var) {
        return None;
    }
    let key = hex::decode(key.trim()).ok().filter(|k| k.len() >= KEY)?;
    let identity = identity(var, value)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(var.as_bytes());
    mac.update(&[0]);
    mac.update(identity.as_bytes());
    Some(hex::encode(&mac.finalize().into_bytes()[..SHOWN]))
}

/// The fingerprints of all variables in `vars` that have one: the output of `env fingerprint`.
pub fn fingerprints(key: &str, vars: &Vars) -> BTreeMap<String, String> {
    let value = |var: &str| match var {
        "CHATWOOT_API_KEY" => vars.chatwoot_token(),
        other => vars.filled(other),
    };
    FINGERPRINTED
        .iter()
        .filter_map(|var| Some(((*var).to_owned(), fingerprint(key, var, value(var)?)?)))
        .collect()
}

/// A new random key, 32 bytes as lower-case hex.
///
/// # Errors
/// When the operating system provides no randomness.
pub fn new_key() -> Result<String, String> {
    let mut bytes = [0u8; KEY];
    getrandom::fill(&mut bytes)
        .map_err(|error| format!("the operating system returned no random bytes: {error}"))?;
    Ok(hex::encode(bytes))
}

/// The name under which the configuration stores a variable's fingerprint.
pub fn canonical(var: &str) -> &str {
    match var {
        "CHATWOOT_API_TOKEN" => "CHATWOOT_API_KEY",
        other => other,
    }
}

fn identity(var: &str, value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() {
        return None;
    }
    if var != "DATABASE_URL" {
        return Some(value.to_owned());
    }
    Dsn::parse(value).ok().map(|dsn| dsn.identity())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const B: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_fingerprint_is_the_hmac_of_name_nul_and_value() {
        // printf 'CHATWOOT_API_KEY\0a-token' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$A
        let print = fingerprint(A, "CHATWOOT_API_KEY", "a-token");
        assert_eq!(print.as_deref(), Some("38b6d068abda3a9fa5d8c21e5ec16752"));
    }

    #[test]
    fn key_variable_and_value_all_change_the_fingerprint() {
        let print = |key, var, value| fingerprint(key, var, value).expect("it has a fingerprint");
        let base = print(A, "CHATWOOT_API_KEY", "a-token");
        assert_ne!(base, print(B, "CHATWOOT_API_KEY", "a-token"));
        assert_ne!(base, print(A, "CHATWOOT_WEBHOOK_SECRET", "a-token"));
        assert_ne!(base, print(A, "CHATWOOT_API_KEY", "a-tokem"));
        assert_eq!(base, print(A, "CHATWOOT_API_TOKEN", "a-token"));
        assert_eq!(base, print(A, "CHATWOOT_API_KEY", " a-token\n"));
    }

    #[test]
    fn a_database_is_identified_by_user_host_and_name() {
        let print = |value| fingerprint(A, "DATABASE_URL", value);
        let base = print("postgres://u:one@db.example/app");
        assert!(base.is_some());
        assert_eq!(base, print("postgresql://u:two@DB.example/app?pgbouncer=true&sslmode=require"));
        for other in [
            "postgres://v:one@db.example/app",
            "postgres://u:one@db2.example/app",
            "postgres://u:one@db.example/b",
        ] {
            assert_ne!(base, print(other), "{other}");
        }
        assert_eq!(print("not a connection string"), None);
        assert_eq!(print("mysql://u:one@db.example/app"), None);
    }

    #[test]
    fn invalid_input_has_no_fingerprint() {
        assert_eq!(fingerprint(A, "CHATWOOT_API_KEY", "  "), None);
        assert_eq!(fingerprint(A, "AGENT_SDK_URL", "https://a.example"), None);
        assert_eq!(fingerprint("", "CHATWOOT_API_KEY", "a-token"), None);
        assert_eq!(fingerprint("abcd", "CHATWOOT_API_KEY", "a-token"), None);
        assert_eq!(fingerprint("zz", "CHATWOOT_API_KEY", "a-token"), None);
    }

    #[test]
    fn every_new_key_is_unique_and_usable() {
        let (one, two) = (new_key().expect("random bytes"), new_key().expect("random bytes"));
        assert_ne!(one, two);
        assert_eq!(one.len(), 2 * KEY);
        assert!(fingerprint(&one, "CHATWOOT_API_KEY", "a-token").is_some());
    }

    #[test]
    fn an_alias_stands_for_its_variable() {
        let vars = Vars::new([("CHATWOOT_API_TOKEN".to_owned(), "a-token".to_owned())]);
        let all = fingerprints(A, &vars);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["CHATWOOT_API_KEY"]);
    }
}
