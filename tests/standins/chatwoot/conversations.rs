//! Conversations of the account API: listed, counted, shown, made, moved.

use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, Inbox, State};
use reqwest::Method;
use serde_json::{Value, json};

use super::events::{MARA, at, empty, resolved, written};
use super::messages::meets;
use super::{Reply, Row, client, judge, row};

const ALL: &str = "/api/v1/accounts/3/conversations";
const ROLE: &str = r#"{"error":"You are not authorized to do this action"}"#;
const NOT_FOUND: &str = r#"{"error":"Resource could not be found"}"#;
const NOT_FOR_BOTS: &str = r#"{"error":"Access to this endpoint is not authorized for bots"}"#;
const UNHANDLED: &str = r#"{"status":500,"error":"Internal Server Error"}"#;

fn get(name: &'static str, path: &str) -> Row {
    row(name, Method::GET, &format!("{ALL}{path}"))
}

fn as_bot(row: Row) -> Row {
    let token = row.state.bots["bot"].token.clone();
    row.token(&token)
}

/// Requests JSON from one running stand-in.
pub struct Asker {
    pub chatwoot: Chatwoot,
    token: String,
}

impl Asker {
    pub async fn of(state: State) -> Asker {
        let token = state.token_of("administrator");
        Asker { chatwoot: Chatwoot::start(state, Default::default()).await.unwrap(), token }
    }

    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = client(None).request(method, format!("{}{path}", self.chatwoot.url()));
        request = request.header("api_access_token", &self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        Reply::to(request).await
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.json()
    }
}

