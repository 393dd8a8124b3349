//! What people do: customers write, people and bots reply and leave notes, conversations change their status. Each
//! action stores the records and queues the events that Chatwoot would, in the same order.
//!
//! `now` is always this machine's clock; stored times use the clock of Chatwoot's machine.

use jiff::Timestamp;

use super::contact::{Contact, ContactInbox};
use super::conversation::{Conversation, Measure};
use super::events::{About, Change, EventKind};
use super::message::{Kind, Message, MessageRef, Sender};
use super::state::{State, token};

/// A message that is not stored yet.
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) private: bool,
    pub(super) content: String,
    pub(super) source_id: Option<String>,
    /// The sender; for anything but an activity it defaults to the conversation's contact.
    pub(super) sender: Option<Sender>,
}

impl State {
    /// A customer writes into a conversation. Without one, a new customer opens a new conversation in the account's
    /// first inbox. A resolved or snoozed conversation reopens. Returns none if there is no such account, inbox or
    /// conversation. Chatwoot's limit of 200 messages per minute in one conversation does not apply here.
    pub fn customer_writes(
        &mut self,
        account: u64,
        conversation: Option<u64>,
        text: &str,
        now: Timestamp,
    ) -> Option<MessageRef> {
        let conversation = match conversation {
            Some(id) => id,
            None => self.customer_comes(account, now)?,
        };
        let draft = Draft {
            kind: Kind::Incoming,
            private: false,
            content: text.to_owned(),
            source_id: None,
            sender: None,
        };
        self.write(account, conversation, draft, now)
    }

    /// Replies to the customer. Returns none if there is no such conversation.
    pub fn reply(
        &mut self,
        account: u64,
        conversation: u64,
        by: Sender,
        text: &str,
        now: Timestamp,
    ) -> Option<MessageRef> {
        self.write(account, conversation, Draft::outgoing(text, false, by), now)
    }

    /// Adds a private note, as the agent service does with its draft. Returns none if there is no such conversation.
    pub fn note(
        &mut self,
        account: u64,
        conversation: u64,
        by: Sender,
        text: &str,
        now: Timestamp,
    ) -> Option<MessageRef> {
        self.write(account, conversation, Draft::outgoing(text, true, by), now)
    }

    /// Sets the status (`open`, `resolved`, `pending` or `snoozed`) and adds an activity message; does nothing if the
    /// conversation already has that status. Returns whether the conversation exists.
    pub fn set_status(
        &mut self,
        account: u64,
        conversation: u64,
        status: &str,
        by: Sender,
        now: Timestamp,
    ) -> bool {
        let Some(found) = self.conversations.get(account, conversation) else { return false };
        if found.status == status {
            return true;
        }
        self.change_status(account, conversation, status, now);
        let done = match status {
            "open" => "reopened",
            "resolved" => "marked resolved",
            "pending" => "marked as pending",
            _ => "snoozed",
        };
        if let Some(name) = self.name_of(by) {
            let activity = Draft {
                kind: Kind::Activity,
                private: false,
                content: format!("Conversation was {done} by {name}"),
                source_id: None,
                sender: None,
            };
            self.write(account, conversation, activity, now);
        }
        true
    }

    /// Deletes the content of a message, as `DELETE` does; the record stays.
    pub(super) fn blank(&mut self, account: u64, conversation: u64, id: u64, now: Timestamp) -> bool {
        let Some(found) = self.conversations.get_mut(account, conversation) else { return false };
        let Ok(at) = found.messages.binary_search_by_key(&id, |message| message.id) else { return false };
        let message = &mut found.messages[at];
        "This message was deleted".clone_into(&mut message.content);
        message.deleted = true;
        let sendable = message.kind != Kind::Activity;
        if sendable {
            let about = About::Message { conversation, id };
            self.queue(EventKind::MessageUpdated, account, about, Vec::new(), now);
        }
        true
    }

    fn name_of(&self, sender: Sender) -> Option<&str> {
        match sender {
            Sender::Contact(id) => self.contacts.get(&id).map(|contact| contact.name.as_str()),
            Sender::User(id) => self.user(id).map(|person| person.name.as_str()),
            Sender::Bot(id) => self.bot(id).map(|bot| bot.name.as_str()),
        }
    }

