//! The webhook's secret, compared with the one that Chatwoot shows.

use serde_json::json;

use super::{configure, target};
use crate::claims::Case;
use crate::support::bench::Bench;

const SYNCED: &str = "environment.webhook-secret-synced";
const WHAT: &str = "webhook secret";

fn use_token_of(bench: &mut Bench, person: &str) {
    let token = bench.world.chatwoot.update(|state| state.token_of(person));
    bench.set("CHATWOOT_API_KEY", token.clone());
    bench.set("CHATWOOT_API_TOKEN", token);
}

pub fn cases() -> Vec<Case> {
    let open = |name, says| Case::new(name, SYNCED, WHAT).verdict("inconclusive", 3).says(says);
    vec![
        Case::new("ours is another", SYNCED, WHAT)
            .says("CHATWOOT_WEBHOOK_SECRET differs from the webhook's secret in Chatwoot")
            .arrange(|b| b.set("CHATWOOT_WEBHOOK_SECRET", "hunter2hunter2hunter2")),
        Case::new("Chatwoot's secret was regenerated", SYNCED, WHAT)
            .says("copy the webhook's secret from Chatwoot")
            .arrange(|b| {
                b.world.chatwoot.update(|state| state.webhooks[0].secret = "hunter2hunter2".to_owned())
            }),
        Case::new("ours has whitespace around it", SYNCED, WHAT)
            .says("only in the whitespace around it")
            .arrange(|b| {
                let padded = format!("{} ", b.vars["CHATWOOT_WEBHOOK_SECRET"]);
                b.set("CHATWOOT_WEBHOOK_SECRET", padded);
            }),
        open("ours is unset", "CHATWOOT_WEBHOOK_SECRET is not set, but Chatwoot shows a webhook secret")
            .arrange(|b| b.unset("CHATWOOT_WEBHOOK_SECRET")),
        open("ours is empty", "CHATWOOT_WEBHOOK_SECRET is not set")
            .arrange(|b| b.set("CHATWOOT_WEBHOOK_SECRET", "")),
        Case::good("this version does not sign", SYNCED)
            .verdict("warn", 0)
            .says("Chatwoot 4.8.0 does not sign its deliveries: an app that requires a signature rejects all")
            .arrange(|b| {
                b.control("chatwoot", json!({ "state": { "version": "4.8.0" } }));
            }),
        Case::new("this version does not sign, and warnings count", SYNCED, "").verdict("warn", 1).arrange(
            |b| {
                b.control("chatwoot", json!({ "state": { "version": "4.8.0" } }));
                b.set("HOTDASH_OPS_STRICT", "1");
            },
        ),
        open("the role may not see webhooks", "administrator").arrange(|b| use_token_of(b, "agent")),
        open(
            "the version shows secrets, and shows none here",
            "has webhook secrets, but does not show this one",
        )
        .arrange(|b| {
            let list = json!({ "payload": { "webhooks": [{
                    "id": 8, "url": b.world.app.url() + "/api/webhooks/chatwoot", "account_id": 3,
                    "subscriptions": ["message_created", "conversation_status_changed"],
                }] } });
            b.control("chatwoot", json!({ "set": { "GET /api/v1/accounts/3/webhooks": { "json": list } } }));
        }),
        open("the key is shown without a value", "Chatwoot shows an empty webhook secret")
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks[0].secret.clear())),
        open("the endpoint is not configured", "add `webhook_url = ").arrange(|b| {
            configure(b, |tables| {
                target(tables, "sandbox").remove("webhook_url");
            });
        }),
        Case::good("there is no webhook yet", SYNCED)
            .verdict("warn", 0)
            .says("so there is no secret to compare: create a webhook")
            .arrange(|b| b.world.chatwoot.update(|state| state.webhooks.clear())),
        Case::new("one of two webhooks has another secret", SYNCED, WHAT)
            .says("differs from the secret of at least one webhook in Chatwoot")
            .arrange(|b| {
                b.world.chatwoot.update(|state| {
                    let mut second = state.webhooks[0].clone();
                    (second.id, second.secret) = (second.id + 1, "hunter2hunter2".to_owned());
                    state.webhooks.push(second);
                });
            }),
        Case::new("the list answers with a fault", SYNCED, WHAT).arrange(|b| {
            b.control("chatwoot", json!({ "set": { "GET /api/v1/accounts/3/webhooks": { "status": 500 } } }));
        }),
        Case::new("the token is rejected, so there is no request", SYNCED, "")
            .verdict("skipped", 1)
            .says("blocked by chatwoot.")
            .arrange(|b| {
                b.unset("CHATWOOT_API_KEY");
                b.set("CHATWOOT_API_KEY", "hunter2hunter2hunter2");
            }),
    ]
}
