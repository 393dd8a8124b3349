//! Conversations by their last activity, and the messages of one. Only ids, times
//! and kinds are kept: what people wrote stays in the answer it came in.

use jiff::Timestamp;
use serde_json::Value;

/// One page of an account's conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// How many conversations the account has in all (`all_count`).
    pub count: u64,
    /// Newest activity first.
    pub entries: Vec<Entry>,
}

/// A conversation in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number by which the API knows it, its display id.
    pub id: u64,
    /// When something was last written, in whole seconds, rounded down.
    pub last_activity: Timestamp,
}

/// The conversations of every status, newest activity first; pages count from 1.
pub fn listing_path(account: u64, page: u32) -> String {
    format!("/api/v1/accounts/{account}/conversations?status=all&sort_by=last_activity_at_desc&page={page}")
}

impl Listing {
    /// Reads a page of conversations.
    ///
    /// # Errors
    /// When it is none, when a conversation has no id or no time of its last activity, or when they do not
    /// stand in the order asked for: whoever stops reading at an old one would miss what follows.
    pub fn read(body: &Value) -> Result<Listing, String> {
        let list = body.pointer("/data/payload").and_then(Value::as_array);
        let list = list.ok_or("JSON, but not a page of conversations")?;
        let count = body.pointer("/data/meta/all_count").and_then(Value::as_u64);
        let count = count.ok_or("a page of conversations that does not say how many there are")?;
        let entries = list.iter().map(entry).collect::<Option<Vec<_>>>();
        let entries = entries.ok_or("a conversation without its id or the time of its last activity")?;
        if !entries.is_sorted_by(|a, b| a.last_activity >= b.last_activity) {
            return Err("conversations that are not sorted by their last activity".to_owned());
        }
        Ok(Listing { count, entries })
    }
}

fn entry(value: &Value) -> Option<Entry> {
    let id = value.get("id").and_then(Value::as_u64)?;
    Some(Entry { id, last_activity: moment(value, "last_activity_at")? })
}

/// One message, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: u64,
    /// The display id of its conversation.
    pub conversation: u64,
    /// When it was written, in whole seconds, rounded down.
    pub at: Timestamp,
    pub kind: Kind,
    /// A private note, which the customer does not see: where the Agent SDK puts its drafts.
    pub private: bool,
    /// Deleted by somebody; Chatwoot keeps an empty shell.
    pub deleted: bool,
    /// Absent on activities, and where the sender was deleted.
    pub sender: Option<Sender>,
}

/// `message_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0: a customer's.
    Incoming,
    /// 1: a reply or a private note.
    Outgoing,
    /// 2: something happened to the conversation.
    Activity,
    /// 3: greeting, out of office, survey.
    Template,
    /// A number that Chatwoot does not document.
    Other,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Contact,
    User,
    Bot,
    Other,
}

/// The latest messages of a conversation (20), or the latest before a message's id.
pub fn messages_path(account: u64, conversation: u64, before: Option<u64>) -> String {
    let path = format!("/api/v1/accounts/{account}/conversations/{conversation}/messages");
    before.map_or(path.clone(), |id| format!("{path}?before={id}"))
}

/// Reads a page of the messages of `conversation`, in Chatwoot's order: oldest first.
///
/// # Errors
/// When it is none, when a message has no id, time or type, or belongs to another conversation.
pub fn read_messages(body: &Value, conversation: u64) -> Result<Vec<Message>, String> {
    let list = body.get("payload").and_then(Value::as_array).ok_or("JSON, but not a page of messages")?;
    list.iter()
        .map(|value| message(value, conversation))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| "a message without its id, time or type, or of another conversation".to_owned())
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

/// Epoch seconds; 0 stands for never and is no time.
fn moment(value: &Value, key: &str) -> Option<Timestamp> {
    let seconds = value.get(key).and_then(Value::as_i64).filter(|s| *s > 0)?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests;
