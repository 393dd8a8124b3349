//! Parses the output of `fly secrets list --json` in the three forms it has had.

use serde_json::Value;

use super::FlyError;
use crate::service::body;

/// What the output should contain.
pub(super) const WANTED: &str = "list of secrets";

/// A secret of an app, by name; Fly never returns its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub status: Status,
}

/// Whether the app's machines have the secret, which `fly` infers from timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Deployed,
    /// Set, but not on any machine. Also reported for every secret when the machines cannot be listed.
    Staged,
    /// On some machines only.
    Partial,
    /// `fly` does not know.
    Unknown,
    /// This version of `fly` has no status, or the app has too many machines.
    Absent,
    /// An unknown word.
    Other(String),
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Status::Deployed => write!(f, "Deployed"),
            Status::Staged => write!(f, "Staged"),
            Status::Partial => write!(f, "Partial"),
            Status::Unknown => write!(f, "Unknown"),
            Status::Absent => write!(f, "no status"),
            Status::Other(word) => write!(f, "the status `{word}`"),
        }
    }
}

/// Parses the whole list; a single unreadable entry makes the list unreadable.
pub(super) fn list(stdout: &[u8]) -> Result<Vec<Secret>, FlyError> {
    let unreadable = |why: &str| FlyError::unreadable(WANTED, why);
    let json = body::parse(stdout).map_err(|why| unreadable(&why))?;
    let Value::Array(entries) = json else {
        return Err(unreadable(if json.is_null() { "it is null" } else { "it is not a JSON array" }));
    };
    entries.iter().map(|entry| secret(entry).ok_or_else(|| unreadable("an entry has no name"))).collect()
}

/// Parses an entry: `name` since 0.3.178, `Name` before; `status` since 0.4.6.
fn secret(entry: &Value) -> Option<Secret> {
    let either = |lower: &str, upper: &str| entry.get(lower).or_else(|| entry.get(upper));
    let name = either("name", "Name")?.as_str().filter(|n| !n.is_empty())?.to_owned();
    let status = match either("status", "Status") {
        None | Some(Value::Null) => Status::Absent,
        Some(Value::String(word)) => match word.as_str() {
            "Deployed" => Status::Deployed,
            "Staged" => Status::Staged,
            "Partial" => Status::Partial,
            "Unknown" => Status::Unknown,
            "" => Status::Absent,
            other if other.len() > 40 => Status::Other(format!("of {} bytes", other.len())),
            other => Status::Other(other.to_owned()),
        },
        Some(_) => Status::Other("of another type".to_owned()),
    };
    Some(Secret { name, status })
}
