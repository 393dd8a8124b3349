//! Reports, with all their oddities.

use hotdash_ops::testing::rehearsal::standins::chatwoot::State;
use reqwest::Method;
use serde_json::json;

use super::conversations::Asker;
use super::events::{BOT, MARA, at};
use super::messages::meets;
use super::{Row, judge, row};

const REPORTS: &str = "/api/v2/accounts/3/reports";
const ROLE: &str = r#"{"error":"You are not authorized to do this action"}"#;
const NOT_FOUND: &str = r#"{"error":"Resource could not be found"}"#;
const UNHANDLED: &str = r#"{"status":500,"error":"Internal Server Error"}"#;
/// 2026-01-01 from 08:00 to 11:00 UTC.
const WINDOW: &str = "since=1767254400&until=1767265200";

/// Four messages after eight o'clock, seven after ten, and their answers.
fn busy() -> State {
    let mut state = State::version("4.8.0");
    let eight = state.customer_writes(3, None, "hello", at("2026-01-01T08:00:00Z")).unwrap().conversation;
    for _ in 0..3 {
        state.customer_writes(3, Some(eight), "hello?", at("2026-01-01T08:59:59.999Z")).unwrap();
    }
    let ten = state.customer_writes(3, None, "hello", at("2026-01-01T10:00:00Z")).unwrap().conversation;
    for _ in 0..6 {
        state.customer_writes(3, Some(ten), "hello?", at("2026-01-01T10:30:00Z")).unwrap();
    }
    // Outside: a moment before, and at the very end.
    state.customer_writes(3, Some(eight), "early", at("2026-01-01T07:59:59.999Z")).unwrap();
    state.customer_writes(3, Some(ten), "late", at("2026-01-01T11:00:00Z")).unwrap();
    state.note(3, ten, BOT, "draft", at("2026-01-01T10:30:01Z")).unwrap();
    state.reply(3, eight, MARA, "hello", at("2026-01-01T10:40:00Z")).unwrap();
    assert!(state.set_status(3, eight, "resolved", MARA, at("2026-01-01T10:45:00Z")));
    state
}

fn get(name: &'static str, query: &str) -> Row {
    meets(row(name, Method::GET, &format!("{REPORTS}?{query}")), busy())
}

fn summary(name: &'static str, query: &str) -> Row {
    meets(row(name, Method::GET, &format!("{REPORTS}/summary?{query}")), busy())
}

