//! The Agent SDK service and the app's endpoint.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use hotdash_ops::testing::rehearsal::standins::{agent, app};
use reqwest::Method;
use serde_json::{Value, json};

use crate::requests::{JSON, Reply, client};

fn message() -> Value {
    json!({
        "event": "message_created", "content": "hello", "message_type": "incoming", "private": false,
        "conversation": {"id": 318}, "sender": {"id": 5521, "name": "Probe"},
    })
}

async fn deliver(agent: &agent::Agent, body: &str) -> Reply {
    let request = client(None).post(format!("{}/webhooks/chatwoot", agent.url()));
    Reply::to(request.header("content-type", "application/json").body(body.to_owned())).await
}

#[tokio::test]
async fn the_agent_reports_its_health_by_get_and_head() {
    let agent = agent::Agent::start(Default::default(), Default::default()).await.unwrap();
    let url = format!("{}/health", agent.url());
    let back = Reply::to(client(None).get(&url)).await;
    let body = back.json();
    assert_eq!((back.status, back.content_type.as_str(), back.marked), (200, JSON, true));
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["status", "service", "version", "timestamp"]
    );
    assert_eq!(
        (&body["status"], &body["service"], &body["version"]),
        (&"ok".into(), &"agent-service".into(), &"1.0.0".into())
    );
    body["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let head = Reply::to(client(None).head(&url)).await;
    assert_eq!((head.status, head.content_type.as_str(), head.body.as_str()), (200, JSON, ""));
    agent.update(|state| state.version = "2.0.0".into());
    assert_eq!(Reply::to(client(None).get(&url)).await.json()["version"], "2.0.0");
}

