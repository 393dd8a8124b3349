//! An HTTP request.

use std::fmt;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::redact::Secret;
use crate::service::unreachable::Unreachable;

/// A header of a request. Its value is never shown by `Debug`, secret or not.
#[derive(Clone)]
pub struct Header {
    pub name: String,
    pub value: Secret,
    /// Whether the value must be masked when the request is shown as a command.
    pub secret: bool,
}

/// A request. Its `Debug` shows neither header values nor the body.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    /// Absolute, http or https.
    pub url: String,
    pub headers: Vec<Header>,
    pub body: Option<Vec<u8>>,
    /// The maximum number of bytes of the response body to read.
    pub limit: usize,
}

impl Request {
    /// A request without headers and body that reads at most 1 MiB.
    pub fn new(method: Method, url: impl Into<String>) -> Request {
        Request { method, url: url.into(), headers: Vec::new(), body: None, limit: 1024 * 1024 }
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Request {
        Request::new(Method::GET, url)
    }

    /// A HEAD request.
    pub fn head(url: impl Into<String>) -> Request {
        Request::new(Method::HEAD, url)
    }

    /// A POST request with a JSON body, sent byte for byte (a signature may cover it).
    pub fn post_json(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
        let mut request = Request::new(Method::POST, url).header(CONTENT_TYPE.as_str(), "application/json");
        request.body = Some(body.into());
        request
    }

    /// Adds a header whose value is not secret.
    pub fn header(self, name: &str, value: impl Into<String>) -> Request {
        self.with(name, value.into(), false)
    }

    /// Adds a header whose value is secret.
    pub fn secret(self, name: &str, value: impl Into<String>) -> Request {
        self.with(name, value.into(), true)
    }

    /// Sets the maximum number of bytes of the response body to read.
    pub fn limit(mut self, bytes: usize) -> Request {
        self.limit = bytes;
        self
    }

    fn with(mut self, name: &str, value: String, secret: bool) -> Request {
        self.headers.push(Header { name: name.to_owned(), value: Secret::new(value), secret });
        self
    }

    pub(super) fn header_map(&self) -> Result<HeaderMap, Unreachable> {
        let mut map = HeaderMap::new();
        for header in &self.headers {
            let bad = || Unreachable::BadHeader(header.name.clone());
            let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_bytes(header.value.reveal().as_bytes()).map_err(|_| bad())?;
            value.set_sensitive(header.secret);
            map.append(name, value);
        }
        Ok(map)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|h| h.name.as_str()).collect();
        let body = self.body.as_ref().map_or(0, Vec::len);
        write!(f, "Request({}, headers {names:?}, {body} bytes)", self.method)
    }
}
