//! Chatwoot's responses as types. Parsing tolerates keys that come and go and is strict about the few that are
//! judged: a missing value stays visibly missing.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::redact::Secret;

/// The response of `/api`: version, clock and services, unchanged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Api {
    /// `4.8.0`.
    pub version: Option<String>,
    /// UTC without a time zone, in whole seconds: `2026-01-01 10:00:00`.
    pub timestamp: Option<String>,
    /// `"ok"` when Redis answers a ping. It does not show that the worker runs.
    pub queue_services: Option<Value>,
    /// `"ok"` when Postgres answers.
    pub data_services: Option<Value>,
}

impl Api {
    /// Parses the body of `/api`.
    ///
    /// # Errors
    /// When the body has none of the keys that identify Chatwoot.
    pub fn read(body: &Value) -> Result<Api, String> {
        let known = ["version", "queue_services", "data_services"];
        if !known.iter().any(|key| body.get(key).is_some()) {
            return Err("JSON that is not from Chatwoot's /api".to_owned());
        }
        Ok(Api {
            version: text(body, "version"),
            timestamp: text(body, "timestamp"),
            queue_services: body.get("queue_services").cloned(),
            data_services: body.get("data_services").cloned(),
        })
    }

    /// Chatwoot's clock. It is UTC without a zone; if a version writes a zone, that zone applies.
    pub fn clock(&self) -> Option<Timestamp> {
        let stamp = self.timestamp.as_deref()?;
        let civil = || DateTime::strptime("%Y-%m-%d %H:%M:%S", stamp).ok()?.to_zoned(TimeZone::UTC).ok();
        stamp.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()))
    }

    /// Whether this version signs deliveries (since 4.12); `None` when the version cannot be parsed.
    pub fn signs(&self) -> Option<bool> {
        let version = semver::Version::parse(self.version.as_deref()?).ok()?;
        Some((version.major, version.minor) >= (4, 12))
    }
}

/// The response of `/api/v1/profile`: the owner of the token. The tokens in it are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: Option<String>,
    pub accounts: Vec<Membership>,
}

/// One account of the token's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub id: u64,
    pub name: Option<String>,
    /// `active` or `suspended`.
    pub status: Option<String>,
    /// `administrator` or `agent`. It stays `agent` for a user with a custom role.
    pub role: Option<String>,
    pub permissions: Vec<String>,
    /// The name of the custom role, on installations that support custom roles.
    pub custom_role: Option<String>,
}

impl Profile {
    /// Parses a profile.
    ///
    /// # Errors
    /// When there is no list of accounts, or an account has no id.
    pub fn read(body: &Value) -> Result<Profile, String> {
        let list =
            body.get("accounts").and_then(Value::as_array).ok_or("the profile has no list of accounts")?;
        let accounts = list.iter().map(membership).collect::<Option<Vec<_>>>();
        let accounts = accounts.ok_or("an account in the profile has no id")?;
        Ok(Profile { name: text(body, "name"), accounts })
    }

    /// The user's membership in this account.
    pub fn account(&self, id: u64) -> Option<&Membership> {
        self.accounts.iter().find(|a| a.id == id)
    }
}

fn membership(entry: &Value) -> Option<Membership> {
    let permissions =
        entry.get("permissions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(Membership {
        id: entry.get("id").and_then(Value::as_u64)?,
        name: text(entry, "name"),
        status: text(entry, "status"),
        role: text(entry, "role"),
        permissions: permissions.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        custom_role: entry.get("custom_role").and_then(|r| text(r, "name")),
    })
}

/// The response of `/api/v1/accounts/ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: u64,
    pub name: Option<String>,
    /// `active` or `suspended`; the status is 200 for both.
    pub status: Option<String>,
}

impl Account {
    /// Parses an account.
    ///
    /// # Errors
    /// When it has no id.
    pub fn read(body: &Value) -> Result<Account, String> {
        let id = body.get("id").and_then(Value::as_u64).ok_or("the account has no id")?;
        Ok(Account { id, name: text(body, "name"), status: text(body, "status") })
    }
}

/// An account webhook. Chatwoot has no flag for whether it is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: Option<u64>,
    pub url: String,
    /// `None` when the response does not contain the events.
    pub subscriptions: Option<Vec<String>>,
    pub secret: Shown,
}

/// What a response reveals about a webhook's secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// The key is missing: this version does not sign.
    Absent,
    /// The key is present, but has no value.
    Empty,
    Value(Secret),
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shown::Absent => "Absent",
            Shown::Empty => "Empty",
            Shown::Value(_) => "Value(***)",
        })
    }
}

impl Webhook {
    /// Parses a list of webhooks: `{"payload":{"webhooks":[..]}}` as Chatwoot returns it, or the bare array of its API
    /// documentation.
    ///
    /// # Errors
    /// When it is neither, or an entry has no URL: a partly parsed list could hide a second webhook.
    pub fn read_list(body: &Value) -> Result<Vec<Webhook>, String> {
        let list = body.pointer("/payload/webhooks").unwrap_or(body);
        let list = list.as_array().ok_or("JSON that is not a list of webhooks")?;
        list.iter()
            .map(webhook)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| "a webhook in the list has no URL".to_owned())
    }
}

fn webhook(entry: &Value) -> Option<Webhook> {
    let events = entry.get("subscriptions").and_then(Value::as_array);
    Some(Webhook {
        id: entry.get("id").and_then(Value::as_u64),
        url: text(entry, "url")?,
        subscriptions: events.and_then(|list| list.iter().map(|e| e.as_str().map(str::to_owned)).collect()),
        secret: match entry.get("secret") {
            None => Shown::Absent,
            Some(Value::String(secret)) if !secret.is_empty() => Shown::Value(Secret::new(secret)),
            Some(_) => Shown::Empty,
        },
    })
}

/// Every credential in a response, at any depth. Register them with the redactor before doing anything else with the
/// response.
pub fn credentials(body: &Value) -> Vec<&str> {
    const KEYS: &[&str] = &["access_token", "pubsub_token", "secret", "hmac_token", "hmac_identifier"];
    match body {
        Value::Object(entries) => entries
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if KEYS.contains(&key.as_str()) => vec![text.as_str()],
                inner => credentials(inner),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(credentials).collect(),
        _ => Vec::new(),
    }
}

fn text(body: &Value, key: &str) -> Option<String> {
    body.get(key).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests;