#[tokio::test]
async fn the_agent_drafts_for_incoming_messages_and_ignores_the_rest() {
    let agent = agent::Agent::start(Default::default(), Default::default()).await.unwrap();
    let but = |pointer: &str, value: Value| {
        let mut body = message();
        *body.pointer_mut(pointer).unwrap() = value;
        body.to_string()
    };
    let ignored = |reason: &str| json!({"ignored": true, "reason": reason});
    for (name, sent, wanted) in [
        ("test event", r#"{"event":"test","test":true}"#.to_owned(), ignored("Not a message_created event")),
        ("no conversation", but("/conversation", json!({})), ignored("Missing conversation id")),
        ("no text", but("/content", Value::Null), ignored("Missing message text")),
        ("outgoing", but("/message_type", json!("outgoing")), ignored("Not an incoming message")),
    ] {
        let back = deliver(&agent, &sent).await;
        assert_eq!((back.status, back.json()), (200, wanted), "{name}");
    }
    assert_eq!(deliver(&agent, &message().to_string()).await.json()["status"], "draft_ready");
    agent.update(|state| state.integers_only = true);
    assert_eq!(deliver(&agent, &message().to_string()).await.json(), ignored("Not an incoming message"));
    assert_eq!(deliver(&agent, &but("/message_type", json!(0))).await.json()["status"], "draft_ready");
    assert_eq!(deliver(&agent, &but("/sender/name", json!("x"))).await.json()["ignored"], true);
    let contact = but("/sender", json!({"type": "contact"}));
    assert_eq!(deliver(&agent, &contact).await.json()["status"], "draft_ready");
    assert_eq!(deliver(&agent, "{").await.status, 400);
    agent.update(|state| state.failure = Some("no model".into()));
    let back = deliver(&agent, &contact).await;
    assert_eq!((back.status, back.json()), (500, json!({"error": "no model"})));
}

#[tokio::test]
async fn approvals_are_listed_and_unknown_paths_answer_as_express_does() {
    let state = agent::State { approval_required: true, ..Default::default() };
    let agent = agent::Agent::start(state, Default::default()).await.unwrap();
    let approvals = || Reply::to(client(None).get(format!("{}/approvals", agent.url())));
    assert_eq!(approvals().await.body, "[]");
    assert_eq!(deliver(&agent, &message().to_string()).await.json()["status"], "pending_approval");
    assert_eq!(approvals().await.json()[0]["conversation_id"], 318);
    let back = Reply::to(client(None).get(format!("{}/nowhere", agent.url()))).await;
    assert_eq!((back.status, back.content_type.as_str()), (404, "text/html; charset=utf-8"));
    assert!(back.body.contains("Cannot GET /nowhere"));
}

#[tokio::test]
async fn a_sleeping_agent_makes_every_request_wait_for_its_start() {
    let state = agent::State { asleep: true, cold_start_seconds: 2.0, ..Default::default() };
    let agent = agent::Agent::start(state, Default::default()).await.unwrap();
    let client = client(None);
    let timed = || async {
        let start = Instant::now();
        let back = Reply::to(client.get(format!("{}/health", agent.url()))).await;
        assert_eq!(back.status, 200);
        start.elapsed()
    };
    let (first, second) = tokio::join!(timed(), timed());
    assert!(first.min(second) >= Duration::from_millis(1900), "{first:?} {second:?}");
    assert!(timed().await < Duration::from_millis(1900));
}

fn sign(secret: &str, signed: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed);
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn the_app_accepts_signatures_of_its_own_format_only() {
    let app = app::App::start(Default::default(), Default::default()).await.unwrap();
    let url = format!("{}/api/webhooks/chatwoot", app.url());
    let body = message().to_string();
    let client = client(None);
    let send = |signature: Option<String>, timestamp: Option<&str>| {
        let mut request = client.post(&url).header("content-type", "application/json").body(body.clone());
        for (name, value) in
            [("x-chatwoot-signature", signature), ("x-chatwoot-timestamp", timestamp.map(str::to_owned))]
        {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        async { Reply::to(request).await.status }
    };
    let alone = sign("s3cret", body.as_bytes());
    let timed = format!("sha256={}", sign("s3cret", format!("1767261606.{body}").as_bytes()));
    assert_eq!(Reply::to(client.request(Method::GET, &url)).await.status, 405);
    assert_eq!(send(None, None).await, 200);
    app.update(|state| state.secret = Some("s3cret".into()));
    assert_eq!(send(None, None).await, 401);
    assert_eq!(send(Some(timed.clone()), Some("1767261606")).await, 200);
    assert_eq!(send(Some(timed.clone()), Some("1767261607")).await, 401);
    assert_eq!(send(Some(timed.clone()), None).await, 401);
    assert_eq!(send(Some(alone.clone()), Some("1767261606")).await, 401);
    app.update(|state| state.signature = app::Signature::BodyOnly);
    assert_eq!(send(Some(alone), None).await, 200);
    assert_eq!(send(Some(timed), Some("1767261606")).await, 401);
    let deliveries = app.update(|state| state.deliveries.clone());
    assert_eq!(deliveries.len(), 3);
    assert_eq!((deliveries[0].event.as_deref(), &deliveries[0].body), (Some("message_created"), &message()));
    assert_eq!(Reply::to(client.post(format!("{}/other", app.url()))).await.status, 404);
}

/// The signature published for a delivery of Chatwoot 4.12, over the bytes as they travel.
#[tokio::test]
async fn the_app_accepts_a_known_signature() {
    let body = r#"{"event":"message_created","id":1,"message_type":"incoming","private":false}"#;
    let state = app::State { secret: Some("test_secret_123".into()), ..Default::default() };
    let app = app::App::start(state, Default::default()).await.unwrap();
    let request = client(None).post(format!("{}/api/webhooks/chatwoot", app.url())).body(body);
    let signature = "sha256=8f0673290cd24c82eaad7dec9fb4ca3b533493efb3a71f97d4bb4c3e584ef45c";
    let request =
        request.header("x-chatwoot-timestamp", "1774708578").header("x-chatwoot-signature", signature);
    assert_eq!(Reply::to(request).await.status, 200);
}
