//! An HTTP response.

use std::fmt;
use std::time::Duration;

use crate::text::visible;

/// An HTTP response of any status. Its `Debug` shows neither headers nor body.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body, up to the request's limit of bytes.
    pub body: Vec<u8>,
    /// Whether the body was longer than the limit.
    pub truncated: bool,
    /// The final URL after redirects, without user information.
    pub url: String,
    /// The URLs that redirected here, in order.
    pub redirects: Vec<String>,
    /// The time from the call to the end of the body, including redirects.
    pub took: Duration,
}

impl Answer {
    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header with this name; case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text that is safe to display.
    pub fn text(&self) -> String {
        visible(&self.body)
    }

    /// The body as JSON, or a lower-case fragment that explains why it is not JSON.
    pub fn json(&self) -> Result<serde_json::Value, String> {
        if self.truncated {
            return Err(format!("the response is longer than the limit of {} bytes", self.body.len()));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let kind = self.header("content-type").unwrap_or("no content type");
            format!("the response ({kind}, {} bytes) is not JSON: {error}", self.body.len())
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({} from {}, {} bytes)", self.status, self.url, self.body.len())
    }
}
