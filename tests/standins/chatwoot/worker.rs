//! Which webhooks the worker calls, and what delays it.

use hotdash_ops::testing::rehearsal::standins::chatwoot::{State, Webhook};

use super::events::{LATER, at, header, hook, take};

#[test]
fn only_subscribers_in_the_account_get_an_event() {
    let mut state = State::version("4.12.1");
    state.webhooks = vec![
        hook(8, "https://a.example/", &["message_created"]),
        hook(9, "https://b.example/", &["conversation_created", "message_created"]),
        hook(10, "https://c.example/", &["conversation_status_changed"]),
        Webhook { account_id: 5, ..hook(11, "https://d.example/", &["message_created"]) },
    ];
    state.customer_writes(3, Some(318), "hello", at(LATER)).unwrap();
    let sent = take(&mut state);
    assert_eq!(sent.iter().map(|one| one.webhook_id).collect::<Vec<_>>(), [8, 9]);
    assert_ne!(header(&sent[0], "x-chatwoot-delivery"), header(&sent[1], "x-chatwoot-delivery"));
    assert_eq!(sent[0].body, sent[1].body);
}

#[test]
fn a_dead_worker_a_delay_and_a_closed_gate_hold_events_back() {
    let mut state = State::version("4.8.0");
    state.webhooks = vec![hook(8, "https://a.example/", &["message_created"])];
    let write = |state: &mut State| state.customer_writes(3, Some(318), "hello", at(LATER)).unwrap();
    state.worker_running = false;
    write(&mut state);
    assert!(take(&mut state).is_empty());
    assert_eq!(state.conversations[0].messages.len(), 1, "it is stored all the same");
    state.worker_running = true;
    assert_eq!(take(&mut state).len(), 1, "the queue was kept");
    state.delivery_delay_ms = 1_500;
    write(&mut state);
    assert!(state.take_due(at("2026-01-01T10:00:07.499Z"), 16).is_empty());
    assert_eq!(state.take_due(at("2026-01-01T10:00:07.500Z"), 16).len(), 1);
    state.accounts.get_mut(&3).unwrap().api_enabled = false;
    write(&mut state);
    assert!(take(&mut state).is_empty());
    state.accounts.get_mut(&3).unwrap().api_enabled = true;
    state.version = "4.12.1".to_owned();
    state.migrated = false;
    write(&mut state);
    assert!(take(&mut state).is_empty(), "the column of the secret is missing");
    assert!(state.pending_events.is_empty(), "these are gone for good");
    state.migrated = true;
    write(&mut state);
    state.conversations = Vec::new().into();
    assert!(take(&mut state).is_empty(), "the record is gone");
}

#[test]
fn no_more_events_are_taken_than_there_is_room_for() {
    let mut state = State::version("4.8.0");
    state.webhooks = vec![hook(8, "https://a.example/", &["message_created"])];
    for _ in 0..5 {
        state.customer_writes(3, Some(318), "hello", at(LATER)).unwrap();
    }
    let sizes = [0, 2, 16, 16].map(|room| state.take_due(at(LATER), room).len());
    assert_eq!(sizes, [0, 2, 3, 0]);
}

#[test]
fn chatwoots_clock_is_stored_and_signed() {
    let mut state = State::version("4.12.1");
    state.webhooks = vec![hook(8, "https://a.example/", &["message_created"])];
    state.clock_offset_seconds = -3_600;
    state.customer_writes(3, Some(318), "hello", at(LATER)).unwrap();
    assert_eq!(state.conversations[0].messages[0].created_at, at("2026-01-01T09:00:06Z"));
    let sent = state.take_due(at(LATER), 16);
    assert_eq!(header(&sent[0], "x-chatwoot-timestamp"), Some("1767258006"), "no delay comes of it");
}