#[tokio::test]
async fn counts_come_in_buckets_with_zeros() {
    let counted = |metric: &str, by: &str| format!("metric={metric}&type=account&{WINDOW}&group_by={by}");
    let day = |value: u32| format!(r#"[{{"value":{value},"timestamp":1767225600}}]"#);
    judge(vec![
        get("by the hour", &counted("incoming_messages_count", "hour")).gives(
            200,
            r#"[{"value":4,"timestamp":1767254400},{"value":0,"timestamp":1767258000},{"value":7,"timestamp":1767261600}]"#,
        ),
        get("by the day", &counted("incoming_messages_count", "day")).gives(200, &day(11)),
        get("by nothing known", &counted("incoming_messages_count", "minute")).gives(200, &day(11)),
        get("by the day, elsewhere", &format!("{}&timezone_offset=2", counted("incoming_messages_count", "day")))
            .gives(200, r#"[{"value":11,"timestamp":1767218400}]"#),
        get("notes count as outgoing", &counted("outgoing_messages_count", "day")).gives(200, &day(2)),
        // The conversation that is there at first was made in the window, too.
        get("conversations", &counted("conversations_count", "day")).gives(200, &day(3)),
        get("resolutions", &counted("resolutions_count", "day")).gives(200, &day(1)),
        get("bots resolve nothing", &counted("bot_resolutions_count", "day")).gives(200, &day(0)),
        get("averages", &counted("avg_first_response_time", "day"))
            .gives(200, r#"[{"value":9600.0,"timestamp":1767225600,"count":1}]"#),
        get("averages of nothing", "metric=reply_time&type=account&since=1767225600&until=1767229200")
            .gives(200, r#"[{"value":0,"timestamp":1767225600,"count":0}]"#),
        get("an inbox", &format!("{}&id=12", counted("incoming_messages_count", "day").replace("account", "inbox")))
            .gives(200, &day(11)),
        get("an agent", &format!("{}&id=41", counted("outgoing_messages_count", "day").replace("account", "agent")))
            .gives(200, &day(1)),
        get("one second", "metric=incoming_messages_count&type=account&since=1767254399&until=1767254400&group_by=hour")
            .gives(200, r#"[{"value":1,"timestamp":1767250800}]"#),
        get("none in no time", "metric=incoming_messages_count&type=account&since=1767254400&until=1767254400")
            .gives(200, "[]"),
        get("milliseconds", "metric=incoming_messages_count&type=account&since=1767254400000&until=1767254401000")
            .gives_start(200, r#"[{"value":0,"timestamp":"#),
    ])
    .await;
}

#[tokio::test]
async fn oddities_and_errors_are_those_of_chatwoot() {
    let metric = "metric=incoming_messages_count";
    let not_for_bots = r#"{"error":"Access to this endpoint is not authorized for bots"}"#;
    let as_bot = |row: Row| {
        let token = row.state.bots["bot"].token.clone();
        row.token(&token)
    };
    judge(vec![
        get("since missing", &format!("{metric}&type=account&until=1767265200")).gives(200, "[]"),
        get("until missing", &format!("{metric}&type=account&since=1767254400")).gives(200, "[]"),
        get("metric unknown", &format!("metric=nope&type=account&{WINDOW}")).gives(200, "{}"),
        get("metric missing", &format!("type=account&{WINDOW}")).gives(200, "{}"),
        get("type missing", &format!("{metric}&{WINDOW}")).gives(500, UNHANDLED),
        get("type unknown", &format!("{metric}&type=nope&{WINDOW}")).gives(500, UNHANDLED),
        get("since no number", &format!("{metric}&type=account&since=soon&until=1767265200"))
            .gives(500, UNHANDLED),
        get("inbox unknown", &format!("{metric}&type=inbox&id=99&{WINDOW}")).gives(404, NOT_FOUND),
        get("agent unknown", &format!("{metric}&type=agent&id=43&{WINDOW}")).gives(404, NOT_FOUND),
        get("label unknown", &format!("{metric}&type=label&id=1&{WINDOW}")).gives(404, NOT_FOUND),
        get("an agent asks", "").by("agent").gives(401, ROLE),
        summary("an agent asks for the summary", "").by("agent").gives(401, ROLE),
        as_bot(get("bot", "")).gives(401, not_for_bots),
        get("not a member", "").by("stranger").gives(401, r#"{"error":"You are not authorized to access this account"}"#),
        get("no token", "").token("").gives(401, r#"{"errors":["You need to sign in or sign up before continuing."]}"#),
        summary("summary without a type", WINDOW).gives(500, UNHANDLED),
        summary("summary without a window", "type=account").gives(
            200,
            r#"{"conversations_count":0,"incoming_messages_count":0,"outgoing_messages_count":0,"avg_first_response_time":null,"avg_resolution_time":null,"resolutions_count":0,"reply_time":null,"previous":{"conversations_count":0,"incoming_messages_count":0,"outgoing_messages_count":0,"avg_first_response_time":null,"avg_resolution_time":null,"resolutions_count":0,"reply_time":null}}"#,
        ),
        summary("summary", &format!("type=account&{WINDOW}")).gives(
            200,
            r#"{"conversations_count":3,"incoming_messages_count":11,"outgoing_messages_count":2,"avg_first_response_time":9600.0,"avg_resolution_time":9900.0,"resolutions_count":1,"reply_time":9600.0,"previous":{"conversations_count":0,"incoming_messages_count":1,"outgoing_messages_count":0,"avg_first_response_time":null,"avg_resolution_time":null,"resolutions_count":0,"reply_time":null}}"#,
        ),
    ])
    .await;
}

#[tokio::test]
async fn deleting_does_not_hide_a_message_and_a_gone_conversation_does() {
    let asker = Asker::of(busy()).await;
    let report = format!("{REPORTS}?metric=incoming_messages_count&type=account&{WINDOW}");
    asker.ask(Method::DELETE, "/api/v1/accounts/3/conversations/319/messages/90417", None).await;
    assert_eq!(asker.get(&report).await[0]["value"], 11);
    let control = asker.chatwoot.control(json!({"state": {"conversations": []}})).await;
    control.unwrap();
    assert_eq!(asker.get(&report).await[0]["value"], 0);
}

#[tokio::test]
async fn reports_are_limited_by_token_and_minute() {
    let asker = Asker::of(busy()).await;
    asker.chatwoot.update(|state| state.reports_per_minute = 3);
    let ask = || asker.ask(Method::GET, REPORTS, None);
    let mut seen = Vec::new();
    // More than twice the limit: the minute may turn once meanwhile.
    for _ in 0..9 {
        seen.push(ask().await);
    }
    let refused = seen.iter().find(|back| back.status == 429).unwrap();
    assert_eq!((refused.content_type.as_str(), refused.body.as_str()), ("text/plain", "Retry later\n"));
    assert!(refused.headers.get("retry-after").is_none());
    assert!(seen[..3].iter().all(|back| back.status == 200));
    assert_eq!(asker.ask(Method::GET, "/api/v1/profile", None).await.status, 200);
}
