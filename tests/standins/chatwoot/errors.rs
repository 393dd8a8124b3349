//! Chatwoot's liveness, identity and errors.

use hotdash_ops::testing::rehearsal::standins::chatwoot::{Role, State};
use reqwest::Method;

use super::{HOOKS, Row, judge, row};

const NOT_SIGNED_IN: &str = r#"{"errors":["You need to sign in or sign up before continuing."]}"#;
const UNKNOWN_TOKEN: &str = r#"{"error":"Invalid Access Token"}"#;
const NOT_FOR_BOTS: &str = r#"{"error":"Access to this endpoint is not authorized for bots"}"#;
const FOREIGN_BOT: &str = r#"{"error":"Bot is not authorized to access this account"}"#;
const NOT_MEMBER: &str = r#"{"error":"You are not authorized to access this account"}"#;
const SUSPENDED: &str = r#"{"error":"Account is suspended"}"#;
const ROLE: &str = r#"{"error":"You are not authorized to do this action"}"#;
const NOT_FOUND: &str = r#"{"error":"Resource could not be found"}"#;
const BAD_REQUEST: &str = r#"{"status":400,"error":"Bad Request"}"#;
const UNHANDLED: &str = r#"{"status":500,"error":"Internal Server Error"}"#;
const NO_API: &str = r#"{"error":"API access is not enabled for this account"}"#;
const TOGGLE: &str = "/api/v1/accounts/3/conversations/318/toggle_status";

fn get(name: &'static str, path: &str) -> Row {
    row(name, Method::GET, path)
}

fn bot(state: &State) -> String {
    state.bots["bot"].token.clone()
}

fn as_bot(row: Row) -> Row {
    let token = bot(&row.state);
    row.token(&token)
}

fn as_platform(row: Row) -> Row {
    let token = row.state.platform_token.clone();
    row.token(&token)
}

