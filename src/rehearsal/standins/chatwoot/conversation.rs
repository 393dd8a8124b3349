//! A conversation with its messages, and the conversations of all accounts, indexed by account and id.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Index, IndexMut};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::contact::{Contact, ContactInbox};
use super::events::Change;
use super::message::{Kind, Message};
use crate::rehearsal::http::random_hex;

/// A conversation. On the control route every field after the first three is optional.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// The display id.
    pub id: u64,
    /// The account it belongs to.
    pub account_id: u64,
    /// `open`, `resolved`, `pending` or `snoozed`.
    pub status: String,
    /// The inbox it belongs to.
    #[serde(default = "Conversation::first_inbox")]
    pub inbox_id: u64,
    /// The contact it is with.
    #[serde(default = "Conversation::first_contact")]
    pub contact_id: u64,
    /// The contact's place in the inbox.
    #[serde(default)]
    pub contact_inbox: ContactInbox,
    /// Its UUID.
    #[serde(default = "uuid")]
    pub uuid: String,
    /// The custom attributes set when it was created.
    #[serde(default)]
    pub custom_attributes: Map<String, Value>,
    /// When it was created.
    #[serde(default = "Conversation::first_time")]
    pub created_at: Timestamp,
    /// When it was last updated.
    #[serde(default = "Conversation::first_time")]
    pub updated_at: Timestamp,
    /// When the last message was stored.
    #[serde(default = "Conversation::first_time")]
    pub last_activity_at: Timestamp,
    /// Since when the customer has been waiting for a person; none if not waiting.
    #[serde(default)]
    pub waiting_since: Option<Timestamp>,
    /// When a person first replied; none if never.
    #[serde(default)]
    pub first_reply_at: Option<Timestamp>,
    /// Its messages, ordered by id.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// The events that reports count besides messages.
    #[serde(default)]
    pub measured: Vec<Measured>,
}

/// An event that reports count or average.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What happened.
    pub what: Measure,
    /// When.
    pub at: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What reports measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A person's first reply.
    FirstResponse,
    /// A person's reply to a customer who waited.
    Reply,
    /// The conversation was resolved.
    Resolution,
    /// A bot handed over to people.
    BotHandoff,
}

/// A new UUID.
pub(super) fn uuid() -> String {
    let hex = random_hex();
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

impl Conversation {
    /// The conversation that exists from the start.
    pub(super) fn first() -> Conversation {
        let at = Conversation::first_time();
        let place = ContactInbox::default();
        Conversation {
            id: 318,
            ..Conversation::new(3, Conversation::first_inbox(), Contact::FIRST, place, at)
        }
    }

    /// An open conversation without an id yet.
    pub(super) fn new(
        account_id: u64,
        inbox_id: u64,
        contact_id: u64,
        contact_inbox: ContactInbox,
        at: Timestamp,
    ) -> Conversation {
        Conversation {
            id: 0,
            account_id,
            status: "open".to_owned(),
            inbox_id,
            contact_id,
            contact_inbox,
            uuid: uuid(),
            custom_attributes: Map::new(),
            created_at: at,
            updated_at: at,
            last_activity_at: at,
            waiting_since: Some(at),
            first_reply_at: None,
            messages: Vec::new(),
            measured: Vec::new(),
        }
    }

    fn first_inbox() -> u64 {
        12
    }

    fn first_contact() -> u64 {
        Contact::FIRST
    }

    fn first_time() -> Timestamp {
        Timestamp::constant(1_767_261_602, 101_554_000)
    }

    /// The message with that id.
    pub fn message(&self, id: u64) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        self.messages.get(at)
    }

    /// Sets since when the customer has been waiting, and records the change.
    pub(super) fn wait(&mut self, since: Option<Timestamp>, changed: &mut Vec<Change>) {
        changed.push(Change::time("waiting_since", self.waiting_since, since));
        self.waiting_since = since;
    }

    /// Records a person's reply: the customer is no longer waiting, and reports get the time it took.
    pub(super) fn replied(&mut self, at: Timestamp, changed: &mut Vec<Change>) {
        if self.first_reply_at.is_none() {
            self.measure(Measure::FirstResponse, self.created_at, at);
            changed.push(Change::time("first_reply_created_at", None, Some(at)));
            self.first_reply_at = Some(at);
        }
        if let Some(since) = self.waiting_since {
            self.measure(Measure::Reply, since, at);
            self.wait(None, changed);
        }
    }

    /// Stores a duration for reports.
    pub(super) fn measure(&mut self, what: Measure, since: Timestamp, at: Timestamp) {
        self.measured.push(Measured { what, at, seconds: at.duration_since(since).as_secs_f64() });
    }

    /// How many of the customer's messages no agent has seen; Chatwoot stops counting at ten.
    pub(super) fn unread(&self) -> usize {
        self.messages.iter().rev().filter(|message| message.kind == Kind::Incoming).take(10).count()
    }
}

/// The conversations of all accounts in order of creation, serialized as a list.
#[derive(Clone, Default)]
pub struct Conversations {
    list: Vec<Conversation>,
    /// The position of each in the list, by account and id.
    places: HashMap<(u64, u64), usize>,
    /// The highest id in each account.
    last: BTreeMap<u64, u64>,
}

impl From<Vec<Conversation>> for Conversations {
    fn from(list: Vec<Conversation>) -> Conversations {
        let mut last = BTreeMap::new();
        let mut places = HashMap::with_capacity(list.len());
        for (place, one) in list.iter().enumerate() {
            places.entry((one.account_id, one.id)).or_insert(place);
            let highest = last.entry(one.account_id).or_insert(0);
            *highest = one.id.max(*highest);
        }
        Conversations { list, places, last }
    }
}

impl Serialize for Conversations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Conversations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Conversations, D::Error> {
        Vec::deserialize(deserializer).map(Conversations::from)
    }
}

/// Indexed by position in the list. The account and the id must not be changed.
impl Index<usize> for Conversations {
    type Output = Conversation;

    fn index(&self, place: usize) -> &Conversation {
        &self.list[place]
    }
}

impl IndexMut<usize> for Conversations {
    fn index_mut(&mut self, place: usize) -> &mut Conversation {
        &mut self.list[place]
    }
}

impl Conversations {
    /// The number of conversations.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are no conversations.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All conversations, the oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Conversation> {
        self.list.iter()
    }

    /// The conversations of one account.
    pub fn of(&self, account: u64) -> impl Iterator<Item = &Conversation> {
        self.list.iter().filter(move |one| one.account_id == account)
    }

    /// The conversation of an account by its display id.
    pub fn get(&self, account: u64, id: u64) -> Option<&Conversation> {
        self.places.get(&(account, id)).and_then(|place| self.list.get(*place))
    }

    /// The same, mutable.
    pub fn get_mut(&mut self, account: u64, id: u64) -> Option<&mut Conversation> {
        self.places.get(&(account, id)).and_then(|place| self.list.get_mut(*place))
    }

    /// Adds a conversation with the account's next display id, and returns that id.
    pub(super) fn add(&mut self, mut conversation: Conversation) -> u64 {
        let last = self.last.entry(conversation.account_id).or_insert(0);
        *last += 1;
        conversation.id = *last;
        self.places.insert((conversation.account_id, conversation.id), self.list.len());
        self.list.push(conversation);
        *last
    }
}
