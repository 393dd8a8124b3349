//! What can be wrong with the webhooks: the list fails, there are too many or none, or one is not as configured.

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

/// Changes the existing webhook.
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

/// Makes the list contain only the app's webhook, changed like this.
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
        broken("an upgrade ran without its migrations")
            .says("run Chatwoot's migrations, which an upgrade may have left out: rails db:chatwoot_prepare")
            .arrange(|b| state(b, json!({ "migrated": false }))),
        Case::good("an older version works without them", LISTED)
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
        broken("the response is not a list")
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
        Case::good("the list has the shape of the API's documentation", LISTED).arrange(|b| {
            let url = b.world.app.url() + "/api/webhooks/chatwoot";
            answer(b, LIST, json!({ "json": [{ "id": 8, "url": url, "subscriptions": [] }] }));
        }),
        Case::good("the list is empty", LISTED)
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
    ]
}

fn singles() -> Vec<Case> {
    const WHAT: &str = "webhooks of this host";
    let two = |name| Case::new(name, SINGLE, WHAT).says("expected at most 1, found 2");
    vec![
        two("the same URL with a slash at its end").arrange(|b| add(b, |url| format!("{url}/"))),
        two("another path").arrange(|b| add(b, |url| url.replace("/chatwoot", "/chatwoot-old"))),
        two("the same URL with https").arrange(|b| add(b, |url| url.replace("http://", "https://"))),
        two("the same URL in capitals").arrange(|b| add(b, |url| url.to_uppercase())),
        two("the same URL with a query").arrange(|b| add(b, |url| format!("{url}?copy=1"))),
        two("the same URL with user information")
            .arrange(|b| add(b, |url| url.replace("http://", "http://app:hunter2hunter2@"))),
        two("a text that mentions the host").arrange(|b| add(b, |url| format!("to {url}"))),
        Case::new("there are three", SINGLE, WHAT).says("keep the webhook for http://127.0.0.1:").arrange(
            |b| {
                add(b, |url| format!("{url}/"));
                add(b, |url| format!("{url}-old"));
            },
        ),
        Case::good("another host has a webhook too", SINGLE)
            .arrange(|b| add(b, |_| "https://elsewhere.example/api/webhooks/chatwoot".to_owned())),
        Case::good("another account has a webhook for the host", SINGLE).arrange(|b| {
            add(b, |url| format!("{url}/"));
            b.world.chatwoot.update(|state| state.webhooks[1].account_id = 5);
        }),
        Case::good("there is none yet", SINGLE)
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        Case::new("the endpoint is not configured", SINGLE, WHAT)
            .verdict("inconclusive", 3)
            .says("add `webhook_url = ")
            .arrange(|b| b.drop_config("webhook_url")),
        Case::new("the list fails, so the webhooks are not checked", SINGLE, "")
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
        url("the path is different")
            .says("set the webhook's URL to http://127.0.0.1:")
            .arrange(|b| edit(b, |webhook| webhook.url = webhook.url.replace("/chatwoot", "/old"))),
        url("it ends with a slash")
            .says("(differs only in case, a trailing slash, user information or the query)")
            .arrange(|b| edit(b, |webhook| webhook.url.push('/'))),
        url("a token in its query")
            .says("?...` (differs only in case")
            .arrange(|b| edit(b, |webhook| webhook.url.push_str("?token=hunter2hunter2"))),
        messages("the webhook is subscribed only to other events")
            .says("not subscribed to `message_created`, so Chatwoot delivers no message to it")
            .arrange(|b| subscribe(b, &["inbox_created"])),
        messages("no event is selected")
            .says("select message_created, conversation_status_changed")
            .arrange(|b| subscribe(b, &[])),
        messages("only message_created is missing")
            .says("edit the webhook and select message_created")
            .arrange(|b| subscribe(b, &["conversation_status_changed", "conversation_created"])),
        events("another configured event is missing")
            .says("the webhook is not subscribed to conversation_status_changed")
            .arrange(|b| subscribe(b, &["message_created"])),
        events("the configuration lists an event that Chatwoot does not have")
            .says("remove `sla_breach` from `webhook_events` in the configuration")
            .arrange(|b| {
                let line = "webhook_events = [\"message_created\", \"sla_breach\"]\nwebhook_url =";
                b.edit_config("webhook_url =", line);
            }),
        events("the events are not shown")
            .verdict("inconclusive", 3)
            .says("Chatwoot does not show which events the webhook is subscribed to")
            .arrange(|b| show(b, |webhook| webhook["subscriptions"] = Value::Null)),
        events("the events are not strings")
            .verdict("inconclusive", 3)
            .says("does not show which events")
            .arrange(|b| show(b, |webhook| webhook["subscriptions"] = json!(["message_created", 7]))),
        Case::good("further events are fine", CONFIGURED).arrange(|b| {
            subscribe(b, &["contact_created", "conversation_status_changed", "message_created"]);
        }),
        Case::good("of two webhooks, the right one is judged", CONFIGURED).arrange(|b| {
            add(b, |url| format!("{url}/old"));
            b.world.chatwoot.update(|state| state.webhooks.reverse());
        }),
        Case::good("there is none yet", CONFIGURED)
            .verdict("warn", 0)
            .says("Integrations, Webhooks), in the deploy step \\\"Configure Webhook Endpoints\\\"")
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        Case::new("the endpoint is not configured", CONFIGURED, "webhook")
            .verdict("inconclusive", 3)
            .says("add `webhook_url = ")
            .arrange(|b| b.drop_config("webhook_url")),
    ]
}

/// A missing webhook is only a warning: the deploy step that creates it comes later.
fn presence() -> Vec<Case> {
    const WHAT: &str = "webhooks of this host";
    let none = |name| Case::new(name, PRESENT, WHAT).says("Chatwoot has no webhook for 127.0.0.1:");
    vec![
        none("there is none yet")
            .verdict("fail", 0)
            .says("Integrations, Webhooks), in the deploy step \\\"Configure Webhook Endpoints\\\"")
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        none("there is none yet, under --strict").arrange(|b| {
            b.world.chatwoot.update(|state| state.webhooks.clear());
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        none("there is only one for another host").verdict("fail", 0).arrange(|b| {
            edit(b, |webhook| webhook.url = "https://elsewhere.example/api/webhooks/chatwoot".to_owned());
        }),
        none("there is only one for the same host with another port").verdict("fail", 0).arrange(|b| {
            edit(b, |webhook| webhook.url = "http://127.0.0.1:1/api/webhooks/chatwoot".to_owned())
        }),
        Case::good("one without message_created counts", PRESENT)
            .arrange(|b| subscribe(b, &["inbox_created"])),
        Case::new("the endpoint is not configured", PRESENT, WHAT)
            .verdict("inconclusive", 0)
            .says("add `webhook_url = ")
            .arrange(|b| b.drop_config("webhook_url")),
    ]
}
