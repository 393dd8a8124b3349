//! One answer of Chatwoot, whole or not at all, before anybody reads meaning into it.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::refusal::{Refusal, Trouble};
use crate::service::unreachable::Unreachable;

/// An answer. Its `Debug` shows the status only, because bodies hold credentials.
pub struct Page {
    pub status: u16,
    /// Where a redirect that was not followed points to.
    pub location: Option<String>,
    /// The JSON body, or why there is none, as a fragment: `an HTML page`.
    pub body: Result<Value, String>,
    /// When the request was sent, by this machine's clock.
    pub sent: Timestamp,
    /// How long the answer took, to its end.
    pub took: Duration,
    /// Whether a stand-in's marker was seen.
    pub sandbox: bool,
}

/// A page, or why there is none.
pub type Seen = Result<Page, Unreachable>;

impl Page {
    /// The JSON body of a 200, read into a type.
    ///
    /// # Errors
    /// [`Trouble`] for any other status, and for a body that is not what was asked for.
    pub fn read<T>(&self, reader: impl Fn(&Value) -> Result<T, String>) -> Result<T, Trouble> {
        if self.status != 200 {
            return Err(Trouble::Refused(Refusal::of(self.status, self.body.as_ref().ok())));
        }
        let body = self.body.as_ref().map_err(|why| Trouble::Unreadable(why.clone()))?;
        reader(body).map_err(Trouble::Unreadable)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Reads what was seen, with the same errors as [`Page::read`].
///
/// # Errors
/// Also [`Trouble::Unreachable`].
pub fn read<T>(seen: &Seen, reader: impl Fn(&Value) -> Result<T, String>) -> Result<T, Trouble> {
    match seen {
        Ok(page) => page.read(reader),
        Err(fault) => Err(Trouble::Unreachable(fault.clone())),
    }
}

/// A body as JSON, or what it is instead.
///
/// # Errors
/// A fragment: `an HTML page`, `an empty body`, `JSON that was cut off after 1 MiB`.
pub fn json(bytes: &[u8], whole: bool) -> Result<Value, String> {
    if !whole {
        return Err("a body too long to be read whole".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "a body that is not UTF-8 text".to_owned())?;
    let start = text.trim_start().trim_start_matches('\u{feff}');
    if start.is_empty() {
        return Err("an empty body".to_owned());
    }
    if start.starts_with('<') {
        return Err("an HTML page, not JSON".to_owned());
    }
    serde_json::from_str(start).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => "JSON that breaks off".to_owned(),
        _ => "a body that is not JSON".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::chatwoot::{Api, Reason};

    fn page(status: u16, body: &str) -> Page {
        let body = json(body.as_bytes(), true);
        Page { status, location: None, body, sent: Timestamp::UNIX_EPOCH, took: Duration::ZERO, sandbox: false }
    }

    #[test]
    fn what_is_not_whole_json_is_named() {
        let why = |bytes: &[u8]| json(bytes, true).expect_err("it is no JSON");
        assert_eq!(why(b""), "an empty body");
        assert_eq!(why(b"  \n"), "an empty body");
        assert_eq!(why(b"<!DOCTYPE html><html>"), "an HTML page, not JSON");
        assert_eq!(why(b"Retry later\n"), "a body that is not JSON");
        assert_eq!(why(b"{\"version\":\"4.8"), "JSON that breaks off");
        assert_eq!(why(b"{} trailing"), "a body that is not JSON");
        assert_eq!(why(&[0xff, 0xfe, 0]), "a body that is not UTF-8 text");
        assert!(json(b"{}", false).is_err());
        assert_eq!(json(b"\xef\xbb\xbf{}", true), Ok(serde_json::json!({})));
    }

    #[test]
    fn only_a_200_with_the_right_body_is_read() {
        let good = r#"{"version":"4.8.0","timestamp":"2026-01-01 10:00:00","queue_services":"ok","data_services":"ok"}"#;
        assert!(page(200, good).read(Api::read).is_ok());
        for (status, body) in [(200, "<html>"), (200, "{}"), (204, ""), (500, good), (404, good), (302, "")] {
            assert!(page(status, body).read(Api::read).is_err(), "{status} {body}");
        }
        let Err(Trouble::Refused(refusal)) = page(429, "Retry later\n").read(Api::read) else {
            panic!("429 is a refusal")
        };
        assert_eq!(refusal.reason, Reason::TooMany);
        let lost: Seen = Err(Unreachable::Refused);
        assert_eq!(read(&lost, Api::read), Err(Trouble::Unreachable(Unreachable::Refused)));
    }
}
