//! The bodies of webhook deliveries, with Chatwoot's keys in Chatwoot's order. They show the records at the time the
//! worker looks them up, which can be later than the event.

use serde_json::{Map, Value, json};

use super::contact::Contact;
use super::conversation::Conversation;
use super::events::{About, Change, Event, EventKind};
use super::message::{Kind, Message, Sender};
use super::shapes::{contact_sender, content_attributes, epoch, float, iso};
use super::state::State;

impl State {
    /// The body for an event; none when the record no longer exists.
    pub(super) fn payload(&self, event: &Event) -> Option<Value> {
        let mut body = match event.about {
            About::Contact(id) => self.contact_payload(self.contacts.get(&id)?),
            About::Conversation(id) => {
                self.conversation_payload(self.conversations.get(event.account_id, id)?)?
            }
            About::Message { conversation, id } => {
                let within = self.conversations.get(event.account_id, conversation)?;
                self.message_payload(within, within.message(id)?)?
            }
        };
        body["event"] = json!(event.kind.name());
        match event.kind {
            EventKind::ConversationUpdated | EventKind::ContactUpdated => {
                body["changed_attributes"] = event.changed.iter().map(changed).collect();
            }
            EventKind::ConversationStatusChanged => body["changed_attributes"] = Value::Null,
            EventKind::ContactCreated
            | EventKind::ConversationCreated
            | EventKind::MessageCreated
            | EventKind::MessageUpdated => {}
        }
        Some(body)
    }

    fn account_stub(&self, id: u64) -> Value {
        json!({"id": id, "name": self.accounts.get(&id).map(|account| &account.name)})
    }

    /// A contact without a type, which is how the sender of a customer's message is shown.
    fn contact_payload(&self, contact: &Contact) -> Value {
        json!({
            "account": self.account_stub(contact.account_id),
            "additional_attributes": {},
            "avatar": "",
            "custom_attributes": {},
            "email": contact.email,
            "id": contact.id,
            "identifier": contact.identifier,
            "name": contact.name,
            "phone_number": null,
            "thumbnail": "",
            "blocked": false,
        })
    }

    fn sender_payload(&self, sender: Option<Sender>) -> Option<Value> {
        Some(match sender? {
            Sender::Contact(id) => self.contact_payload(self.contacts.get(&id)?),
            Sender::User(id) => {
                let person = self.user(id)?;
                json!({"id": id, "name": person.name, "email": person.email, "type": "user"})
            }
            Sender::Bot(id) => json!({"id": id, "name": self.bot(id)?.name, "type": "agent_bot"}),
        })
    }

    fn message_payload(&self, within: &Conversation, message: &Message) -> Option<Value> {
        let inbox = self.inboxes.iter().find(|inbox| inbox.id == within.inbox_id);
        Some(json!({
            "account": self.account_stub(within.account_id),
            "additional_attributes": {},
            "content_attributes": content_attributes(message),
            "content_type": "text",
            "content": message.content,
            "conversation": self.conversation_payload(within)?,
            "created_at": iso(message.created_at),
            "id": message.id,
            "inbox": {"id": within.inbox_id, "name": inbox.map(|inbox| &inbox.name)},
            "message_type": message.kind.name(),
            "private": message.private,
            "sender": self.sender_payload(message.sender),
            "source_id": message.source_id,
        }))
    }

    /// A conversation with at most its last message that is neither a note nor an activity.
    fn conversation_payload(&self, shown: &Conversation) -> Option<Value> {
        let contact = self.contacts.get(&shown.contact_id)?;
        let place = &shown.contact_inbox;
        let said = |message: &&Message| !message.private && message.kind != Kind::Activity;
        let last = shown.messages.iter().rev().find(said).map(|message| self.message_row(shown, message));
        let mut meta = json!({"sender": contact_sender(contact), "assignee": null});
        if self.at_least(4, 8) {
            meta["assignee_type"] = Value::Null;
        }
        meta["team"] = Value::Null;
        meta["hmac_verified"] = json!(false);
        Some(json!({
            "additional_attributes": {},
            "can_reply": true,
            "channel": self.channel(shown.inbox_id),
            "contact_inbox": {
                "id": place.id,
                "contact_id": shown.contact_id,
                "inbox_id": shown.inbox_id,
                "source_id": place.source_id,
                "created_at": iso(place.created_at),
                "updated_at": iso(place.created_at),
                "hmac_verified": false,
                "pubsub_token": place.pubsub_token,
            },
            "id": shown.id,
            "inbox_id": shown.inbox_id,
            "messages": last.into_iter().collect::<Vec<_>>(),
            "labels": [],
            "meta": meta,
            "status": shown.status,
            "custom_attributes": shown.custom_attributes,
            "snoozed_until": null,
            "unread_count": shown.unread(),
            "first_reply_created_at": shown.first_reply_at.map(iso),
            "priority": null,
            "waiting_since": epoch(shown.waiting_since),
            "agent_last_seen_at": 0,
            "contact_last_seen_at": 0,
            "last_activity_at": shown.last_activity_at.as_second(),
            "timestamp": shown.last_activity_at.as_second(),
            "created_at": shown.created_at.as_second(),
            "updated_at": float(shown.updated_at),
        }))
    }
}

/// `{"status": {"previous_value": "open", "current_value": "resolved"}}`
fn changed(change: &Change) -> Value {
    let values = json!({"previous_value": change.previous, "current_value": change.current});
    Value::Object(Map::from_iter([(change.attribute.clone(), values)]))
}
