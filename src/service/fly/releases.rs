//! What `fly releases --json` printed: a list of at most 25, the newest first.

use jiff::Timestamp;
use serde_json::Value;

use super::Trouble;
use crate::service::body;

/// What is looked for in the output.
pub(super) const WANTED: &str = "list of releases";
/// Longer words are no status.
const WORD: usize = 40;

/// One release of an app. `fly` makes one for every deploy, also for a failed one, and for every change of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its number, which only grows.
    pub version: u64,
    /// `complete`, `failed`, `interrupted`, `running`, `pending`, or a word not known here. It is written by the
    /// `fly` that deploys: one that was killed leaves `running` for ever. Empty where there is none.
    pub status: String,
    /// When it was made, which is before any machine is touched; `None` where that is missing or unreadable.
    pub created_at: Option<Timestamp>,
    /// What `InProgress` says. Today's `fly` does not ask for it and prints false; the status knows better.
    pub in_progress: bool,
    /// The image, `registry.fly.io/app:deployment-..`; `None` where there is none.
    pub image_ref: Option<String>,
}

/// The whole list; one entry that cannot be read makes the list unreadable.
pub(super) fn list(stdout: &[u8]) -> Result<Vec<Release>, Trouble> {
    let unreadable = |why: &str| Trouble::unreadable(WANTED, why);
    let json = body::parse(stdout).map_err(|why| unreadable(&why))?;
    let Value::Array(entries) = json else {
        return Err(unreadable(if json.is_null() { "it is null" } else { "it is not a JSON array" }));
    };
    entries
        .iter()
        .map(|entry| release(entry).ok_or_else(|| unreadable("an entry without a version")))
        .collect()
}

/// One entry: capitals as `fly` prints them, or small letters as Fly's own interface has them.
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
