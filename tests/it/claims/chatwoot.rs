//! What can be wrong with Chatwoot, one thing at a time.

use hotdash_ops::rehearsal::checkout::{Answers, Said, Tool, ToolName};
use serde_json::{Value, json};

use super::Case;
use crate::support::bench::Bench;

pub fn cases() -> Vec<Case> {
    let mut all = alive();
    all.extend(token());
    all.extend(webhooks());
    all.extend(health_script());
    all
}

fn state(bench: &Bench, state: Value) {
    bench.control("chatwoot", json!({ "state": state }));
}

fn answer(bench: &Bench, pattern: &str, answer: Value) {
    bench.control("chatwoot", json!({ "set": { pattern: answer } }));
}

/// Runs the program with the token of another of the stand-in's users.
fn as_user(bench: &mut Bench, name: &str) {
    let token = bench.world.chatwoot.update(|state| state.token_of(name));
    bench.set("CHATWOOT_API_KEY", token.clone());
    bench.set("CHATWOOT_API_TOKEN", token);
}

fn alive() -> Vec<Case> {
    let services = |name, claim| Case::new(name, "chatwoot.services", claim);
    vec![
        Case::new("every path is broken", "chatwoot.alive", "liveness")
            .says("500")
            .arrange(|b| answer(b, "GET *", json!({ "status": 500, "body": "down" }))),
        Case::new("the door is shut", "chatwoot.alive", "liveness").arrange(|b| {
            b.control("chatwoot", json!({ "door": "closed" }));
        }),
        Case::new("a page for everything is not Chatwoot", "chatwoot.alive", "liveness").arrange(|b| {
            let page = json!({ "status": 200, "content_type": "text/html", "body": "<html>soon</html>" });
            answer(b, "GET *", page);
        }),
        Case::new("4.8 has only /api, and that will do", "chatwoot.alive", "")
            .verdict("pass", 0)
            .arrange(|b| state(b, json!({ "version": "4.8.0" }))),
        services("Redis fails with HTTP 200", "queue_services")
            .says("failing")
            .arrange(|b| state(b, json!({ "queue_services": "failing" }))),
        services("Redis is null", "queue_services").arrange(|b| state(b, json!({ "queue_services": null }))),
        services("Postgres fails with HTTP 200", "data_services")
            .arrange(|b| state(b, json!({ "data_services": "failing" }))),
        services("/api shows no services", "data_services")
            .arrange(|b| answer(b, "GET /api", json!({ "json": { "version": "4.12.1" } }))),
        Case::new("the clock is an hour ahead", "chatwoot.clock", "clock skew")
            .verdict("fail", 0)
            .arrange(|b| state(b, json!({ "clock_offset_seconds": 3600 }))),
    ]
}

fn token() -> Vec<Case> {
    let unknown = |b: &mut Bench| {
        b.set("CHATWOOT_API_KEY", "unknownTokenOf24Letters1");
        b.set("CHATWOOT_API_TOKEN", "unknownTokenOf24Letters1");
    };
    vec![
        Case::new("the token is unknown", "chatwoot.token", "token")
            .says("Invalid Access Token")
            .arrange(unknown),
        Case::new("the token is a bot's", "chatwoot.token", "token").says("bot").arrange(|b| {
            let token = b.world.chatwoot.update(|state| state.bots["bot"].token.clone());
            b.set("CHATWOOT_API_KEY", token.clone());
            b.set("CHATWOOT_API_TOKEN", token);
        }),
        Case::new("too many requests", "chatwoot.token", "token")
            .verdict("inconclusive", 3)
            .arrange(|b| answer(b, "GET /api/v1/profile", json!({ "status": 429, "body": "Retry later\n" }))),
        Case::new("the proxy drops the header", "chatwoot.token", "token")
            .arrange(|b| state(b, json!({ "drops_underscore_headers": true }))),
        Case::new("the user belongs to another account", "chatwoot.account", "membership")
            .arrange(|b| as_user(b, "stranger")),
        Case::new("the account is suspended", "chatwoot.account", "account status")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "status": "suspended" } } })))
            .says("suspended"),
        Case::new("the role is agent", "chatwoot.administrator", "role in account 3")
            .arrange(|b| as_user(b, "agent"))
            .says("agent"),
        Case::new("the account is named otherwise", "chatwoot.account-name", "account name")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "name": "Staging" } } })))
            .says("Staging"),
        Case::new("no account name is configured", "chatwoot.account-name", "account name")
            .verdict("inconclusive", 3)
            .arrange(|b| b.drop_config("account_name"))
            .says("account_name ="),
    ]
}

