//! The control route: who may use it, what it changes, what it shows.

use hotdash_ops::testing::rehearsal::http::KEY_HEADER;
use hotdash_ops::testing::rehearsal::http::control_server::{ControlServer, StandInRegistry};
use hotdash_ops::testing::rehearsal::standins::agent;
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use serde_json::{Value, json};

use crate::requests::{Reply, client};

async fn chatwoot() -> Chatwoot {
    Chatwoot::start(State::version("4.8.0"), Default::default()).await.unwrap()
}

async fn get(chatwoot: &Chatwoot, path: &str) -> Reply {
    Reply::to(client(None).get(format!("{}{path}", chatwoot.url()))).await
}

async fn post(url: &str, key: &str, body: &str) -> Reply {
    let request = client(None).post(url).header(KEY_HEADER, key).body(body.to_owned());
    Reply::to(request).await
}

#[tokio::test]
async fn without_the_key_the_control_route_does_not_exist() {
    let chatwoot = chatwoot().await;
    let url = format!("{}/__control", chatwoot.url());
    assert_eq!(get(&chatwoot, "/__control").await.status, 404);
    let wrong = post(&url, "wrong", "{}").await;
    assert_eq!((wrong.status, wrong.content_type.as_str()), (404, "text/html; charset=utf-8"));
    let right = post(&url, chatwoot.control_key(), "{}").await;
    assert_eq!((right.status, right.marked, &right.json()["name"]), (200, true, &"chatwoot".into()));
    assert_eq!(chatwoot.received().len(), 2, "what the key opens is not counted as received");
}

#[tokio::test]
async fn state_is_merged_key_by_key() {
    let chatwoot = chatwoot().await;
    let change = json!({"state": {
        "version": "4.12.1", "queue_services": null, "accounts": {"3": {"name": "Renamed"}},
        "people": {"agent": {"memberships": {"3": {"role": "administrator"}}}},
        "webhooks": [{"id": 1, "account_id": 3, "url": "https://a.example", "subscriptions": ["message_created"]}],
    }});
    let shown = chatwoot.control(change).await.unwrap();
    assert_eq!(shown["state"]["accounts"]["3"]["support_email"], "support@ops.example");
    let api = get(&chatwoot, "/api").await.json();
    assert_eq!((&api["version"], &api["queue_services"]), (&"4.12.1".into(), &Value::Null));
    let token = chatwoot.update(|state| state.token_of("agent"));
    let hooks = client(None)
        .get(format!("{}{}", chatwoot.url(), crate::chatwoot::HOOKS))
        .header("api_access_token", token);
    let hooks = Reply::to(hooks).await.json();
    assert_eq!(hooks["payload"]["webhooks"][0]["secret"].as_str().unwrap().len(), 24);
}

#[tokio::test]
async fn state_that_grows_is_shown_and_patched_only_by_name() {
    let chatwoot = chatwoot().await;
    chatwoot.update(|state| state.customer_writes(3, Some(318), "hello", jiff::Timestamp::now())).unwrap();
    let refused = chatwoot.control(json!({"state": {"version": 9}})).await;
    refused.unwrap_err();
    let answer = chatwoot.control(json!({"state": {"worker_running": false}})).await.unwrap();
    assert!(answer["state"].get("conversations").is_none());
    let show = || async {
        let url = format!("{}/__control", chatwoot.url());
        Reply::to(client(None).get(url).header(KEY_HEADER, chatwoot.control_key())).await.json()
    };
    let shown = show().await["state"].clone();
    assert_eq!(shown["conversations"][0]["messages"][0]["content"], "hello");
    assert_eq!(
        (&shown["worker_running"], shown["pending_events"].as_array().unwrap().len()),
        (&false.into(), 2)
    );
    let rename = json!({"state": {"contacts": {"5521": {"name": "Renamed"}}, "pending_events": []}});
    chatwoot.control(rename).await.unwrap();
    let shown = show().await["state"].clone();
    assert_eq!(
        (&shown["contacts"]["5521"]["name"], &shown["pending_events"]),
        (&"Renamed".into(), &json!([]))
    );
    assert_eq!(shown["conversations"][0]["messages"][0]["content"], "hello");
}

