//! Whether Chatwoot runs: liveness over a list of paths, the services that `/api`
//! reports, and how far Chatwoot's clock is from this machine's.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Seen, fix, name_of, refused, unanswered};
use crate::outcome::finding::{Claim, Finding};
use crate::service::chatwoot::{Api, ChatwootError, Page, read};

/// The paths that show whether Chatwoot runs, in the order of the checklist.
pub const PATHS: &[&str] = &["/rails/health", "/health", "/api"];

/// The path that every version has.
pub const API: &str = "/api";

/// Chatwoot must answer at one of the paths.
pub fn judge(mut finding: Finding, seen: &[(String, &Seen)]) -> Finding {
    let answers: Vec<(&str, &Seen, Result<String, String>)> =
        seen.iter().map(|(path, seen)| (path.as_str(), *seen, classify(path, seen))).collect();
    let paths = any_of(&answers.iter().map(|(path, ..)| *path).collect::<Vec<_>>());
    let (code, expected) = ("liveness", format!("a response from Chatwoot at {paths}"));
    let replaced =
        answers.iter().any(|(path, seen, answer)| is_known(path) && answer.is_err() && is_success(seen));
    let counts = |path: &str| is_known(path) || !replaced;
    let winner = answers.iter().find_map(|(path, _, answer)| match answer {
        Ok(words) if counts(path) => Some((*path, words.clone())),
        _ => None,
    });
    let Some((winner, words)) = winner else {
        let found = summary(&answers);
        let mut claim = if throttled(seen) {
            let sentence = format!("Chatwoot's rate limit is used up, so its health is unknown: {found}");
            Claim::undecided(code, code, expected, found).sentence(sentence)
        } else {
            let sentence = format!("Chatwoot does not answer at {paths}: {found}");
            let hosts: Option<Vec<&str>> =
                seen.iter().map(|(_, seen)| seen.as_ref().err()?.offline_host()).collect();
            let mut claim = Claim::compared(code, code, expected, found, false).sentence(sentence);
            claim.offline = hosts.and_then(|hosts| hosts.first().map(|host| (*host).to_owned()));
            claim
        };
        claim.fix = fix_of(seen);
        return finding.claim(claim);
    };
    finding = finding.claim(Claim::compared(code, code, expected, format!("{winner} returns {words}"), true));
    for (path, seen, answer) in &answers {
        let status = seen.as_ref().ok().map(|page| page.status);
        finding = match (answer, status) {
            (Ok(words), _) => finding.evidence(*path, words),
            (Err(_), Some(404)) => finding.evidence(
                *path,
                format!("404: this version has no such path; {winner} answers, so that is fine"),
            ),
            (Err(words), _) => finding
                .warn(format!("{path} does not return what Chatwoot returns there: {words}"))
                .evidence(*path, words),
        };
    }
    finding
}

/// `/rails/health, /health or /api`.
fn any_of(paths: &[&str]) -> String {
    match paths {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => paths.join(", "),
    }
}

/// True for the paths whose right response is known. A program that answers one of them with another 2xx will do so
/// at any path, so that then a 2xx at a path without a known response proves nothing.
fn is_known(path: &str) -> bool {
    path.ends_with("/api") || (path.ends_with("/health") && path != "/rails/health")
}

/// Too many requests: the server answers, but nothing is known about it. A path that is not routed adds nothing.
fn throttled(seen: &[(String, &Seen)]) -> bool {
    let statuses: Vec<Option<u16>> =
        seen.iter().map(|(_, seen)| seen.as_ref().ok().map(|page| page.status)).collect();
    statuses.contains(&Some(429)) && statuses.iter().all(|status| matches!(status, Some(404 | 429)))
}

fn is_success(seen: &Seen) -> bool {
    seen.as_ref().is_ok_and(|page| (200..300).contains(&page.status))
}

