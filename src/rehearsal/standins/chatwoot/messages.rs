//! Messages in the account API: list in pages, create, delete the content.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::caller::Open;
use super::conversation::Conversation;
use super::message::{Kind, Message, Sender};
use super::rails::{self, Refusal};
use super::shapes::contact_sender;
use super::state::State;
use super::writes::Draft;
use crate::rehearsal::http::{Answer, Request};

/// The maximum length of a message, in characters.
pub(super) const MAX_LENGTH: usize = 150_000;
/// The maximum number of messages in a conversation per minute.
const A_MINUTE: usize = 200;

impl State {
    pub(super) fn list_messages(
        &self,
        request: &Request,
        account: &str,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let (_, within) = self.find_conversation(request, account, id, Open::ToPeople)?;
        let contact = self.contacts.get(&within.contact_id).ok_or(Refusal::Unhandled)?;
        let found = page(request, within);
        let payload: Vec<Value> = found.iter().map(|message| self.message(within, message, None)).collect();
        Ok(rails::ok(&json!({
            "meta": {
                "labels": [],
                "additional_attributes": {},
                "contact": contact_sender(contact),
                "agent_last_seen_at": null,
                "assignee_last_seen_at": null,
            },
            "payload": payload,
        })))
    }

    pub(super) fn create_message(
        &mut self,
        request: &Request,
        account: &str,
        id: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let (entered, within) = self.find_conversation(request, account, id, Open::ToBotsToo)?;
        let id = within.id;
        let named = body.get("message_type").and_then(Value::as_str).unwrap_or("outgoing");
        if named == "incoming" && self.channel(within.inbox_id) != "Channel::Api" {
            let only = "Incoming messages are only allowed in Api inboxes";
            return Err(Refusal::Unprocessable(only.to_owned()));
        }
        let unknown = || Refusal::Unprocessable(format!("'{named}' is not a valid message_type"));
        let kind = Kind::named(named).ok_or_else(unknown)?;
        let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
        let invalid = |why: &str| Err(Refusal::Unprocessable(format!("Validation failed: {why}")));
        if content.chars().count() > MAX_LENGTH {
            return invalid(&format!("Content is too long (maximum is {MAX_LENGTH} characters)"));
        }
        let minute_ago = self.clock(now).checked_sub(SignedDuration::from_mins(1)).unwrap_or(now);
        let recent = within.messages.iter().rev().take_while(|message| message.created_at >= minute_ago);
        if recent.count() >= A_MINUTE {
            return invalid("Too many messages");
        }
        let draft = Draft {
            kind,
            private: truthy(body.get("private")),
            content: content.to_owned(),
            source_id: body.get("source_id").and_then(Value::as_str).map(str::to_owned),
            sender: (kind == Kind::Outgoing).then(|| named_bot(body).unwrap_or(entered.sender)),
        };
        let made = self.write(entered.account, id, draft, now).ok_or(Refusal::NotFound)?;
        let within = self.conversations.get(entered.account, id).ok_or(Refusal::NotFound)?;
        let message = within.message(made.id).ok_or(Refusal::NotFound)?;
        let echo_id = body.get("echo_id").filter(|echo_id| !echo_id.is_null());
        Ok(rails::ok(&self.message(within, message, echo_id)))
    }

    pub(super) fn delete_message(
        &mut self,
        request: &Request,
        account: &str,
        id: &str,
        message: &str,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let (entered, within) = self.find_conversation(request, account, id, Open::ToPeople)?;
        let id = within.id;
        let message: u64 = message.parse().map_err(|_| Refusal::NotFound)?;
        if !self.blank(entered.account, id, message, now) {
            return Err(Refusal::NotFound);
        }
        let within = self.conversations.get(entered.account, id).ok_or(Refusal::NotFound)?;
        let message = within.message(message).ok_or(Refusal::NotFound)?;
        Ok(rails::ok(&self.message(within, message, None)))
    }
}

/// The messages that the query selects, oldest first: the latest 20; up to 100 after an id; the 20 before an id; up to
/// 1000 between two ids.
fn page<'a>(request: &Request, within: &'a Conversation) -> Vec<&'a Message> {
    let id = |name| rails::query(request, name).map(|text| u64::try_from(rails::to_i(&text)).unwrap_or(0));
    let said_only = rails::query(request, "filter_internal_messages").is_some();
    let wanted = |message: &&Message| !said_only || !(message.private || message.kind == Kind::Activity);
    let all = &within.messages;
    let up_to = |id: u64| all.partition_point(|message| message.id < id);
    let latest = |messages: &'a [Message]| {
        let mut found: Vec<_> = messages.iter().rev().filter(wanted).take(20).collect();
        found.reverse();
        found
    };
    match (id("after"), id("before")) {
        (None, None) => latest(all),
        (None, Some(before)) => latest(&all[..up_to(before)]),
        (Some(after), None) => {
            all[up_to(after.saturating_add(1))..].iter().filter(wanted).take(100).collect()
        }
        (Some(after), Some(before)) => {
            let from = up_to(after);
            all[from..up_to(before).max(from)].iter().filter(wanted).take(1000).collect()
        }
    }
}

/// A bot that the body names as the sender; accepted even from a user.
fn named_bot(body: &Map<String, Value>) -> Option<Sender> {
    let is_bot = body.get("sender_type").and_then(Value::as_str) == Some("AgentBot");
    let id = body.get("sender_id").and_then(Value::as_u64);
    id.filter(|_| is_bot).map(Sender::Bot)
}

/// A boolean as Rails casts it.
fn truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => {
            !["", "0", "f", "F", "false", "FALSE", "off", "OFF"].contains(&text.as_str())
        }
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}