#[tokio::test]
async fn a_change_that_is_wrong_anywhere_changes_nothing() {
    let chatwoot = chatwoot().await;
    let set = |value: Value| json!({"state": {"version": "9"}, "set": {"GET /api": value}});
    for (change, says) in [
        (json!({"state": {"version": "9", "verison": "1"}}), "unknown field `verison`"),
        (json!({"state": {"version": 9}}), "invalid type"),
        (json!({"states": {}}), "unknown field `states`"),
        (json!({"state": {"version": "9"}, "set": {"/api": {}}}), "not a valid pattern"),
        (set(json!({"stauts": 500})), "unknown field `stauts`"),
        (set(json!({"status": 42})), "between 200 and 599"),
        (set(json!({"times": 0})), "at least 1"),
        (set(json!({"body": "a", "json": {}})), "one of body"),
        (set(json!({"behaviour": "explode"})), "unknown variant `explode`"),
        (set(json!({"headers": {"content-length": "1"}})), "derived from the body"),
        (set(json!({"headers": {"x y": "1"}})), "not a valid header name"),
        (set(json!({"body_base64": "%"})), "not base64"),
        (set(json!([])), "empty"),
        (json!({"state": {"version": "9"}, "certificate": {"days_left": 1}}), "plain HTTP"),
        (json!({"door": "ajar"}), "door must be open"),
    ] {
        let answer =
            post(&format!("{}/__control", chatwoot.url()), chatwoot.control_key(), &change.to_string()).await;
        assert_eq!(answer.status, 422, "{change}");
        assert!(answer.json()["error"].as_str().unwrap().contains(says), "{change} returned {}", answer.body);
        assert_eq!(get(&chatwoot, "/api").await.json()["version"], "4.8.0", "{change}");
    }
    let not_json = post(&format!("{}/__control", chatwoot.url()), chatwoot.control_key(), "{").await;
    assert_eq!(not_json.status, 422);
}

