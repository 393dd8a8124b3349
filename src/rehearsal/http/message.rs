//! Requests and responses as plain data: a stand-in is a function from one to the other.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;

/// The maximum size of a request body, in bytes; the connection is closed if it is larger.
const BODY_LIMIT: usize = 16 << 20;

/// A request as it arrived. Header names are in lower case (HTTP ignores case), values are lossy UTF-8.
#[derive(Clone)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path, percent-encoded as sent, without the query.
    pub path: String,
    /// The text after the question mark; empty without one.
    pub query: String,
    /// Every header line, in the order received.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a request with its body; none if the body is too large or the connection fails.
    pub(super) async fn read(incoming: hyper::Request<Incoming>) -> Option<Request> {
        let (head, body) = incoming.into_parts();
        let body = Limited::new(body, BODY_LIMIT).collect().await.ok()?.to_bytes();
        let text =
            |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Some(Request {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: body.to_vec(),
        })
    }

    /// The first header line of that name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The method used for routing: HEAD is handled like GET, without the body.
    pub fn verb(&self) -> &str {
        if self.method == "HEAD" { "GET" } else { &self.method }
    }

    /// The path's segments, without empty ones.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// Whether the content type is JSON.
    pub fn is_json(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    }
}

/// A response before it is sent.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers; `content-length` is added when the response is sent.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// How long the stand-in waits before the first byte.
    pub delay: Duration,
}

impl Answer {
    /// A response with a body of the given content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Answer { status, headers, body: body.into(), delay: Duration::ZERO }
    }

    /// A JSON response, compact and in key order, as Express and Rails write it.
    pub fn json(status: u16, body: &Value) -> Answer {
        Answer::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Sets a header, replacing one of the same name.
    pub fn set_header(&mut self, name: &str, value: &str) {
        self.drop_header(name);
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }

    /// Removes every header of that name.
    pub fn drop_header(&mut self, name: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }
}
