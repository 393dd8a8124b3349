//! What customers and agents do, as the state keeps it, and the events that the worker then sends.

use hotdash_ops::testing::rehearsal::standins::chatwoot::{
    EventKind, Outgoing, Sender, State, Webhook, signature,
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The bot of account 3, and its administrator.
pub const BOT: Sender = Sender::Bot(2);
pub const MARA: Sender = Sender::User(41);
pub const TEXT: &str = "hotdash-ops probe 5f0c1e9a";

pub fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// A webhook of account 3 for these events, with a known secret.
pub fn hook(id: u64, url: &str, events: &[&str]) -> Webhook {
    Webhook {
        id,
        account_id: 3,
        name: None,
        url: url.to_owned(),
        subscriptions: events.iter().map(|event| (*event).to_owned()).collect(),
        inbox_id: None,
        secret: "secretAAAAAAAAAAAAAAAAAA".to_owned(),
    }
}

pub const EVERYTHING: [&str; 7] = [
    "contact_created",
    "contact_updated",
    "conversation_created",
    "conversation_status_changed",
    "conversation_updated",
    "message_created",
    "message_updated",
];

/// The one conversation of the documents under `answers`, without a message.
pub fn empty(version: &str) -> State {
    let mut state = State::version(version);
    let contact = state.contacts.get_mut(&5521).unwrap();
    contact.name = "Probe 5f0c1e9a".to_owned();
    contact.identifier = Some("hotdash-ops-5f0c1e9a".to_owned());
    let conversation = &mut state.conversations[0];
    conversation.uuid = "6f1d2c8e-0b7a-4d35-9c1e-2a4b6c8d0e1f".to_owned();
    conversation.custom_attributes = json!({"probe": "5f0c1e9a"}).as_object().unwrap().clone();
    conversation.contact_inbox.source_id = "hotdash-ops-5f0c1e9a".to_owned();
    conversation.contact_inbox.pubsub_token = "pubsubAAAAAAAAAAAAAAAAAA".to_owned();
    state
}

/// The same with the customer's message 90417.
pub fn written(version: &str) -> State {
    let mut state = empty(version);
    state.customer_writes(3, Some(318), TEXT, at("2026-01-01T10:00:05.601Z")).unwrap();
    state.conversations[0].updated_at = at("2026-01-01T10:00:05.640213Z");
    state.contacts.get_mut(&5521).unwrap().last_activity_at = None;
    state
}

/// The same with a bot's note 90418, and resolved, which is the activity 90419.
pub fn resolved(version: &str) -> State {
    let mut state = written(version);
    state.note(3, 318, BOT, "Draft: hello, thanks for writing.", at("2026-01-01T10:00:09.212Z")).unwrap();
    assert!(state.set_status(3, 318, "resolved", MARA, at("2026-01-01T10:00:20.004Z")));
    state
}

pub const LATER: &str = "2026-01-01T10:00:06Z";

pub fn take(state: &mut State) -> Vec<Outgoing> {
    state.take_due(at("2026-01-01T11:00:00Z"), usize::MAX)
}

pub fn report_of(state: &mut State) -> Vec<(EventKind, Value)> {
    let read = |one: Outgoing| (one.event, serde_json::from_str(&one.body).unwrap());
    take(state).into_iter().map(read).collect()
}

fn events(state: &mut State) -> Vec<EventKind> {
    take(state).into_iter().map(|one| one.event).collect()
}

pub fn header<'a>(outgoing: &'a Outgoing, name: &str) -> Option<&'a str> {
    outgoing.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_customers_message_is_sent_and_signed_exactly() {
    let golden = include_str!("answers/message_created.json").trim_end();
    let mut state = written("4.12.1");
    state.webhooks = vec![hook(8, "https://app.example/api/webhooks/chatwoot", &["message_created"])];
    let sent = state.take_due(at(LATER), 16);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body, golden);
    assert_eq!(sent[0].url, "https://app.example/api/webhooks/chatwoot");
    assert_eq!(header(&sent[0], "x-chatwoot-timestamp"), Some("1767261606"));
    let signed = "sha256=ad91ae40cda20e790f2b01e6d33a744ac0a3d9c912548379099d553443af4698";
    assert_eq!(header(&sent[0], "x-chatwoot-signature"), Some(signed));
    let id = header(&sent[0], "x-chatwoot-delivery").unwrap();
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
    for name in ["content-type", "accept"] {
        assert_eq!(header(&sent[0], name), Some("application/json"));
    }
    assert!(state.take_due(at(LATER), 16).is_empty(), "sent once");
    let other = signature(
        "test_secret_123",
        1_774_708_578,
        r#"{"event":"message_created","id":1,"message_type":"incoming","private":false}"#,
    );
    assert_eq!(other, "sha256=8f0673290cd24c82eaad7dec9fb4ca3b533493efb3a71f97d4bb4c3e584ef45c");
}

