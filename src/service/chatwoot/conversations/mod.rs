//! Conversations by last activity, and the messages of a conversation. Only ids, times and kinds are kept; the text
//! of messages is dropped.

use jiff::Timestamp;
use serde_json::Value;

/// One page of an account's conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The total number of conversations in the account (`all_count`).
    pub count: u64,
    /// Newest activity first.
    pub entries: Vec<Entry>,
}

/// A conversation in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The display id, which the API uses to identify it.
    pub id: u64,
    /// The time of the last activity, in whole seconds, rounded down.
    pub last_activity: Timestamp,
}

/// The path of a page of conversations of every status, newest activity first. Pages start at 1.
pub fn listing_path(account: u64, page: u32) -> String {
    format!("/api/v1/accounts/{account}/conversations?status=all&sort_by=last_activity_at_desc&page={page}")
}

impl Listing {
    /// Parses a page of conversations.
    ///
    /// # Errors
    /// When it is not such a page, when a conversation has no id or no time of last activity, or when the conversations
    /// are not in the requested order: a caller that stops at an old one would then miss newer ones.
    pub fn read(body: &Value) -> Result<Listing, String> {
        let list = body.pointer("/data/payload").and_then(Value::as_array);
        let list = list.ok_or("JSON that is not a page of conversations")?;
        let count = body.pointer("/data/meta/all_count").and_then(Value::as_u64);
        let count = count.ok_or("a page of conversations without their total number")?;
        let entries = list.iter().map(entry).collect::<Option<Vec<_>>>();
        let entries = entries.ok_or("a conversation has no id or no time of last activity")?;
        if !entries.is_sorted_by(|a, b| a.last_activity >= b.last_activity) {
            return Err("the conversations are not sorted by last activity".to_owned());
        }
        Ok(Listing { count, entries })
    }
}

fn entry(value: &Value) -> Option<Entry> {
    let id = value.get("id").and_then(Value::as_u64)?;
    Some(Entry { id, last_activity: moment(value, "last_activity_at")? })
}

/// A message without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: u64,
    /// The display id of its conversation.
    pub conversation: u64,
    /// The time it was written, in whole seconds, rounded down.
    pub at: Timestamp,
    pub kind: Kind,
    /// A private note, which the customer cannot see. The Agent SDK stores its drafts as private notes.
    pub private: bool,
    /// Deleted; Chatwoot keeps an empty record.
    pub deleted: bool,
    /// Missing for activities, and when the sender was deleted.
    pub sender: Option<Sender>,
}

/// `message_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0: written by a customer.
    Incoming,
    /// 1: a reply or a private note.
    Outgoing,
    /// 2: an activity in the conversation.
    Activity,
    /// 3: a greeting, out-of-office message or survey.
    Template,
    /// A number that Chatwoot does not document.
    Other,
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Contact,
    User,
    Bot,
    Other,
}

/// The path of a conversation's latest 20 messages, or of the 20 messages before the message `before`.
pub fn messages_path(account: u64, conversation: u64, before: Option<u64>) -> String {
    let path = format!("/api/v1/accounts/{account}/conversations/{conversation}/messages");
    before.map_or(path.clone(), |id| format!("{path}?before={id}"))
}

/// Parses a page of messages of `conversation`, in Chatwoot's order: oldest first.
///
/// # Errors
/// When it is not such a page, or a message has no id, time or type, or belongs to another conversation.
pub fn read_messages(body: &Value, conversation: u64) -> Result<Vec<Message>, String> {
    let list = body.get("payload").and_then(Value::as_array).ok_or("JSON that is not a page of messages")?;
    list.iter()
        .map(|value| message(value, conversation))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| "a message has no id, time or type, or belongs to another conversation".to_owned())
}

fn message(value: &Value, conversation: u64) -> Option<Message> {
    if value.get("conversation_id").and_then(Value::as_u64) != Some(conversation) {
        return None;
    }
    let flag = |at: &str| value.pointer(at).and_then(Value::as_bool) == Some(true);
    Some(Message {
        id: value.get("id").and_then(Value::as_u64)?,
        conversation,
        at: moment(value, "created_at")?,
        kind: match value.get("message_type").and_then(Value::as_i64)? {
            0 => Kind::Incoming,
            1 => Kind::Outgoing,
            2 => Kind::Activity,
            3 => Kind::Template,
            _ => Kind::Other,
        },
        private: flag("/private"),
        deleted: flag("/content_attributes/deleted"),
        sender: value.pointer("/sender/type").map(|kind| match kind.as_str() {
            Some("contact") => Sender::Contact,
            Some("user") => Sender::User,
            Some("agent_bot" | "captain_assistant") => Sender::Bot,
            _ => Sender::Other,
        }),
    })
}

/// Parses epoch seconds. 0 means never and yields `None`.
fn moment(value: &Value, key: &str) -> Option<Timestamp> {
    let seconds = value.get(key).and_then(Value::as_i64).filter(|s| *s > 0)?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests;