/// Every row of the table of errors.
#[tokio::test]
async fn every_error_has_its_status_and_its_body() {
    judge(vec![
        get("no token", HOOKS).token("").gives(401, NOT_SIGNED_IN),
        get("no token, profile", "/api/v1/profile").token("").gives(401, NOT_SIGNED_IN),
        get("bearer", HOOKS).header("authorization").gives(401, NOT_SIGNED_IN),
        get("unknown token", HOOKS).token("nobodyAAAAAAAAAAAAAAAAAA").gives(401, UNKNOWN_TOKEN),
        get("unknown token, profile", "/api/v1/profile").token("nobody").gives(401, UNKNOWN_TOKEN),
        as_bot(get("bot outside its list", HOOKS)).gives(401, NOT_FOR_BOTS),
        as_bot(get("bot, profile", "/api/v1/profile")).gives(401, NOT_FOR_BOTS),
        as_bot(row("bot, allowed endpoint, foreign account", Method::POST, &TOGGLE.replace("s/3/", "s/5/")))
            .gives(401, FOREIGN_BOT),
        as_platform(get("platform token, account endpoint", HOOKS)).gives(401, NOT_FOR_BOTS),
        as_platform(get("platform token, profile", "/api/v1/profile")).gives(401, NOT_FOR_BOTS),
        as_platform(row("platform token, endpoint for bots", Method::POST, TOGGLE)).gives(401, NOT_FOR_BOTS),
        get("not a member", HOOKS).by("stranger").gives(401, NOT_MEMBER),
        get("suspended, member", "/api/v1/accounts/4/webhooks").by("owner").gives(401, SUSPENDED),
        get("suspended, not a member", "/api/v1/accounts/4/webhooks").gives(401, SUSPENDED),
        get("role too low", HOOKS).by("agent").gives(401, ROLE),
        row("record missing", Method::DELETE, "/api/v1/accounts/3/webhooks/99").gives(404, NOT_FOUND),
        get("account id missing", "/api/v1/accounts/99/webhooks").gives(404, NOT_FOUND),
        get("account id no number", "/api/v1/accounts/abc/webhooks").gives(404, NOT_FOUND),
        row("validation failure", Method::POST, HOOKS)
            .json(r#"{"url":"nope"}"#)
            .gives(422, r#"{"message":"Url is invalid","attributes":["url"]}"#),
        row("missing parameter", Method::POST, HOOKS)
            .json("{}")
            .gives(422, r#"{"error":"param is missing or the value is empty: webhook"}"#),
        row("malformed JSON", Method::POST, HOOKS).json(r#"{"url":"#).gives(400, BAD_REQUEST),
        row("unhandled exception", Method::POST, TOGGLE).json(r#"{"status":"nope"}"#).gives(500, UNHANDLED),
        get("API not enabled for the account", HOOKS)
            .when(|state| state.accounts.get_mut(&3).unwrap().api_enabled = false)
            .gives(403, NO_API),
        get("too many requests", HOOKS)
            .when(|state| state.throttled = true)
            .content_type("text/plain")
            .gives(429, "Retry later\n"),
        get("not routed", "/nowhere")
            .content_type("text/html; charset=utf-8")
            .gives_start(404, "<!DOCTYPE html>"),
        get("not routed, JSON asked for", "/nowhere")
            .accept("application/json")
            .gives(404, r#"{"status":404,"error":"Not Found"}"#),
        get("not routed, as a browser asks", "/nowhere")
            .accept("application/json, */*")
            .content_type("text/html; charset=utf-8")
            .gives_start(404, "<!DOCTYPE html>"),
        row("method not routed", Method::PUT, HOOKS)
            .accept("application/json")
            .gives(404, r#"{"status":404,"error":"Not Found"}"#),
    ])
    .await;
}

/// Where two errors apply, the one that Chatwoot returns.
#[tokio::test]
async fn errors_have_the_order_of_rails() {
    let throttled = |state: &mut State| state.throttled = true;
    judge(vec![
        get("429 before the route", "/nowhere")
            .when(throttled)
            .content_type("text/plain")
            .gives(429, "Retry later\n"),
        row("the route before the body", Method::POST, "/nowhere")
            .json("{")
            .accept("application/json")
            .gives(404, r#"{"status":404,"error":"Not Found"}"#),
        row("the body before the token", Method::POST, HOOKS).token("").json("{").gives(400, BAD_REQUEST),
        get("the token before the account", "/api/v1/accounts/99/webhooks")
            .token("x")
            .gives(401, UNKNOWN_TOKEN),
        as_bot(get("the bot list before the account", "/api/v1/accounts/99/webhooks"))
            .gives(401, NOT_FOR_BOTS),
        get("the account before membership", "/api/v1/accounts/99/webhooks")
            .by("stranger")
            .gives(404, NOT_FOUND),
        get("suspension before membership", "/api/v1/accounts/4/webhooks")
            .by("stranger")
            .gives(401, SUSPENDED),
        as_bot(row("suspension before a bot's account", Method::POST, &TOGGLE.replace("s/3/", "s/4/")))
            .gives(401, SUSPENDED),
        row("membership before the record", Method::DELETE, "/api/v1/accounts/3/webhooks/99")
            .by("stranger")
            .gives(401, NOT_MEMBER),
        row("webhooks: the role before the record", Method::DELETE, "/api/v1/accounts/3/webhooks/99")
            .by("agent")
            .gives(401, ROLE),
        row("webhooks: the role before the parameters", Method::POST, HOOKS)
            .by("agent")
            .json("{}")
            .gives(401, ROLE),
        row("webhooks: the record before the parameters", Method::PUT, "/api/v1/accounts/3/webhooks/99")
            .json("{}")
            .gives(404, NOT_FOUND),
        row("conversations: the record before the status", Method::POST, &TOGGLE.replace("318", "99"))
            .json(r#"{"status":"nope"}"#)
            .gives(404, NOT_FOUND),
    ])
    .await;
}

#[tokio::test]
async fn both_spellings_of_the_token_header_work_unless_a_proxy_drops_one() {
    let empty = r#"{"payload":{"webhooks":[]}}"#;
    let nginx = |state: &mut State| state.drops_underscore_headers = true;
    judge(vec![
        get("underscores", HOOKS).gives(200, empty),
        get("dashes", HOOKS).header("api-access-token").gives(200, empty),
        get("underscores behind nginx", HOOKS).when(nginx).gives(401, NOT_SIGNED_IN),
        get("dashes behind nginx", HOOKS).when(nginx).header("api-access-token").gives(200, empty),
    ])
    .await;
}

#[tokio::test]
async fn liveness_differs_by_version() {
    let newer = |state: &mut State| state.version = "4.12.1".to_owned();
    let html = "text/html; charset=utf-8";
    judge(vec![
        get("api", "/api").token("").gives_start(200, r#"{"version":"4.8.0","timestamp":"20"#),
        get("api, 4.12", "/api").when(newer).gives_start(200, r#"{"version":"4.12.1","timestamp":"20"#),
        get("health, 4.8", "/health").token("").content_type(html).gives_start(404, "<!DOCTYPE"),
        get("health, 4.12", "/health").token("").when(newer).gives(200, r#"{"status":"woot"}"#),
        get("health is not rate limited", "/health")
            .when(newer)
            .when(|state| state.throttled = true)
            .gives(200, r#"{"status":"woot"}"#),
        get("rails health, 4.8", "/rails/health").content_type(html).gives_start(404, "<!DOCTYPE"),
        get("rails health, 4.12", "/rails/health")
            .when(newer)
            .content_type(html)
            .gives_start(404, "<!DOCTYPE"),
        row("HEAD", Method::HEAD, "/api").gives(200, ""),
    ])
    .await;
}

#[tokio::test]
async fn api_reports_failing_services_with_200_and_the_time_without_a_zone() {
    use super::{Reply, client};
    use hotdash_ops::testing::rehearsal::{http::Transport, standins::chatwoot::Chatwoot};
    let state =
        State { queue_services: None, data_services: Some("failing".into()), ..State::version("4.8.0") };
    let state = State { clock_offset_seconds: -3_600, ..state };
    let chatwoot = Chatwoot::start(state, Transport::Plain).await.unwrap();
    let back = Reply::to(client(None).get(format!("{}/api", chatwoot.url()))).await;
    let body = back.json();
    assert_eq!(back.status, 200);
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["version", "timestamp", "queue_services", "data_services"]
    );
    assert!(body["queue_services"].is_null() && body["data_services"] == "failing");
    let run_report: jiff::civil::DateTime = body["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(body["timestamp"].as_str().unwrap().contains(' '));
    let behind = jiff::Timestamp::now()
        .duration_since(run_report.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp());
    assert!((3_599..3_610).contains(&behind.as_secs()), "{behind:?}");
    let date = back.headers["date"].to_str().unwrap();
    let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
    assert!((3_599..3_610).contains(&jiff::Timestamp::now().duration_since(date).as_secs()));
}

#[tokio::test]
async fn profile_and_account_have_the_format_of_rails() {
    let state = State::version("4.8.0");
    let mara = &state.people["administrator"];
    let profile = format!(
        r#"{{"access_token":"{}","account_id":3,"available_name":"Mara","avatar_url":"","confirmed":true,"display_name":"Mara","message_signature":null,"email":"mara@ops.example","id":41,"inviter_id":null,"name":"Mara Lind","provider":"email","pubsub_token":"{}","role":"administrator","ui_settings":{{}},"uid":"mara@ops.example","type":null,"accounts":[{{"id":3,"name":"Nordlicht \u0026 Co","status":"active","active_at":"2026-01-01T09:58:12.345Z","role":"administrator","permissions":["administrator"],"availability":"online","availability_status":"offline","auto_offline":true}}]}}"#,
        mara.token, mara.pubsub_token
    );
    let account = r#"{"settings":{},"created_at":"2025-08-04T07:12:09.118Z","domain":null,"features":{"agent_bots":true,"inbox_management":true,"integrations":true,"reports":true},"id":3,"locale":"en","name":"Nordlicht \u0026 Co","support_email":"support@ops.example","status":"active","cache_keys":{"label":"0000000000","inbox":"1767261600","team":"0000000000"},"latest_chatwoot_version":null}"#;
    let exact = get("profile", "/api/v1/profile").token(&mara.token.clone());
    let exact = exact.when(|fresh| *fresh = state.clone());
    judge(vec![
        exact.gives(200, &profile),
        get("account", "/api/v1/accounts/3").gives(200, account),
        get("account, asked by an agent", "/api/v1/accounts/3").by("agent").gives(200, account),
        get("account, enterprise", "/api/v1/accounts/3")
            .when(|state| state.enterprise = true)
            .gives(200, &account.replace("n\":null}", "n\":null,\"subscribed_features\":[]}")),
        get("account of others", "/api/v1/accounts/5").gives(404, NOT_FOUND),
        get("account unknown", "/api/v1/accounts/99").gives(404, NOT_FOUND),
        get("account suspended", "/api/v1/accounts/4").by("owner").gives(
            200,
            &account
                .replace("\"id\":3", "\"id\":4")
                .replace("Nordlicht \\u0026 Co", "Altwerk")
                .replace("\"status\":\"active\"", "\"status\":\"suspended\""),
        ),
        as_bot(get("account, bot", "/api/v1/accounts/3")).gives(401, NOT_FOR_BOTS),
    ])
    .await;
}

#[tokio::test]
async fn the_profiles_own_role_is_that_of_the_account_last_active() {
    use super::{Reply, client};
    use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, Membership};
    let mut state = State::version("4.8.0");
    state.enterprise = true;
    let mara = state.people.get_mut("administrator").unwrap();
    let later = Membership { role: Role::Agent, active_at: Some("2026-02-01T00:00:00.000Z".into()) };
    mara.memberships.insert(5, later);
    let token = mara.token.clone();
    let chatwoot = Chatwoot::start(state, Default::default()).await.unwrap();
    let profile =
        client(None).get(format!("{}/api/v1/profile", chatwoot.url())).header("api_access_token", token);
    let profile = Reply::to(profile).await.json();
    assert_eq!((&profile["account_id"], &profile["role"]), (&5.into(), &"agent".into()));
    assert_eq!(profile["accounts"][0]["role"], "administrator");
    assert_eq!(profile["accounts"][1]["permissions"][0], "agent");
    assert_eq!(profile["accounts"][1].as_object().unwrap().keys().next_back().unwrap(), "custom_role");
}

#[tokio::test]
async fn a_bot_may_toggle_a_status() {
    let shown = |status: &str, success: &str| {
        format!(
            r#"{{"payload":{{"success":{success},"conversation_id":318,"current_status":"{status}","snoozed_until":null}}}}"#
        )
    };
    judge(vec![
        row("toggle", Method::POST, TOGGLE).gives(200, &shown("resolved", "true")),
        as_bot(row("bot resolves", Method::POST, TOGGLE).json(r#"{"status":"resolved"}"#))
            .gives(200, &shown("resolved", "true")),
        as_bot(row("bot hands off", Method::POST, TOGGLE).json(r#"{"status":"open"}"#))
            .when(|state| state.conversations[0].status = "pending".into())
            .gives(200, &shown("open", "null")),
    ])
    .await;
}
