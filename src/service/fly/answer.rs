//! What `fly secrets list --json` printed, in the three shapes it has had, and what
//! its errors mean.

use serde_json::Value;

use super::{MARKER, Trouble};
use crate::redact::Redactor;
use crate::service::body;
use crate::service::command::{Ran, Status as Ended};

/// A secret of an app, by name; Fly never gives its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub status: Status,
}

/// Whether the machines of the app have the secret, as `fly` guesses it from times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Deployed,
    /// Set, and not on any machine. Also said of every secret when the machines cannot be listed.
    Staged,
    /// On some machines only.
    Partial,
    /// `fly` cannot tell.
    Unknown,
    /// This version of `fly` does not say, or the app has too many machines.
    Absent,
    /// A word that is not known here.
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

/// Sorts the end of the program into a list or a trouble.
pub(super) fn read(ran: &Ran, app: &str, redactor: &Redactor) -> Result<Vec<Secret>, Trouble> {
    match ran.status {
        Ended::TimedOut => Err(Trouble::TimedOut(ran.took)),
        Ended::Signalled(signal) => Err(Trouble::Broken(format!("was ended by signal {signal}"))),
        Ended::Exited(0) if ran.stdout.truncated => {
            Err(Trouble::Unreadable("more than a MiB of output".to_owned()))
        }
        Ended::Exited(0) => list(&ran.stdout.head),
        Ended::Exited(code) => Err(error(code, &redactor.apply(&ran.stderr.text()), app)),
    }
}

/// The exit code of a `fly` that panicked.
const PANIC: i32 = 3;
/// The exit code of a `fly` whose own time was up.
const OWN_DEADLINE: i32 = 126;

fn error(code: i32, stderr: &str, app: &str) -> Trouble {
    let text = stderr.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if says(&["no access token available", "please login", "auth login", "not logged in"]) {
        Trouble::NotLoggedIn
    } else if says(&["could not find app"]) {
        Trouble::NoApp(app.to_owned())
    } else if says(&["config directory"]) {
        Trouble::Broken("cannot use its configuration directory; look at FLY_CONFIG_DIR or ~/.fly".to_owned())
    } else if code == PANIC {
        Trouble::Broken(format!("panicked: {}", words(stderr)))
    } else if code == OWN_DEADLINE {
        Trouble::Said(format!("its own time was up (exit code {code})"))
    } else {
        Trouble::Said(format!("{} (exit code {code})", words(stderr)))
    }
}

/// The line of the error, within bounds; Fly may add a whole query to it.
fn words(stderr: &str) -> String {
    const LONG: usize = 200;
    let line = |l: &&str| !l.trim().is_empty() && l.trim() != MARKER;
    let said = stderr
        .lines()
        .find(|l| l.trim_start().starts_with("Error:"))
        .or_else(|| stderr.lines().find(line))
        .unwrap_or("nothing");
    let said = crate::service::text::visible(said.trim().trim_start_matches("Error:").trim().as_bytes());
    // Cut between words only, because half a secret that nobody told us about is not recognised later.
    match said.char_indices().nth(LONG) {
        Some((end, _)) => format!("{} ...", said[..end].rfind(' ').map_or("", |blank| &said[..blank])),
        None => said,
    }
}

fn list(stdout: &[u8]) -> Result<Vec<Secret>, Trouble> {
    let unreadable = |why: &str| Trouble::Unreadable(why.to_owned());
    let json = body::parse(stdout).map_err(Trouble::Unreadable)?;
    let Value::Array(entries) = json else {
        return Err(unreadable(if json.is_null() { "it is null" } else { "it is not a JSON array" }));
    };
    entries.iter().map(|entry| secret(entry).ok_or_else(|| unreadable("an entry without a name"))).collect()
}

/// One entry: `name` since 0.3.178, `Name` before; `status` since 0.4.6.
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
