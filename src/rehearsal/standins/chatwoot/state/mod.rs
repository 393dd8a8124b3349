//! Chatwoot's state as data: everything that determines a response. It can be set on the control route.

mod beginning;

use std::collections::{BTreeMap, VecDeque};
use std::mem;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::conversation::Conversations;
use super::events::Event;
use crate::rehearsal::http::random;

/// The state of a Chatwoot. `people` and `bots` are keyed by the names that the rehearsal uses.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The version that `/api` shows; from 4.12 on `/health` is routed and webhooks have secrets.
    pub version: String,
    /// How far Chatwoot's clock is ahead, in seconds.
    pub clock_offset_seconds: i64,
    /// The state of Redis in `/api`: `ok`, `failing` or null.
    pub queue_services: Option<String>,
    /// The state of Postgres in `/api`.
    pub data_services: Option<String>,
    /// Whether the migrations ran; if not, from 4.12 on every webhook response except DELETE is a 500.
    pub migrated: bool,
    /// Whether this is the enterprise edition, which adds keys.
    pub enterprise: bool,
    /// Whether the rate limit is used up.
    pub throttled: bool,
    /// Whether the proxy in front drops header names with underscores, as nginx does by default.
    pub drops_underscore_headers: bool,
    /// The accounts by id.
    pub accounts: BTreeMap<u64, Account>,
    /// The users: initially `administrator` and `agent` of account 3, `stranger` of account 5, and `owner` of the
    /// suspended account 4.
    pub people: BTreeMap<String, Person>,
    /// The agent bots: initially `bot` of account 3.
    pub bots: BTreeMap<String, Bot>,
    /// The token of a platform app.
    pub platform_token: String,
    /// The inboxes of all accounts.
    pub inboxes: Vec<Inbox>,
    /// The webhooks of all accounts, in the order in which they are listed.
    pub webhooks: Vec<Webhook>,
    /// The contacts of all accounts by id.
    pub contacts: BTreeMap<u64, Contact>,
    /// The conversations of all accounts.
    pub conversations: Conversations,
    /// The highest webhook id so far; ids are not reused.
    pub last_webhook_id: u64,
    /// The highest message id so far, across accounts.
    pub last_message_id: u64,
    /// The highest id of a contact's place in an inbox so far.
    pub last_contact_inbox_id: u64,
    /// Whether Sidekiq runs. If not, messages are stored and `/api` stays green, but nothing is delivered until it runs
    /// again; the queue stays in Redis.
    pub worker_running: bool,
    /// How long an event waits in the queue, in milliseconds.
    pub delivery_delay_ms: u64,
    /// How long to wait for a receiver's response (`WEBHOOK_TIMEOUT`), in milliseconds.
    pub webhook_timeout_ms: u64,
    /// The events that are not delivered yet, oldest first.
    pub pending_events: VecDeque<Event>,
    /// The results of the deliveries. Chatwoot itself keeps no record of them.
    pub deliveries: Tally,
    /// Report requests per minute allowed with one token in one account (`RATE_LIMIT_REPORTS_API_USER_LEVEL`).
    pub reports_per_minute: u32,
    /// The rate-limited requests of the current minute, by limit, token and account.
    pub limited: BTreeMap<String, Used>,
}

/// The fields that grow with traffic. On the control route, a change that does not name them does not serialize them,
/// and the response to a change omits them; `GET` shows them.
pub(super) const GROWING: [&str; 3] = ["contacts", "conversations", "pending_events"];

/// The results of webhook deliveries.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tally {
    /// Sent, not answered yet.
    pub under_way: u64,
    /// Answered with 200 to 207 in time.
    pub delivered: u64,
    /// Rejected, timed out, redirected or unreachable; there is no second attempt.
    pub dropped: u64,
}

/// How much of a limit is used.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// The minute being counted, since 1970.
    pub minute: i64,
    /// The requests in that minute.
    pub count: u32,
}

/// An account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name.
    pub name: String,
    /// Active, or suspended.
    pub status: Status,
    /// The language of its texts.
    pub locale: String,
    /// The address its mail is sent from.
    pub support_email: String,
    /// When it was created (ISO 8601).
    pub created_at: String,
    /// The names of the enabled features.
    pub features: Vec<String>,
    /// Whether the API is enabled (the hosted product's switch; older versions never return 403).
    pub api_enabled: bool,
}

