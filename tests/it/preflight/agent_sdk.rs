//! Where the requests to the Agent SDK go, and what they contain.

use serde_json::json;

use crate::support::bench::Bench;

#[test]
fn a_redirect_to_another_origin_is_not_followed() {
    let bench = Bench::new();
    // The same host under another port: another origin.
    let there = bench.world.app.url_at("localhost");
    let other_name = bench.world.agent.url_at("127.0.0.1");
    for place in [&there, &other_name] {
        for method in ["GET", "HEAD"] {
            let away = json!({ "status": 302, "location": format!("{place}/elsewhere") });
            bench.control("agent", json!({ "set": { format!("{method} /health"): away } }));
            let check = if method == "GET" { "agent-sdk.health" } else { "agent-sdk.health-head" };
            let ran = bench.preflight(&["--only", check, "--no-journal"]);
            assert_eq!(ran.code, 1, "{method} {place}: {}", ran.problems());
            assert!(ran.stdout.contains("not followed)"), "{method} {place}: {}", ran.problems());
            bench.control("agent", json!({ "clear": true }));
        }
    }
    assert_eq!(bench.world.app.received().len(), 0);
    assert!(bench.world.agent.received().iter().all(|entry| entry.path != "/elsewhere"));
}

#[test]
fn the_agent_sdk_never_sees_a_secret() {
    let bench = Bench::new();
    let ran = bench.preflight(&["--only", "agent-sdk", "--no-journal"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let received = bench.world.agent.received();
    let asked: Vec<String> = received.iter().map(|e| format!("{} {}", e.method, e.path)).collect();
    for expected in ["GET /health", "HEAD /health", "POST /webhooks/chatwoot"] {
        // Two checks judge the one response to GET.
        assert_eq!(asked.iter().filter(|asked| *asked == expected).count(), 1, "{asked:?}");
    }
    for secret in ["CHATWOOT_API_KEY", "CHATWOOT_WEBHOOK_SECRET", "DATABASE_URL"] {
        let value = bench.vars[secret].as_str();
        let holds = |text: &str| text.contains(value);
        let leaked = received.iter().any(|e| {
            holds(&e.path)
                || holds(&e.query)
                || holds(&e.body)
                || e.headers.iter().any(|(_, text)| holds(text))
        });
        assert!(!leaked, "{secret} was sent to the Agent SDK");
    }
}

#[test]
fn the_test_event_is_marked_as_a_test() {
    let bench = Bench::new();
    bench.preflight(&["--only", "agent-sdk.test-webhook", "--no-journal"]);
    let received = bench.world.agent.received();
    let sent: Vec<_> = received.iter().filter(|entry| entry.method == "POST").collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].path, "/webhooks/chatwoot");
    assert_eq!(sent[0].header("x-forwarded-from"), Some("deploy-test"));
    assert_eq!(sent[0].header("content-type"), Some("application/json"));
    let body: serde_json::Value = serde_json::from_str(&sent[0].body).expect("it is JSON");
    assert_eq!(body, json!({ "event": "test", "test": true }));
}
