//! What is written in a conversation.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The message's id, over all accounts.
    pub id: u64,
    /// Who says it to whom.
    pub kind: Kind,
    /// The text.
    pub content: String,
    /// Whether it is a note that the customer never sees.
    #[serde(default)]
    pub private: bool,
    /// Who wrote it; nobody for an activity.
    #[serde(default)]
    pub sender: Option<Sender>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// The channel's or the caller's own name for it, or none.
    #[serde(default)]
    pub source_id: Option<String>,
    /// Whether it was deleted; then its content says so.
    #[serde(default)]
    pub deleted: bool,
}

/// The kind of a message, in Chatwoot's order: REST shows its place, webhooks its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// From the customer.
    Incoming,
    /// To the customer, or a private note.
    Outgoing,
    /// What happened to the conversation.
    Activity,
    /// What Chatwoot says by itself, such as a greeting.
    Template,
}

impl Kind {
    const NAMED: [(&'static str, Kind); 4] = [
        ("incoming", Kind::Incoming),
        ("outgoing", Kind::Outgoing),
        ("activity", Kind::Activity),
        ("template", Kind::Template),
    ];

    /// The kind of that name.
    pub(super) fn named(name: &str) -> Option<Kind> {
        Kind::NAMED.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The name, as webhooks show it.
    pub fn name(self) -> &'static str {
        Kind::NAMED[self as usize].0
    }
}

/// Who wrote a message, by id.
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
    /// Rails' name of the class, and the id.
    pub(super) fn class(self) -> (&'static str, u64) {
        match self {
            Sender::Contact(id) => ("Contact", id),
            Sender::User(id) => ("User", id),
            Sender::Bot(id) => ("AgentBot", id),
        }
    }
}

/// Where a message was stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageRef {
    /// The conversation's display id.
    pub conversation: u64,
    /// The message's id.
    pub id: u64,
}