/// The status of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use.
    Active,
    /// Rejected on all nested routes.
    Suspended,
}

/// A user with an API token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The user's id.
    pub id: u64,
    /// The full name.
    pub name: String,
    /// The name shown to customers.
    pub available_name: String,
    /// The e-mail address, also the uid.
    pub email: String,
    /// The API token.
    pub token: String,
    /// The credential for the user's live updates.
    pub pubsub_token: String,
    /// The accounts the user belongs to, by id.
    pub memberships: BTreeMap<u64, Membership>,
}

/// A user's membership in an account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The user's role.
    pub role: Role,
    /// When the user was last active there (ISO 8601); the profile shows the role and account of the latest one.
    #[serde(default)]
    pub active_at: Option<String>,
}

/// A role in an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Has access to webhooks and reports.
    Administrator,
    /// Has no access to webhooks and reports.
    Agent,
}

/// An agent bot.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    /// The bot's id.
    #[serde(default = "Bot::first")]
    pub id: u64,
    /// The name shown with its messages.
    #[serde(default = "Bot::first_name")]
    pub name: String,
    /// The API token.
    pub token: String,
    /// The accounts it has access to.
    pub accounts: Vec<u64>,
}

impl Bot {
    fn first() -> u64 {
        2
    }

    fn first_name() -> String {
        "Draft agent".to_owned()
    }
}

/// An inbox.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// The inbox's id.
    pub id: u64,
    /// The account it belongs to; account 3 by default.
    #[serde(default = "Inbox::account")]
    pub account_id: u64,
    /// The name.
    pub name: String,
    /// The type of channel. A token can create incoming messages only in a `Channel::Api` inbox.
    #[serde(default = "Inbox::api")]
    pub channel_type: String,
    /// The ids of the agents who can see it; administrators and bots see every inbox.
    #[serde(default)]
    pub members: Vec<u64>,
}

impl Inbox {
    fn account() -> u64 {
        3
    }

    fn api() -> String {
        "Channel::Api".to_owned()
    }

    /// Whether a token can create incoming messages in it.
    pub(super) fn is_api(&self) -> bool {
        self.channel_type == "Channel::Api"
    }
}

/// An account webhook.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The webhook's id.
    pub id: u64,
    /// The account it belongs to.
    pub account_id: u64,
    /// The name, or none.
    #[serde(default)]
    pub name: Option<String>,
    /// Where deliveries go.
    pub url: String,
    /// The events subscribed to, as sent.
    pub subscriptions: Vec<String>,
    /// The inbox it refers to; shown if that inbox exists.
    #[serde(default)]
    pub inbox_id: Option<u64>,
    /// The signing secret; shown from 4.12 on.
    #[serde(default = "token")]
    pub secret: String,
}

/// A new token in Chatwoot's format: 24 base58 characters.
pub fn token() -> String {
    const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    (0..24).map(|_| char::from(BASE58[(random() % 58) as usize])).collect()
}

impl State {
    /// A healthy Chatwoot of the given version.
    pub fn version(version: &str) -> State {
        State { version: version.to_owned(), ..State::default() }
    }

    /// The token of one of `people`; empty for an unknown name.
    pub fn token_of(&self, name: &str) -> String {
        self.people.get(name).map(|person| person.token.clone()).unwrap_or_default()
    }

    /// Runs a change on the state without the parts that grow with traffic.
    pub(super) fn without_growing_fields<T>(&mut self, change: impl FnOnce(&mut State) -> T) -> T {
        let contacts = mem::take(&mut self.contacts);
        let conversations = mem::take(&mut self.conversations);
        let pending_events = mem::take(&mut self.pending_events);
        let done = change(self);
        self.contacts = contacts;
        self.conversations = conversations;
        self.pending_events = pending_events;
        done
    }

    /// The time on Chatwoot's machine when this machine's clock shows `now`, with the precision of Postgres.
    pub(super) fn clock(&self, now: Timestamp) -> Timestamp {
        let shifted = now.checked_add(SignedDuration::from_secs(self.clock_offset_seconds)).unwrap_or(now);
        Timestamp::from_microsecond(shifted.as_microsecond()).unwrap_or(shifted)
    }

    /// Whether this is at least the given version; a version without numbers counts as old.
    pub(super) fn at_least(&self, major: u64, minor: u64) -> bool {
        let mut numbers = self.version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
    }
}
