//! Chatwoot's account webhooks: shapes, faults, versions.

use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State, Webhook};
use reqwest::Method;
use serde_json::json;

use super::{HOOKS, Reply, Row, client, judge, row};

const HOOK: &str = "/api/v1/accounts/3/webhooks/8";
const URL: &str = "https://app.example/api/webhooks/chatwoot";
const DEFAULTS: &str = r#"["conversation_status_changed","conversation_updated","conversation_created","contact_created","contact_updated","message_created","message_updated","webwidget_triggered"]"#;
const INVALID_EVENTS: &str = r#"{"message":"Subscriptions Invalid events","attributes":["subscriptions"]}"#;
const MISSING: &str = r#"{"error":"param is missing or the value is empty: webhook"}"#;
const INVALID_URL: &str = r#"{"message":"Url is invalid","attributes":["url"]}"#;
const TAKEN: &str = r#"{"message":"Url has already been taken","attributes":["url"]}"#;
const TOO_LONG: &str = r#"{"message":"Url is too long (maximum is 255 characters)","attributes":["url"]}"#;

fn webhook(id: u64, url: &str) -> Webhook {
    Webhook {
        id,
        account_id: 3,
        name: Some("hotdash".into()),
        url: url.into(),
        subscriptions: vec!["conversation_created".into(), "message_created".into()],
        inbox_id: None,
        secret: "secretAAAAAAAAAAAAAAAAAA".into(),
    }
}

fn post(name: &'static str, body: &str) -> Row {
    row(name, Method::POST, HOOKS).json(body)
}

/// A row in a Chatwoot that has webhook 8.
fn with_hook(row: Row) -> Row {
    row.when(|state| state.webhooks = vec![webhook(8, URL)])
}

fn put(name: &'static str, body: &str) -> Row {
    with_hook(row(name, Method::PUT, HOOK).json(body))
}

fn one(name: &str, url: &str, subscriptions: &str) -> String {
    format!(
        r#"{{"payload":{{"webhook":{{"id":8,"name":{name},"url":"{url}","account_id":3,"subscriptions":{subscriptions}}}}}}}"#
    )
}