#[tokio::test]
async fn overrides_replace_patch_and_count() {
    let chatwoot = chatwoot().await;
    let set = json!({"set": {
        "GET /api": [{"times": 1}, {"status": 503, "body": "starting", "times": 2}],
        "* /health": {"json": {"status": "fine"}, "headers": {"x-extra": "1"}},
        "GET /moved": {"location": "https://elsewhere.example/"},
        "GET /typed": {"status": 200, "content_type": "text/html", "body": "<p>"},
        "GET /bytes": {"body_base64": "AP8A"},
    }});
    chatwoot.control(set).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(get(&chatwoot, "/api").await.status);
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    let health = get(&chatwoot, "/health").await;
    assert_eq!(
        (health.body.as_str(), health.headers["x-extra"].to_str().unwrap()),
        (r#"{"status":"fine"}"#, "1")
    );
    let moved = get(&chatwoot, "/moved").await;
    assert_eq!(
        (moved.status, moved.headers["location"].to_str().unwrap()),
        (302, "https://elsewhere.example/")
    );
    assert_eq!(get(&chatwoot, "/typed").await.content_type, "text/html");
    let bytes = client(None).get(format!("{}/bytes", chatwoot.url())).send().await.unwrap();
    assert_eq!(bytes.bytes().await.unwrap().as_ref(), b"\x00\xff\x00");
    chatwoot.control(json!({"set": {"GET /api": {"patch": {"data_services": "failing"}}}})).await.unwrap();
    let api = get(&chatwoot, "/api").await.json();
    assert_eq!((&api["version"], &api["data_services"]), (&"4.8.0".into(), &"failing".into()));
    chatwoot.control(json!({"clear": ["GET /api"]})).await.unwrap();
    assert_eq!(get(&chatwoot, "/api").await.json()["data_services"], "ok");
    assert_eq!(get(&chatwoot, "/health").await.status, 200);
    let shown = chatwoot.control(json!({"clear": true})).await.unwrap();
    assert_eq!((&shown["overrides"], get(&chatwoot, "/health").await.status), (&json!({}), 404));
}

#[tokio::test]
async fn a_replaced_response_has_no_effect_and_a_lost_one_has() {
    let chatwoot = chatwoot().await;
    let token = chatwoot.update(|state| state.token_of("administrator"));
    let create = || {
        let request = client(None).post(format!("{}{}", chatwoot.url(), crate::chatwoot::HOOKS));
        let request = request.header("api_access_token", &token).header("content-type", "application/json");
        request.body(r#"{"url":"https://app.example"}"#).send()
    };
    let pattern = format!("POST {}", crate::chatwoot::HOOKS);
    chatwoot.control(json!({"set": {&pattern: {"status": 500}}})).await.unwrap();
    assert_eq!(create().await.unwrap().status(), 500);
    assert!(chatwoot.update(|state| state.webhooks.is_empty()));
    chatwoot.control(json!({"set": {&pattern: {"behaviour": "close"}}})).await.unwrap();
    create().await.unwrap_err();
    assert_eq!(chatwoot.update(|state| state.webhooks.len()), 1);
}

#[tokio::test]
async fn exact_patterns_take_precedence_and_the_marker_can_be_removed() {
    let chatwoot = chatwoot().await;
    let set = json!({"set": {
        "* *": {"headers": {"x-hotdash-ops-sandbox": null}},
        "GET /api/v1/*": {"status": 502},
        "GET /api/v1/profile": {"status": 418},
    }});
    chatwoot.control(set).await.unwrap();
    let api = get(&chatwoot, "/api").await;
    assert_eq!((api.status, api.marked), (200, false));
    let profile = get(&chatwoot, "/api/v1/profile?x=1").await;
    assert_eq!((profile.status, profile.marked), (418, true));
    // Of two patterns with a star the earlier one wins.
    assert_eq!(get(&chatwoot, "/api/v1/other").await.status, 404);
    chatwoot.control(json!({"clear": ["* *"]})).await.unwrap();
    assert_eq!(get(&chatwoot, "/api/v1/other").await.status, 502);
}

#[tokio::test]
async fn the_log_shows_what_was_sent() {
    let chatwoot = chatwoot().await;
    let request = client(None).post(format!("{}/nowhere?a=b", chatwoot.url()));
    Reply::to(request.header("api_access_token", "t0ken").body("ümlaut")).await;
    let url = format!("{}/__control", chatwoot.url());
    let shown = Reply::to(client(None).get(&url).header(KEY_HEADER, chatwoot.control_key())).await.json();
    let entry = &shown["log"][0];
    assert_eq!(
        (&entry["method"], &entry["path"], &entry["query"], &entry["body"], &entry["status"]),
        (&"POST".into(), &"/nowhere".into(), &"a=b".into(), &"ümlaut".into(), &404.into())
    );
    assert!(entry["headers"].as_array().unwrap().contains(&json!(["api_access_token", "t0ken"])));
    assert_eq!(chatwoot.received()[0].header("api_access_token"), Some("t0ken"));
    chatwoot.control(json!({"forget_log": true})).await.unwrap();
    assert!(chatwoot.received().is_empty());
}

#[tokio::test]
async fn the_control_server_reaches_every_stand_in_even_when_its_port_is_closed() {
    let chatwoot = chatwoot().await;
    let agent = agent::Agent::start(Default::default(), Default::default()).await.unwrap();
    let registry = StandInRegistry::default().with("chatwoot", &chatwoot).with("agent", &agent);
    let control = ControlServer::start(registry).await.unwrap();
    assert_eq!(Reply::to(client(None).get(control.url())).await.status, 404);
    let change =
        json!({"chatwoot": {"door": "closed"}, "agent": {"state": {"version": "3.0.0"}}}).to_string();
    let answer = post(&control.url(), control.control_key(), &change).await;
    assert_eq!((answer.status, &answer.json()["chatwoot"]["door"]), (200, &"closed".into()));
    assert!(client(None).get(format!("{}/api", chatwoot.url())).send().await.unwrap_err().is_connect());
    assert_eq!(
        Reply::to(client(None).get(format!("{}/health", agent.url()))).await.json()["version"],
        "3.0.0"
    );
    post(&control.url(), control.control_key(), r#"{"chatwoot": {"door": "open"}}"#).await;
    assert_eq!(get(&chatwoot, "/api").await.status, 200);
    let shown =
        Reply::to(client(None).get(control.url()).header(KEY_HEADER, control.control_key())).await.json();
    assert_eq!(shown["chatwoot"]["log"].as_array().unwrap().len(), 1);
    let unknown = post(&control.url(), control.control_key(), r#"{"chatwot": {}}"#).await;
    assert_eq!(unknown.status, 422);
    assert!(unknown.body.contains("known: agent, chatwoot"), "{}", unknown.body);
}
