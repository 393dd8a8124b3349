//! Messages in a conversation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The message's id, unique across accounts.
    pub id: u64,
    /// Its kind, which also gives its direction.
    pub kind: Kind,
    /// The text.
    pub content: String,
    /// Whether it is a note that the customer does not see.
    #[serde(default)]
    pub private: bool,
    /// Who wrote it; none for an activity.
    #[serde(default)]
    pub sender: Option<Sender>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The id given by the channel or the caller, or none.
    #[serde(default)]
    pub source_id: Option<String>,
    /// Whether it was deleted; its content is then a notice.
    #[serde(default)]
    pub deleted: bool,
}

/// The kind of a message, in Chatwoot's order: REST shows the number, webhooks show the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// From the customer.
    Incoming,
    /// To the customer, or a private note.
    Outgoing,
    /// A record of what happened to the conversation.
    Activity,
    /// An automatic message such as a greeting.
    Template,
}

impl Kind {
    const NAMED: [(&'static str, Kind); 4] = [
        ("incoming", Kind::Incoming),
        ("outgoing", Kind::Outgoing),
        ("activity", Kind::Activity),
        ("template", Kind::Template),
    ];

    /// The kind with that name.
    pub(super) fn named(name: &str) -> Option<Kind> {
        Kind::NAMED.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The name used in webhooks.
    pub fn name(self) -> &'static str {
        Kind::NAMED[self as usize].0
    }
}

/// The sender of a message, by id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A contact.
    Contact(u64),
    /// A user.
    User(u64),
    /// An agent bot.
    Bot(u64),
}

impl Sender {
    /// The class name used by Rails, and the id.
    pub(super) fn class(self) -> (&'static str, u64) {
        match self {
            Sender::Contact(id) => ("Contact", id),
            Sender::User(id) => ("User", id),
            Sender::Bot(id) => ("AgentBot", id),
        }
    }
}

/// Where a message is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageRef {
    /// The conversation's display id.
    pub conversation: u64,
    /// The message's id.
    pub id: u64,
}
