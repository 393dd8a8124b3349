//! Why no facts were recorded: nobody wrote, Chatwoot cannot queue, or nothing arrives. Also whether there are fewer
//! facts than messages. Facts have neither a message's id nor a direction, so enough of them do not prove that no
//! message was lost.

use super::{MessageAges, MessageCounts, Queue, Unknown};

/// Whether facts were recorded in a window, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Facts were recorded.
    Delivered { facts: u64 },
    /// At least this many customer messages are old enough, and nothing was recorded.
    NotReceived { messages: u64 },
    /// No customer wrote.
    NoMessages,
    /// Chatwoot reports that its queue is failing, so it will deliver nothing more.
    QueueFailing,
    /// Nothing was recorded, and the cause is unknown.
    Unknown(String),
}

/// Finds the cause. `facts` are the window's facts of both kinds, `ages` the customers' messages in it.
pub fn silence(facts: u64, ages: &Result<MessageAges, Unknown>, queue: &Queue) -> Silence {
    if *queue == Queue::Failing {
        return Silence::QueueFailing;
    }
    if facts > 0 {
        return Silence::Delivered { facts };
    }
    match ages {
        Err(why) => Silence::Unknown(why.describe()),
        Ok(ages) if ages.old > 0 => Silence::NotReceived { messages: ages.old },
        Ok(MessageAges { cut: Some(why), .. }) => Silence::Unknown(why.clone()),
        Ok(ages) if ages.young > 0 => Silence::Unknown(format!(
            "{} so recent that delivery may be under way",
            match ages.young {
                1 => "1 customer message is".to_owned(),
                n => format!("{n} customer messages are"),
            }
        )),
        Ok(_) => Silence::NoMessages,
    }
}

/// Whether fewer facts were recorded than messages written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// Fewer facts than messages.
    Fewer {
        facts: u64,
        counts: MessageCounts,
    },
    /// At least as many facts as messages. Each fact may belong to another kind of event.
    NoLossProvable {
        facts: u64,
        counts: MessageCounts,
    },
    /// Nobody wrote, so there is nothing to compare.
    Nothing {
        facts: u64,
    },
    Unknown(Unknown),
}

impl Shortfall {
    /// The numbers as a fragment.
    pub fn describe(&self) -> String {
        let written = |counts: &MessageCounts| {
            let all = counts.incoming.saturating_add(counts.outgoing);
            format!("{all} messages ({} incoming, {} outgoing)", counts.incoming, counts.outgoing)
        };
        match self {
            Shortfall::Fewer { facts, counts } => format!("{facts} facts for {}", written(counts)),
            Shortfall::NoLossProvable { facts, counts } => {
                format!("{facts} facts for {}, so no loss shows", written(counts))
            }
            Shortfall::Nothing { facts } => format!("{facts} facts and no messages"),
            Shortfall::Unknown(why) => why.describe(),
        }
    }
}

/// Compares the facts of a window, one per forwarded event, with the messages that Chatwoot's reports count in it.
pub fn fewer_facts(facts: u64, counts: &Result<MessageCounts, Unknown>) -> Shortfall {
    match counts {
        Err(why) => Shortfall::Unknown(why.clone()),
        Ok(counts) => match counts.incoming.saturating_add(counts.outgoing) {
            0 => Shortfall::Nothing { facts },
            written if facts < written => Shortfall::Fewer { facts, counts: *counts },
            _ => Shortfall::NoLossProvable { facts, counts: *counts },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ages(old: u64, young: u64) -> Result<MessageAges, Unknown> {
        Ok(MessageAges { old, young, cut: None })
    }

    #[test]
    fn missing_facts_are_explained_by_their_cause() {
        let unknown = Queue::Unknown("no answer".to_owned());
        assert_eq!(silence(0, &ages(3, 1), &Queue::Ok), Silence::NotReceived { messages: 3 });
        assert_eq!(silence(0, &ages(3, 1), &unknown), Silence::NotReceived { messages: 3 });
        assert_eq!(silence(0, &ages(0, 0), &Queue::Ok), Silence::NoMessages);
        assert_eq!(silence(1, &ages(3, 1), &Queue::Ok), Silence::Delivered { facts: 1 });
        for facts in [0, 60] {
            assert_eq!(silence(facts, &ages(3, 0), &Queue::Failing), Silence::QueueFailing);
        }
    }

    #[test]
    fn an_unknown_cause_stays_unknown() {
        let lost = Err(Unknown::NotAdministrator { account: 3 });
        assert!(matches!(silence(0, &lost, &Queue::Ok), Silence::Unknown(why) if why.contains("account 3")));
        assert!(
            matches!(silence(0, &ages(0, 1), &Queue::Ok), Silence::Unknown(why) if why.starts_with("1 customer message is"))
        );
        let cut = |old| Ok(MessageAges { old, young: 0, cut: Some("more than can be read".to_owned()) });
        assert!(matches!(silence(0, &cut(0), &Queue::Ok), Silence::Unknown(_)));
        assert_eq!(silence(0, &cut(900), &Queue::Ok), Silence::NotReceived { messages: 900 });
    }

    #[test]
    fn the_comparison_states_its_numbers() {
        let counts = |incoming, outgoing| Ok(MessageCounts { incoming, outgoing });
        assert_eq!(
            fewer_facts(19, &counts(11, 9)).describe(),
            "19 facts for 20 messages (11 incoming, 9 outgoing)"
        );
        assert!(matches!(fewer_facts(19, &counts(11, 9)), Shortfall::Fewer { .. }));
        assert!(fewer_facts(20, &counts(11, 9)).describe().ends_with("no loss shows"));
        assert!(matches!(fewer_facts(40, &counts(11, 9)), Shortfall::NoLossProvable { .. }));
        assert_eq!(fewer_facts(0, &counts(0, 0)), Shortfall::Nothing { facts: 0 });
        let lost = Err(Unknown::NotRequested("there is no token".to_owned()));
        assert_eq!(fewer_facts(5, &lost).describe(), "there is no token");
    }
}
