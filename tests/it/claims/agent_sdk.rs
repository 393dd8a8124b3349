//! What can be wrong with the Agent SDK, one thing at a time. A cold start is
//! waited for, so most cases turn a check that does not wait.

use serde_json::json;

use super::Case;
use crate::support::bench::Bench;

fn health(bench: &mut Bench, answer: serde_json::Value) {
    bench.control("agent", json!({ "set": { "* /health": answer } }));
}

fn webhook(bench: &mut Bench, answer: serde_json::Value) {
    bench.control("agent", json!({ "set": { "POST /webhooks/chatwoot": answer } }));
}

pub fn cases() -> Vec<Case> {
    let mut all = health_cases();
    all.extend(version_cases());
    all.extend(webhook_cases());
    all
}

fn health_cases() -> Vec<Case> {
    let case = |name, claim| Case::new(name, "agent-sdk.health", claim);
    vec![
        case("the service is down for good", "http status")
            .arrange(|b| health(b, json!({ "status": 503, "body": "no machines" })))
            .says("503"),
        case("a proxy answers an HTML page with 200", "body")
            .arrange(|b| {
                health(b, json!({ "status": 200, "content_type": "text/html", "body": "<html>ok</html>" }));
            })
            .says("HTML"),
        case("the service says it is degraded", "/status").arrange(|b| {
            b.control("agent", json!({ "state": { "status": "degraded" } }));
        }),
        Case::new("a cold start of three seconds is expected", "agent-sdk.health", "")
            .verdict("pass", 0)
            .arrange(|b| {
                let starting = json!({ "status": 503, "body": "starting", "times": 3 });
                b.control("agent", json!({ "set": { "GET /health": [starting] } }));
            }),
        Case::new("a proxy refuses HEAD", "agent-sdk.health-head", "http status").says("405").arrange(|b| {
            b.control("agent", json!({ "set": { "HEAD /health": { "status": 405 } } }));
        }),
    ]
}

fn version_cases() -> Vec<Case> {
    let case = |name, claim| Case::new(name, "agent-sdk.version", claim);
    // The measurement of /health is shared: what is wrong with it blocks this check, except what only it reads.
    vec![
        case("the next major version runs", "/version").says("2.0.0").arrange(|b| {
            b.control("agent", json!({ "state": { "version": "2.0.0" } }));
        }),
        case("a version before the first runs", "/version").arrange(|b| {
            b.control("agent", json!({ "state": { "version": "0.9.7" } }));
        }),
        case("the version is no version", "/version").verdict("inconclusive", 3).arrange(|b| {
            b.control("agent", json!({ "state": { "version": "banana" } }));
        }),
        case("no version is shown", "/version")
            .verdict("inconclusive", 3)
            .arrange(|b| health(b, json!({ "json": { "status": "ok", "service": "agent-service" } }))),
        case("the health page is broken, and its check left out", "http status")
            .without("agent-sdk.health")
            .arrange(|b| health(b, json!({ "status": 500, "body": "boom" }))),
        case("the health page is no JSON, and its check left out", "body")
            .without("agent-sdk.health")
            .arrange(|b| health(b, json!({ "status": 200, "body": "fine" }))),
        case("the target wants another version", "/version")
            .arrange(|b| b.edit_config("account_id = 3\n", "account_id = 3\nagent_version = \">=1.1\"\n"))
            .says("1.0.0"),
    ]
}

fn webhook_cases() -> Vec<Case> {
    let case = |name, claim| Case::new(name, "agent-sdk.test-webhook", claim);
    vec![
        case("the endpoint breaks", "http status")
            .arrange(|b| webhook(b, json!({ "status": 500, "json": { "error": "boom" } })))
            .says("500"),
        case("the endpoint is not there", "http status").arrange(|b| webhook(b, json!({ "status": 404 }))),
        case("the endpoint moved elsewhere", "http status")
            .arrange(|b| webhook(b, json!({ "location": "https://elsewhere.example/webhooks" })))
            .says("302"),
        case("the connection is reset", "").arrange(|b| webhook(b, json!({ "behaviour": "reset" }))),
        Case::new("the endpoint takes it for later", "agent-sdk.test-webhook", "")
            .verdict("pass", 0)
            .arrange(|b| webhook(b, json!({ "status": 202 }))),
    ]
}