/// Sets the webhooks of the stand-in; the first keeps what the good world has.
fn hooks(bench: &mut Bench, change: fn(&mut Vec<hotdash_ops::rehearsal::chatwoot::Webhook>)) {
    bench.world.chatwoot.update(|state| change(&mut state.webhooks));
}

fn webhooks() -> Vec<Case> {
    vec![
        Case::new("the migration was not run", "chatwoot.webhooks-listed", "webhook list")
            .arrange(|b| state(b, json!({ "migrated": false })))
            .says("db:chatwoot_prepare"),
        Case::new("an agent may not list them", "chatwoot.webhooks-listed", "webhook list")
            .arrange(|b| as_user(b, "agent")),
        Case::new("the host is registered twice", "chatwoot.webhook-single", "webhooks of this host")
            .arrange(|b| {
                hooks(b, |hooks| {
                    let mut second = hooks[0].clone();
                    second.id += 1;
                    second.url.push('/');
                    hooks.push(second);
                });
            }),
        Case::new("no webhook URL is configured", "chatwoot.webhook-single", "webhooks of this host")
            .verdict("inconclusive", 3)
            .arrange(|b| b.drop_config("webhook_url"))
            .says("webhook_url ="),
        Case::new("the path is another", "chatwoot.webhook-configured", "webhook URL")
            .arrange(|b| hooks(b, |hooks| hooks[0].url.push_str("/v2"))),
        Case::new("the webhook is parked", "chatwoot.webhook-configured", "messages")
            .arrange(|b| hooks(b, |hooks| hooks[0].subscriptions = vec!["inbox_created".to_owned()]))
            .says("parked"),
        Case::new("an event is missing", "chatwoot.webhook-configured", "events")
            .arrange(|b| hooks(b, |hooks| hooks[0].subscriptions = vec!["message_created".to_owned()]))
            .says("conversation_status_changed"),
        Case::new("there is none yet, which warns", "chatwoot.webhook-present", "webhooks of this host")
            .verdict("fail", 0)
            .arrange(|b| hooks(b, Vec::clear))
            .says("Configure Webhook Endpoints"),
        Case::new("there is none yet, which is not misconfigured", "chatwoot.webhook-configured", "")
            .verdict("warn", 0)
            .arrange(|b| hooks(b, Vec::clear)),
    ]
}

fn health_tool(bench: &Bench, tool: Tool) {
    let change = |answers: &mut Answers| drop(answers.tools.insert(ToolName::Health, tool));
    bench.world.checkout.change(change).expect("the tools take it");
}

fn health_script() -> Vec<Case> {
    let case = |name, claim| Case::new(name, "chatwoot.health-script", claim);
    vec![
        case("the script is red", "exit code")
            .arrange(|b| health_tool(b, Tool { red: true, ..Tool::default() })),
        case("the script is green and does not say so", "its line").arrange(|b| {
            let says = Said { stdout: "done\n".to_owned(), stderr: String::new(), code: 0 };
            health_tool(b, Tool { says: Some(says), ..Tool::default() });
        }),
        Case::new("without a checkout the logic of status is asked", "chatwoot.health-script", "")
            .verdict("pass", 0)
            .arrange(|b| b.drop_config("app_dir")),
        case("without a checkout a failing queue is told", "queue_services").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "queue_services": "failing" }));
        }),
    ]
}
