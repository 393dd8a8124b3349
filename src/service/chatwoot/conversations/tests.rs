use super::*;
use serde_json::json;

/// Responses of Chatwoot 4.8.0 with invented values.
const CONVERSATION: &str = include_str!("conversation.json");
const MESSAGES: &str = include_str!("messages.json");
const DELETED: &str = include_str!("deleted.json");

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("the sample is JSON")
}

fn page(entries: &[Value]) -> Value {
    json!({"data": {"meta": {"mine_count": 0, "assigned_count": 0, "unassigned_count": 1, "all_count": 40}, "payload": entries}})
}

fn with(sample: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut changed = value(sample);
    change(&mut changed);
    changed
}

#[test]
fn a_page_of_conversations_keeps_ids_and_times() {
    let listing = Listing::read(&page(&[value(CONVERSATION)])).expect("a page");
    let last_activity = Timestamp::from_second(1767261605).expect("a time");
    assert_eq!(listing, Listing { count: 40, entries: vec![Entry { id: 318, last_activity }] });
    assert_eq!(Listing::read(&page(&[])).map(|l| l.entries.len()), Ok(0));
}

#[test]
fn a_partly_unreadable_page_is_an_error() {
    let older = with(CONVERSATION, |c| c["last_activity_at"] = json!(1767261604));
    for body in [
        json!({}),
        json!([]),
        json!({"data": {}}),
        json!({"data": {"meta": {"all_count": 1}, "payload": {}}}),
        json!({"data": {"meta": {}, "payload": []}}),
        json!({"payload": [], "meta": {"all_count": 1}}),
        page(&[with(CONVERSATION, |c| c["id"] = json!("318"))]),
        page(&[with(CONVERSATION, |c| c["last_activity_at"] = json!(0))]),
        page(&[with(CONVERSATION, |c| c["last_activity_at"] = json!("2026-01-01T10:00:05Z"))]),
        page(&[older, value(CONVERSATION)]),
        page(&[Value::Null]),
    ] {
        assert!(Listing::read(&body).is_err(), "{body}");
    }
}

#[test]
fn messages_are_classified_and_their_text_is_dropped() {
    let messages = read_messages(&value(MESSAGES), 318).expect("a page");
    let seen: Vec<_> = messages.iter().map(|m| (m.id, m.kind, m.private, m.deleted, m.sender)).collect();
    assert_eq!(
        seen,
        [
            (90417, Kind::Incoming, false, false, Some(Sender::Contact)),
            (90418, Kind::Outgoing, true, false, Some(Sender::Bot)),
            (90419, Kind::Activity, false, false, None),
        ]
    );
    assert_eq!(messages[1].at.as_second(), 1767261609);
    let shown = format!("{messages:?}");
    assert!(!shown.contains("probe") && !shown.contains("Draft"), "{shown}");
    let deleted = read_messages(&json!({"payload": [value(DELETED)]}), 318).expect("a page");
    assert!(deleted[0].deleted && deleted[0].kind == Kind::Incoming);
    assert_eq!(read_messages(&json!({"meta": {}, "payload": []}), 318), Ok(vec![]));
}

#[test]
fn a_template_and_an_unknown_type_are_not_replies() {
    for (number, kind) in [(3, Kind::Template), (4, Kind::Other), (-1, Kind::Other)] {
        let body = json!({"payload": [with(DELETED, |m| m["message_type"] = json!(number))]});
        assert_eq!(read_messages(&body, 318).expect("a page")[0].kind, kind);
    }
}

#[test]
fn partly_unreadable_messages_are_an_error() {
    let change = |key: &str, to: Value| json!({"payload": [with(DELETED, |m| m[key] = to)]});
    for body in [
        json!({}),
        json!([]),
        json!({"payload": null}),
        json!({"payload": [null]}),
        change("id", json!(null)),
        change("created_at", json!("2026-01-01T10:00:05.601Z")),
        change("message_type", json!("incoming")),
        change("message_type", json!(null)),
        change("conversation_id", json!(319)),
        change("conversation_id", json!(null)),
    ] {
        assert!(read_messages(&body, 318).is_err(), "{body}");
    }
}
