//! Where Chatwoot's token must not go, and what the app receives.

use serde_json::{Value, json};

use crate::support::bench::Bench;

/// Replaces Chatwoot's response to a request.
fn answer(bench: &Bench, pattern: &str, answer: Value) {
    bench.control("chatwoot", json!({ "set": { pattern: answer } }));
}

/// How many requests with a token the app received, and how many in all.
fn at_the_app(bench: &Bench) -> (usize, usize) {
    let received = bench.world.app.received();
    let token = bench.vars["CHATWOOT_API_KEY"].as_str();
    let carries = |entry: &hotdash_ops::testing::rehearsal::http::Entry| {
        entry.headers.iter().any(|(name, value)| name == "api_access_token" || value.contains(token))
    };
    (received.iter().filter(|entry| carries(entry)).count(), received.len())
}

#[test]
fn a_redirect_to_another_origin_never_gets_the_token() {
    let bench = Bench::new();
    // Another port of the same host is another origin; a client that compares only hosts would go there.
    let there = bench.world.app.url_at("localhost");
    for path in ["/api/v1/profile", "/api/v1/accounts/3", "/api/v1/accounts/3/webhooks"] {
        for status in [301, 302, 303, 307, 308] {
            let away = json!({ "status": status, "location": format!("{there}{path}") });
            answer(&bench, &format!("GET {path}"), away);
            let skipped = ["environment", "chatwoot.token", "chatwoot.account", "chatwoot.webhooks-listed"];
            let mut arguments = vec!["--only", "chatwoot", "--no-journal"];
            arguments.extend(skipped.iter().flat_map(|id| ["--skip", id]));
            let ran = bench.preflight(&arguments);
            assert_ne!(ran.code, 0, "{path} {status}");
            assert!(ran.stdout.contains(": redirected"), "{path} {status}: {}", ran.problems());
        }
        bench.control("chatwoot", json!({ "clear": true }));
    }
    assert_eq!(at_the_app(&bench), (0, 0));
}

#[test]
fn a_redirect_within_the_origin_is_followed_with_the_token() {
    let bench = Bench::new();
    answer(&bench, "GET /api/v1/profile", json!({ "status": 301, "location": "/moved/api/v1/profile" }));
    bench.world.chatwoot.forget();
    let ran = bench.preflight(&["--only", "chatwoot.token", "--no-journal"]);
    assert_eq!(ran.code, 1, "nothing exists there: {}", ran.problems());
    let received = bench.world.chatwoot.received();
    let moved = received.iter().find(|entry| entry.path == "/moved/api/v1/profile").expect("it was followed");
    assert_eq!(moved.header("api_access_token"), Some(bench.vars["CHATWOOT_API_KEY"].as_str()));
    let open = received.iter().find(|entry| entry.path == "/api").expect("it was requested");
    assert_eq!(open.header("api_access_token"), None, "a request that needs no token gets none");
}

#[test]
fn a_customer_message_reaches_the_app() {
    let bench = Bench::new();
    let now = jiff::Timestamp::now();
    let account = hotdash_ops::testing::rehearsal::world::ACCOUNT;
    let written = bench.world.chatwoot.update(|state| state.customer_writes(account, None, "hello", now));
    let id = written.expect("the account has an inbox").id;
    for _ in 0..500 {
        let bodies: Vec<_> = bench.world.app.update(|app| app.deliveries.clone().into());
        if let [one] = &bodies[..] {
            assert_eq!((&one.body["event"], &one.body["id"]), (&json!("message_created"), &json!(id)));
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("nothing was delivered: {:?}", bench.world.chatwoot.update(|state| state.deliveries));
}
