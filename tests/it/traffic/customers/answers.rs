//! Answers that must not be taken for a count, a message, or the lack of one.

use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::chatwoot::{ChatwootError, Reason};
use hotdash_ops::testing::traffic::customers::{Queue, Unknown};
use serde_json::{Value, json};

use super::*;

const REPORTS: &str = "GET /api/v2/accounts/3/reports";
const LIST: &str = "GET /api/v1/accounts/3/conversations";
const MESSAGES: &str = "GET /api/v1/accounts/3/conversations/318/messages";
const PROFILE: &str = "GET /api/v1/profile";

fn reason<T>(part: &Result<T, Unknown>) -> Option<Reason> {
    match part {
        Err(Unknown::ChatwootError { trouble: ChatwootError::Refused(refusal), .. }) => Some(refusal.reason),
        _ => None,
    }
}

/// The unpleasant answers to anything.
fn unpleasant() -> Vec<(&'static str, Value)> {
    let error = |status: u16, error: &str| json!({"status": status, "json": {"error": error}});
    vec![
        ("role", error(401, "You are not authorized to do this action")),
        ("suspended", error(401, "Account is suspended")),
        ("throttled", json!({"status": 429, "body": "Retry later\n"})),
        ("maintenance", json!({"body": "<html><body>back soon</body></html>", "content_type": "text/html"})),
        ("broken", json!({"status": 500, "json": {"status": 500, "error": "Internal Server Error"}})),
        ("object", json!({"json": {}})),
        ("list", json!({"json": []})),
        ("null", json!({"body": "null", "content_type": "application/json"})),
        ("empty", json!({"status": 204})),
        ("half", json!({"body": "[{\"value\":4,\"timest", "content_type": "application/json"})),
        ("truncated", json!({"behaviour": "truncated"})),
        ("closed", json!({"behaviour": "close"})),
        ("redirect", json!({"location": "https://elsewhere.example/"})),
        ("not found", json!({"status": 404, "body": "<html>404</html>", "content_type": "text/html"})),
    ]
}

fn with_a_loss() -> State {
    let mut state = State::version("4.8.0");
    state.customer_writes(3, Some(318), TEXT, ago(300)).unwrap();
    state.note(3, 318, BOT, "Draft: hello", ago(298)).unwrap();
    state
}

#[tokio::test]
async fn bad_reports_are_never_counts() {
    let chatwoot = started(with_a_loss()).await;
    for (name, answer) in unpleasant() {
        chatwoot.control(json!({"set": {REPORTS: answer}})).await.unwrap();
        let seen = asked(&chatwoot, window()).await;
        assert!(seen.counts.is_err(), "{name}: {:?}", seen.counts);
        assert_eq!(known(&seen, &[]).none_lost(), Some(true), "{name}");
    }
}

#[tokio::test]
async fn bad_lists_pages_and_profiles_never_prove_a_clean_window() {
    for route in [LIST, MESSAGES, PROFILE] {
        let chatwoot = started(with_a_loss()).await;
        for (name, answer) in unpleasant() {
            chatwoot.control(json!({"set": {route: answer}})).await.unwrap();
            let seen = asked(&chatwoot, window()).await;
            assert!(seen.messages.is_err(), "{route} {name}: {:?}", seen.messages);
            assert!(matches!(judged(&seen, &[]), Judged::Unknown(_)), "{route} {name}");
            assert!(
                matches!(silence(0, &seen.message_ages(MINUTE), &seen.queue), Silence::Unknown(_)),
                "{route} {name}"
            );
        }
    }
}

#[tokio::test]
async fn errors_keep_their_reason() {
    let chatwoot = started(with_a_loss()).await;
    let agent = chatwoot.update(|state| state.token_of("agent"));
    let seen =
        customers::fetch(client(&chatwoot, Some(agent)), Ok(3), window(), Duration::from_secs(10)).await;
    assert_eq!(reason(&seen.counts), Some(Reason::RoleTooLow));
    assert_eq!(seen.messages, Err(Unknown::NotAdministrator { account: 3 }));
    assert_eq!(seen.queue, Queue::Ok);
    assert!(matches!(judged(&seen, &[]), Judged::Unknown(why) if why.contains("not an administrator")));

    let owner = chatwoot.update(|state| state.token_of("owner"));
    let seen =
        customers::fetch(client(&chatwoot, Some(owner)), Ok(4), window(), Duration::from_secs(10)).await;
    assert_eq!(reason(&seen.counts), Some(Reason::Suspended));
    assert_eq!(reason(&seen.messages), Some(Reason::Suspended));
}

