//! Responses as real services send them.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::input::template::Template;
use crate::outcome::Verdict;
use crate::probe::expect::{Expect, Operator};
use crate::probe::http::shell::{by_hand, curl};
use crate::settings::Target;

const HEALTH: &str =
    r#"{"status":"ok","service":"agent-service","version":"1.0.0","timestamp":"2026-01-01T10:00:00.000Z"}"#;

fn check(text: &str) -> Http {
    toml::from_str(text).expect("the check reads")
}

fn health() -> Http {
    check("url = \"${AGENT_SDK_URL}/health\"\nexpect = [{ json = \"/status\", is.equals = \"ok\" }]")
}

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())],
        body: body.as_bytes().to_vec(),
        truncated: false,
        url: "https://agent.example/health".to_owned(),
        redirects: Vec::new(),
        took: Duration::from_millis(12),
    }
}

fn ask(http: &Http, seen: &Result<Answer, Unreachable>) -> Finding {
    let operands: Vec<Operand> =
        http.expect.iter().map(|e| Operand::Text(e.is.template().map(ToString::to_string))).collect();
    judge(http, Finding::about("x"), seen, &operands)
}

fn of(finding: &Finding) -> Verdict {
    Verdict::of(&finding.claims)
}

#[test]
fn only_the_documented_response_passes() {
    assert_eq!(of(&ask(&health(), &Ok(answer(200, HEALTH)))), Verdict::Pass);
    let down = HEALTH.replace("\"ok\"", "\"degraded\"");
    for body in [down.as_str(), "{}", "null", "[]", "", "<html>ok</html>", "{\"status\":\"ok\"", "ok"] {
        assert_eq!(of(&ask(&health(), &Ok(answer(200, body)))), Verdict::Fail, "{body}");
    }
    for status in [201, 204, 301, 404, 429, 500, 503] {
        assert_eq!(of(&ask(&health(), &Ok(answer(status, HEALTH)))), Verdict::Fail, "{status}");
    }
    let cut = Answer { truncated: true, ..answer(200, HEALTH) };
    assert_eq!(of(&ask(&health(), &Ok(cut))), Verdict::Fail);
}

#[test]
fn an_html_page_is_named_as_the_reason() {
    let finding = ask(&health(), &Ok(answer(200, "<!doctype html><title>Welcome</title>")));
    assert_eq!(finding.claims[1].found, "an HTML page, not JSON");
    assert_eq!(finding.claims[1].reason(), "the response is an HTML page, not JSON");
    assert!(finding.claims[1].fix.as_deref().is_some_and(|fix| fix.contains("AGENT_SDK_URL")));
}

#[test]
fn json_under_another_content_type_is_a_warning() {
    for headers in [vec![("content-type".to_owned(), "text/html".to_owned())], Vec::new()] {
        let finding = ask(&health(), &Ok(Answer { headers, ..answer(200, HEALTH) }));
        assert_eq!(of(&finding), Verdict::Pass);
        assert_eq!(finding.warnings.len(), 1);
    }
    assert!(is_json("Application/JSON") && is_json("application/problem+json; charset=utf-8"));
    assert!(!is_json("text/json-ish") && !is_json(""));
}

#[test]
fn a_dead_host_is_one_failing_claim() {
    let lost = Unreachable::Unresolvable { host: "agent.example".to_owned() };
    let finding = ask(&health(), &Err(lost));
    assert_eq!(of(&finding), Verdict::Fail);
    assert_eq!(finding.claims.len(), 1);
    assert_eq!(finding.claims[0].offline.as_deref(), Some("agent.example"));
    assert!(finding.claims[0].fix.as_deref().is_some_and(|fix| fix.contains("dig +short 'agent.example'")));
    let refused = ask(&health(), &Err(Unreachable::Refused));
    assert_eq!((&refused.claims[0].offline, &refused.claims[0].fix), (&None, &None));
    assert!(refused.claims[0].reason().starts_with("x failed: connection refused"));
}

#[test]
fn only_no_response_and_a_server_error_count_as_a_cold_start() {
    let starting = [
        Err(Unreachable::Refused),
        Err(Unreachable::Reset),
        Err(Unreachable::Closed),
        Err(Unreachable::TimedOut { after: Duration::from_secs(10) }),
        Ok(answer(502, "")),
        Ok(answer(503, HEALTH)),
    ];
    assert!(starting.iter().all(|seen| ask(&health(), seen).claims[0].starting));
    let settled = [
        Err(Unreachable::Unresolvable { host: "agent.example".to_owned() }),
        Err(Unreachable::Other("the answer is not HTTP".to_owned())),
        Ok(answer(200, HEALTH)),
        Ok(answer(200, "<html>")),
        Ok(answer(404, "")),
        Ok(answer(429, "")),
        Ok(answer(302, "")),
    ];
    assert!(settled.iter().all(|seen| !ask(&health(), seen).claims[0].starting));
}

