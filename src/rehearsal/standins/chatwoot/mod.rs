//! A Chatwoot stand-in: the part of the API that verifying a deploy uses, as 4.8.0 or as 4.12 and later answer.
//!
//! Taken from Chatwoot's source: shapes, key order, status codes, and the order in which a request is checked. First
//! the rate limit, then the route, then the body's JSON; then token, endpoints open to bots, account, suspension,
//! membership; last the role and the record, in an order that differs by endpoint.
//!
//! What customers write and agents do is stored and queued as events (`writes`, `events`); a separate [`Deliverer`]
//! sends them to webhooks, as Sidekiq does.

mod account;
mod caller;
mod contact;
mod conversation;
mod conversations;
mod deliverer;
mod events;
mod filter;
mod limits;
mod message;
mod messages;
mod payload;
mod rails;
mod reports;
mod shapes;
mod state;
mod webhooks;
mod writes;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Value, json};

pub use deliverer::Deliverer;
pub use events::{EventKind, Outgoing, signature};
pub use message::{Kind, Sender};
pub use state::{Inbox, Membership, Role, State, Tally, Webhook, token};

use crate::rehearsal::http::{Answer, Request, Server, StandIn, patched};
use rails::Refusal;

/// A running Chatwoot stand-in.
pub type Chatwoot = Server<State>;

/// The route of a request, with the ids as given in the path.
enum Route<'a> {
    Api,
    Health,
    Profile,
    Account(&'a str),
    ListWebhooks(&'a str),
    CreateWebhook(&'a str),
    UpdateWebhook(&'a str, &'a str),
    DeleteWebhook(&'a str, &'a str),
    ListConversations(&'a str),
    CountConversations(&'a str),
    FilterConversations(&'a str),
    CreateConversation(&'a str),
    ShowConversation(&'a str, &'a str),
    ToggleStatus(&'a str, &'a str),
    ListMessages(&'a str, &'a str),
    CreateMessage(&'a str, &'a str),
    DeleteMessage(&'a str, &'a str, &'a str),
    Report(&'a str),
    ReportSummary(&'a str),
}

fn route<'a>(verb: &str, segments: &[&'a str], health_is_routed: bool) -> Option<Route<'a>> {
    Some(match (verb, segments) {
        ("GET", ["api"]) => Route::Api,
        ("GET", ["health"]) if health_is_routed => Route::Health,
        ("GET", ["api", "v1", "profile"]) => Route::Profile,
        ("GET", ["api", "v1", "accounts", account]) => Route::Account(account),
        ("GET", ["api", "v1", "accounts", account, "webhooks"]) => Route::ListWebhooks(account),
        ("POST", ["api", "v1", "accounts", account, "webhooks"]) => Route::CreateWebhook(account),
        ("PUT" | "PATCH", ["api", "v1", "accounts", account, "webhooks", id]) => {
            Route::UpdateWebhook(account, id)
        }
        ("DELETE", ["api", "v1", "accounts", account, "webhooks", id]) => Route::DeleteWebhook(account, id),
        (verb, ["api", "v1", "accounts", account, "conversations", rest @ ..]) => {
            return route_conversations(verb, account, rest);
        }
        ("GET", ["api", "v2", "accounts", account, "reports"]) => Route::Report(account),
        ("GET", ["api", "v2", "accounts", account, "reports", "summary"]) => Route::ReportSummary(account),
        _ => return None,
    })
}

fn route_conversations<'a>(verb: &str, account: &'a str, rest: &[&'a str]) -> Option<Route<'a>> {
    Some(match (verb, rest) {
        ("GET", []) => Route::ListConversations(account),
        ("POST", []) => Route::CreateConversation(account),
        ("GET", ["meta"]) => Route::CountConversations(account),
        ("POST", ["filter"]) => Route::FilterConversations(account),
        ("GET", [id]) => Route::ShowConversation(account, id),
        ("POST", [id, "toggle_status"]) => Route::ToggleStatus(account, id),
        ("GET", [id, "messages"]) => Route::ListMessages(account, id),
        ("POST", [id, "messages"]) => Route::CreateMessage(account, id),
        ("DELETE", [id, "messages", message]) => Route::DeleteMessage(account, id, message),
        _ => return None,
    })
}

impl State {
    fn dispatch(&mut self, request: &Request, now: Timestamp) -> Result<Answer, Refusal> {
        let segments = request.segments();
        let health_is_routed = self.at_least(4, 12);
        // Newer versions exempt /health from the rate limit; the older one treats it like any other path.
        if self.throttled && !(health_is_routed && segments == ["health"]) {
            return Err(Refusal::Throttled);
        }
        self.limit(request, &segments, now)?;
        let route = route(request.verb(), &segments, health_is_routed).ok_or(Refusal::NotRouted)?;
        let body = rails::parameters(request)?;
        match route {
            Route::Api => Ok(rails::ok(&self.liveness(self.clock(now)))),
            Route::Health => Ok(rails::ok(&json!({"status": "woot"}))),
            Route::Profile => self.profile(request),
            Route::Account(account) => self.account(request, account),
            Route::ListWebhooks(account) => self.list_webhooks(request, account),
            Route::CreateWebhook(account) => self.create_webhook(request, account, &body),
            Route::UpdateWebhook(account, id) => self.update_webhook(request, account, id, &body),
            Route::DeleteWebhook(account, id) => self.delete_webhook(request, account, id),
            Route::ListConversations(account) => self.list_conversations(request, account),
            Route::CountConversations(account) => self.count_conversations(request, account),
            Route::FilterConversations(account) => self.filter_conversations(request, account, &body, now),
            Route::CreateConversation(account) => self.create_conversation(request, account, &body, now),
            Route::ShowConversation(account, id) => self.show_conversation(request, account, id),
            Route::ToggleStatus(account, id) => self.toggle_status(request, account, id, &body, now),
            Route::ListMessages(account, id) => self.list_messages(request, account, id),
            Route::CreateMessage(account, id) => self.create_message(request, account, id, &body, now),
            Route::DeleteMessage(account, id, message) => {
                self.delete_message(request, account, id, message, now)
            }
            Route::Report(account) => self.report(request, account),
            Route::ReportSummary(account) => self.report_summary(request, account),
        }
    }

    /// `/api` returns 200 whatever its fields contain; its time has a space and no time zone.
    fn liveness(&self, now: Timestamp) -> Value {
        json!({
            "version": self.version,
            "timestamp": now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            "queue_services": self.queue_services,
            "data_services": self.data_services,
        })
    }
}

impl StandIn for State {
    const NAME: &'static str = "chatwoot";

    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        let mut answer = self.dispatch(request, now).unwrap_or_else(|refusal| refusal.answer(request));
        // A machine with a wrong clock also sends a wrong Date header.
        answer.set_header("date", &self.clock(now).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        answer
    }

    fn patch(&mut self, patch: &Value) -> anyhow::Result<()> {
        if state::GROWING.iter().any(|key| patch.get(key).is_some()) {
            *self = patched(self, patch)?;
            return Ok(());
        }
        self.without_growing_fields(|state| {
            *state = patched(state, patch)?;
            Ok(())
        })
    }

    fn shown(&mut self, whole: bool) -> anyhow::Result<Value> {
        let show = |state: &mut State| serde_json::to_value(state).context("cannot serialize the state");
        if whole {
            return show(self);
        }
        let mut shown = self.without_growing_fields(show)?;
        if let Some(fields) = shown.as_object_mut() {
            fields.retain(|key, _| !state::GROWING.contains(&key.as_str()));
        }
        Ok(shown)
    }
}
