//! What can be wrong in the section, one thing at a time: the service is asleep, does not respond or returns something
//! else, has a version that does not fit, or rejects the test webhook.

mod places;

use serde_json::{Value, json};

use super::Case;
use crate::support::bench::Bench;

const HEALTH: &str = "agent-sdk.health";
const HEAD: &str = "agent-sdk.health-head";
const VERSION: &str = "agent-sdk.version";
const WEBHOOK: &str = "agent-sdk.test-webhook";

const STATUS: &str = "http status";

pub fn cases() -> Vec<Case> {
    let all = [sleepers(), health(), heads(), versions(), webhooks()];
    all.into_iter().flatten().collect()
}

/// Changes the state of the service.
fn state(bench: &Bench, change: Value) {
    bench.control("agent", json!({ "state": change }));
}

/// Replaces the service's response to a request.
fn answer(bench: &Bench, pattern: &str, answer: Value) {
    bench.control("agent", json!({ "set": { pattern: answer } }));
}

fn get(bench: &Bench, said: Value) {
    answer(bench, "GET /health", said);
}

fn post(bench: &Bench, said: Value) {
    answer(bench, "POST /webhooks/chatwoot", said);
}

/// The body of `/health` with this version.
fn of_version(bench: &Bench, version: Value) {
    get(bench, json!({ "patch": { "version": version } }));
}

/// A cold start takes time, and one that takes too long is a failure. These cases wait on purpose.
fn sleepers() -> Vec<Case> {
    vec![
        Case::good("it is asleep, and up after three seconds", HEALTH)
            .arrange(|b| state(b, json!({ "asleep": true, "cold_start_seconds": 3.0 }))),
        Case::good("the proxy returns 503 twice while it starts", HEALTH)
            .shows("answered on attempt 3 after")
            .arrange(|b| get(b, json!({ "status": 503, "times": 2 }))),
        Case::good("nothing listens for two seconds", HEALTH).shows("\"name\":\"cold start\"").arrange(|b| {
            b.control("agent", json!({ "door": { "is": "closed", "for_ms": 2000 } }));
        }),
        Case::new("it is asleep and does not start", HEALTH, STATUS)
            .says("/health failed: no complete response within 10s")
            .arrange(|b| state(b, json!({ "asleep": true, "cold_start_seconds": 600.0 }))),
        Case::new("nothing listens", HEALTH, STATUS).says("connection refused").arrange(|b| {
            b.control("agent", json!({ "door": "closed" }));
        }),
    ]
}

