//! Parses the output of `fly releases --json`: a list of at most 25 releases, newest first.

use jiff::Timestamp;
use serde_json::Value;

use super::FlyError;
use crate::service::body;

/// What the output should contain.
pub(super) const WANTED: &str = "list of releases";
/// Longer words are not a status.
const WORD: usize = 40;

/// A release of an app. `fly` creates one for every deploy, including failed ones, and for every change of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its number, which only increases.
    pub version: u64,
    /// `complete`, `failed`, `interrupted`, `running`, `pending`, or an unknown word; empty when missing. The `fly`
    /// that deploys writes it: if that `fly` is killed, the status stays `running` for ever.
    pub status: String,
    /// When it was created, which is before any machine is touched; `None` when missing or unreadable.
    pub created_at: Option<Timestamp>,
    /// The value of `InProgress`. Current versions of `fly` do not query it and print false; rely on the status.
    pub in_progress: bool,
    /// The image, `registry.fly.io/app:deployment-..`; `None` when missing.
    pub image_ref: Option<String>,
}

/// Parses the whole list; a single unreadable entry makes the list unreadable.
pub(super) fn list(stdout: &[u8]) -> Result<Vec<Release>, FlyError> {
    let unreadable = |why: &str| FlyError::unreadable(WANTED, why);
    let json = body::parse(stdout).map_err(|why| unreadable(&why))?;
    let Value::Array(entries) = json else {
        return Err(unreadable(if json.is_null() { "it is null" } else { "it is not a JSON array" }));
    };
    entries.iter().map(|entry| release(entry).ok_or_else(|| unreadable("an entry has no version"))).collect()
}

/// Parses an entry: keys are capitalised as `fly` prints them, or in lower case as in Fly's API.
fn release(entry: &Value) -> Option<Release> {
    let either = |upper: &str, lower: &str| entry.get(upper).or_else(|| entry.get(lower));
    let text = |upper: &str, lower: &str| {
        either(upper, lower).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty())
    };
    let version = either("Version", "version")?;
    let version =
        version.as_u64().or_else(|| version.as_str()?.trim().trim_start_matches('v').parse().ok())?;
    let status = text("Status", "status").unwrap_or_default();
    Some(Release {
        version,
        status: match status.len() {
            ..=WORD => status.to_owned(),
            long => format!("of {long} bytes"),
        },
        created_at: text("CreatedAt", "created_at").and_then(|t| t.parse().ok()),
        in_progress: either("InProgress", "in_progress") == Some(&Value::Bool(true)),
        image_ref: text("ImageRef", "image_ref").map(str::to_owned),
    })
}