#[test]
fn each_version_sends_and_signs_its_own_format() {
    for (version, headers, assignee_type) in [("4.2.0", 2, false), ("4.8.0", 2, true), ("4.12.1", 5, true)] {
        let mut state = written(version);
        state.webhooks = vec![hook(8, "https://app.example/", &["message_created"])];
        let sent = take(&mut state).remove(0);
        assert_eq!(sent.headers.len(), headers, "{version}: {:?}", sent.headers);
        let body: Value = serde_json::from_str(&sent.body).unwrap();
        let meta = body["conversation"]["meta"].as_object().unwrap();
        assert_eq!(meta.contains_key("assignee_type"), assignee_type, "{version}");
    }
}

#[test]
fn a_note_is_sent_and_the_conversation_still_shows_the_message_before() {
    for (by, sender) in [
        (BOT, json!({"id": 2, "name": "Draft agent", "type": "agent_bot"})),
        (MARA, json!({"id": 41, "name": "Mara Lind", "email": "mara@ops.example", "type": "user"})),
    ] {
        let mut state = written("4.8.0");
        state.note(3, 318, by, "Draft: hello, thanks for writing.", at("2026-01-01T10:00:09.212Z")).unwrap();
        state.webhooks = vec![hook(8, "https://app.example/", &["message_created"])];
        let mut note = report_of(&mut state).pop().unwrap().1;
        let said: Value = serde_json::from_str(include_str!("answers/message_created.json")).unwrap();
        let mut wanted = said.clone();
        wanted["content"] = json!("Draft: hello, thanks for writing.");
        wanted["created_at"] = json!("2026-01-01T10:00:09.212Z");
        wanted["id"] = json!(90418);
        wanted["message_type"] = json!("outgoing");
        wanted["private"] = json!(true);
        wanted["sender"] = sender;
        assert_eq!(note["conversation"]["last_activity_at"], 1_767_261_609);
        note["conversation"] = said["conversation"].clone();
        assert_eq!(note, wanted);
    }
}

#[test]
fn events_of_a_new_customer_come_in_order() {
    let mut state = State::version("4.8.0");
    state.webhooks = vec![hook(8, "https://app.example/", &EVERYTHING)];
    let made = state.customer_writes(3, None, "hello", at(LATER)).unwrap();
    assert_eq!((made.conversation, made.id), (319, 90417));
    let run_report = report_of(&mut state);
    let kinds: Vec<_> = run_report.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::ContactCreated,
            EventKind::ConversationCreated,
            EventKind::MessageCreated,
            EventKind::ContactUpdated
        ]
    );
    for (kind, body) in &run_report {
        assert_eq!(body["event"], kind.name());
    }
    let [contact, conversation, message, touched] = &run_report[..] else { panic!("{run_report:?}") };
    assert_eq!(contact.1["account"]["name"], "Nordlicht & Co");
    assert!(contact.1.get("type").is_none());
    assert_eq!(conversation.1["id"], 319);
    assert!(conversation.1.get("account").is_none());
    assert_eq!(message.1["conversation"]["id"], 319);
    assert_eq!(message.1["sender"]["id"], contact.1["id"]);
    assert_eq!(touched.1["changed_attributes"][0]["last_activity_at"]["previous_value"], Value::Null);
    let second = state.customer_writes(3, None, "me too", at(LATER)).unwrap();
    assert_eq!((second.conversation, second.id), (320, 90418));
    assert_ne!(state.conversations[1].contact_id, state.conversations[2].contact_id);
    assert!(state.customer_writes(3, Some(999), "nobody", at(LATER)).is_none());
    assert!(state.customer_writes(99, None, "nobody", at(LATER)).is_none());
}

