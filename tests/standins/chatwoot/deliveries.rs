//! Deliveries as they travel: to the app that checks their signature, to receivers that fail, and not at all.

use std::time::Duration;

use hotdash_ops::testing::rehearsal::http::Transport;
use hotdash_ops::testing::rehearsal::http::tls::{Authority, CertificateSpec};
use hotdash_ops::testing::rehearsal::standins::app::{self, App};
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, Deliverer, State, Tally};
use hotdash_ops::testing::service::tls::Roots;
use serde_json::{Value, json};

use super::events::{BOT, MARA, hook};
use super::{Reply, client};

const PATH: &str = "/api/webhooks/chatwoot";
const EVENTS: [&str; 2] = ["message_created", "conversation_status_changed"];

struct Pipeline {
    app: App,
    chatwoot: Chatwoot,
    _deliverer: Deliverer,
}

impl Pipeline {
    /// Chatwoot of that version, delivering to an app that knows the webhook's secret.
    async fn of(version: &str) -> Pipeline {
        let app = App::start(app::State::default(), Transport::Plain).await.unwrap();
        let mut state = State::version(version);
        state.webhooks = vec![hook(8, &format!("{}{PATH}", app.url()), &EVENTS)];
        if version == "4.12.1" {
            app.update(|app| app.secret = Some(state.webhooks[0].secret.clone()));
        }
        let chatwoot = Chatwoot::start(state, Transport::Plain).await.unwrap();
        let deliverer = Deliverer::start(&chatwoot, &Roots::none()).unwrap();
        Pipeline { app, chatwoot, _deliverer: deliverer }
    }

    fn write(&self, text: &str) {
        let now = jiff::Timestamp::now();
        self.chatwoot.update(|state| state.customer_writes(3, Some(318), text, now)).unwrap();
    }