#[test]
fn a_redirect_that_is_not_followed_fails_and_shows_its_address_without_secrets() {
    let mut away = answer(302, "");
    away.headers.push(("location".to_owned(), "https://u:pw@login.example/sign_in?token=abc".to_owned()));
    let finding = ask(&health(), &Ok(away));
    assert_eq!(of(&finding), Verdict::Fail);
    assert_eq!(finding.claims[0].found, "302 (redirect to https://login.example/sign_in?..., not followed)");
    assert!(finding.claims[0].fix.as_deref().is_some_and(|fix| fix.contains("AGENT_SDK_URL")));
    let mut circle = answer(301, "");
    circle.headers.push(("location".to_owned(), "/again".to_owned()));
    circle.redirects = vec!["https://agent.example/health".to_owned(); MOST_REDIRECTS];
    let finding = ask(&health(), &Ok(circle));
    assert_eq!(finding.claims[0].found, "301 (redirect to https://agent.example/again after 5 others)");
}

#[test]
fn a_head_request_is_judged_by_its_status() {
    let head = check("method = \"HEAD\"\nurl = \"${AGENT_SDK_URL}/health\"");
    assert_eq!(of(&ask(&head, &Ok(answer(200, "")))), Verdict::Pass);
    assert_eq!(of(&ask(&head, &Ok(answer(405, "")))), Verdict::Fail);
}

#[test]
fn an_expected_value_that_is_not_configured_leaves_the_claim_undecided() {
    let http = check(
        "url = \"${AGENT_SDK_URL}/health\"\nexpect = [{ json = \"/service\", is.equals = \"${target.fly_agent_app}\" }]",
    );
    let open = http.expect[0].unconfigured(&Target::default()).expect("it is not configured");
    let seen = Ok(answer(200, HEALTH));
    let finding = judge(&http, Finding::about("x"), &seen, &[Operand::Unconfigured(open)]);
    assert_eq!(of(&finding), Verdict::Inconclusive);
    let dead = ask(&http, &Err(Unreachable::Reset));
    assert_eq!(of(&dead), Verdict::Fail);
}

#[test]
fn each_claim_has_a_code_of_its_own() {
    let http = check(
        "url = \"${AGENT_SDK_URL}/health\"\nexpect = [{ json = \"/load\", is.min = 1 }, { json = \"/load\", is.max = 5 }, { json = \"/body\", is.equals = \"x\" }]",
    );
    let finding = ask(&http, &Ok(answer(200, "{}")));
    let codes: Vec<&str> = finding.claims.iter().map(|claim| claim.code.as_str()).collect();
    assert_eq!(codes, ["http-status", "body", "load", "load-2", "body-2"]);
}

#[test]
fn shell_commands_can_be_pasted_and_contain_no_secret() {
    let target = Target::default();
    assert_eq!(curl(&health(), &target), "curl -sS -i \"$AGENT_SDK_URL/health\"");
    let mut post = check(
        "method = \"POST\"\nurl = \"${AGENT_SDK_URL}/webhooks/chatwoot\"\nstatus = [200, 202]\n[headers]\nX-Forwarded-From = \"deploy-test\"\napi_access_token = \"${CHATWOOT_API_KEY}\"",
    );
    post.json = Some(json!({"event": "test", "say": "it's"}));
    assert_eq!(
        curl(&post, &target),
        "curl -sS -i -X POST -H 'Content-Type: application/json' -d '{\"event\":\"test\",\"say\":\"it'\\''s\"}' -H \"X-Forwarded-From: deploy-test\" -H \"api_access_token: $CHATWOOT_API_KEY\" \"$AGENT_SDK_URL/webhooks/chatwoot\""
    );
    let odd = Template::parse("${A_URL}x`$\"${target.name}").expect("a template");
    assert_eq!(by_hand(&odd, &target), "\"${A_URL}x\\`\\$\\\"production\"");
}

#[test]
fn lint_finds_requests_that_can_never_pass() {
    assert!(health().lint().is_empty());
    assert_eq!(check("url = \"/health\"").lint().len(), 1);
    assert_eq!(check("url = \"\"").lint().len(), 1);
    assert_eq!(check("url = \"https://a\"\nstatus = []").lint().len(), 1);
    assert_eq!(check("url = \"https://a\"\nstatus = [99, 700]").lint().len(), 2);
    assert_eq!(check("url = \"https://a\"\njson = { a = 1 }").lint().len(), 1);
    assert_eq!(check("url = \"https://a\"\nheaders = { \"a b\" = \"c\" }").lint().len(), 1);
    let head = Http { method: Method::Head, ..health() };
    assert_eq!(head.lint().len(), 1);
    let expect = Expect { json: "x".to_owned(), is: Operator::OneOf(Vec::new()) };
    assert_eq!(Http { expect: vec![expect], ..health() }.lint().len(), 2);
}
