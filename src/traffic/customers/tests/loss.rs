use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::loss::*;
use super::super::{Customers, MessageCounts, Messages, Unknown};
use crate::service::chatwoot::{Kind, Message};
use crate::settings::Drafts;
use crate::traffic::customers::tests::samples::{at, customers, message, window};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

fn rule(dead_letters: &[u64]) -> Rule<'_> {
    Rule { patience: MINUTE, drafts: Drafts::On, dead_letters: Ok(dead_letters) }
}

fn note(id: u64, conversation: u64, seconds: i64) -> Message {
    Message { private: true, ..message(id, conversation, seconds, Kind::Outgoing) }
}

fn asked(id: u64, conversation: u64, seconds: i64) -> Message {
    message(id, conversation, seconds, Kind::Incoming)
}

fn known(judged: Judged) -> Loss {
    match judged {
        Judged::Known(loss) => loss,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_draft_a_reply_or_a_dead_letter_is_enough() {
    let list = vec![
        asked(10, 1, 5),
        note(11, 1, 9),
        asked(20, 2, 5),
        message(21, 2, 5, Kind::Outgoing),
        asked(30, 3, 5),
        asked(40, 4, 5),
        message(41, 4, 6, Kind::Template),
        message(42, 4, 6, Kind::Activity),
        message(43, 4, 6, Kind::Other),
    ];
    let loss = known(judge(&customers(list), rule(&[30, 77])));
    assert_eq!((loss.judged, loss.answered, loss.dead_lettered), (4, 2, 1));
    assert_eq!(loss.lost, [Lost { conversation: 4, message: 40, at: at(5) }]);
    assert_eq!(loss.none_lost(), Some(false));
}

#[test]
fn an_answer_is_later_and_in_the_same_conversation() {
    let list = vec![note(9, 1, 5), asked(10, 1, 5), note(12, 2, 20)];
    assert_eq!(known(judge(&customers(list), rule(&[]))).lost.len(), 1);
    // An answer after the window's end counts, and answers both earlier messages.
    let list = vec![asked(10, 1, 5), asked(11, 1, 7), note(12, 1, 905)];
    let loss = known(judge(&customers(list), rule(&[])));
    assert_eq!((loss.answered, loss.none_lost()), (2, Some(true)));
}

#[test]
fn recent_deleted_and_outside_messages_are_not_judged() {
    let deleted = Message { deleted: true, ..asked(12, 1, 10) };
    let list = vec![asked(9, 1, -1), asked(11, 2, 851), deleted, asked(13, 4, 901)];
    let loss = known(judge(&customers(list), rule(&[])));
    assert_eq!(loss, Loss { waiting: 1, deleted: 1, ..Loss::default() });
    assert_eq!(loss.none_lost(), None);
    // A message exactly as old as the patience is judged.
    assert_eq!(known(judge(&customers(vec![asked(11, 2, 850)]), rule(&[]))).lost.len(), 1);
}

#[test]
fn no_message_proves_nothing() {
    assert_eq!(known(judge(&customers(vec![]), rule(&[]))).none_lost(), None);
}

#[test]
fn incomplete_data_is_not_judged() {
    let why = Unknown::NotAdministrator { account: 3 };
    let answered = || customers(vec![asked(10, 1, 5), note(11, 1, 9)]);
    let blind = Customers { messages: Err(why.clone()), ..answered() };
    let timeless = Customers { now: Err(why), ..answered() };
    let mut cut = answered();
    cut.messages = cut.messages.map(|m| Messages { cut: Some("more than 1000 messages".to_owned()), ..m });
    for unknown in [blind, timeless, cut] {
        assert!(matches!(judge(&unknown, rule(&[])), Judged::Unknown(_)));
    }
}

#[test]
fn messages_that_only_the_reports_count_leave_it_undecided() {
    let mut more = customers(vec![asked(10, 1, 5), note(11, 1, 9)]);
    more.counts = Ok(MessageCounts { incoming: 2, outgoing: 1 });
    assert!(
        matches!(judge(&more, rule(&[])), Judged::Unknown(why) if why.contains("count 2") && why.contains("show only 1"))
    );
    // A lost message still fails.
    more.messages = Ok(Messages { list: vec![asked(10, 1, 5)], cut: None });
    assert_eq!(known(judge(&more, rule(&[]))).none_lost(), Some(false));
    // Unreadable reports change nothing.
    let mut silent = customers(vec![asked(10, 1, 5), note(11, 1, 9)]);
    silent.counts = Err(Unknown::NotRequested("not asked".to_owned()));
    assert_eq!(known(judge(&silent, rule(&[]))).none_lost(), Some(true));
}

#[test]
fn unknown_dead_letters_leave_unanswered_messages_undecided() {
    let blind = Rule { dead_letters: Err("connection refused"), ..rule(&[]) };
    let one = customers(vec![asked(10, 1, 5)]);
    assert!(matches!(judge(&one, blind), Judged::Unknown(why) if why.contains("connection refused")));
    let answered = customers(vec![asked(10, 1, 5), note(11, 1, 9)]);
    assert_eq!(known(judge(&answered, blind)).none_lost(), Some(true));
}

#[test]
fn without_drafts_nothing_is_checked() {
    let off = Rule { drafts: Drafts::Off, ..rule(&[]) };
    assert_eq!(judge(&customers(vec![asked(10, 1, 5)]), off), Judged::NotAskedFor);
}

fn any_message() -> impl Strategy<Value = Message> {
    let kinds = prop_oneof![
        3 => Just(Kind::Incoming),
        2 => Just(Kind::Outgoing),
        1 => Just(Kind::Template),
        1 => Just(Kind::Activity),
    ];
    // Times increase with the id, as in Chatwoot.
    (1_u64..200, 1_u64..6, kinds, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
        |(id, conversation, kind, private, deleted)| Message {
            private,
            deleted,
            ..message(id, conversation, id as i64 * 5 - 20, kind)
        },
    )
}

fn sorted(messages: &[Message], dead_letters: &[u64]) -> Loss {
    sort_out(messages, window(), at(910), MINUTE, dead_letters)
}

/// Each id once, as in the database.
fn stored() -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec(any_message(), 0..40).prop_map(|list| {
        list.into_iter().map(|m| (m.id, m)).collect::<BTreeMap<_, _>>().into_values().collect()
    })
}

proptest! {
    #[test]
    fn every_message_is_in_exactly_one_group(list in stored(), letters in prop::collection::vec(1_u64..200, 0..10)) {
        let loss = sorted(&list, &letters);
        prop_assert_eq!(loss.judged, loss.answered + loss.dead_lettered + loss.lost.len() as u64);
        let customers = list.iter().filter(|m| m.kind == Kind::Incoming && m.at >= at(0) && m.at <= at(900)).count();
        prop_assert_eq!(customers as u64, loss.judged + loss.waiting + loss.deleted);
    }

    #[test]
    fn an_answer_never_makes_a_message_lost(list in stored(), place in 0_usize..40, conversation in 1_u64..6) {
        let before = sorted(&list, &[]);
        let mut more = list.clone();
        more.insert(place.min(list.len()), note(500, conversation, 905));
        let after = sorted(&more, &[]);
        prop_assert!(after.lost.iter().all(|lost| before.lost.contains(lost)));
        prop_assert!(after.lost.iter().all(|lost| lost.conversation != conversation));
        prop_assert_eq!(after.judged, before.judged);
    }

    #[test]
    fn order_and_duplicates_do_not_matter(list in stored().prop_shuffle(), again in 0_usize..40, letters in prop::collection::vec(1_u64..200, 0..10)) {
        let mut ordered = list.clone();
        ordered.sort_by_key(|m| m.id);
        let mut twice = list.clone();
        twice.extend(list.iter().take(again).cloned());
        prop_assert_eq!(sorted(&twice, &letters), sorted(&ordered, &letters));
    }

    #[test]
    fn patience_and_dead_letters_never_add_a_loss(list in stored(), letters in prop::collection::vec(1_u64..200, 0..10), longer in 0_i64..900) {
        let strict = sorted(&list, &[]);
        let patient = sort_out(&list, window(), at(910), MINUTE + SignedDuration::from_secs(longer), &letters);
        prop_assert!(patient.lost.iter().all(|lost| strict.lost.contains(lost)));
    }
}
