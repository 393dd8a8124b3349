//! Conversations in the account API: list, count, show, create, change the status. Here Chatwoot looks up the record
//! before it checks anything else about the caller.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::caller::{Entered, Open};
use super::contact::ContactInbox;
use super::conversation::{Conversation, Measure};
use super::message::{Kind, Sender};
use super::messages::MAX_LENGTH;
use super::rails::{self, Refusal};
use super::state::State;
use super::writes::Draft;
use crate::rehearsal::http::{Answer, Request};

const STATUSES: [&str; 4] = ["open", "resolved", "pending", "snoozed"];

/// Conversations per page.
const PAGE_SIZE: usize = 25;

impl State {
    /// A conversation that the caller can see.
    pub(super) fn find_conversation(
        &self,
        request: &Request,
        account: &str,
        id: &str,
        open: Open,
    ) -> Result<(Entered, &Conversation), Refusal> {
        let entered = self.enter(request, account, open)?;
        let id: u64 = id.parse().map_err(|_| Refusal::NotFound)?;
        let conversation = self.conversations.get(entered.account, id).ok_or(Refusal::NotFound)?;
        if !self.sees(&entered, conversation.inbox_id) {
            return Err(Refusal::Role);
        }
        Ok((entered, conversation))
    }

    pub(super) fn show_conversation(
        &self,
        request: &Request,
        account: &str,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let (_, conversation) = self.find_conversation(request, account, id, Open::ToPeople)?;
        Ok(rails::ok(&self.conversation(conversation)?))
    }

    /// Open conversations, unless another status or `all` is requested. Nothing is ever assigned here.
    pub(super) fn list_conversations(&self, request: &Request, account: &str) -> Result<Answer, Refusal> {
        let mut found = self.asked_for(request, account)?;
        let all = found.len();
        if rails::query(request, "assignee_type").is_some_and(|kind| kind == "me" || kind == "assigned") {
            found.clear();
        }
        match rails::query(request, "sort_by").as_deref() {
            Some("created_at_asc") => found.sort_by_key(|one| (one.created_at, one.id)),
            Some("created_at_desc") => found.sort_by_key(|one| Reverse((one.created_at, one.id))),
            Some("last_activity_at_asc") => found.sort_by_key(|one| (one.last_activity_at, one.id)),
            _ => found.sort_by_key(|one| Reverse((one.last_activity_at, one.id))),
        }
        let payload = self.page_of(request, &found)?;
        Ok(rails::ok(&json!({"data": {"meta": counts(all), "payload": payload}})))
    }

    pub(super) fn count_conversations(&self, request: &Request, account: &str) -> Result<Answer, Refusal> {
        Ok(rails::ok(&json!({"meta": counts(self.asked_for(request, account)?.len())})))
    }

    /// The conversations selected by a list's parameters, in order of creation.
    fn asked_for(&self, request: &Request, account: &str) -> Result<Vec<&Conversation>, Refusal> {
        let entered = self.enter(request, account, Open::ToPeople)?;
        let status = rails::query(request, "status").unwrap_or_else(|| "open".to_owned());
        let inbox = rails::query(request, "inbox_id").map(|id| rails::to_i(&id));
        let wanted = |one: &&Conversation| {
            (status == "all" || one.status == status)
                && inbox.is_none_or(|id| i64::try_from(one.inbox_id) == Ok(id))
                && self.sees(&entered, one.inbox_id)
        };
        Ok(self.conversations.of(entered.account).filter(wanted).collect())
    }

    /// The page that the query selects; past the end it is empty.
    pub(super) fn page_of(&self, request: &Request, found: &[&Conversation]) -> Result<Vec<Value>, Refusal> {
        let page = rails::query(request, "page").map_or(1, |page| rails::to_i(&page).max(1));
        let skipped = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(PAGE_SIZE);
        found.iter().skip(skipped).take(PAGE_SIZE).map(|one| self.conversation(one)).collect()
    }

