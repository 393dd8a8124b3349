//! The event queue: events wait in Redis for Sidekiq, which looks up the records when it gets to an event and sends one
//! request to each webhook of the account that subscribed to it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::conversation::uuid;
use super::rails;
use super::shapes::iso;
use super::state::State;

/// An event that webhooks can subscribe to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The account it happened in.
    pub account_id: u64,
    /// The record it happened to.
    pub about: About,
    /// The attributes it changed.
    #[serde(default)]
    pub changed: Vec<Change>,
    /// When it was queued, by this machine's clock.
    pub at: Timestamp,
}

/// The events that the stand-in dispatches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A contact was created.
    ContactCreated,
    /// A contact was updated.
    ContactUpdated,
    /// A conversation was created.
    ConversationCreated,
    /// A conversation's status changed.
    ConversationStatusChanged,
    /// A conversation's status, waiting time or first reply time changed.
    ConversationUpdated,
    /// A message other than an activity was created.
    MessageCreated,
    /// A message's content was deleted.
    MessageUpdated,
}

impl EventKind {
    /// The name used in subscriptions.
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

/// The record that an event is about; an event whose record is gone when it is processed is dropped.
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

/// An attribute that changed; times are ISO 8601.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its name.
    pub attribute: String,
    /// The old value.
    pub previous: Value,
    /// The new value.
    pub current: Value,
}

impl Change {
    pub(super) fn new(attribute: &str, previous: Value, current: Value) -> Change {
        Change { attribute: attribute.to_owned(), previous, current }
    }

    /// A time that changed; none becomes null.
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
    /// The webhook's URL.
    pub url: String,
    /// The event's name.
    pub event: EventKind,
    /// The headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as signed.
    pub body: String,
}

/// The value of `X-Chatwoot-Signature` over `{timestamp}.{body}`, from 4.12 on: `sha256=` and lower-case hex of the
/// HMAC with the webhook's secret as text.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    // An HMAC accepts a key of any length.
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

    /// Takes the events whose delay is over from the queue until there are `room` requests to send (or a few more,
    /// because one event can go to several webhooks). Returns nothing while the worker is stopped.
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

    /// The requests that deliver an event.
    fn requests(&self, event: &Event, now: Timestamp) -> Vec<Outgoing> {
        let signs = self.at_least(4, 12);
        // With the API disabled nothing is sent; without the column of the secret, the job fails.
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
