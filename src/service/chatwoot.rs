//! Chatwoot's API, the part that only reads. Every answer comes back whole and is
//! read by whoever judges it; what it holds of credentials is learnt first, so
//! that nobody can show them.

mod answer;
mod page;
mod refusal;

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::body;
use super::http::{self, Answer, Request};
use super::place;
use super::unreachable::Unreachable;
use crate::redact::{Redactor, Secret};

pub use answer::{Account, Api, Membership, Profile, Shown, Webhook, credentials};
pub use page::{Page, Seen, read};
pub use refusal::{Reason, Refusal, Trouble};

/// The header of every kind of token. `Authorization: Bearer` is not understood.
pub const TOKEN_HEADER: &str = "api_access_token";

/// The events a webhook may subscribe to, by Chatwoot's own model; its API description names others.
pub const EVENTS: &[&str] = &[
    "conversation_status_changed",
    "conversation_updated",
    "conversation_created",
    "contact_created",
    "contact_updated",
    "message_created",
    "message_updated",
    "webwidget_triggered",
    "inbox_created",
    "inbox_updated",
    "conversation_typing_on",
    "conversation_typing_off",
];

/// A Chatwoot at one base URL, with one token or none.
#[derive(Clone, Debug)]
pub struct Chatwoot {
    http: http::Client,
    redactor: Redactor,
    base: String,
    token: Option<Secret>,
}

impl Chatwoot {
    /// A client for the Chatwoot at `base`, an http or https URL without a slash at its end.
    ///
    /// # Errors
    /// When `base` is no such URL; its text is never in the error.
    pub fn new(
        http: http::Client,
        redactor: Redactor,
        base: &str,
        token: Option<Secret>,
    ) -> Result<Chatwoot, Unreachable> {
        http::usable(base)?;
        Ok(Chatwoot { http, redactor, base: base.to_owned(), token })
    }

    /// The URL of a path, without user information: fit to be shown.
    pub fn url(&self, path: &str) -> String {
        let whole = format!("{}{path}", self.base);
        Url::parse(&whole).map_or_else(|_| path.to_owned(), |url| place::without_user(&url))
    }

    /// GET of a path, redirects within the same origin followed.
    pub async fn get(&self, path: &str, deadline: Duration) -> Seen {
        let mut request = Request::get(format!("{}{path}", self.base)).header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.secret(TOKEN_HEADER, token.reveal());
        }
        let sent = Timestamp::now();
        let answer = self.http.ask(request, deadline).await?;
        Ok(self.page(&answer, sent))
    }

    fn page(&self, answer: &Answer, sent: Timestamp) -> Page {
        let body = body::json(answer);
        if let Ok(body) = &body {
            for credential in credentials(body) {
                self.redactor.learn(credential);
            }
        }
        Page {
            status: answer.status,
            location: place::redirect(answer),
            body,
            sent,
            took: answer.took,
            sandbox: answer.sandbox,
        }
    }
}
