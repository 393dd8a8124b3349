//! One response of Chatwoot, complete or not at all, before it is parsed into a type.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::{ChatwootError, Rejection};
use crate::service::unreachable::Unreachable;

/// A response. Its `Debug` shows only the status, because bodies contain credentials.
pub struct Page {
    pub status: u16,
    /// The target of a redirect that was not followed, safe to display.
    pub location: Option<String>,
    /// The JSON body, or what the body is instead, as a fragment: `an HTML page`.
    pub body: Result<Value, String>,
    /// The time the request was sent, by this machine's clock.
    pub sent: Timestamp,
    /// The time until the response was complete.
    pub took: Duration,
}

/// A page, or the reason why there is none.
pub type Seen = Result<Page, Unreachable>;

impl Page {
    /// Parses the JSON body of a 200 response into a type.
    ///
    /// # Errors
    /// [`ChatwootError`] for any other status and for a body of the wrong form.
    pub fn read<T>(&self, reader: impl Fn(&Value) -> Result<T, String>) -> Result<T, ChatwootError> {
        if self.status != 200 {
            let mut refusal = Rejection::of(self.status, self.body.as_ref().ok());
            refusal.said = self.location.clone().or(refusal.said);
            return Err(ChatwootError::Refused(refusal));
        }
        let body = self.body.as_ref().map_err(|why| ChatwootError::Unreadable(why.clone()))?;
        reader(body).map_err(ChatwootError::Unreadable)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Parses a page, with the same errors as [`Page::read`].
///
/// # Errors
/// Additionally [`ChatwootError::Unreachable`].
pub fn read<T>(seen: &Seen, reader: impl Fn(&Value) -> Result<T, String>) -> Result<T, ChatwootError> {
    match seen {
        Ok(page) => page.read(reader),
        Err(fault) => Err(ChatwootError::Unreachable(fault.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::body;
    use crate::service::chatwoot::{Api, Reason};

    fn page(status: u16, body: &str) -> Page {
        let body = body::parse(body.as_bytes());
        Page { status, location: None, body, sent: Timestamp::UNIX_EPOCH, took: Duration::ZERO }
    }

    #[test]
    fn only_a_200_with_the_right_body_is_parsed() {
        let good = r#"{"version":"4.8.0","timestamp":"2026-01-01 10:00:00","queue_services":"ok","data_services":"ok"}"#;
        assert!(page(200, good).read(Api::read).is_ok());
        for (status, body) in [(200, "<html>"), (200, "{}"), (204, ""), (500, good), (404, good), (302, "")] {
            assert!(page(status, body).read(Api::read).is_err(), "{status} {body}");
        }
        let Err(ChatwootError::Refused(refusal)) = page(429, "Retry later\n").read(Api::read) else {
            panic!("429 is a refusal")
        };
        assert_eq!(refusal.reason, Reason::TooMany);
        let lost: Seen = Err(Unreachable::Refused);
        assert_eq!(read(&lost, Api::read), Err(ChatwootError::Unreachable(Unreachable::Refused)));
    }
}