/// Every row of the tables of calls and of faults.
#[tokio::test]
async fn creating_returns_200_or_the_configured_error() {
    let long = format!("https://app.example/{}", "x".repeat(236));
    let longest = &long[..255];
    let named = |name: &str| json!({"url": URL, "name": name}).to_string();
    judge(vec![
        post(
            "flat",
            r#"{"url":"https://app.example/api/webhooks/chatwoot","name":"hotdash","subscriptions":["conversation_created","conversation_status_changed","message_created"]}"#,
        )
        .gives(200, &one(r#""hotdash""#, URL, r#"["conversation_created","conversation_status_changed","message_created"]"#)),
        post("wrapped", &json!({"webhook": {"url": URL}}).to_string()).gives(200, &one("null", URL, DEFAULTS)),
        post("no subscriptions", &json!({"url": URL}).to_string()).gives(200, &one("null", URL, DEFAULTS)),
        post("null subscriptions", &json!({"url": URL, "subscriptions": null}).to_string())
            .gives(200, &one("null", URL, DEFAULTS)),
        post("subscriptions no list", &json!({"url": URL, "subscriptions": "message_created"}).to_string())
            .gives(200, &one("null", URL, DEFAULTS)),
        post("duplicates are kept", &json!({"url": URL, "subscriptions": ["inbox_created", "inbox_created"]}).to_string())
            .gives(200, &one("null", URL, r#"["inbox_created","inbox_created"]"#)),
        post("unknown keys", &json!({"url": URL, "color": "red"}).to_string()).gives(200, &one("null", URL, DEFAULTS)),
        post("an unanchored URL", r#"{"url":"see http://app.example & more"}"#)
            .gives(200, &one("null", "see http://app.example \\u0026 more", DEFAULTS)),
        post("a trailing slash is another URL", &json!({"url": format!("{URL}/")}).to_string())
            .when(|state| state.webhooks = vec![webhook(7, URL)])
            .gives(200, &one("null", &format!("{URL}/"), DEFAULTS)),
        post("the same URL in another account", &json!({"url": URL}).to_string())
            .when(|state| state.webhooks = vec![Webhook { account_id: 5, ..webhook(7, URL) }])
            .gives(200, &one("null", URL, DEFAULTS)),
        post("255 characters", &json!({"url": longest}).to_string()).gives(200, &one("null", longest, DEFAULTS)),
        post("event not allowed", &json!({"url": URL, "subscriptions": ["conversation_resolved"]}).to_string())
            .gives(422, INVALID_EVENTS),
        post("no event", &json!({"url": URL, "subscriptions": []}).to_string()).gives(422, INVALID_EVENTS),
        post("url missing", r#"{"name":"hotdash"}"#).gives(422, INVALID_URL),
        post("url not http", r#"{"url":"ftp://app.example"}"#).gives(422, INVALID_URL),
        post("url already there", &json!({"url": URL}).to_string())
            .when(|state| state.webhooks = vec![webhook(7, URL)])
            .gives(422, TAKEN),
        post("url too long", &json!({"url": long}).to_string()).gives(422, TOO_LONG),
        post("name too long", &named(&"x".repeat(256)))
            .gives(422, r#"{"message":"Name is too long (maximum is 255 characters)","attributes":["name"]}"#),
        post("several", r#"{"url":"nope","subscriptions":["nope"]}"#).gives(
            422,
            r#"{"message":"Url is invalid, Subscriptions Invalid events","attributes":["url","subscriptions"]}"#,
        ),
        post("no known field", r#"{"color":"red"}"#).gives(422, MISSING),
        post("not an object", "[1]").gives(422, MISSING),
        row("no JSON content type", Method::POST, HOOKS)
            .sends("text/plain", &json!({"url": URL}).to_string())
            .gives(422, MISSING),
    ])
    .await;
}

#[tokio::test]
async fn webhooks_are_updated_deleted_and_listed() {
    let old = r#"["conversation_created","message_created"]"#;
    let not_found = r#"{"error":"Resource could not be found"}"#;
    judge(vec![
        put("PUT", r#"{"subscriptions":["inbox_created"]}"#).gives(200, &one(r#""hotdash""#, URL, r#"["inbox_created"]"#)),
        with_hook(row("PATCH", Method::PATCH, HOOK).json(r#"{"name":null}"#)).gives(200, &one("null", URL, old)),
        put("null leaves the list", r#"{"subscriptions":null}"#).gives(200, &one(r#""hotdash""#, URL, old)),
        put("its own URL", &json!({"url": URL}).to_string()).gives(200, &one(r#""hotdash""#, URL, old)),
        put("event not allowed", r#"{"subscriptions":["conversation_resolved"]}"#).gives(422, INVALID_EVENTS),
        put("no event", r#"{"subscriptions":[]}"#).gives(422, INVALID_EVENTS),
        put("url not http", r#"{"url":"nope"}"#).gives(422, INVALID_URL),
        put("url of another", r#"{"url":"https://other.example"}"#)
            .when(|state| state.webhooks.push(webhook(9, "https://other.example")))
            .gives(422, TAKEN),
        put("url too long", &json!({"url": format!("https://{}", "x".repeat(250))}).to_string()).gives(422, TOO_LONG),
        put("several", r#"{"url":"nope","subscriptions":[]}"#).gives(
            422,
            r#"{"message":"Url is invalid, Subscriptions Invalid events","attributes":["url","subscriptions"]}"#,
        ),
        put("no known field", r#"{"color":"red"}"#).gives(422, MISSING),
        with_hook(row("no JSON content type", Method::PUT, HOOK).sends("text/plain", "{}")).gives(422, MISSING),
        row("PUT of an unknown id", Method::PUT, HOOK).json(r#"{"name":"x"}"#).gives(404, not_found),
        put("PUT of another account's", r#"{"name":"x"}"#)
            .when(|state| state.webhooks[0].account_id = 5)
            .gives(404, not_found),
        with_hook(row("DELETE", Method::DELETE, HOOK)).content_type("application/json").gives(200, ""),
        row("DELETE of an unknown id", Method::DELETE, HOOK).gives(404, not_found),
        with_hook(row("there is no show route", Method::GET, HOOK))
            .accept("application/json")
            .gives(404, r#"{"status":404,"error":"Not Found"}"#),
        row("none", Method::GET, HOOKS).gives(200, r#"{"payload":{"webhooks":[]}}"#),
        with_hook(row("list, 4.8", Method::GET, HOOKS)).gives(
            200,
            r#"{"payload":{"webhooks":[{"id":8,"name":"hotdash","url":"https://app.example/api/webhooks/chatwoot","account_id":3,"subscriptions":["conversation_created","message_created"]}]}}"#,
        ),
        with_hook(row("list, 4.12, with an inbox", Method::GET, HOOKS))
            .when(|state| state.version = "4.12.1".into())
            .when(|state| state.webhooks[0].inbox_id = Some(12))
            .gives(
                200,
                r#"{"payload":{"webhooks":[{"id":8,"name":"hotdash","url":"https://app.example/api/webhooks/chatwoot","account_id":3,"subscriptions":["conversation_created","message_created"],"secret":"secretAAAAAAAAAAAAAAAAAA","inbox":{"id":12,"name":"Ops probe"}}]}}"#,
            ),
        with_hook(row("an agent lists", Method::GET, HOOKS).by("agent"))
            .gives(401, r#"{"error":"You are not authorized to do this action"}"#),
        with_hook(row("an agent updates", Method::PUT, HOOK).by("agent"))
            .gives(401, r#"{"error":"You are not authorized to do this action"}"#),
        with_hook(row("an agent deletes", Method::DELETE, HOOK).by("agent"))
            .gives(401, r#"{"error":"You are not authorized to do this action"}"#),
        post("an agent creates", "{}").by("agent").gives(401, r#"{"error":"You are not authorized to do this action"}"#),
    ])
    .await;
}

#[tokio::test]
async fn a_missed_migration_breaks_webhooks_and_nothing_else() {
    let missed = |state: &mut State| {
        state.version = "4.12.1".into();
        state.migrated = false;
        state.webhooks = vec![webhook(8, URL)];
    };
    let unhandled = r#"{"status":500,"error":"Internal Server Error"}"#;
    judge(vec![
        row("list", Method::GET, HOOKS).when(missed).gives(500, unhandled),
        post("create", r#"{"url":"https://new.example"}"#).when(missed).gives(500, unhandled),
        row("api looks fine", Method::GET, "/api").when(missed).gives_start(200, r#"{"version":"4.12.1""#),
    ])
    .await;
}

#[tokio::test]
async fn rotating_a_webhook_gives_a_new_id_and_secret() {
    let state = State::version("4.12.1");
    let token = state.token_of("administrator");
    let chatwoot = Chatwoot::start(state, Default::default()).await.unwrap();
    let client = client(None);
    let ask = |method: Method, path: &str| {
        client.request(method, format!("{}{path}", chatwoot.url())).header("api_access_token", &token)
    };
    let create = || {
        let body = json!({"url": URL, "name": "hotdash"}).to_string();
        Reply::to(ask(Method::POST, HOOKS).header("content-type", "application/json").body(body))
    };
    let first = create().await.json()["payload"]["webhook"].clone();
    assert_eq!(first["secret"].as_str().unwrap().len(), 24);
    assert_eq!(Reply::to(ask(Method::GET, HOOKS)).await.json()["payload"]["webhooks"], json!([first]));
    assert_eq!(create().await.body, TAKEN);
    assert_eq!(Reply::to(ask(Method::DELETE, &format!("{HOOKS}/{}", first["id"]))).await.status, 200);
    let second = create().await.json()["payload"]["webhook"].clone();
    assert_eq!(second["id"].as_u64().unwrap(), first["id"].as_u64().unwrap() + 1);
    assert_ne!(second["secret"], first["secret"]);
}
