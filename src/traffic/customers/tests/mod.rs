mod loss;
pub mod samples;
mod sweep;

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::service::chatwoot::Rejection;
use crate::service::unreachable::Unreachable;
use samples::{at, customers, message, window};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[test]
fn messages_are_counted_by_age() {
    let mut deleted = message(4, 1, 30, Kind::Incoming);
    deleted.deleted = true;
    let list = vec![
        message(1, 1, -1, Kind::Incoming),
        message(2, 1, 0, Kind::Incoming),
        message(3, 1, 1, Kind::Outgoing),
        deleted,
        message(5, 1, 840, Kind::Incoming),
        message(6, 1, 841, Kind::Incoming),
        message(7, 1, 901, Kind::Incoming),
    ];
    let known = customers(list);
    assert_eq!(known.message_ages(MINUTE), Ok(MessageAges { old: 2, young: 1, cut: None }));
    // If Chatwoot's clock is before the window's end, messages count as more recent, never as older.
    let behind = Customers { now: Ok(at(600)), ..known };
    assert_eq!(behind.message_ages(MINUTE), Ok(MessageAges { old: 1, young: 2, cut: None }));
}

#[test]
fn without_messages_or_clock_the_counts_are_unknown() {
    let why = Unknown::NotAdministrator { account: 3 };
    let blind = Customers { messages: Err(why.clone()), ..customers(vec![]) };
    assert_eq!(blind.message_ages(MINUTE), Err(why.clone()));
    let timeless = Customers { now: Err(why.clone()), ..customers(vec![]) };
    assert_eq!(timeless.message_ages(MINUTE), Err(why));
    let error = Customers::unknown(window(), "CHATWOOT_BASE_URL is not set");
    assert_eq!(
        error.message_ages(MINUTE).map_err(|why| why.describe()),
        Err("CHATWOOT_BASE_URL is not set".to_owned())
    );
    assert!(matches!(error.queue, Queue::Unknown(_)));
}

#[test]
fn the_queue_is_failing_unless_it_is_ok() {
    let queue = |value: Option<Value>| Queue::from_api(&Ok(Api { queue_services: value, ..Api::default() }));
    assert_eq!(queue(Some(json!("ok"))), Queue::Ok);
    assert_eq!(queue(Some(json!("failing"))), Queue::Failing);
    assert_eq!(queue(Some(Value::Null)), Queue::Failing);
    for open in [None, Some(json!(true)), Some(json!({}))] {
        assert!(matches!(queue(open), Queue::Unknown(_)));
    }
    assert!(matches!(
        Queue::from_api(&Err(ChatwootError::Unreachable(Unreachable::Refused))),
        Queue::Unknown(_)
    ));
}

#[test]
fn a_rejected_request_has_its_own_fix() {
    let body = json!({"error": "You are not authorized to do this action"});
    let trouble = ChatwootError::Refused(Rejection::of(401, Some(&body)));
    let why = Unknown::ChatwootError { what: "the report on incoming messages".to_owned(), trouble };
    assert!(why.describe().starts_with("the report on incoming messages: 401: the token's role is too low"));
    assert!(why.fix().is_some_and(|fix| fix.contains("administrator")));
    assert!(Unknown::NotAdministrator { account: 3 }.fix().is_some());
    assert_eq!(Unknown::NotRequested("x".to_owned()).fix(), None);
}
