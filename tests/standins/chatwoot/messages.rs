//! Messages of the account API: read, created, deleted, rejected.

use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use reqwest::Method;
use serde_json::Value;

use super::events::{BOT, MARA, TEXT, at, empty, resolved, written};
use super::{Reply, Row, client, judge, row};

const MESSAGES: &str = "/api/v1/accounts/3/conversations/318/messages";
const ROLE: &str = r#"{"error":"You are not authorized to do this action"}"#;
const NOT_FOUND: &str = r#"{"error":"Resource could not be found"}"#;
const NOT_FOR_BOTS: &str = r#"{"error":"Access to this endpoint is not authorized for bots"}"#;

/// A row in another state, requested by its administrator.
pub fn meets(row: Row, state: State) -> Row {
    let token = state.token_of("administrator");
    row.token(&token).when(|fresh| *fresh = state)
}

fn list(name: &'static str, query: &str, state: State) -> Row {
    meets(row(name, Method::GET, &format!("{MESSAGES}{query}")), state)
}

fn post(name: &'static str, body: &str) -> Row {
    row(name, Method::POST, MESSAGES).json(body)
}

fn as_bot(row: Row) -> Row {
    let token = row.state.bots["bot"].token.clone();
    row.token(&token)
}

fn foreign_inbox(state: &mut State) {
    state.inboxes[0].members.clear();
}