fn health() -> Vec<Case> {
    const BODY: &str = "body";
    const SAYS: &str = "/status";
    let status = |name| Case::new(name, HEALTH, STATUS);
    let body = |name| Case::new(name, HEALTH, BODY);
    let says = |name| Case::new(name, HEALTH, SAYS);
    vec![
        Case::good("its response is shown", HEALTH).shows("agent-service"),
        says("it is degraded")
            .says("/status: expected `ok`, found `degraded`")
            .arrange(|b| state(b, json!({ "status": "degraded" }))),
        says("its response has no status")
            .says("/status: expected `ok`, found nothing")
            .arrange(|b| get(b, json!({ "json": { "service": "agent-service", "version": "1.0.0" } }))),
        says("its status is null")
            .says("found null")
            .arrange(|b| get(b, json!({ "patch": { "status": null } }))),
        says("its status is empty")
            .says("found an empty string")
            .arrange(|b| get(b, json!({ "patch": { "status": "" } }))),
        says("its status is true")
            .says("true (a boolean)")
            .arrange(|b| get(b, json!({ "patch": { "status": true } }))),
        says("its status ends with a NUL").says("found `ok").arrange(|b| {
            get(b, json!({ "patch": { "status": "ok\0" } }));
        }),
        says("its status is very long").says("characters").arrange(|b| {
            get(b, json!({ "patch": { "status": "ok ".repeat(4000) } }));
        }),
        body("a proxy returns its page with 200").says("the response is an HTML page, not JSON").arrange(
            |b| {
                let page = "<!doctype html><title>Welcome to nginx!</title>";
                get(b, json!({ "status": 200, "body": page, "content_type": "text/html" }));
            },
        ),
        body("the body is just ok").says("a body that is not JSON").arrange(|b| {
            get(b, json!({ "status": 200, "body": "ok" }));
        }),
        body("an empty body").says("an empty body").arrange(|b| {
            get(b, json!({ "status": 200, "body": "" }));
        }),
        body("truncated JSON").says("truncated JSON").arrange(|b| {
            get(b, json!({ "status": 200, "body": "{\"status\":\"ok\"" }));
        }),
        body("a body that is not text").says("a body that is not UTF-8 text").arrange(|b| {
            get(b, json!({ "status": 200, "body_base64": "//4AAA==", "content_type": "application/json" }));
        }),
        body("NULs in the body").says("a body that is not JSON").arrange(|b| {
            get(b, json!({ "status": 200, "body": "{\"status\":\"ok\"}\0\0\0" }));
        }),
        body("an endless body").says("which was not read completely").arrange(|b| {
            get(b, json!({ "status": 200, "behaviour": "endless" }));
        }),
        body("a body of 64 MiB").says("which was not read completely").arrange(|b| {
            get(b, json!({ "status": 200, "behaviour": "huge" }));
        }),
        status("the response is not HTTP").says("the response is not HTTP").arrange(|b| {
            get(b, json!({ "behaviour": "garbage" }));
        }),
        status("the path does not exist").says("found 404").arrange(|b| get(b, json!({ "status": 404 }))),
        status("another success").says("found 204").arrange(|b| get(b, json!({ "status": 204 }))),
        status("too many requests").says("found 429").arrange(|b| get(b, json!({ "status": 429 }))),
        status("it redirects to another host")
            .says("302 (redirect to https://login.hotrodan.test/sign_in?..., not followed)")
            .arrange(|b| get(b, json!({ "location": "https://login.hotrodan.test/sign_in?next=health" }))),
        status("it redirects to itself").says("after 5 others").arrange(|b| {
            get(b, json!({ "location": "/health" }));
        }),
        status("it does not speak TLS").says("does not speak TLS on this port").arrange(|b| {
            let url = b.world.app.url_at("localhost").replace("http://", "https://");
            b.set("AGENT_SDK_URL", url);
        }),
        status("its certificate has expired").says("the certificate expired at 20").arrange(|b| {
            b.control("agent", json!({ "certificate": { "days_left": -1 } }));
        }),
        Case::good("JSON under another content type", HEALTH)
            .verdict("warn", 0)
            .says("the body is JSON, but its content type is `text/html`")
            .arrange(|b| get(b, json!({ "content_type": "text/html" }))),
        Case::good("JSON without a content type", HEALTH)
            .verdict("warn", 0)
            .says("it has no content type")
            .arrange(|b| get(b, json!({ "headers": { "content-type": null } }))),
        Case::good("it redirects to another path of its own", HEALTH).shows("/healthz").arrange(|b| {
            get(b, json!({ "location": "/healthz" }));
            let well = json!({ "status": "ok", "version": "1.0.0" });
            answer(b, "GET /healthz", json!({ "json": well }));
        }),
        Case::new("AGENT_SDK_URL is not set", HEALTH, "")
            .verdict("skipped", 1)
            .says("blocked by environment.agent-sdk-url")
            .arrange(|b| b.unset("AGENT_SDK_URL")),
    ]
}

fn heads() -> Vec<Case> {
    let case = |name| Case::new(name, HEAD, STATUS);
    vec![
        case("a proxy rejects HEAD")
            .says("http status: expected 200, found 405")
            .arrange(|b| answer(b, "HEAD /health", json!({ "status": 405 }))),
        case("HEAD is not routed")
            .says("check for a proxy that rejects HEAD")
            .arrange(|b| answer(b, "HEAD /health", json!({ "status": 404 }))),
        case("HEAD redirects elsewhere").says("not followed").arrange(|b| {
            answer(b, "HEAD /health", json!({ "location": "https://login.hotrodan.test/" }));
        }),
        Case::good("the proxy returns 502 once", HEAD)
            .shows("answered on attempt 2 after")
            .arrange(|b| answer(b, "HEAD /health", json!({ "status": 502, "times": 1 }))),
        Case::new("GET fails, so HEAD is not checked", HEAD, "")
            .verdict("skipped", 1)
            .says("blocked by agent-sdk.health")
            .arrange(|b| get(b, json!({ "status": 404 }))),
    ]
}

