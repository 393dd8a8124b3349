use super::delivered::written;
use super::*;
use crate::service::chatwoot::Kind;
use crate::settings::Drafts;
use crate::traffic::customers::tests::samples;
use crate::traffic::customers::{Customers, MessageCounts, Messages, Unknown};
use crate::traffic::judge::{fewer_facts, no_lost_message};

fn judged(observation: &Observation, customers: &Customers) -> Finding {
    no_lost_message(observation, customers, rules(&Traffic::default()))
}

/// `n` messages, of which the first `answered` have a draft.
fn answered(n: u64, answered: u64) -> Customers {
    let asked = (0..n).map(|id| samples::message(10 * id, id, 5, Kind::Incoming));
    let drafts = (0..answered).map(|id| samples::message(10 * id + 1, id, 9, Kind::Outgoing));
    samples::customers(asked.chain(drafts).collect())
}

#[test]
fn a_message_without_an_answer_is_lost_and_named() {
    let all = judged(&observation(0, 60), &answered(12, 12));
    assert_eq!((verdict(&all), all.claims[0].found.as_str()), (Verdict::Pass, "0 of 12 messages"));
    assert_eq!(evidence_of(&all, "answered"), Some("12 messages"));
    let one = judged(&observation(0, 60), &answered(12, 11));
    assert_eq!((verdict(&one), one.claims[0].found.as_str()), (Verdict::Fail, "1 of 12 messages"));
    assert_eq!(evidence_of(&one, "lost"), Some("conversation 11, message 110 of 2026-01-01T10:00:05Z"));
    let many = judged(&observation(0, 60), &answered(12, 0));
    assert_eq!(
        many.evidence.iter().rfind(|e| e.name == "lost").map(|e| e.value.as_str()),
        Some("and 2 more")
    );
}

#[test]
fn a_dead_letter_is_not_lost() {
    let mut window = observation(0, 60);
    facts(&mut window).dead_letter_messages = vec![110];
    let finding = judged(&window, &answered(12, 11));
    assert_eq!(
        (verdict(&finding), evidence_of(&finding, "dead letters")),
        (Verdict::Pass, Some("1 message"))
    );
    // If dead letters cannot be read, the message may be one of them.
    window.facts = Err(error(true));
    assert_eq!(verdict(&judged(&window, &answered(12, 11))), Verdict::Inconclusive);
}

#[test]
fn what_is_unknown_is_undecided() {
    let good = observation(0, 60);
    assert_eq!(verdict(&judged(&good, &written(0))), Verdict::Inconclusive);
    let lost = Customers { messages: Err(Unknown::NotAdministrator { account: 3 }), ..written(0) };
    let finding = judged(&good, &lost);
    assert_eq!(verdict(&finding), Verdict::Inconclusive);
    assert!(finding.claims[0].fix.as_ref().is_some_and(|fix| fix.contains("administrator")));
    let cut = Messages { list: Vec::new(), cut: Some("more than 1,000 messages of customers".to_owned()) };
    assert_eq!(
        verdict(&judged(&good, &Customers { messages: Ok(cut), ..written(0) })),
        Verdict::Inconclusive
    );
    let off = Traffic { drafts: Drafts::Off, ..Traffic::default() };
    assert_eq!(verdict(&no_lost_message(&good, &answered(12, 12), rules(&off))), Verdict::Inconclusive);
    let mut short = observation(0, 60);
    short.ended = Ended::DeadLetter;
    assert_eq!(verdict(&judged(&short, &answered(12, 12))), Verdict::Inconclusive);
    assert_eq!(verdict(&judged(&short, &answered(12, 11))), Verdict::Fail);
}

#[test]
fn fewer_facts_than_messages_prove_a_loss() {
    let with = |total, incoming, outgoing| {
        let customers = Customers { counts: Ok(MessageCounts { incoming, outgoing }), ..written(0) };
        let finding = fewer_facts(&observation(0, total), &customers);
        (verdict(&finding), finding.claims[0].found.clone())
    };
    let (verdict_of, found) = with(19, 11, 9);
    assert_eq!(
        (verdict_of, found.as_str()),
        (Verdict::Fail, "19 facts for 20 messages (11 incoming, 9 outgoing)")
    );
    let (verdict_of, found) = with(20, 11, 9);
    assert!(verdict_of == Verdict::Pass && found.ends_with("no loss shows"), "{found}");
    assert_eq!(with(20, 0, 0).0, Verdict::Inconclusive);
    let unknown =
        Customers { counts: Err(Unknown::NotRequested("there is no token".to_owned())), ..written(0) };
    assert_eq!(verdict(&fewer_facts(&observation(0, 60), &unknown)), Verdict::Inconclusive);
    let mut unread = observation(0, 60);
    unread.facts = Err(error(true));
    assert_eq!(verdict(&fewer_facts(&unread, &written(1))), Verdict::Inconclusive);
}
