//! The queue between what happens and who is told: events wait in Redis for Sidekiq, which looks the records up when
//! it gets to them, and makes one request for each webhook of the account that subscribed.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::conversation::uuid;
use super::rails;
use super::shapes::iso;
use super::state::State;

/// Something that webhooks can be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// In which account.
    pub account_id: u64,
    /// To which record.
    pub about: About,
    /// What it changed.
    #[serde(default)]
    pub changed: Vec<Change>,
    /// When it was queued, by this machine's clock.
    pub at: Timestamp,
}

/// The events that the stand-in dispatches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A contact is new.
    ContactCreated,
    /// Something about a contact changed.
    ContactUpdated,
    /// A conversation is new.
    ConversationCreated,
    /// It has another status.
    ConversationStatusChanged,
    /// Its status or its times of waiting and of the first reply changed.
    ConversationUpdated,
    /// A message is new: any but an activity.
    MessageCreated,
    /// A message was blanked.
    MessageUpdated,
}

impl EventKind {
    /// The name as subscribed to.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::ContactCreated => "contact_created",
            EventKind::ContactUpdated => "contact_updated",
            EventKind::ConversationCreated => "conversation_created",
            EventKind::ConversationStatusChanged => "conversation_status_changed",
            EventKind::ConversationUpdated => "conversation_updated",
            EventKind::MessageCreated => "message_created",
            EventKind::MessageUpdated => "message_updated",
        }
    }
}

/// The record an event is about; one that is gone when its turn comes is dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A contact by its id.
    Contact(u64),
    /// A conversation by its display id.
    Conversation(u64),
    /// A message by its conversation's display id and its own.
    Message {
        /// The display id.
        conversation: u64,
        /// The message's id.
        id: u64,
    },
}

/// One attribute that changed, with times as ISO 8601.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which.
    pub attribute: String,
    /// What it was.
    pub previous: Value,
    /// What it is.
    pub current: Value,
}

impl Change {
    pub(super) fn new(attribute: &str, previous: Value, current: Value) -> Change {
        Change { attribute: attribute.to_owned(), previous, current }
    }

    /// A time that changed, none being null.
    pub(super) fn time(attribute: &str, previous: Option<Timestamp>, current: Option<Timestamp>) -> Change {
        let text = |time: Option<Timestamp>| json!(time.map(iso));
        Change::new(attribute, text(previous), text(current))
    }
}

/// One request to one webhook, ready to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The webhook's id.
    pub webhook_id: u64,
    /// Where it goes.
    pub url: String,
    /// What it tells.
    pub event: EventKind,
    /// The header lines, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body's bytes, as signed.
    pub body: String,
}

/// The value of `X-Chatwoot-Signature` over `{timestamp}.{body}`, from 4.12 on: `sha256=` and lower-case hex of the
/// HMAC with the webhook's secret as text.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    // An HMAC takes a key of any length, so that there is always one.
    let digest = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(format!("{timestamp}.{body}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    });
    format!("sha256={}", digest.unwrap_or_default())
}

impl State {
    pub(super) fn queue(
        &mut self,
        kind: EventKind,
        account_id: u64,
        about: About,
        changed: Vec<Change>,
        at: Timestamp,
    ) {
        self.pending_events.push_back(Event { kind, account_id, about, changed, at });
    }

    /// Takes events whose delay is over out of the queue, until there are `room` requests to be sent (or a few more,
    /// for one event may go to several webhooks). Nothing while the worker is dead.
    pub fn take_due(&mut self, now: Timestamp, room: usize) -> Vec<Outgoing> {
        let mut taken = Vec::new();
        let delay = SignedDuration::from_millis(i64::try_from(self.delivery_delay_ms).unwrap_or(i64::MAX));
        while self.worker_running && taken.len() < room {
            let waited = |event: &Event| now.duration_since(event.at) >= delay;
            if !self.pending_events.front().is_some_and(waited) {
                break;
            }
            let Some(event) = self.pending_events.pop_front() else { break };
            taken.extend(self.requests(&event, now));
        }
        taken
    }

    /// The requests by which an event is told.
    fn requests(&self, event: &Event, now: Timestamp) -> Vec<Outgoing> {
        let signs = self.at_least(4, 12);
        // The cloud's gate is silent here; and where the column of the secret is missing, the job ends in an error.
        let allowed = self.accounts.get(&event.account_id).is_some_and(|account| account.api_enabled);
        if !allowed || (signs && !self.migrated) {
            return Vec::new();
        }
        let name = event.kind.name();
        let mut subscribed = self
            .webhooks
            .iter()
            .filter(|hook| {
                hook.account_id == event.account_id && hook.subscriptions.iter().any(|one| one == name)
            })
            .peekable();
        if subscribed.peek().is_none() {
            return Vec::new();
        }
        let Some(payload) = self.payload(event) else { return Vec::new() };
        let body = rails::text(&payload);
        let timestamp = self.clock(now).as_second();
        subscribed
            .map(|hook| {
                let mut headers = vec![
                    ("content-type", "application/json".to_owned()),
                    ("accept", "application/json".to_owned()),
                ];
                if signs {
                    headers.push(("x-chatwoot-delivery", uuid()));
                    headers.push(("x-chatwoot-timestamp", timestamp.to_string()));
                    headers.push(("x-chatwoot-signature", signature(&hook.secret, timestamp, &body)));
                }
                let (url, body) = (hook.url.clone(), body.clone());
                Outgoing { webhook_id: hook.id, url, event: event.kind, headers, body }
            })
            .collect()
    }
}