    /// Creates a contact with a conversation.
    fn customer_comes(&mut self, account: u64, now: Timestamp) -> Option<u64> {
        let inbox = self.inboxes.iter().find(|inbox| inbox.account_id == account)?.id;
        let at = self.clock(now);
        let id = self.contacts.last_key_value().map_or(Contact::FIRST, |(last, _)| last + 1);
        let source_id = format!("customer-{id}");
        let contact = Contact {
            id,
            account_id: account,
            name: format!("Customer {id}"),
            email: None,
            identifier: Some(source_id.clone()),
            created_at: at,
            last_activity_at: None,
        };
        self.contacts.insert(id, contact);
        self.queue(EventKind::ContactCreated, account, About::Contact(id), Vec::new(), now);
        let place = self.contact_inbox(source_id, at);
        Some(self.open(Conversation::new(account, inbox, id, place, at), now))
    }

    /// A new place of a contact in an inbox.
    pub(super) fn contact_inbox(&mut self, source_id: String, at: Timestamp) -> ContactInbox {
        self.last_contact_inbox_id += 1;
        ContactInbox { id: self.last_contact_inbox_id, source_id, created_at: at, pubsub_token: token() }
    }

    /// Stores a new conversation and returns its display id.
    pub(super) fn open(&mut self, conversation: Conversation, now: Timestamp) -> u64 {
        let account = conversation.account_id;
        let id = self.conversations.add(conversation);
        self.queue(EventKind::ConversationCreated, account, About::Conversation(id), Vec::new(), now);
        id
    }

    /// Stores a message and everything that follows from it. Returns none if there is no such conversation.
    pub(super) fn write(
        &mut self,
        account: u64,
        conversation: u64,
        draft: Draft,
        now: Timestamp,
    ) -> Option<MessageRef> {
        let found = self.conversations.get(account, conversation)?;
        let contact = found.contact_id;
        let incoming = draft.kind == Kind::Incoming;
        if incoming && matches!(found.status.as_str(), "resolved" | "snoozed") {
            self.change_status(account, conversation, "open", now);
        }
        let at = self.clock(now);
        self.last_message_id += 1;
        let id = self.last_message_id;
        let sender = match draft.kind {
            Kind::Activity => None,
            _ => Some(draft.sender.unwrap_or(Sender::Contact(contact))),
        };
        let person_replies =
            draft.kind == Kind::Outgoing && !draft.private && matches!(sender, Some(Sender::User(_)));
        let kind = draft.kind;
        let message = Message {
            id,
            kind,
            content: draft.content,
            private: draft.private,
            sender,
            created_at: at,
            source_id: draft.source_id,
            deleted: false,
        };
        let found = self.conversations.get_mut(account, conversation)?;
        let before = found.updated_at;
        found.messages.push(message);
        found.last_activity_at = at;
        found.updated_at = at;
        let mut changed = Vec::new();
        if incoming && found.waiting_since.is_none() {
            found.wait(Some(at), &mut changed);
        }
        if person_replies {
            found.replied(at, &mut changed);
        }
        let about = About::Message { conversation, id };
        // There is no event for an activity.
        if kind != Kind::Activity {
            self.queue(EventKind::MessageCreated, account, about, Vec::new(), now);
        }
        if !changed.is_empty() {
            changed.push(Change::time("updated_at", Some(before), Some(at)));
            self.queue(
                EventKind::ConversationUpdated,
                account,
                About::Conversation(conversation),
                changed,
                now,
            );
        }
        if incoming {
            self.contact_was_active(account, contact, at, now);
        }
        Some(MessageRef { conversation, id })
    }

    fn contact_was_active(&mut self, account: u64, id: u64, at: Timestamp, now: Timestamp) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let before = contact.last_activity_at.replace(at);
        let changed = vec![
            Change::time("last_activity_at", before, Some(at)),
            Change::time("updated_at", Some(before.unwrap_or(contact.created_at)), Some(at)),
        ];
        self.queue(EventKind::ContactUpdated, account, About::Contact(id), changed, now);
    }

    /// Sets the status and queues its events, without an activity message.
    fn change_status(&mut self, account: u64, conversation: u64, status: &str, now: Timestamp) {
        let at = self.clock(now);
        let Some(found) = self.conversations.get_mut(account, conversation) else { return };
        let changed = vec![
            Change::new("status", found.status.as_str().into(), status.into()),
            Change::time("updated_at", Some(found.updated_at), Some(at)),
        ];
        status.clone_into(&mut found.status);
        found.updated_at = at;
        if status == "resolved" {
            found.measure(Measure::Resolution, found.created_at, at);
        }
        let about = About::Conversation(conversation);
        self.queue(EventKind::ConversationStatusChanged, account, about, Vec::new(), now);
        self.queue(EventKind::ConversationUpdated, account, about, changed, now);
    }
}

impl Draft {
    pub(super) fn outgoing(text: &str, private: bool, by: Sender) -> Draft {
        Draft { kind: Kind::Outgoing, private, content: text.to_owned(), source_id: None, sender: Some(by) }
    }
}
