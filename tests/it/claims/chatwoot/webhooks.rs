//! What can be wrong with the webhooks: the list breaks, there are too many, none, or another than configured.

use hotdash_ops::rehearsal::standins::chatwoot::Webhook;
use serde_json::{Value, json};

use super::{answer, person, state};
use crate::claims::Case;
use crate::support::bench::Bench;

const LISTED: &str = "chatwoot.webhooks-listed";
const SINGLE: &str = "chatwoot.webhook-single";
const CONFIGURED: &str = "chatwoot.webhook-configured";
const PRESENT: &str = "chatwoot.webhook-present";

const LIST: &str = "GET /api/v1/accounts/3/webhooks";

pub fn cases() -> Vec<Case> {
    let all = [lists(), singles(), configured(), presence()];
    all.into_iter().flatten().collect()
}

/// Changes the webhook that is there.
fn edit(bench: &Bench, change: impl FnOnce(&mut Webhook)) {
    bench.world.chatwoot.update(|state| change(&mut state.webhooks[0]));
}

/// Adds a second one, made from the first one's URL.
fn add(bench: &Bench, url: impl FnOnce(&str) -> String) {
    bench.world.chatwoot.update(|state| {
        let mut second = state.webhooks[0].clone();
        (second.id, second.url) = (second.id + 1, url(&second.url));
        state.webhooks.push(second);
    });
}

fn subscribe(bench: &Bench, events: &[&str]) {
    edit(bench, |webhook| webhook.subscriptions = events.iter().map(|e| (*e).to_owned()).collect());
}

/// Has the list show only the app's webhook, as what stands here makes it.
fn show(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let url = bench.world.app.url() + "/api/webhooks/chatwoot";
    let events = ["message_created", "conversation_status_changed"];
    let mut webhook = json!({ "id": 8, "url": url, "account_id": 3, "subscriptions": events });
    change(&mut webhook);
    answer(bench, LIST, json!({ "json": { "payload": { "webhooks": [webhook] } } }));
}

fn lists() -> Vec<Case> {
    const WHAT: &str = "webhook list";
    let broken = |name| Case::new(name, LISTED, WHAT);
    vec![
        broken("an upgrade went without its migrations")
            .says("no column for the webhook's secret): run `rails db:chatwoot_prepare`")
            .arrange(|b| state(b, json!({ "migrated": false }))),
        Case::good("an older version does not mind", LISTED)
            .arrange(|b| state(b, json!({ "version": "4.8.0", "migrated": false }))),
        broken("the role is too low")
            .says("401: the token's role is too low")
            .arrange(|b| person(b, "agent")),
        broken("the plan has no API")
            .says("403: the account's plan does not include API access")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "api_enabled": false } } }))),
        broken("the rate limit is used up")
            .verdict("inconclusive", 3)
            .says("429: too many requests")
            .arrange(|b| answer(b, LIST, json!({ "status": 429, "body": "Retry later\n" }))),
        broken("the list is a page")
            .says("200, but an HTML page")
            .arrange(|b| answer(b, LIST, json!({ "status": 200, "body": "<html></html>" }))),
        broken("the list is no list")
            .says("JSON that is not a list of webhooks")
            .arrange(|b| answer(b, LIST, json!({ "json": { "payload": {} } }))),
        broken("the list breaks off").says("closed before the response was complete").arrange(|b| {
            answer(b, LIST, json!({ "behaviour": "truncated" }));
        }),
        broken("a webhook in the list has no URL")
            .says("a webhook in the list has no URL")
            .arrange(|b| answer(b, LIST, json!({ "json": [{ "id": 8 }] }))),
        broken("the list is empty JSON null").says("not a list of webhooks").arrange(|b| {
            answer(b, LIST, json!({ "json": null, "body": "null" }));
        }),
        Case::good("the list comes bare, as the API's document has it", LISTED).arrange(|b| {
            let url = b.world.app.url() + "/api/webhooks/chatwoot";
            answer(b, LIST, json!({ "json": [{ "id": 8, "url": url, "subscriptions": [] }] }));
        }),
        Case::good("the list is empty", LISTED)
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
    ]
}

fn singles() -> Vec<Case> {
    const WHAT: &str = "webhooks of this host";
    let two = |name| Case::new(name, SINGLE, WHAT).says("found 2");
    vec![
        two("the same URL with a slash at its end").arrange(|b| add(b, |url| format!("{url}/"))),
        two("another path").arrange(|b| add(b, |url| url.replace("/chatwoot", "/chatwoot-old"))),
        two("the same URL with https").arrange(|b| add(b, |url| url.replace("http://", "https://"))),
        two("the same URL in capitals").arrange(|b| add(b, |url| url.to_uppercase())),
        two("the same URL with a query").arrange(|b| add(b, |url| format!("{url}?copy=1"))),
        two("the same URL with user information")
            .arrange(|b| add(b, |url| url.replace("http://", "http://app:hunter2hunter2@"))),
        two("a text that only mentions the host").arrange(|b| add(b, |url| format!("to {url}"))),
        Case::new("there are three", SINGLE, WHAT).says("keep the webhook with http://127.0.0.1:").arrange(
            |b| {
                add(b, |url| format!("{url}/"));
                add(b, |url| format!("{url}-old"));
            },
        ),
        Case::good("another host's webhook stands beside it", SINGLE)
            .arrange(|b| add(b, |_| "https://elsewhere.example/api/webhooks/chatwoot".to_owned())),
        Case::good("another account's webhook has the host", SINGLE).arrange(|b| {
            add(b, |url| format!("{url}/"));
            b.world.chatwoot.update(|state| state.webhooks[1].account_id = 5);
        }),
        Case::good("there is none yet", SINGLE)
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        Case::new("the endpoint is not configured", SINGLE, WHAT)
            .verdict("inconclusive", 3)
            .says("`webhook_url` is not configured: add `webhook_url = ")
            .arrange(|b| b.drop_config("webhook_url")),
        Case::new("the list breaks, so nobody is asked", SINGLE, "")
            .verdict("skipped", 1)
            .says("blocked by chatwoot.webhooks-listed")
            .arrange(|b| state(b, json!({ "migrated": false }))),
    ]
}

