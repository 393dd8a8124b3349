//! A conversation with all that was written in it, and the conversations of all accounts, found by account and id.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Index, IndexMut};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::contact::{Contact, ContactInbox};
use super::events::Change;
use super::message::{Kind, Message};
use crate::rehearsal::http::random_hex;

/// A conversation, by its display id. On the control route everything but the first three fields may be left out.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// The display id.
    pub id: u64,
    /// The account it belongs to.
    pub account_id: u64,
    /// `open`, `resolved`, `pending` or `snoozed`.
    pub status: String,
    /// The inbox it came through.
    #[serde(default = "Conversation::first_inbox")]
    pub inbox_id: u64,
    /// The contact it is with.
    #[serde(default = "Conversation::first_contact")]
    pub contact_id: u64,
    /// The contact's place in the inbox.
    #[serde(default)]
    pub contact_inbox: ContactInbox,
    /// Its other id.
    #[serde(default = "uuid")]
    pub uuid: String,
    /// What its maker noted on it.
    #[serde(default)]
    pub custom_attributes: Map<String, Value>,
    /// When it was made.
    #[serde(default = "Conversation::first_time")]
    pub created_at: Timestamp,
    /// When anything about it last changed.
    #[serde(default = "Conversation::first_time")]
    pub updated_at: Timestamp,
    /// When the last message was stored.
    #[serde(default = "Conversation::first_time")]
    pub last_activity_at: Timestamp,
    /// Since when the customer waits for a person, or not at all.
    #[serde(default)]
    pub waiting_since: Option<Timestamp>,
    /// When a person first replied, or never.
    #[serde(default)]
    pub first_reply_at: Option<Timestamp>,
    /// Its messages by id.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// What reports know of it besides its messages.
    #[serde(default)]
    pub measured: Vec<Measured>,
}

/// Something that reports count or average.
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

/// A fresh UUID.
pub(super) fn uuid() -> String {
    let hex = random_hex();
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

impl Conversation {
    /// The conversation that is there at first.
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

    /// The message of that id.
    pub fn message(&self, id: u64) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        self.messages.get(at)
    }

    /// Since when the customer waits, and that it changed.
    pub(super) fn wait(&mut self, since: Option<Timestamp>, changed: &mut Vec<Change>) {
        changed.push(Change::time("waiting_since", self.waiting_since, since));
        self.waiting_since = since;
    }

    /// A person replied: the customer waits no longer, and reports know how long that took.
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

    /// Keeps for reports how long something took.
    pub(super) fn measure(&mut self, what: Measure, since: Timestamp, at: Timestamp) {
        self.measured.push(Measured { what, at, seconds: at.duration_since(since).as_secs_f64() });
    }

    /// How many of the customer's messages no agent has seen; Chatwoot stops at ten.
    pub(super) fn unread(&self) -> usize {
        self.messages.iter().rev().filter(|message| message.kind == Kind::Incoming).take(10).count()
    }
}

/// The conversations of all accounts in the order made, written as a list.
#[derive(Clone, Default)]
pub struct Conversations {
    list: Vec<Conversation>,
    /// Where in the list each is, by account and id.
    places: HashMap<(u64, u64), usize>,
    /// The highest id of each account.
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

/// By place in the list. Account and id are not to be changed.
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
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Conversation> {
        self.list.iter()
    }

    /// Those of an account.
    pub fn of(&self, account: u64) -> impl Iterator<Item = &Conversation> {
        self.list.iter().filter(move |one| one.account_id == account)
    }

    /// The conversation of an account by its display id.
    pub fn get(&self, account: u64, id: u64) -> Option<&Conversation> {
        self.places.get(&(account, id)).and_then(|place| self.list.get(*place))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, account: u64, id: u64) -> Option<&mut Conversation> {
        self.places.get(&(account, id)).and_then(|place| self.list.get_mut(*place))
    }

    /// Adds one under the account's next display id, and tells that.
    pub(super) fn add(&mut self, mut conversation: Conversation) -> u64 {
        let last = self.last.entry(conversation.account_id).or_insert(0);
        *last += 1;
        conversation.id = *last;
        self.places.insert((conversation.account_id, conversation.id), self.list.len());
        self.list.push(conversation);
        *last
    }
}