#[tokio::test]
async fn messages_are_listed_as_written() {
    let golden = include_str!("answers/messages.json").trim_end();
    judge(vec![
        list("after", "?after=90416", resolved("4.8.0")).gives(200, golden),
        list("all of them", "", resolved("4.8.0")).gives(200, golden),
        list("none after", "?after=90419", resolved("4.8.0"))
            .gives(200, &format!("{},\"payload\":[]}}", golden.split_once(",\"payload\"").unwrap().0)),
        list("agent of the inbox", "", resolved("4.8.0")).by("agent").gives(200, golden),
        list("agent without the inbox", "", resolved("4.8.0"))
            .by("agent")
            .when(foreign_inbox)
            .gives(401, ROLE),
        row("conversation unknown", Method::GET, &MESSAGES.replace("318", "99")).gives(404, NOT_FOUND),
        row("conversation of another account", Method::GET, &MESSAGES.replace("s/3/", "s/5/"))
            .by("stranger")
            .gives(404, NOT_FOUND),
        as_bot(row("bot", Method::GET, MESSAGES)).gives(401, NOT_FOR_BOTS),
        row("no token", Method::GET, MESSAGES)
            .token("")
            .gives(401, r#"{"errors":["You need to sign in or sign up before continuing."]}"#),
    ])
    .await;
}

#[tokio::test]
async fn pages_of_messages_are_20_or_100_or_1000() {
    let mut state = State::version("4.8.0");
    for index in 0..1_200 {
        state.customer_writes(3, Some(318), &format!("{index}"), at("2026-01-01T10:00:00Z")).unwrap();
    }
    state.note(3, 318, BOT, "note", at("2026-01-01T10:00:01Z")).unwrap();
    let token = state.token_of("administrator");
    let chatwoot = Chatwoot::start(state, Default::default()).await.unwrap();
    for (query, first, count) in [
        ("", 91_598, 20),
        ("?after=90416", 90_417, 100),
        ("?after=90426", 90_427, 100),
        ("?after=91616", 91_617, 1),
        ("?before=90420", 90_417, 3),
        ("?before=90500", 90_480, 20),
        ("?after=90417&before=99999", 90_417, 1_000),
        ("?after=90420&before=90423", 90_420, 3),
        ("?after=0&before=1", 0, 0),
        ("?after=abc", 90_417, 100),
        ("?filter_internal_messages=1", 91_597, 20),
    ] {
        let request = client(None).get(format!("{}{MESSAGES}{query}", chatwoot.url()));
        let back = Reply::to(request.header("api_access_token", &token)).await.json();
        let found = back["payload"].as_array().unwrap();
        assert_eq!(found.len(), count, "{query}");
        let ids: Vec<_> = found.iter().map(|message| message["id"].as_u64().unwrap()).collect();
        assert!(ids.is_sorted(), "{query}");
        assert_eq!(ids.first().copied().unwrap_or_default(), first, "{query}");
    }
}

#[tokio::test]
async fn creating_a_message_returns_it() {
    let body = r#"{"content":"hotdash-ops probe 5f0c1e9a","message_type":"incoming","source_id":"hotdash-ops:5f0c1e9a","echo_id":"5f0c1e9a"}"#;
    let golden: Value = serde_json::from_str(include_str!("answers/message.json")).unwrap();
    let (start, rest) =
        include_str!("answers/message.json").trim_end().split_once(r#""created_at":1767261605"#).unwrap();
    let state = empty("4.8.0");
    let token = state.token_of("administrator");
    let bot = state.bots["bot"].token.clone();
    let chatwoot = Chatwoot::start(state, Default::default()).await.unwrap();
    let write = |token: &str, body: &str| {
        let request = client(None).post(format!("{}{MESSAGES}", chatwoot.url()));
        let request = request.header("api_access_token", token).header("content-type", "application/json");
        Reply::to(request.body(body.to_owned()))
    };
    let back = write(&token, body).await;
    assert_eq!(back.status, 200);
    let made = back.json()["created_at"].as_i64().unwrap();
    assert!((jiff::Timestamp::now().as_second() - made).abs() < 10);
    assert_eq!(back.body, format!("{start}\"created_at\":{made}{rest}"));
    assert_eq!(back.json()["sender"], golden["sender"]);
    // Outgoing by default; the sender is the token's owner, or the named bot.
    let note = r#"{"content":"Draft","private":true}"#;
    let by_bot = write(&bot, note).await.json();
    assert_eq!((&by_bot["message_type"], &by_bot["private"]), (&1.into(), &true.into()));
    assert_eq!(
        by_bot["sender"].to_string(),
        r#"{"id":2,"name":"Draft agent","avatar_url":"","type":"agent_bot"}"#
    );
    let by_user = write(&token, note).await.json();
    assert_eq!(
        by_user["sender"].to_string(),
        r#"{"id":41,"name":"Mara Lind","available_name":"Mara","avatar_url":"","type":"user","availability_status":"online","thumbnail":""}"#
    );
    assert!(by_user.get("echo_id").is_none());
    let named = r#"{"content":"Draft","private":"true","sender_type":"AgentBot","sender_id":2}"#;
    assert_eq!(write(&token, named).await.json()["sender"]["type"], "agent_bot");
    let events = chatwoot.update(|state| state.pending_events.len());
    assert_eq!(events, 5, "four messages, and the contact that was active");
}

#[tokio::test]
async fn creating_a_message_can_be_rejected() {
    let long = "x".repeat(150_001);
    let web = |state: &mut State| state.inboxes[0].channel_type = "Channel::WebWidget".to_owned();
    judge(vec![
        post("incoming outside API inboxes", r#"{"content":"x","message_type":"incoming"}"#)
            .when(web)
            .gives(422, r#"{"error":"Incoming messages are only allowed in Api inboxes"}"#),
        post("too long", &format!(r#"{{"content":"{long}"}}"#)).gives(
            422,
            r#"{"error":"Validation failed: Content is too long (maximum is 150000 characters)"}"#,
        ),
        post("unknown type", r#"{"content":"x","message_type":"nope"}"#)
            .gives(422, r#"{"error":"'nope' is not a valid message_type"}"#),
        post("over 200 in a minute", r#"{"content":"x"}"#)
            .when(|state| {
                for _ in 0..200 {
                    state.customer_writes(3, Some(318), "x", jiff::Timestamp::now()).unwrap();
                }
            })
            .gives(422, r#"{"error":"Validation failed: Too many messages"}"#),
        post("200 a minute ago", r#"{"content":"x"}"#)
            .when(|state| {
                let before = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(61);
                for _ in 0..200 {
                    state.customer_writes(3, Some(318), "x", before).unwrap();
                }
            })
            .gives_start(200, r#"{"id":90617,"content":"x","#),
        as_bot(row("bot, foreign account", Method::POST, &MESSAGES.replace("s/3/", "s/5/")).json("{}"))
            .gives(401, r#"{"error":"Bot is not authorized to access this account"}"#),
        row("conversation unknown", Method::POST, &MESSAGES.replace("318", "99"))
            .json("{}")
            .gives(404, NOT_FOUND),
        post("agent without the inbox", r#"{"content":"x"}"#)
            .by("agent")
            .when(foreign_inbox)
            .gives(401, ROLE),
        post("not JSON", "{").gives(400, r#"{"status":400,"error":"Bad Request"}"#),
    ])
    .await;
}

#[tokio::test]
async fn deleting_blanks_a_message_and_sends_an_event() {
    let golden = include_str!("answers/message_deleted.json").trim_end();
    let path = format!("{MESSAGES}/90417");
    judge(vec![
        meets(row("delete", Method::DELETE, &path), written("4.8.0")).gives(200, golden),
        meets(row("delete, unknown", Method::DELETE, &format!("{MESSAGES}/1")), written("4.8.0"))
            .gives(404, NOT_FOUND),
        as_bot(row("delete, bot", Method::DELETE, &path)).gives(401, NOT_FOR_BOTS),
    ])
    .await;
    let mut state = written("4.8.0");
    state.reply(3, 318, MARA, TEXT, at("2026-01-01T10:00:09Z")).unwrap();
    state.pending_events.clear();
    let token = state.token_of("administrator");
    let chatwoot = Chatwoot::start(state, Default::default()).await.unwrap();
    let request = client(None).delete(format!("{}{path}", chatwoot.url()));
    Reply::to(request.header("api_access_token", token)).await;
    chatwoot.update(|state| {
        state.webhooks = vec![super::events::hook(8, "https://a.example/", &["message_updated"])];
        let sent = state.take_due(jiff::Timestamp::now(), 16);
        let body: Value = serde_json::from_str(&sent[0].body).unwrap();
        assert_eq!((&body["event"], &body["id"]), (&"message_updated".into(), &90_417.into()));
        assert_eq!(body["content"], "This message was deleted");
        assert!(body.get("changed_attributes").is_none());
    });
}