fn configured() -> Vec<Case> {
    let url = |name| Case::new(name, CONFIGURED, "webhook URL");
    let messages = |name| Case::new(name, CONFIGURED, "messages");
    let events = |name| Case::new(name, CONFIGURED, "events");
    vec![
        url("the path is another")
            .says("set the webhook's URL in Chatwoot to http://127.0.0.1:")
            .arrange(|b| edit(b, |webhook| webhook.url = webhook.url.replace("/chatwoot", "/old"))),
        url("a slash at its end")
            .says("which differs in case, a slash, user information or the query")
            .arrange(|b| edit(b, |webhook| webhook.url.push('/'))),
        url("a token in its query")
            .says("?...`, which differs in case")
            .arrange(|b| edit(b, |webhook| webhook.url.push_str("?token=hunter2hunter2"))),
        messages("the webhook is parked")
            .says("the webhook is parked and no message is delivered")
            .arrange(|b| subscribe(b, &["inbox_created"])),
        messages("no event at all")
            .says("select message_created, conversation_status_changed")
            .arrange(|b| subscribe(b, &[])),
        messages("only message_created is missing")
            .says("edit the webhook in Chatwoot and select message_created")
            .arrange(|b| subscribe(b, &["conversation_status_changed", "conversation_created"])),
        events("another configured event is missing")
            .says("edit the webhook in Chatwoot and select conversation_status_changed")
            .arrange(|b| subscribe(b, &["message_created"])),
        events("the configuration wants an event that Chatwoot does not have")
            .says("Chatwoot has no event `sla_breach`: take it out of `webhook_events`")
            .arrange(|b| {
                let line = "webhook_events = [\"message_created\", \"sla_breach\"]\nwebhook_url =";
                b.edit_config("webhook_url =", line);
            }),
        events("the events are not shown")
            .verdict("inconclusive", 3)
            .says("events: expected a list of events, found not shown")
            .arrange(|b| show(b, |webhook| webhook["subscriptions"] = Value::Null)),
        events("the events are no texts")
            .verdict("inconclusive", 3)
            .says("not shown")
            .arrange(|b| show(b, |webhook| webhook["subscriptions"] = json!(["message_created", 7]))),
        Case::good("further events do no harm", CONFIGURED).arrange(|b| {
            subscribe(b, &["contact_created", "conversation_status_changed", "message_created"]);
        }),
        Case::good("of two, the right one is judged", CONFIGURED).arrange(|b| {
            add(b, |url| format!("{url}/old"));
            b.world.chatwoot.update(|state| state.webhooks.reverse());
        }),
        Case::good("there is none yet", CONFIGURED)
            .verdict("warn", 0)
            .says("yet: create it in the deploy step \\\"Configure Webhook Endpoints\\\"")
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        Case::new("the endpoint is not configured", CONFIGURED, "webhook")
            .verdict("inconclusive", 3)
            .says("add `webhook_url = ")
            .arrange(|b| b.drop_config("webhook_url")),
    ]
}

/// That there is none yet only warns: the deploy step that makes it comes later.
fn presence() -> Vec<Case> {
    const WHAT: &str = "webhooks of this host";
    let none = |name| Case::new(name, PRESENT, WHAT).says("found none yet");
    vec![
        none("there is none yet")
            .verdict("fail", 0)
            .says("create it in the deploy step \\\"Configure Webhook Endpoints\\\"")
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        none("there is none yet, and warnings count").arrange(|b| {
            b.world.chatwoot.update(|state| state.webhooks.clear());
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        none("there is only another host's").verdict("fail", 0).arrange(|b| {
            edit(b, |webhook| webhook.url = "https://elsewhere.example/api/webhooks/chatwoot".to_owned());
        }),
        none("there is only one of the same host and another port").verdict("fail", 0).arrange(|b| {
            edit(b, |webhook| webhook.url = "http://127.0.0.1:1/api/webhooks/chatwoot".to_owned())
        }),
        Case::good("a parked one is one", PRESENT).arrange(|b| subscribe(b, &["inbox_created"])),
        Case::new("the endpoint is not configured", PRESENT, WHAT)
            .verdict("inconclusive", 0)
            .says("add `webhook_url = ")
            .arrange(|b| b.drop_config("webhook_url")),
    ]
}