/// The responses in one line; once where all are the same.
fn summary(answers: &[(&str, &Seen, Result<String, String>)]) -> String {
    let words = |answer: &Result<String, String>| match answer {
        Ok(words) | Err(words) => words.clone(),
    };
    match answers {
        [(_, _, first), rest @ ..] if rest.iter().all(|(_, _, other)| other == first) => words(first),
        _ => answers
            .iter()
            .map(|(path, _, answer)| format!("{path}: {}", words(answer)))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// What a path returns, in a few words: `Ok` when Chatwoot returned it. At a path whose response is known, a page with
/// a 2xx that another program returns in Chatwoot's place does not count.
fn classify(path: &str, seen: &Seen) -> Result<String, String> {
    let page = seen.as_ref().map_err(ToString::to_string)?;
    let status = page.status;
    if !(200..300).contains(&status) {
        return Err(match &page.location {
            Some(location) => format!("{status} (redirect to {location})"),
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
        _ => Err(format!("{status}, but the JSON is not Chatwoot's")),
    }
}

/// The fix for the first response whose cause is known.
fn fix_of(seen: &[(String, &Seen)]) -> Option<String> {
    let unread = |_: &Value| Err::<(), _>(String::new());
    seen.iter().find_map(|(_, seen)| fix(&read(seen, unread).err()?))
}

/// `/api` must report that Redis and PostgreSQL work. Its status is 200 even when they do not.
pub fn services(finding: Finding, seen: &Seen) -> Finding {
    let api = match read(seen, Api::read) {
        Ok(api) => api,
        Err(trouble) => {
            let problem = "Chatwoot does not report the state of its services at /api";
            let expected = "Chatwoot's version and services";
            return finding.claim(refused("api", "response of /api", expected, problem, &trouble));
        }
    };
    let mut finding = finding;
    for (code, key, value, name, setting) in [
        ("queue-services", "queue_services", &api.queue_services, "Redis", "Redis settings"),
        ("data-services", "data_services", &api.data_services, "PostgreSQL", "database settings"),
    ] {
        let holds = value.as_ref().and_then(Value::as_str) == Some("ok");
        let mut claim = Claim::compared(code, key, "`ok`", state(value.as_ref()), holds);
        if !holds {
            claim = claim.fix(format!(
                "check that Chatwoot's {name} is running and that Chatwoot's {setting} point to it, then: curl -sS \"$CHATWOOT_BASE_URL{API}\""
            ));
        }
        finding = finding.claim(claim);
    }
    let version = api.version.as_deref().map_or("not shown".to_owned(), name_of);
    finding.evidence("version", version)
}

fn state(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => format!("`{}`", name_of(text)),
        Some(Value::Null) => "null".to_owned(),
        Some(_) => "a value that is not a string".to_owned(),
    }
}

/// Its clock must be close to this machine's. The timestamp has whole seconds and the request took some time, so the
/// claim is undecided where that uncertainty matters.
pub fn clock(finding: Finding, seen: &Seen, within: Duration) -> Finding {
    let (code, what) = ("clock-skew", "clock skew");
    let most = format!("at most {}", seconds(within.as_secs_f64()));
    let problem = "Chatwoot does not report its time at /api";
    let page = match seen {
        Ok(page) => page,
        Err(fault) => {
            let trouble = ChatwootError::Unreachable(fault.clone());
            return finding.claim(refused(code, what, most, problem, &trouble));
        }
    };
    let api = match page.read(Api::read) {
        Ok(api) => api,
        Err(trouble) => return finding.claim(unanswered(code, what, most, problem, &trouble)),
    };
    let Some(stamp) = &api.timestamp else {
        let claim = Claim::undecided(code, what, most, "no timestamp");
        return finding.claim(claim.sentence("Chatwoot's response at /api has no timestamp"));
    };
    let Some(theirs) = api.clock() else {
        let stamp = format!("`{}`", name_of(stamp));
        let sentence = format!("Chatwoot's timestamp at /api cannot be read: {stamp}");
        return finding.claim(Claim::undecided(code, what, most, stamp).sentence(sentence));
    };
    let (skew, uncertainty) = skew(theirs, page);
    let direction = if skew < 0.0 { "behind" } else { "ahead of" };
    let found = format!("{} {direction} this machine (± {})", seconds(skew.abs()), seconds(uncertainty));
    let limit = within.as_secs_f64();
    let claim = if skew.abs() + uncertainty <= limit {
        Claim::compared(code, what, most, found, true)
    } else if skew.abs() - uncertainty > limit {
        Claim::compared(code, what, most, found, false)
    } else {
        let sentence = format!("the clock skew is too uncertain to compare: {found}, {most} is allowed");
        Claim::undecided(code, what, most, found)
            .sentence(sentence)
            .fix("run again when Chatwoot responds faster: the time of a request adds to the uncertainty")
    };
    finding
        .claim(claim)
        .evidence("Chatwoot's clock", theirs.to_string())
        .evidence("this machine's clock", page.sent.to_string())
}

/// How far ahead Chatwoot's clock is, and the uncertainty of that, in seconds. The timestamp is rounded down to the
/// second and was taken at some moment between request and response.
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
