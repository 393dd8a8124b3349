//! Whether Chatwoot runs: liveness over a list of paths, what `/api` says about
//! its services, and how far its clock is from ours.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Seen, ask_why, name_of, refused};
use crate::outcome::finding::{Claim, Finding};
use crate::service::chatwoot::{Api, Page, Refusal, Trouble, read};

/// The paths that tell whether Chatwoot runs, in the order in which operators know them.
pub const PATHS: &[&str] = &["/rails/health", "/health", "/api"];

/// The path that every version has.
pub const API: &str = "/api";

/// One of the paths must answer as Chatwoot answers there.
pub fn judge(mut finding: Finding, seen: &[(String, &Seen)]) -> Finding {
    let paths: Vec<&str> = seen.iter().map(|(path, _)| path.as_str()).collect();
    let expected = format!("an answer at {}", paths.join(" or "));
    let said: Vec<(&str, &Seen, Result<String, String>)> =
        seen.iter().map(|(path, seen)| (path.as_str(), *seen, answer(path, seen))).collect();
    let impostor = said.iter().any(|(path, seen, said)| is_known(path) && said.is_err() && is_success(seen));
    let counts = |path: &str| is_known(path) || !impostor;
    let winner = said.iter().find_map(|(path, _, said)| match said {
        Ok(words) if counts(path) => Some((*path, words.clone())),
        _ => None,
    });
    let Some((winner, words)) = winner else {
        let found = together(&said);
        if throttled(seen) {
            let found = format!("{found} (too many requests, so nothing is known)");
            let fix = Refusal::of(429, None).fix().unwrap_or_default();
            return finding.claim(Claim::open("liveness", expected, found)).fix(fix);
        }
        let mut claim = Claim::new("liveness", expected, found, false);
        let hosts: Option<Vec<&str>> =
            seen.iter().map(|(_, seen)| seen.as_ref().err()?.offline_host()).collect();
        claim.offline = hosts.and_then(|hosts| hosts.first().map(|host| (*host).to_owned()));
        return finding.claim(claim);
    };
    finding = finding.claim(Claim::new("liveness", expected, format!("{winner} answers {words}"), true));
    for (path, seen, said) in &said {
        let status = seen.as_ref().ok().map(|page| page.status);
        finding = match (said, status) {
            (Ok(words), _) => finding.evidence(*path, words),
            (Err(_), Some(404)) => finding.evidence(
                *path,
                format!("404: this version does not route it, which is normal while {winner} answers"),
            ),
            (Err(words), _) => finding
                .warn(format!("{path} does not answer as Chatwoot does: {words}"))
                .evidence(*path, words),
        };
    }
    finding
}

/// True for the paths whose right answer is known. Where another page answers one of them with 2xx, it will
/// do so anywhere, and a 2xx of a path without a known answer proves nothing.
fn is_known(path: &str) -> bool {
    path.ends_with("/api") || (path.ends_with("/health") && path != "/rails/health")
}

/// Too many requests: somebody answers, and says nothing. A path that is not routed says nothing either.
fn throttled(seen: &[(String, &Seen)]) -> bool {
    let statuses: Vec<Option<u16>> =
        seen.iter().map(|(_, seen)| seen.as_ref().ok().map(|page| page.status)).collect();
    statuses.contains(&Some(429)) && statuses.iter().all(|status| matches!(status, Some(404 | 429)))
}

fn is_success(seen: &Seen) -> bool {
    seen.as_ref().is_ok_and(|page| (200..300).contains(&page.status))
}