    pub(super) fn create_conversation(
        &mut self,
        request: &Request,
        account: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let entered = self.enter(request, account, Open::ToBotsToo)?;
        let inbox_id = number(body, "inbox_id").ok_or(Refusal::NotFound)?;
        let own = |inbox: &&super::state::Inbox| inbox.id == inbox_id && inbox.account_id == entered.account;
        let is_api = self.inboxes.iter().find(own).ok_or(Refusal::NotFound)?.is_api();
        if !self.sees(&entered, inbox_id) {
            return Err(Refusal::Role);
        }
        let contact_id = number(body, "contact_id").ok_or(Refusal::NotFound)?;
        let contact = self.contacts.get(&contact_id).ok_or(Refusal::NotFound)?;
        if contact.account_id != entered.account {
            return Err(Refusal::NotFound);
        }
        let status = status_in(body)?.unwrap_or("open");
        let first = body.get("message").and_then(Value::as_object);
        let first = first.map(|message| embedded(message, is_api, entered.sender)).transpose()?;
        let at = self.clock(now);
        let place = self.place(body, inbox_id, contact_id, at)?;
        let mut conversation = Conversation::new(entered.account, inbox_id, contact_id, place, at);
        status.clone_into(&mut conversation.status);
        if let Some(Value::Object(attributes)) = body.get("custom_attributes") {
            conversation.custom_attributes.clone_from(attributes);
        }
        let id = self.open(conversation, now);
        if let Some(draft) = first {
            self.write(entered.account, id, draft, now);
        }
        let made = self.conversations.get(entered.account, id).ok_or(Refusal::Unhandled)?;
        Ok(rails::ok(&self.conversation(made)?))
    }

    /// The contact's place in the inbox: the one with that source id, or a new one.
    fn place(
        &mut self,
        body: &Map<String, Value>,
        inbox: u64,
        contact: u64,
        at: Timestamp,
    ) -> Result<ContactInbox, Refusal> {
        let Some(source_id) = body.get("source_id").and_then(Value::as_str) else {
            return Ok(self.contact_inbox(super::conversation::uuid(), at));
        };
        let mut known = self.conversations.iter();
        let known = known.find(|one| one.inbox_id == inbox && one.contact_inbox.source_id == source_id);
        match known {
            Some(one) if one.contact_id == contact => Ok(one.contact_inbox.clone()),
            Some(_) => Err(Refusal::Unprocessable("source_id should be unique".to_owned())),
            None => Ok(self.contact_inbox(source_id.to_owned(), at)),
        }
    }

    pub(super) fn toggle_status(
        &mut self,
        request: &Request,
        account: &str,
        id: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let (entered, conversation) = self.find_conversation(request, account, id, Open::ToBotsToo)?;
        let id = conversation.id;
        let wanted = match status_in(body)? {
            Some(status) => status,
            None if conversation.status == "open" => "resolved",
            None => "open",
        };
        // Chatwoot handles a bot's hand-off separately and returns nothing.
        let handed_off = entered.role.is_none() && conversation.status == "pending" && wanted == "open";
        self.set_status(entered.account, id, wanted, entered.sender, now);
        if handed_off {
            let at = self.clock(now);
            if let Some(conversation) = self.conversations.get_mut(entered.account, id) {
                conversation.measure(Measure::BotHandoff, conversation.created_at, at);
            }
        }
        let success = if handed_off { Value::Null } else { Value::Bool(true) };
        Ok(rails::ok(&json!({"payload": {
            "success": success,
            "conversation_id": id,
            "current_status": wanted,
            "snoozed_until": null,
        }})))
    }
}

/// The status in a body, if there is one; an unknown status is an unhandled exception in Chatwoot.
fn status_in(body: &Map<String, Value>) -> Result<Option<&'static str>, Refusal> {
    let Some(named) = body.get("status").and_then(Value::as_str) else { return Ok(None) };
    STATUSES.iter().find(|known| **known == named).map(|known| Some(*known)).ok_or(Refusal::Unhandled)
}

/// An id in a body: a number or a string of digits.
fn number(body: &Map<String, Value>, key: &str) -> Option<u64> {
    let value = body.get(key)?;
    value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// The message in the body of a new conversation: a real reply unless the body says otherwise.
fn embedded(message: &Map<String, Value>, is_api: bool, by: Sender) -> Result<Draft, Refusal> {
    let text = message.get("content").and_then(Value::as_str).unwrap_or_default();
    let private = message.get("private").and_then(Value::as_bool).unwrap_or(false);
    let kind = message.get("message_type").and_then(Value::as_str).unwrap_or("outgoing");
    let kind =
        Kind::named(kind).filter(|kind| *kind != Kind::Incoming || is_api).ok_or(Refusal::Unhandled)?;
    if text.chars().count() > MAX_LENGTH {
        let message = format!("Content is too long (maximum is {MAX_LENGTH} characters)");
        return Err(Refusal::Invalid(message, vec!["content"]));
    }
    let sender = (kind == Kind::Outgoing).then_some(by);
    Ok(Draft { kind, sender, ..Draft::outgoing(text, private, by) })
}

fn counts(all: usize) -> Value {
    json!({"mine_count": 0, "assigned_count": 0, "unassigned_count": all, "all_count": all})
}