#[tokio::test]
async fn without_a_token_or_an_account_only_the_queue_is_read() {
    let chatwoot = started(with_a_loss()).await;
    let patience = Duration::from_secs(10);
    let bare = customers::fetch(client(&chatwoot, None), Ok(3), window(), patience).await;
    let why = Err("CHATWOOT_ACCOUNT_ID is not set".to_owned());
    let lost = customers::fetch(client(&chatwoot, Some("x".repeat(24))), why, window(), patience).await;
    for seen in [&bare, &lost] {
        assert_eq!(seen.queue, Queue::Ok);
        assert!(matches!(
            (&seen.counts, &seen.messages),
            (Err(Unknown::NotRequested(_)), Err(Unknown::NotRequested(_)))
        ));
    }
    assert!(chatwoot.received().iter().all(|entry| entry.path == "/api"));
}

#[tokio::test]
async fn a_conversation_that_was_deleted_meanwhile_has_no_message_to_judge() {
    let mut state = with_a_loss();
    let other = state.customer_writes(3, None, TEXT, ago(200)).unwrap();
    let chatwoot = started(state).await;
    let gone = json!({"status": 404, "json": {"error": "Resource could not be found"}});
    let path = format!("GET /api/v1/accounts/3/conversations/{}/messages", other.conversation);
    chatwoot
        .control(json!({"set": {path: gone, REPORTS: {"json": [{"value": 1, "timestamp": 0}]}}}))
        .await
        .unwrap();
    let seen = asked(&chatwoot, window()).await;
    assert_eq!(known(&seen, &[]), Loss { judged: 1, answered: 1, ..Loss::default() });
    // Where the reports still count its message, it is not taken for deleted.
    chatwoot.control(json!({"set": {REPORTS: {"json": [{"value": 2, "timestamp": 0}]}}})).await.unwrap();
    assert!(matches!(judged(&asked(&chatwoot, window()).await, &[]), Judged::Unknown(_)));
}

#[tokio::test]
async fn pages_that_do_not_go_back_come_to_an_end() {
    let chatwoot = started(with_a_loss()).await;
    let message = |id: u64| json!({"id": id, "conversation_id": 318, "message_type": 0, "created_at": ago(300).as_second()});
    let page: Vec<_> = (90417..90437).map(message).collect();
    chatwoot.control(json!({"set": {MESSAGES: {"json": {"meta": {}, "payload": page}}}})).await.unwrap();
    let seen = asked(&chatwoot, window()).await;
    assert!(
        matches!(seen.messages, Err(Unknown::ChatwootError { trouble: ChatwootError::Unreadable(_), .. })),
        "{:?}",
        seen.messages
    );
}

#[tokio::test]
async fn the_measurement_has_one_deadline() {
    let chatwoot = started(with_a_loss()).await;
    chatwoot.control(json!({"set": {LIST: {"behaviour": "silent"}}})).await.unwrap();
    let token = chatwoot.update(|state| state.token_of("administrator"));
    let seen =
        customers::fetch(client(&chatwoot, Some(token)), Ok(3), window(), Duration::from_secs(2)).await;
    let lost = |part: &Unknown| {
        matches!(
            part,
            Unknown::ChatwootError { trouble: ChatwootError::Unreachable(Unreachable::TimedOut { .. }), .. }
        )
    };
    assert!(seen.messages.as_ref().is_err_and(lost), "{:?}", seen.messages);
    // The counts have kept their share of the time.
    assert_eq!(seen.counts, Ok(MessageCounts { incoming: 1, outgoing: 1 }));
}