    /// Waits until nothing is queued or under way.
    async fn settle(&self) -> Tally {
        let idle = || {
            self.chatwoot.update(|state| {
                let tally = state.deliveries;
                (state.pending_events.is_empty() && tally.under_way == 0).then_some(tally)
            })
        };
        for _ in 0..1_000 {
            if let Some(tally) = idle() {
                return tally;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the deliveries never end");
    }

    /// The contents that the app accepted, in order of their ids.
    fn accepted(&self) -> Vec<Value> {
        let mut bodies: Vec<_> = self.app.update(|app| app.deliveries.clone().into());
        bodies.sort_by_key(|one| one.body["id"].as_u64());
        bodies.into_iter().map(|one| one.body["content"].clone()).collect()
    }
}

fn tally(delivered: u64, dropped: u64) -> Tally {
    Tally { under_way: 0, delivered, dropped }
}

#[tokio::test]
async fn the_app_accepts_deliveries_with_and_without_signature() {
    for (version, names) in [
        (
            "4.12.1",
            vec![
                "accept",
                "content-type",
                "x-chatwoot-delivery",
                "x-chatwoot-signature",
                "x-chatwoot-timestamp",
            ],
        ),
        ("4.8.0", vec!["accept", "content-type"]),
    ] {
        let pipeline = Pipeline::of(version).await;
        pipeline.write("less < & > more");
        let now = jiff::Timestamp::now();
        pipeline.chatwoot.update(|state| {
            state.note(3, 318, BOT, "Draft", now).unwrap();
            assert!(state.set_status(3, 318, "resolved", MARA, now));
        });
        assert_eq!(pipeline.settle().await, tally(3, 0), "{version}");
        assert_eq!(pipeline.accepted(), [Value::Null, json!("less < & > more"), json!("Draft")]);
        let received = pipeline.app.received();
        let first = &received[0];
        assert!(received.iter().any(|one| one.body.contains(r"less \u003c \u0026 \u003e more")));
        let own = ["host", "content-length"];
        let mut sent: Vec<_> =
            first.headers.iter().map(|(name, _)| name.as_str()).filter(|name| !own.contains(name)).collect();
        sent.sort_unstable();
        assert_eq!(sent, names, "{version}");
        assert_eq!((first.method.as_str(), first.header("accept")), ("POST", Some("application/json")));
    }
}

#[tokio::test]
async fn changes_through_the_api_are_delivered() {
    let pipeline = Pipeline::of("4.12.1").await;
    let token = pipeline.chatwoot.update(|state| state.token_of("administrator"));
    let path = "/api/v1/accounts/3/conversations/318/messages";
    let request = client(None).post(format!("{}{path}", pipeline.chatwoot.url()));
    let request = request.header("api_access_token", token).header("content-type", "application/json");
    let made = Reply::to(request.body(r#"{"content":"hi","message_type":"incoming"}"#)).await.json();
    assert_eq!(pipeline.settle().await, tally(1, 0));
    let delivered = pipeline.app.update(|app| app.deliveries[0].body.clone());
    assert_eq!((&delivered["id"], &delivered["event"]), (&made["id"], &json!("message_created")));
}

#[tokio::test]
async fn a_dead_worker_delivers_nothing_until_it_restarts() {
    let pipeline = Pipeline::of("4.12.1").await;
    pipeline.chatwoot.control(json!({"state": {"worker_running": false}})).await.unwrap();
    pipeline.write("hello");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(pipeline.app.received().is_empty());
    let api = Reply::to(client(None).get(format!("{}/api", pipeline.chatwoot.url()))).await.json();
    assert_eq!((&api["queue_services"], &api["data_services"]), (&json!("ok"), &json!("ok")));
    assert_eq!(pipeline.chatwoot.update(|state| state.conversations[0].messages.len()), 1);
    pipeline.chatwoot.control(json!({"state": {"worker_running": true}})).await.unwrap();
    assert_eq!(pipeline.settle().await, tally(1, 0));
}

#[tokio::test]
async fn a_failed_delivery_is_not_retried() {
    let pipeline = Pipeline::of("4.8.0").await;
    let answers =
        |set: Value| json!({"clear": true, "forget_log": true, "set": {format!("POST {PATH}"): set}});
    for (set, delivered) in [
        (json!({"status": 207}), 1),
        (json!({"status": 208}), 0),
        (json!({"status": 503}), 0),
        (json!({"status": 401}), 0),
        (json!({"status": 307, "location": PATH, "times": 1}), 0),
        (json!({"behaviour": "close"}), 0),
    ] {
        pipeline.app.control(answers(set.clone())).await.unwrap();
        pipeline.chatwoot.update(|state| state.deliveries = Tally::default());
        pipeline.write("hello");
        assert_eq!(pipeline.settle().await, tally(delivered, 1 - delivered), "{set}");
        assert_eq!(pipeline.app.received().len(), 1, "{set}: one attempt");
    }
    // A receiver that never answers, and one that is not there.
    pipeline.chatwoot.update(|state| {
        state.deliveries = Tally::default();
        state.webhook_timeout_ms = 50;
    });
    pipeline.app.control(answers(json!({"behaviour": "silent"}))).await.unwrap();
    pipeline.write("hello");
    assert_eq!(pipeline.settle().await, tally(0, 1));
    pipeline.app.control(json!({"clear": true, "door": "closed"})).await.unwrap();
    pipeline.write("hello");
    assert_eq!(pipeline.settle().await, tally(0, 2));
    pipeline.app.control(json!({"door": "open", "forget_log": true})).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(pipeline.app.received().is_empty(), "nothing is tried again");
}

#[tokio::test]
async fn sixteen_deliveries_run_at_once_and_each_arrives_once() {
    let pipeline = Pipeline::of("4.12.1").await;
    let slow = json!({"set": {format!("POST {PATH}"): {"delay_ms": 50}}});
    pipeline.app.control(slow).await.unwrap();
    for index in 0..40 {
        pipeline.write(&index.to_string());
    }
    let mut most = 0;
    while pipeline.chatwoot.update(|state| state.deliveries.delivered) < 40 {
        most = most.max(pipeline.chatwoot.update(|state| state.deliveries.under_way));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(most, 16);
    assert_eq!(pipeline.settle().await, tally(40, 0));
    let wanted: Vec<_> = (0..40).map(|index| json!(index.to_string())).collect();
    assert_eq!(pipeline.accepted(), wanted);
}

#[tokio::test]
async fn a_receiver_with_a_certificate_is_trusted_by_the_roots_given() {
    let authority = Authority::new().unwrap();
    let transport = Transport::Tls(authority.clone(), CertificateSpec::default());
    let app = App::start(app::State::default(), transport).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.ca_pem()).unwrap();
    for (roots, wanted) in [(Roots::none(), tally(0, 1)), (Roots::only(&file).unwrap(), tally(1, 0))] {
        let mut state = State::version("4.8.0");
        state.webhooks = vec![hook(8, &format!("{}{PATH}", app.url_at("localhost")), &EVENTS)];
        let chatwoot = Chatwoot::start(state, Transport::Plain).await.unwrap();
        let deliverer = Deliverer::start(&chatwoot, &roots).unwrap();
        let pipeline = Pipeline {
            app: App::start(app::State::default(), Transport::Plain).await.unwrap(),
            chatwoot,
            _deliverer: deliverer,
        };
        pipeline.write("hello");
        assert_eq!(pipeline.settle().await, wanted);
    }
}
