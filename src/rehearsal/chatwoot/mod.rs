//! A Chatwoot: the part of its API that a deploy's verification asks, answered as 4.8.0 answers, or as 4.12 and later.
//!
//! Read in Chatwoot's source: shapes, key order, status codes, and the order in which a request is refused. First the
//! rate limit, then the route, then the body's JSON; then token, endpoints open to bots, account, suspension,
//! membership; last the role and the record, in an order that differs by endpoint.

mod account;
mod caller;
mod conversations;
mod rails;
mod state;
mod webhooks;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use state::{Account, Bot, Conversation, Inbox, Membership, Person, Role, State, Status, Webhook, token};

use super::server::{Answer, Request, Server, StandIn};
use rails::Refusal;

/// A running Chatwoot stand-in.
pub type Chatwoot = Server<State>;

/// What a request was routed to, with the ids as they stand in the path.
enum Route<'a> {
    Api,
    Health,
    Profile,
    Account(&'a str),
    ListWebhooks(&'a str),
    CreateWebhook(&'a str),
    UpdateWebhook(&'a str, &'a str),
    DeleteWebhook(&'a str, &'a str),
    ToggleStatus(&'a str, &'a str),
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
        ("POST", ["api", "v1", "accounts", account, "conversations", id, "toggle_status"]) => {
            Route::ToggleStatus(account, id)
        }
        _ => return None,
    })
}

impl State {
    fn dispatch(&mut self, request: &Request, now: Timestamp) -> Result<Answer, Refusal> {
        let segments = request.segments();
        let health_is_routed = self.at_least(4, 12);
        // Newer versions exempt /health from the rate limit; to the older one it is a path like any other.
        if self.throttled && !(health_is_routed && segments == ["health"]) {
            return Err(Refusal::Throttled);
        }
        let route = route(request.verb(), &segments, health_is_routed).ok_or(Refusal::NotRouted)?;
        let body = rails::parameters(request)?;
        match route {
            Route::Api => Ok(rails::ok(&self.liveness(now))),
            Route::Health => Ok(rails::ok(&json!({"status": "woot"}))),
            Route::Profile => self.profile(request),
            Route::Account(account) => self.account(request, account),
            Route::ListWebhooks(account) => self.list_webhooks(request, account),
            Route::CreateWebhook(account) => self.create_webhook(request, account, &body),
            Route::UpdateWebhook(account, id) => self.update_webhook(request, account, id, &body),
            Route::DeleteWebhook(account, id) => self.delete_webhook(request, account, id),
            Route::ToggleStatus(account, id) => self.toggle_status(request, account, id, &body),
        }
    }

    /// `/api` answers 200 whatever its fields say; the time has a space and no zone.
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
        let offset = SignedDuration::from_secs(self.clock_offset_seconds);
        let now = now.checked_add(offset).unwrap_or(now);
        let mut answer = self.dispatch(request, now).unwrap_or_else(|refusal| refusal.answer(request));
        // A machine whose clock is off is off in the Date header, too.
        answer.set_header("date", &now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        answer
    }
}
