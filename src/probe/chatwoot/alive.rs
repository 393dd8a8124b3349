//! Whether Chatwoot runs: liveness over a list of paths, what `/api` says about
//! its services, and how far its clock is from ours.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Seen, ask_why, name_of, refused};
use crate::probe::{Claim, Finding};
use crate::service::chatwoot::{Api, Page, Trouble, read};

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
    let winner = said.iter().find_map(|(path, _, said)| said.as_ref().ok().map(|s| (*path, s.clone())));
    let Some((winner, words)) = winner else {
        let found = said
            .iter()
            .map(|(path, _, said)| format!("{path}: {}", text(said)))
            .collect::<Vec<_>>()
            .join("; ");
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

fn text(said: &Result<String, String>) -> &str {
    match said {
        Ok(words) | Err(words) => words,
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
    let body = || page.body.as_ref().map_err(|why| format!("{status}, but {why}"));
    match path.rsplit_once('/').map_or(path, |(_, last)| last) {
        "api" => {
            let api = Api::read(body()?).map_err(|why| format!("{status}, but {why}"))?;
            Ok(format!(
                "{status}, Chatwoot {}",
                api.version.as_deref().map_or("of unknown version".to_owned(), name_of)
            ))
        }
        "health" if path != "/rails/health" => match body()?.get("status").and_then(Value::as_str) {
            Some("woot") => Ok(format!("{status} with status `woot`")),
            _ => Err(format!("{status}, but JSON that is not Chatwoot's")),
        },
        _ => Ok(status.to_string()),
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
    let Some(stamp) = api.timestamp else { return open(finding, "/api shows no timestamp".to_owned()) };
    let Some(theirs) = moment(&stamp) else {
        return open(finding, format!("a timestamp that cannot be read: `{}`", name_of(&stamp)));
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

fn moment(stamp: &str) -> Option<Timestamp> {
    // UTC without a zone; a version that writes one is believed.
    let civil = || DateTime::strptime("%Y-%m-%d %H:%M:%S", stamp).ok()?.to_zoned(TimeZone::UTC).ok();
    stamp.parse::<Timestamp>().ok().or_else(|| civil().map(|z| z.timestamp()))
}

fn seconds(length: f64) -> String {
    format!("{length:.1} s")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{lost, page};
    use super::*;
    use crate::run::outcome::Verdict;
    use crate::service::unreachable::Unreachable;

    const GOOD: &str =
        r#"{"version":"4.8.0","timestamp":"2026-01-01 10:00:00","queue_services":"ok","data_services":"ok"}"#;
    const NOT_ROUTED: &str = r#"{"status":404,"error":"Not Found"}"#;

    fn alive(answers: [Seen; 3]) -> Finding {
        let seen: Vec<(String, &Seen)> = PATHS.iter().map(|p| (*p).to_owned()).zip(&answers).collect();
        judge(Finding::about("x"), &seen)
    }

    fn verdict(finding: &Finding) -> Verdict {
        Verdict::of(&finding.claims)
    }

    #[test]
    fn a_404_on_the_first_path_is_explained_when_another_answers() {
        let finding = alive([page(404, NOT_ROUTED), page(404, NOT_ROUTED), page(200, GOOD)]);
        assert_eq!(verdict(&finding), Verdict::Pass);
        assert_eq!(finding.claims[0].found, "/api answers 200, Chatwoot 4.8.0");
        assert!(finding.evidence[0].value.starts_with("404: this version does not route it"));
        assert!(finding.warnings.is_empty());
    }

    #[test]
    fn a_page_that_stands_in_for_chatwoot_is_not_chatwoot() {
        let html = "<html>We are back soon</html>";
        let finding = alive([page(404, html), page(200, html), page(200, html)]);
        assert_eq!(verdict(&finding), Verdict::Fail);
        assert!(
            finding.claims[0].found.contains("/api: 200, but an HTML page"),
            "{}",
            finding.claims[0].found
        );
        let other = alive([page(404, ""), page(200, r#"{"status":"ok"}"#), page(200, "{}")]);
        assert_eq!(verdict(&other), Verdict::Fail);
        let doubtful = alive([page(200, html), page(200, html), page(200, html)]);
        assert_eq!(doubtful.warnings.len(), 2);
    }

    #[test]
    fn every_path_dead_is_one_failing_claim_that_knows_the_host() {
        let finding = alive([lost(), lost(), lost()]);
        assert_eq!(verdict(&finding), Verdict::Fail);
        assert_eq!(finding.claims.len(), 1);
        assert_eq!(finding.claims[0].offline.as_deref(), Some("chat.example"));
        let mixed = alive([lost(), Err(Unreachable::Refused), page(503, "")]);
        assert_eq!(verdict(&mixed), Verdict::Fail);
        assert_eq!(mixed.claims[0].offline, None);
    }

    #[test]
    fn a_broken_path_beside_a_good_one_is_a_warning() {
        let finding = alive([page(503, ""), page(200, r#"{"status":"woot"}"#), page(200, GOOD)]);
        assert_eq!(verdict(&finding), Verdict::Pass);
        assert_eq!(finding.warnings, ["/rails/health does not answer as Chatwoot does: 503"]);
    }

    #[test]
    fn services_must_say_ok_and_nothing_else() {
        assert_eq!(verdict(&services(Finding::about("x"), &page(200, GOOD))), Verdict::Pass);
        for (queue, data) in [
            (r#""failing""#, r#""ok""#),
            (r#""ok""#, r#""failing""#),
            ("null", r#""ok""#),
            (r#""ok""#, "true"),
            (r#""OK""#, r#""ok""#),
        ] {
            let body = format!(r#"{{"version":"4.8.0","queue_services":{queue},"data_services":{data}}}"#);
            assert_eq!(verdict(&services(Finding::about("x"), &page(200, &body))), Verdict::Fail, "{body}");
        }
        for seen in [
            page(200, r#"{"version":"4.8.0"}"#),
            page(200, "<html>"),
            page(500, ""),
            page(404, NOT_ROUTED),
            lost(),
        ] {
            assert_eq!(verdict(&services(Finding::about("x"), &seen)), Verdict::Fail, "{seen:?}");
        }
        assert_eq!(
            verdict(&services(Finding::about("x"), &page(429, "Retry later\n"))),
            Verdict::Inconclusive
        );
    }

    fn at(stamp: &str, sent: &str, took_ms: u64) -> Finding {
        let body = format!(r#"{{"version":"4.8.0","timestamp":{stamp}}}"#);
        let mut seen = page(200, &body);
        if let Ok(page) = &mut seen {
            page.sent = sent.parse().expect("a good time");
            page.took = Duration::from_millis(took_ms);
        }
        clock(Finding::about("x"), &seen, Duration::from_secs(5))
    }

    #[test]
    fn skew_is_judged_with_its_blur() {
        let verdict_at = |stamp: &str, sent: &str, took| verdict(&at(stamp, sent, took));
        let noon = r#""2026-01-01 10:00:00""#;
        assert_eq!(verdict_at(noon, "2026-01-01T10:00:00.4Z", 200), Verdict::Pass);
        assert_eq!(verdict_at(noon, "2026-01-01T10:00:03Z", 200), Verdict::Pass);
        assert_eq!(verdict_at(noon, "2026-01-01T10:00:30Z", 200), Verdict::Fail);
        assert_eq!(verdict_at(noon, "2026-01-01T09:00:00Z", 200), Verdict::Fail);
        assert_eq!(verdict_at(noon, "2026-01-01T10:00:05.5Z", 200), Verdict::Inconclusive);
        assert_eq!(verdict_at(noon, "2026-01-01T10:00:00Z", 12_000), Verdict::Inconclusive);
        let behind = at(noon, "2026-01-01T10:00:30Z", 200);
        assert!(behind.claims[0].found.starts_with("29.6 s behind ours"), "{}", behind.claims[0].found);
    }

    #[test]
    fn a_clock_that_cannot_be_read_is_open_and_a_dead_host_fails() {
        for stamp in ["null", r#""yesterday""#, r#""2026-13-01 10:00:00""#, "1767261600"] {
            assert_eq!(verdict(&at(stamp, "2026-01-01T10:00:00Z", 10)), Verdict::Inconclusive, "{stamp}");
        }
        let zoned = at(r#""2026-01-01T11:00:00+01:00""#, "2026-01-01T10:00:00Z", 10);
        assert_eq!(verdict(&zoned), Verdict::Pass);
        assert_eq!(
            verdict(&clock(Finding::about("x"), &page(404, ""), Duration::from_secs(5))),
            Verdict::Inconclusive
        );
        assert_eq!(verdict(&clock(Finding::about("x"), &lost(), Duration::from_secs(5))), Verdict::Fail);
        assert_eq!(
            verdict(&clock(Finding::about("x"), &page(500, ""), Duration::from_secs(5))),
            Verdict::Fail
        );
    }
}