fn versions() -> Vec<Case> {
    const WHAT: &str = "/version";
    let case = |name| Case::new(name, VERSION, WHAT);
    let open = |name| case(name).verdict("inconclusive", 3);
    // Both checks judge the same response; only with the other one skipped does this one have to judge all of it.
    let alone = |name, claim| Case::new(name, VERSION, claim).without(HEALTH);
    vec![
        case("the version is too new")
            .says("/version: expected a version that satisfies `>=1.0, <2`, found `2.0.0`")
            .arrange(|b| state(b, json!({ "version": "2.0.0" }))),
        case("the version is too old")
            .says("found `0.9.12`")
            .arrange(|b| state(b, json!({ "version": "0.9.12" }))),
        case("the version is a pre-release")
            .says("found `2.0.0-rc.1`")
            .arrange(|b| state(b, json!({ "version": "2.0.0-rc.1" }))),
        case("the configuration requires another version").says("`~1.4`, found `1.0.0`").arrange(|b| {
            b.edit_config("[targets.sandbox]\n", "[targets.sandbox]\nagent_version = \"~1.4\"\n");
        }),
        open("the version is a word")
            .says("/version is `banana`, which is not a semantic version")
            .arrange(|b| state(b, json!({ "version": "banana" }))),
        open("the version is empty").says("an empty string").arrange(|b| state(b, json!({ "version": "" }))),
        open("the version is missing").says("there is no version to compare").arrange(|b| {
            get(b, json!({ "json": { "status": "ok" } }));
        }),
        open("the version is null")
            .says("/version is null, which is not a version")
            .arrange(|b| of_version(b, Value::Null)),
        open("the version is a number").says("1.0 (a number)").arrange(|b| of_version(b, json!(1.0))),
        open("the version is incomplete")
            .says("/version is `1.0`, which is not")
            .arrange(|b| of_version(b, json!("1.0"))),
        Case::good("a later version that fits", VERSION)
            .arrange(|b| state(b, json!({ "version": "v1.27.3+fly.4" }))),
        Case::new("it is not healthy, so the version is not checked", VERSION, "")
            .verdict("skipped", 1)
            .says("blocked by agent-sdk.health")
            .arrange(|b| state(b, json!({ "status": "degraded" }))),
        alone("the version is in a 404 response", STATUS)
            .says("found 404")
            .arrange(|b| get(b, json!({ "status": 404, "json": { "version": "1.0.0" } }))),
        alone("the version is in a body that breaks off", "body")
            .says("truncated JSON")
            .arrange(|b| get(b, json!({ "status": 200, "body": "{\"version\":\"1.0.0\"" }))),
    ]
}

fn webhooks() -> Vec<Case> {
    let case = |name| Case::new(name, WEBHOOK, STATUS);
    vec![
        Case::good("its response is shown", WEBHOOK).shows("Not a message_created event"),
        Case::good("it queues the event", WEBHOOK)
            .shows("queued")
            .arrange(|b| post(b, json!({ "status": 202, "json": { "queued": true } }))),
        Case::good("its response is empty", WEBHOOK).arrange(|b| post(b, json!({ "status": 202 }))),
        case("it fails").says("http status: expected 200 or 202, found 500").arrange(|b| {
            post(b, json!({ "status": 500, "json": { "error": "no model" } }));
        }),
        Case::new("it fails, and its response is shown", WEBHOOK, STATUS).shows("no model").arrange(|b| {
            post(b, json!({ "status": 500, "json": { "error": "no model" } }));
        }),
        case("the path does not exist").says("found 404").arrange(|b| post(b, json!({ "status": 404 }))),
        case("it requires a signature").says("found 401").arrange(|b| post(b, json!({ "status": 401 }))),
        case("another success").says("found 201").arrange(|b| post(b, json!({ "status": 201 }))),
        case("it redirects to another path of its own: an event is not sent twice")
            .says("307 (redirect to https://localhost:")
            .arrange(|b| post(b, json!({ "status": 307, "location": "/webhooks/new" }))),
        case("the connection is cut").says("reset").arrange(|b| post(b, json!({ "behaviour": "reset" }))),
        case("the connection closes without a response").says("closed").arrange(|b| {
            post(b, json!({ "behaviour": "close" }));
        }),
        case("the response breaks off").says("closed before the response was complete").arrange(|b| {
            post(b, json!({ "behaviour": "truncated" }));
        }),
        case("the response is not HTTP")
            .says("is not HTTP")
            .arrange(|b| post(b, json!({ "behaviour": "garbage" }))),
        Case::good("an endless body is not read to its end", WEBHOOK)
            .arrange(|b| post(b, json!({ "status": 200, "behaviour": "endless" }))),
        Case::new("it is not healthy, so nothing is sent", WEBHOOK, "")
            .verdict("skipped", 1)
            .says("blocked by agent-sdk.health")
            .arrange(|b| state(b, json!({ "status": "degraded" }))),
    ]
}
