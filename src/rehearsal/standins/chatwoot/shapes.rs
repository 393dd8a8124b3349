//! The records in the REST API: contact, message and conversation, with Chatwoot's keys in Chatwoot's order.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::contact::Contact;
use super::conversation::Conversation;
use super::message::{Kind, Message, Sender};
use super::rails::Refusal;
use super::state::{Bot, Person, State};

/// ISO 8601 with milliseconds, in UTC.
pub(super) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Seconds since 1970 with a fraction.
pub(super) fn float(time: Timestamp) -> Value {
    json!(time.as_microsecond() as f64 / 1e6)
}

/// Whole seconds since 1970; zero for never.
pub(super) fn epoch(time: Option<Timestamp>) -> i64 {
    time.map_or(0, Timestamp::as_second)
}

/// A contact as the sender of a message, with its type.
pub(super) fn contact_sender(contact: &Contact) -> Value {
    json!({
        "additional_attributes": {},
        "custom_attributes": {},
        "email": contact.email,
        "id": contact.id,
        "identifier": contact.identifier,
        "name": contact.name,
        "phone_number": null,
        "thumbnail": "",
        "blocked": false,
        "type": "contact",
    })
}

/// A contact as the contacts API shows it.
fn contact_card(contact: &Contact) -> Value {
    let mut shown = json!({
        "additional_attributes": {},
        "availability_status": "offline",
        "email": contact.email,
        "id": contact.id,
        "name": contact.name,
        "phone_number": null,
        "blocked": false,
        "identifier": contact.identifier,
        "thumbnail": "",
        "custom_attributes": {},
    });
    if contact.last_activity_at.is_some() {
        shown["last_activity_at"] = json!(epoch(contact.last_activity_at));
    }
    shown["created_at"] = json!(contact.created_at.as_second());
    shown
}

/// The content attributes of a message.
pub(super) fn content_attributes(message: &Message) -> Value {
    if message.deleted { json!({"deleted": true}) } else { json!({}) }
}

impl State {
    /// The user with that id.
    pub(super) fn user(&self, id: u64) -> Option<&Person> {
        self.people.values().find(|person| person.id == id)
    }

    /// The agent bot with that id.
    pub(super) fn bot(&self, id: u64) -> Option<&Bot> {
        self.bots.values().find(|bot| bot.id == id)
    }

    /// The sender of a message in REST; none when the sender was deleted.
    fn sender(&self, sender: Option<Sender>) -> Option<Value> {
        Some(match sender? {
            Sender::Contact(id) => contact_sender(self.contacts.get(&id)?),
            Sender::User(id) => {
                let person = self.user(id)?;
                json!({
                    "id": person.id,
                    "name": person.name,
                    "available_name": person.available_name,
                    "avatar_url": "",
                    "type": "user",
                    "availability_status": "online",
                    "thumbnail": "",
                })
            }
            Sender::Bot(id) => {
                json!({"id": id, "name": self.bot(id)?.name, "avatar_url": "", "type": "agent_bot"})
            }
        })
    }

    /// A message in the messages API; `echo_id` only where the request had one.
    pub(super) fn message(&self, within: &Conversation, message: &Message, echo_id: Option<&Value>) -> Value {
        let mut shown = json!({"id": message.id, "content": message.content, "inbox_id": within.inbox_id});
        if let Some(echo_id) = echo_id {
            shown["echo_id"] = echo_id.clone();
        }
        shown["conversation_id"] = json!(within.id);
        shown["message_type"] = json!(message.kind as u8);
        shown["content_type"] = json!("text");
        shown["status"] = json!("sent");
        shown["content_attributes"] = content_attributes(message);
        shown["created_at"] = json!(message.created_at.as_second());
        shown["private"] = json!(message.private);
        shown["source_id"] = json!(message.source_id);
        if let Some(sender) = self.sender(message.sender) {
            shown["sender"] = sender;
        }
        shown
    }

    /// A message with all its columns, which is how a conversation shows its last one.
    pub(super) fn message_row(&self, within: &Conversation, message: &Message) -> Value {
        let (class, id) = message.sender.map(Sender::class).unzip();
        let mut shown = json!({
            "id": message.id,
            "content": message.content,
            "account_id": within.account_id,
            "inbox_id": within.inbox_id,
            "conversation_id": within.id,
            "message_type": message.kind as u8,
            "created_at": message.created_at.as_second(),
            "updated_at": iso(message.created_at),
            "private": message.private,
            "status": "sent",
            "source_id": message.source_id,
            "content_type": "text",
            "content_attributes": content_attributes(message),
            "sender_type": class,
            "sender_id": id,
            "external_source_ids": {},
            "additional_attributes": {},
            "processed_message_content": message.content,
            "sentiment": {},
            "conversation": {
                "assignee_id": null,
                "unread_count": within.unread(),
                "last_activity_at": within.last_activity_at.as_second(),
                "contact_inbox": {"source_id": within.contact_inbox.source_id},
            },
        });
        if let Some(sender) = self.sender(message.sender) {
            shown["sender"] = sender;
        }
        shown
    }

    /// The type of an inbox's channel.
    pub(super) fn channel(&self, inbox: u64) -> &str {
        let known = self.inboxes.iter().find(|known| known.id == inbox);
        known.map_or("Channel::Api", |known| known.channel_type.as_str())
    }

    /// A conversation in the conversations API; none when its contact no longer exists.
    pub(super) fn conversation(&self, shown: &Conversation) -> Result<Value, Refusal> {
        let contact = self.contacts.get(&shown.contact_id).ok_or(Refusal::Unhandled)?;
        let last = shown.messages.last().map(|message| self.message_row(shown, message));
        let said = shown.messages.iter().rev().find(|message| message.kind != Kind::Activity);
        Ok(json!({
            "meta": {
                "sender": contact_card(contact),
                "channel": self.channel(shown.inbox_id),
                "hmac_verified": false,
            },
            "id": shown.id,
            "messages": last.into_iter().collect::<Vec<_>>(),
            "account_id": shown.account_id,
            "uuid": shown.uuid,
            "additional_attributes": {},
            "agent_last_seen_at": 0,
            "assignee_last_seen_at": 0,
            "can_reply": true,
            "contact_last_seen_at": 0,
            "custom_attributes": shown.custom_attributes,
            "inbox_id": shown.inbox_id,
            "labels": [],
            "muted": false,
            "snoozed_until": null,
            "status": shown.status,
            "created_at": shown.created_at.as_second(),
            "updated_at": float(shown.updated_at),
            "timestamp": shown.last_activity_at.as_second(),
            "first_reply_created_at": epoch(shown.first_reply_at),
            "unread_count": shown.unread(),
            "last_non_activity_message": said.map(|message| self.message_row(shown, message)),
            "last_activity_at": shown.last_activity_at.as_second(),
            "priority": null,
            "waiting_since": epoch(shown.waiting_since),
            "sla_policy_id": null,
        }))
    }
}