/// What all paths said, once when it was the same.
fn together(said: &[(&str, &Seen, Result<String, String>)]) -> String {
    let words = |said: &Result<String, String>| match said {
        Ok(words) | Err(words) => words.clone(),
    };
    match said {
        [(_, _, first), rest @ ..] if !rest.is_empty() && rest.iter().all(|(_, _, other)| other == first) => {
            format!("at each {}", words(first))
        }
        _ => said
            .iter()
            .map(|(path, _, said)| format!("{path}: {}", words(said)))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// What a path answers, right or wrong, in a few words. A 2xx of a page that stands in for a dead Chatwoot
/// is no answer where the right one is known.
fn answer(path: &str, seen: &Seen) -> Result<String, String> {
    let page = seen.as_ref().map_err(ToString::to_string)?;
    let status = page.status;
    if !(200..300).contains(&status) {
        return Err(match &page.location {
            Some(location) => format!("{status}, a redirect to {location}"),
            None => status.to_string(),
        });
    }
    if !is_known(path) {
        return Ok(status.to_string());
    }
    let body = page.body.as_ref().map_err(|why| format!("{status}, but {why}"))?;
    if path.ends_with("/api") {
        let api = Api::read(body).map_err(|why| format!("{status}, but {why}"))?;
        let version = api.version.as_deref().map_or("of unknown version".to_owned(), name_of);
        return Ok(format!("{status}, Chatwoot {version}"));
    }
    match body.get("status").and_then(Value::as_str) {
        Some("woot") => Ok(format!("{status} with status `woot`")),
        _ => Err(format!("{status}, but JSON that is not Chatwoot's")),
    }
}

/// `/api` must say that Redis and Postgres work. It answers 200 even when it says they do not.
pub fn services(finding: Finding, seen: &Seen) -> Finding {
    let api = match read(seen, Api::read) {
        Ok(api) => api,
        Err(trouble) => {
            return ask_why(finding.claim(refused("what /api says", "its services", &trouble)), &trouble);
        }
    };
    let mut finding = finding;
    for (key, value, tool) in
        [("queue_services", &api.queue_services, "Redis"), ("data_services", &api.data_services, "Postgres")]
    {
        let holds = value.as_ref().and_then(Value::as_str) == Some("ok");
        finding = finding.claim(Claim::new(key, "`ok`", state(value.as_ref()), holds));
        if !holds {
            finding = finding
                .fix(format!("look at {tool} of Chatwoot: {key} is not ok, so Chatwoot cannot reach it"));
        }
    }
    let version = api.version.as_deref().map_or("not shown".to_owned(), name_of);
    finding.evidence("version", version)
}

fn state(value: Option<&Value>) -> String {
    match value {
        None => "nothing there".to_owned(),
        Some(Value::String(text)) => format!("`{}`", name_of(text)),
        Some(Value::Null) => "null".to_owned(),
        Some(_) => "not a text".to_owned(),
    }
}

/// Its clock must be near ours. The answer has whole seconds and took some time, so the claim is open where
/// that blur decides.
pub fn clock(finding: Finding, seen: &Seen, within: Duration) -> Finding {
    let most = format!("at most {}", seconds(within.as_secs_f64()));
    let open = |finding: Finding, why: String| finding.claim(Claim::open("clock skew", most.as_str(), why));
    let page = match seen {
        Ok(page) => page,
        Err(fault) => {
            return finding.claim(refused("clock skew", most, &Trouble::Unreachable(fault.clone())));
        }
    };
    let api = match page.read(Api::read) {
        Ok(api) => api,
        Err(trouble) => return finding.claim(super::unanswered("clock skew", most, &trouble)),
    };
    let Some(stamp) = &api.timestamp else { return open(finding, "/api shows no timestamp".to_owned()) };
    let Some(theirs) = api.clock() else {
        return open(finding, format!("a timestamp that cannot be read: `{}`", name_of(stamp)));
    };
    let (skew, blur) = skew(theirs, page);
    let found = format!(
        "{} {} ours (± {})",
        seconds(skew.abs()),
        if skew < 0.0 { "behind" } else { "ahead of" },
        seconds(blur)
    );
    let limit = within.as_secs_f64();
    let claim = if skew.abs() + blur <= limit {
        Claim::new("clock skew", most, found, true)
    } else if skew.abs() - blur > limit {
        Claim::new("clock skew", most, found, false)
    } else {
        Claim::open("clock skew", most, format!("{found}: the answer is too slow or too coarse to tell"))
    };
    finding
        .claim(claim)
        .evidence("their clock", theirs.to_string())
        .evidence("our clock", page.sent.to_string())
}

/// How far ahead their clock is, and by how much that may be wrong, in seconds. Their moment lies anywhere
/// in the second they name, and was taken anywhere between request and answer.
fn skew(theirs: Timestamp, page: &Page) -> (f64, f64) {
    let half = page.took.as_secs_f64() / 2.0;
    let ahead = theirs.duration_since(page.sent).as_secs_f64();
    (ahead + 0.5 - half, 0.5 + half)
}

fn seconds(length: f64) -> String {
    format!("{length:.1} s")
}

#[cfg(test)]
mod tests;
