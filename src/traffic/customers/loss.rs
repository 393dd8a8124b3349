//! Whether a customer's message was lost: it has neither a draft, nor a later reply, nor a dead letter. Pure; the only
//! clock is Chatwoot's, read before the messages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Customers, MessageCounts};
use crate::outcome::window::Window;
use crate::service::chatwoot::{Kind, Message};
use crate::settings::Drafts;

/// What is known about lost messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// With `drafts = "off"` an unanswered message proves nothing, so nothing is checked.
    NotAskedFor,
    /// It is unknown; why, as a lower-case fragment.
    Unknown(String),
    Known(Loss),
}

/// The customers' messages of a window, each in exactly one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Old enough: `answered`, `dead_lettered` and `lost` together.
    pub judged: u64,
    /// A draft or reply followed.
    pub answered: u64,
    /// No answer, but a dead letter, so the failure is known.
    pub dead_lettered: u64,
    /// Neither draft nor reply nor dead letter; sorted by conversation and id.
    pub lost: Vec<Lost>,
    /// More recent than the patience.
    pub waiting: u64,
    /// Deleted, so not judged.
    pub deleted: u64,
}

/// A customer's message without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// The display id of the conversation, as in Chatwoot's URLs.
    pub conversation: u64,
    pub message: u64,
    pub at: Timestamp,
}

impl Loss {
    /// Whether no message was lost; `None` if no message could be judged.
    pub fn none_lost(&self) -> Option<bool> {
        match (self.lost.is_empty(), self.judged) {
            (false, _) => Some(false),
            (true, 0) => None,
            (true, _) => Some(true),
        }
    }
}

/// How messages are judged.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// A more recent message is not judged yet.
    pub patience: SignedDuration,
    pub drafts: Drafts,
    /// The ids of the messages with a dead letter, or why they are unknown.
    pub dead_letters: Result<&'a [u64], &'a str>,
}

/// Judges the messages of a window.
pub fn judge(customers: &Customers, rule: Rule<'_>) -> Judged {
    if rule.drafts == Drafts::Off {
        return Judged::NotAskedFor;
    }
    let (now, messages) = match (&customers.now, &customers.messages) {
        (Ok(now), Ok(messages)) => (*now, messages),
        (_, Err(why)) | (Err(why), _) => return Judged::Unknown(why.describe()),
    };
    if let Some(cut) = &messages.cut {
        return Judged::Unknown(format!("there are {cut}, too many to judge"));
    }
    let dead_letters = rule.dead_letters.unwrap_or_default();
    let loss = sort_out(&messages.list, customers.window, now, rule.patience, dead_letters);
    match (rule.dead_letters, loss.lost.len()) {
        (Err(why), unanswered @ 1..) => Judged::Unknown(format!(
            "{unanswered} unanswered messages may be dead letters, and the dead letters are unknown: {why}"
        )),
        _ => match unlisted(customers) {
            Some(why) if loss.lost.is_empty() => Judged::Unknown(why),
            _ => Judged::Known(loss),
        },
    }
}

/// Puts every customer message of the window into its group. Times are rounded down to whole seconds, so the order within
/// a second is that of the ids, in which Chatwoot stores messages. Order and duplicates in `messages` do not matter.
pub fn sort_out(
    messages: &[Message],
    window: Window,
    now: Timestamp,
    patience: SignedDuration,
    dead_letters: &[u64],
) -> Loss {
    let mut last_answer: BTreeMap<u64, u64> = BTreeMap::new();
    for answer in messages.iter().filter(|m| m.kind == Kind::Outgoing) {
        let last = last_answer.entry(answer.conversation).or_default();
        *last = (*last).max(answer.id);
    }
    let dead: BTreeSet<u64> = dead_letters.iter().copied().collect();
    let of_customers = messages.iter().filter(|m| m.kind == Kind::Incoming);
    let once: BTreeMap<u64, &Message> =
        of_customers.filter(|m| m.at >= window.from && m.at <= window.to).map(|m| (m.id, m)).collect();
    let mut loss = Loss::default();
    for message in once.into_values() {
        if message.deleted {
            loss.deleted += 1;
        } else if now.duration_since(message.at) < patience {
            loss.waiting += 1;
        } else {
            loss.judged += 1;
            if last_answer.get(&message.conversation).is_some_and(|answer| *answer > message.id) {
                loss.answered += 1;
            } else if dead.contains(&message.id) {
                loss.dead_lettered += 1;
            } else {
                let Message { conversation, id, at, .. } = *message;
                loss.lost.push(Lost { conversation, message: id, at });
            }
        }
    }
    loss.lost.sort_unstable();
    loss
}

/// Why messages are missing from the conversations: the reports, read later, count more of them.
fn unlisted(customers: &Customers) -> Option<String> {
    let (Ok(MessageCounts { incoming, .. }), Ok(messages)) = (&customers.counts, &customers.messages) else {
        return None;
    };
    let Window { from, to } = customers.window;
    // The reports count whole seconds, up to but excluding the one in which the window ends.
    let end = Timestamp::from_second(to.as_second()).ok()?;
    let listed =
        messages.of_customers(customers.window).filter(|m| m.at >= from && m.at < end).count() as u64;
    (listed < *incoming).then(|| {
        format!(
            "Chatwoot's reports count {incoming} incoming messages, but its conversations show only {listed}"
        )
    })
}