#[test]
fn a_status_change_is_sent_and_a_customer_reopens_the_conversation() {
    let mut state = written("4.8.0");
    take(&mut state);
    state.webhooks = vec![hook(8, "https://app.example/", &EVERYTHING)];
    assert!(state.set_status(3, 318, "resolved", MARA, at("2026-01-01T10:00:20.004Z")));
    let told_first = report_of(&mut state);
    let [status, update] = &told_first[..] else { panic!("an activity is never sent: {told_first:?}") };
    assert_eq!(status.0, EventKind::ConversationStatusChanged);
    assert_eq!((&status.1["id"], &status.1["status"]), (&json!(318), &json!("resolved")));
    assert_eq!(status.1["changed_attributes"], Value::Null);
    assert_eq!(
        update.1["changed_attributes"],
        json!([
            {"status": {"previous_value": "open", "current_value": "resolved"}},
            {"updated_at": {"previous_value": "2026-01-01T10:00:05.640Z", "current_value": "2026-01-01T10:00:20.004Z"}},
        ])
    );
    assert!(state.set_status(3, 318, "resolved", MARA, at(LATER)));
    assert!(events(&mut state).is_empty(), "nothing changed");
    assert!(!state.set_status(3, 999, "resolved", MARA, at(LATER)));
    state.customer_writes(3, Some(318), "still there", at("2026-01-01T10:00:30Z")).unwrap();
    assert_eq!(state.conversations[0].status, "open");
    assert_eq!(
        events(&mut state),
        [
            EventKind::ConversationStatusChanged,
            EventKind::ConversationUpdated,
            EventKind::MessageCreated,
            EventKind::ContactUpdated
        ]
    );
}

#[test]
fn a_persons_reply_ends_the_wait_and_a_bots_does_not() {
    let mut state = written("4.8.0");
    state.reply(3, 318, BOT, "one moment", at("2026-01-01T10:00:10Z")).unwrap();
    assert!(state.conversations[0].waiting_since.is_some());
    state.note(3, 318, MARA, "for us", at("2026-01-01T10:00:11Z")).unwrap();
    assert!(state.conversations[0].first_reply_at.is_none());
    take(&mut state);
    state.webhooks = vec![hook(8, "https://app.example/", &EVERYTHING)];
    state.reply(3, 318, MARA, "hello", at("2026-01-01T10:00:12Z")).unwrap();
    let run_report = report_of(&mut state);
    assert_eq!(run_report[0].0, EventKind::MessageCreated);
    assert_eq!(run_report[1].0, EventKind::ConversationUpdated);
    let body = &run_report[1].1;
    assert_eq!(
        (&body["waiting_since"], &body["first_reply_created_at"]),
        (&json!(0), &json!("2026-01-01T10:00:12.000Z"))
    );
    state.customer_writes(3, Some(318), "thanks", at("2026-01-01T10:00:13Z")).unwrap();
    assert_eq!(state.conversations[0].waiting_since, Some(at("2026-01-01T10:00:13Z")));
}

#[test]
fn a_state_with_traffic_is_data() {
    let mut state = resolved("4.8.0");
    state.webhooks = vec![hook(8, "https://a.example/", &EVERYTHING)];
    let shown = serde_json::to_value(&state).unwrap();
    let mut back: State = serde_json::from_value(shown.clone()).unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap(), shown);
    assert_eq!(report_of(&mut back), report_of(&mut state));
    let made = back.customer_writes(3, None, "next", at(LATER)).unwrap();
    assert_eq!((made.conversation, made.id), (319, 90420));
    // Three fields are enough for a conversation that is set on the control route.
    let mut patched = shown;
    patched["conversations"] = json!([{"id": 7, "account_id": 3, "status": "open"}]);
    let mut patched: State = serde_json::from_value(patched).unwrap();
    assert_eq!(patched.customer_writes(3, None, "x", at(LATER)).unwrap().conversation, 8);
    assert_eq!(patched.conversations.get(3, 7).unwrap().contact_id, 5521);
}
