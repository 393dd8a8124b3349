//! Responses of the three paths as real systems send them, and clocks.

use super::*;
use crate::outcome::Verdict;
use crate::probe::chatwoot::samples::{lost, page};
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
    assert_eq!(finding.claims[0].found, "/api returns 200, Chatwoot 4.8.0");
    assert!(finding.evidence[0].value.starts_with("404: this version has no such path"));
    assert!(finding.warnings.is_empty());
}

#[test]
fn a_page_of_another_program_is_not_chatwoot() {
    let html = "<html>We are back soon</html>";
    let finding = alive([page(404, html), page(200, html), page(200, html)]);
    assert_eq!(verdict(&finding), Verdict::Fail);
    assert!(finding.claims[0].found.contains("/api: 200, but an HTML page"), "{}", finding.claims[0].found);
    assert!(finding.claims[0].fix.as_deref().is_some_and(|fix| fix.starts_with("find out what answers at")));
    let other = alive([page(404, ""), page(200, r#"{"status":"ok"}"#), page(200, "{}")]);
    assert_eq!(verdict(&other), Verdict::Fail);
    let everywhere = alive([page(200, html), page(200, html), page(200, html)]);
    assert_eq!(verdict(&everywhere), Verdict::Fail);
    let healthy_proxy = alive([page(200, ""), page(200, "healthy"), page(200, GOOD)]);
    assert_eq!(verdict(&healthy_proxy), Verdict::Pass);
    assert_eq!(healthy_proxy.warnings.len(), 1);
    assert_eq!(verdict(&alive([page(200, html), page(404, ""), page(404, "")])), Verdict::Pass);
}

#[test]
fn when_no_path_answers_one_claim_fails_and_names_the_host() {
    let finding = alive([lost(), lost(), lost()]);
    assert_eq!(verdict(&finding), Verdict::Fail);
    assert_eq!(finding.claims.len(), 1);
    assert_eq!(finding.claims[0].offline.as_deref(), Some("chat.example"));
    assert_eq!(
        alive([Err(Unreachable::Refused), Err(Unreachable::Refused), Err(Unreachable::Refused)]).claims[0]
            .reason(),
        format!("Chatwoot does not answer at /rails/health, /health or /api: {}", Unreachable::Refused)
    );
    let mixed = alive([lost(), Err(Unreachable::Refused), page(503, "")]);
    assert_eq!(verdict(&mixed), Verdict::Fail);
    assert_eq!(mixed.claims[0].offline, None);
}

#[test]
fn too_many_requests_are_undecided_and_excuse_no_other_failure() {
    let busy = || page(429, "Retry later\n");
    let finding = alive([busy(), busy(), busy()]);
    assert_eq!(verdict(&finding), Verdict::Inconclusive);
    assert!(finding.claims[0].fix.as_deref().is_some_and(|fix| fix.starts_with("wait a minute")));
    assert_eq!(verdict(&alive([page(404, ""), page(404, ""), busy()])), Verdict::Inconclusive);
    assert_eq!(verdict(&alive([busy(), page(200, r#"{"status":"woot"}"#), busy()])), Verdict::Pass);
    assert_eq!(verdict(&alive([busy(), page(200, "<html>"), busy()])), Verdict::Fail);
    assert_eq!(verdict(&alive([busy(), page(503, ""), busy()])), Verdict::Fail);
    assert_eq!(verdict(&alive([busy(), lost(), busy()])), Verdict::Fail);
}

#[test]
fn a_broken_path_next_to_a_working_one_is_a_warning() {
    let finding = alive([page(503, ""), page(200, r#"{"status":"woot"}"#), page(200, GOOD)]);
    assert_eq!(verdict(&finding), Verdict::Pass);
    assert_eq!(finding.warnings, ["/rails/health does not return what Chatwoot returns there: 503"]);
}

#[test]
fn services_must_be_exactly_ok() {
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
    assert_eq!(verdict(&services(Finding::about("x"), &page(429, "Retry later\n"))), Verdict::Inconclusive);
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
fn skew_is_judged_with_its_uncertainty() {
    let verdict_at = |stamp: &str, sent: &str, took| verdict(&at(stamp, sent, took));
    let noon = r#""2026-01-01 10:00:00""#;
    assert_eq!(verdict_at(noon, "2026-01-01T10:00:00.4Z", 200), Verdict::Pass);
    assert_eq!(verdict_at(noon, "2026-01-01T10:00:03Z", 200), Verdict::Pass);
    assert_eq!(verdict_at(noon, "2026-01-01T10:00:30Z", 200), Verdict::Fail);
    assert_eq!(verdict_at(noon, "2026-01-01T09:00:00Z", 200), Verdict::Fail);
    assert_eq!(verdict_at(noon, "2026-01-01T10:00:05.5Z", 200), Verdict::Inconclusive);
    assert_eq!(verdict_at(noon, "2026-01-01T10:00:00Z", 12_000), Verdict::Inconclusive);
    let behind = at(noon, "2026-01-01T10:00:30Z", 200);
    assert!(behind.claims[0].found.starts_with("29.6 s behind this machine"), "{}", behind.claims[0].found);
}

#[test]
fn an_unreadable_clock_is_undecided_and_a_dead_host_fails() {
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
    assert_eq!(verdict(&clock(Finding::about("x"), &page(500, ""), Duration::from_secs(5))), Verdict::Fail);
}
