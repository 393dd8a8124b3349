//! The read-only part of Chatwoot's API. Responses are returned whole and judged by the caller. Credentials in a
//! response are registered with the redactor before anything else happens, so that they are never shown.

mod answer;
mod conversations;
mod page;
mod refusal;
mod reports;

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::body;
use super::http::{self, Answer, Request};
use super::place;
use super::unreachable::Unreachable;
use crate::redact::{Redactor, Secret};

pub use answer::{Account, Api, Membership, Profile, Shown, Webhook, credentials};
pub use conversations::{Entry, Kind, Listing, Message, listing_path, messages_path, read_messages};
pub use page::{Page, Seen, read};
pub use refusal::{ChatwootError, Reason, Rejection};
pub use reports::{Counted, count_path, read_count};

/// The header for every kind of token. Chatwoot does not accept `Authorization: Bearer`.
pub const TOKEN_HEADER: &str = "api_access_token";

/// The maximum size of a page of conversations or messages. An email carries its whole text and HTML in addition to
/// its content, and a list contains two messages per conversation.
pub const LARGEST_PAGE: usize = 8 * 1024 * 1024;

/// The events a webhook can subscribe to according to Chatwoot's model. Its API documentation lists others.
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

/// A client for the Chatwoot at one base URL, with or without a token.
#[derive(Clone, Debug)]
pub struct Chatwoot {
    http: http::Client,
    redactor: Redactor,
    base: String,
    token: Option<Secret>,
}

impl Chatwoot {
    /// Creates a client for the Chatwoot at `base`, an http or https URL without a trailing slash.
    ///
    /// # Errors
    /// When `base` is not such a URL. The error never contains its text.
    pub fn new(
        http: http::Client,
        redactor: Redactor,
        base: &str,
        token: Option<Secret>,
    ) -> Result<Chatwoot, Unreachable> {
        http::usable(base)?;
        Ok(Chatwoot { http, redactor, base: base.to_owned(), token })
    }

    /// The URL of a path without user information, safe to display.
    pub fn url(&self, path: &str) -> String {
        let whole = format!("{}{path}", self.base);
        Url::parse(&whole).map_or_else(|_| path.to_owned(), |url| place::without_user(&url))
    }

    /// Whether requests carry a token.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Sends a GET request for a path and follows redirects within the same origin.
    pub async fn get(&self, path: &str, deadline: Duration) -> Seen {
        self.fetch(Request::get(format!("{}{path}", self.base)), deadline).await
    }

    /// Like [`Chatwoot::get`], for pages of messages, which may be long: reads up to [`LARGEST_PAGE`] bytes.
    pub async fn get_long(&self, path: &str, deadline: Duration) -> Seen {
        let mut request = Request::get(format!("{}{path}", self.base));
        request.limit = LARGEST_PAGE;
        self.fetch(request, deadline).await
    }

    async fn fetch(&self, request: Request, deadline: Duration) -> Seen {
        let mut request = request.header("accept", "application/json");
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
        Page { status: answer.status, location: place::redirect(answer), body, sent, took: answer.took }
    }
}