#[tokio::test]
async fn a_conversation_is_shown_as_written() {
    let golden = include_str!("answers/conversation.json").trim_end();
    let listed =
        |counts: &str, payload: &str| format!(r#"{{"data":{{"meta":{counts},"payload":[{payload}]}}}}"#);
    let one = r#"{"mine_count":0,"assigned_count":0,"unassigned_count":1,"all_count":1}"#;
    let none = r#"{"mine_count":0,"assigned_count":0,"unassigned_count":0,"all_count":0}"#;
    let foreign_inbox = |state: &mut State| state.inboxes[0].members.clear();
    judge(vec![
        meets(get("one", "/318"), written("4.8.0")).gives(200, golden),
        meets(get("one, empty", "/318"), empty("4.8.0"))
            .gives(200, include_str!("answers/conversation_empty.json").trim_end()),
        meets(get("listed", "?status=all&inbox_id=12&page=1&sort_by=created_at_desc"), written("4.8.0"))
            .gives(200, &listed(one, golden)),
        meets(get("past the end", "?page=2"), written("4.8.0")).gives(200, &listed(one, "")),
        meets(get("open ones by default", ""), resolved("4.8.0")).gives(200, &listed(none, "")),
        meets(get("another inbox", "?inbox_id=13"), written("4.8.0")).gives(200, &listed(none, "")),
        meets(get("mine are counted, not listed", "?assignee_type=me"), written("4.8.0"))
            .gives(200, &listed(one, "")),
        meets(get("unassigned", "?assignee_type=unassigned"), written("4.8.0"))
            .gives(200, &listed(one, golden)),
        get("counted", "/meta?status=all").gives(200, &format!(r#"{{"meta":{one}}}"#)),
        get("counted, resolved", "/meta?status=resolved").gives(200, &format!(r#"{{"meta":{none}}}"#)),
        get("unknown", "/99").gives(404, NOT_FOUND),
        get("no number", "/abc").gives(404, NOT_FOUND),
        get("agent without the inbox", "/318").by("agent").when(foreign_inbox).gives(401, ROLE),
        get("agent without the inbox, list", "")
            .by("agent")
            .when(foreign_inbox)
            .gives(200, &listed(none, "")),
        as_bot(get("bot, one", "/318")).gives(401, NOT_FOR_BOTS),
        as_bot(get("bot, list", "")).gives(401, NOT_FOR_BOTS),
        as_bot(get("bot, counts", "/meta")).gives(401, NOT_FOR_BOTS),
        get("stranger", "")
            .by("stranger")
            .gives(401, r#"{"error":"You are not authorized to access this account"}"#),
    ])
    .await;
}

/// The last message is any, notes and activities included; the last that is not an activity may be a note.
#[tokio::test]
async fn the_last_message_may_be_an_activity() {
    let asker = Asker::of(resolved("4.8.0")).await;
    let shown = asker.get(&format!("{ALL}/318")).await;
    let [last, said] = [&shown["messages"][0], &shown["last_non_activity_message"]];
    assert_eq!(
        (&last["id"], &last["message_type"], &last["sender_type"]),
        (&90_419.into(), &2.into(), &Value::Null)
    );
    assert!(last.get("sender").is_none());
    assert_eq!(
        (&said["id"], &said["private"], &said["sender_type"]),
        (&90_418.into(), &true.into(), &"AgentBot".into())
    );
    assert_eq!((&shown["status"], &shown["unread_count"]), (&"resolved".into(), &1.into()));
}

#[tokio::test]
async fn pages_hold_25_in_the_order_asked_for() {
    let mut state = State::version("4.8.0");
    for index in 0..30 {
        let now = at("2026-01-01T12:00:00Z") + jiff::SignedDuration::from_secs(index);
        state.customer_writes(3, None, "hello", now).unwrap();
    }
    state.customer_writes(3, Some(320), "again", at("2026-01-02T12:00:00Z")).unwrap();
    let asker = Asker::of(state).await;
    for (query, count, first, last) in [
        ("", 25, 320, 325),
        ("?page=2", 6, 324, 318),
        ("?page=3", 0, 0, 0),
        ("?page=0", 25, 320, 325),
        ("?sort_by=created_at_asc", 25, 318, 342),
        ("?sort_by=created_at_desc", 25, 348, 324),
        ("?sort_by=nonsense", 25, 320, 325),
    ] {
        let found = asker.get(&format!("{ALL}{query}")).await;
        assert_eq!(found["data"]["meta"]["all_count"], 31, "{query}");
        let ids: Vec<_> = found["data"]["payload"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_u64().unwrap())
            .collect();
        let edge = |id: Option<&u64>| id.copied().unwrap_or_default();
        assert_eq!((ids.len(), edge(ids.first()), edge(ids.last())), (count, first, last), "{query}");
    }
}

#[tokio::test]
async fn a_conversation_is_created_for_a_contact() {
    let asker = Asker::of(empty("4.8.0")).await;
    let make = |body: Value| asker.ask(Method::POST, ALL, Some(body));
    let body = json!({"inbox_id": 12, "contact_id": 5521, "source_id": "hotdash-ops-5f0c1e9a",
        "status": "pending", "custom_attributes": {"probe": "5f0c1e9a"}});
    let made = make(body).await;
    let shown = made.json();
    assert_eq!((made.status, &shown["id"], &shown["status"]), (200, &319.into(), &"pending".into()));
    assert_eq!(shown["custom_attributes"]["probe"], "5f0c1e9a");
    let golden: Value = serde_json::from_str(include_str!("answers/conversation_empty.json")).unwrap();
    let keys = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&shown), keys(&golden));
    let places = |one: usize| asker.chatwoot.update(|state| state.conversations[one].contact_inbox.id);
    assert_eq!(places(1), places(0), "the source id is the same place");
    let with_message = json!({"inbox_id": 12, "contact_id": 5521, "message": {"content": "hello"}});
    let shown = make(with_message).await.json();
    assert_eq!((&shown["id"], &shown["messages"][0]["message_type"]), (&320.into(), &1.into()));
    assert_eq!(shown["messages"][0]["sender"]["type"], "user");
    assert_ne!(places(2), places(0));
    asker.chatwoot.update(|state| {
        let events: Vec<_> = state.pending_events.iter().map(|event| event.kind.name()).collect();
        let wanted =
            ["conversation_created", "conversation_created", "message_created", "conversation_updated"];
        assert_eq!(events, wanted);
    });
}

#[tokio::test]
async fn creating_can_be_rejected() {
    let post = |name, body: Value| row(name, Method::POST, ALL).json(&body.to_string());
    let body = |message: Value| json!({"inbox_id": 12, "contact_id": 5521, "message": message});
    let web = |state: &mut State| state.inboxes[0].channel_type = "Channel::WebWidget".to_owned();
    let long = "Content is too long (maximum is 150000 characters)";
    judge(vec![
        post("no inbox", json!({"contact_id": 5521})).gives(404, NOT_FOUND),
        post("unknown inbox", json!({"inbox_id": 99, "contact_id": 5521})).gives(404, NOT_FOUND),
        post("no contact", json!({"inbox_id": 12})).gives(404, NOT_FOUND),
        post("unknown contact", json!({"inbox_id": 12, "contact_id": 1})).gives(404, NOT_FOUND),
        post("inbox of another account", json!({"inbox_id": 13, "contact_id": 5521}))
            .when(|state| {
                let other = Inbox { id: 13, account_id: 5, ..state.inboxes[0].clone() };
                state.inboxes.push(other);
            })
            .gives(404, NOT_FOUND),
        post("agent without the inbox", json!({"inbox_id": 12, "contact_id": 5521}))
            .by("agent")
            .when(|state| state.inboxes[0].members.clear())
            .gives(401, ROLE),
        post("source of another", json!({"inbox_id": 12, "contact_id": 5522, "source_id": "customer-5521"}))
            .when(|state| {
                state.customer_writes(3, None, "hello", at("2026-01-01T12:00:00Z")).unwrap();
            })
            .gives(422, r#"{"error":"source_id should be unique"}"#),
        post("message too long", body(json!({"content": "x".repeat(150_001)})))
            .gives(422, &format!(r#"{{"message":"{long}","attributes":["content"]}}"#)),
        post("unknown status", json!({"inbox_id": 12, "contact_id": 5521, "status": "nope"}))
            .gives(500, UNHANDLED),
        post("incoming outside API inboxes", body(json!({"content": "x", "message_type": "incoming"})))
            .when(web)
            .gives(500, UNHANDLED),
    ])
    .await;
}

#[tokio::test]
async fn toggling_leaves_an_activity_and_sends_an_event() {
    let asker = Asker::of(empty("4.8.0")).await;
    let path = format!("{ALL}/318/toggle_status");
    asker.ask(Method::POST, &path, None).await;
    asker.ask(Method::POST, &path, Some(json!({"status": "resolved"}))).await;
    asker.ask(Method::POST, &path, Some(json!({"status": "open"}))).await;
    let messages = asker.get(&format!("{ALL}/318/messages")).await;
    let said: Vec<_> =
        messages["payload"].as_array().unwrap().iter().map(|one| one["content"].as_str().unwrap()).collect();
    let resolved = "Conversation was marked resolved by Mara Lind";
    assert_eq!(said, [resolved, "Conversation was reopened by Mara Lind"], "the second changed nothing");
    asker.chatwoot.update(|state| {
        let events: Vec<_> = state.pending_events.iter().map(|event| event.kind.name()).collect();
        let once = ["conversation_status_changed", "conversation_updated"];
        assert_eq!(events, [once, once].concat());
        assert!(state.set_status(3, 318, "pending", MARA, at("2026-01-01T12:00:00Z")));
    });
    assert_eq!(asker.get(&format!("{ALL}/meta")).await["meta"]["all_count"], 0);
    judge(vec![
        row("agent without the inbox", Method::POST, &path)
            .by("agent")
            .when(|state| state.inboxes[0].members.clear())
            .gives(401, ROLE),
    ])
    .await;
}

#[tokio::test]
async fn counting_is_limited_from_4_12_on() {
    for (version, limited) in [("4.8.0", false), ("4.12.1", true)] {
        let asker = Asker::of(State::version(version)).await;
        let mut refused = 0;
        // More than twice the limit: the minute may turn once meanwhile.
        for _ in 0..62 {
            let status = asker.ask(Method::GET, &format!("{ALL}/meta"), None).await.status;
            refused += usize::from(status == 429);
        }
        assert_eq!(refused > 0, limited, "{version}: {refused}");
    }
}

/// Lists and pages stay what they are with 50,000 messages, in many conversations and in one.
#[tokio::test]
async fn fifty_thousand_messages_are_counted_and_listed() {
    let mut state = State::version("4.8.0");
    let start = at("2026-01-01T12:00:00Z");
    for index in 0..25_000_i64 {
        let now = start + jiff::SignedDuration::from_millis(index);
        let made = state.customer_writes(3, None, "hello", now).unwrap();
        assert_eq!(made.conversation, 319 + index as u64);
        state.customer_writes(3, Some(318), "hello", now).unwrap();
    }
    let asker = Asker::of(state).await;
    let found = asker.get(&format!("{ALL}?page=1001")).await;
    assert_eq!(found["data"]["meta"]["all_count"], 25_001);
    assert_eq!(found["data"]["payload"][0]["id"], 319);
    let messages = asker.get(&format!("{ALL}/318/messages?after=140000")).await;
    assert_eq!(messages["payload"].as_array().unwrap().len(), 100);
    let (since, until) = (start.as_second(), start.as_second() + 25);
    let report = format!(
        "/api/v2/accounts/3/reports?metric=incoming_messages_count&type=account&since={since}&until={until}"
    );
    assert_eq!(asker.get(&report).await[0]["value"], 50_000);
    let shown = asker.chatwoot.control(json!({"state": {"throttled": true}})).await.unwrap();
    assert!(shown["state"].get("conversations").is_none(), "a change does not read what it does not name");
    let kept =
        asker.chatwoot.update(|state| (state.conversations.len(), state.conversations[0].messages.len()));
    assert_eq!(kept, (25_001, 25_000));
}
