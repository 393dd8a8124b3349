use super::*;
use crate::service::chatwoot::Kind;
use crate::traffic::customers::tests::samples;
use crate::traffic::customers::{Customers, Messages, Queue, Unknown};
use crate::traffic::judge::delivered;

/// Chatwoot's side: `n` customer messages, each in its own conversation.
pub fn written(n: u64) -> Customers {
    let list = (0..n).map(|id| samples::message(id, id, 5, Kind::Incoming));
    samples::customers(list.collect())
}

const EXPECTED: &str = "recorded webhooks: expected at least 1 while customers write";

fn judged(observation: &Observation, customers: &Customers) -> (Verdict, String) {
    let finding = delivered(observation, customers, rules(&Traffic::default()));
    (verdict(&finding), finding.claims[0].reason())
}

#[test]
fn missing_webhooks_are_explained_by_their_cause() {
    let silent = observation(0, 0);
    let (verdict, found) = judged(&silent, &written(7));
    assert_eq!(
        (verdict, found.as_str()),
        (Verdict::Fail, "no webhook was recorded although customers wrote 7 messages")
    );
    let (verdict, found) = judged(&silent, &written(0));
    assert_eq!(
        (verdict, found.as_str()),
        (Verdict::Inconclusive, "no webhook was recorded, and no customer wrote")
    );
    let failing = Customers { queue: Queue::Failing, ..written(0) };
    let (verdict, found) = judged(&silent, &failing);
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(found, "Chatwoot's queue is failing, so it sends nothing");
    assert_eq!(
        judged(&observation(0, 60), &failing).0,
        Verdict::Fail,
        "earlier facts do not make up for a failing queue"
    );
}

#[test]
fn recorded_facts_pass_and_a_dead_letter_is_a_fact() {
    assert_eq!(judged(&observation(60, 60), &written(7)), (Verdict::Pass, format!("{EXPECTED}, found 60")));
    let mut dead = observation(0, 0);
    facts(&mut dead).tally.dead_letters = 1;
    assert_eq!(judged(&dead, &written(7)), (Verdict::Pass, format!("{EXPECTED}, found 1")));
}

#[test]
fn what_is_unknown_is_undecided() {
    let silent = observation(0, 0);
    let lost = Customers { messages: Err(Unknown::NotAdministrator { account: 3 }), ..written(0) };
    let finding = delivered(&silent, &lost, rules(&Traffic::default()));
    assert_eq!(verdict(&finding), Verdict::Inconclusive);
    assert!(finding.claims[0].fix.as_ref().is_some_and(|fix| fix.contains("administrator")));
    let cut = Messages { list: Vec::new(), cut: Some("more than 1,000 messages of customers".to_owned()) };
    assert_eq!(judged(&silent, &Customers { messages: Ok(cut), ..written(0) }).0, Verdict::Inconclusive);
    let mut unread = observation(0, 0);
    unread.facts = Err(error(true));
    assert_eq!(judged(&unread, &written(7)).0, Verdict::Inconclusive);
    let mut short = observation(0, 60);
    short.ended = Ended::DeadLetter;
    assert_eq!(judged(&short, &written(7)).0, Verdict::Inconclusive);
}
