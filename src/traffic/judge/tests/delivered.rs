use super::*;
use crate::service::chatwoot::Kind;
use crate::traffic::customers::{Customers, Messages, Queue, Unknown, samples};
use crate::traffic::judge::delivered;

/// Chatwoot's side: so many customers' messages, each in a conversation of its own.
pub fn written(n: u64) -> Customers {
    let list = (0..n).map(|id| samples::message(id, id, 5, Kind::Incoming));
    samples::customers(list.collect())
}

fn judged(watched: &Watched, customers: &Customers) -> (Verdict, String) {
    let finding = delivered(watched, customers, rules(&Traffic::default()));
    (verdict(&finding), finding.claims[0].found.clone())
}

#[test]
fn silence_is_told_by_its_cause() {
    let silent = watched(0, 0);
    let (verdict, found) = judged(&silent, &written(7));
    assert_eq!((verdict, found.as_str()), (Verdict::Fail, "deaf: none, though customers wrote 7 messages"));
    let (verdict, found) = judged(&silent, &written(0));
    assert_eq!((verdict, found.as_str()), (Verdict::Inconclusive, "quiet: none, and no customer wrote"));
    let mute = Customers { queue: Queue::Failing, ..written(0) };
    let (verdict, found) = judged(&silent, &mute);
    assert_eq!(verdict, Verdict::Fail);
    assert!(found.starts_with("mute source"), "{found}");
    assert_eq!(judged(&watched(0, 60), &mute).0, Verdict::Fail, "what was before does not mend a dead queue");
}

#[test]
fn facts_are_not_silence_and_one_dead_letter_is_a_fact() {
    assert_eq!(judged(&watched(60, 60), &written(7)), (Verdict::Pass, "60 facts".to_owned()));
    let mut dead = watched(0, 0);
    facts(&mut dead).dead_letters = 1;
    assert_eq!(judged(&dead, &written(7)), (Verdict::Pass, "1 fact".to_owned()));
}

#[test]
fn what_is_not_known_is_open() {
    let silent = watched(0, 0);
    let lost = Customers { messages: Err(Unknown::NotAdministrator { account: 3 }), ..written(0) };
    let finding = delivered(&silent, &lost, rules(&Traffic::default()));
    assert_eq!(verdict(&finding), Verdict::Inconclusive);
    assert!(finding.fix.is_some_and(|fix| fix.contains("administrator")));
    let cut = Messages { list: Vec::new(), cut: Some("more than 1,000 messages of customers".to_owned()) };
    assert_eq!(judged(&silent, &Customers { messages: Ok(cut), ..written(0) }).0, Verdict::Inconclusive);
    let mut unread = watched(0, 0);
    unread.facts = Err(unasked(true));
    assert_eq!(judged(&unread, &written(7)).0, Verdict::Inconclusive);
    let mut short = watched(0, 60);
    short.ended = Ended::DeadLetter;
    assert_eq!(judged(&short, &written(7)).0, Verdict::Inconclusive);
}
