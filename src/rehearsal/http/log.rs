//! The requests that a stand-in received: proof of which requests and headers were really sent.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use super::message::Request;

/// How many requests are remembered; the oldest are dropped first.
const KEPT: usize = 5_000;
/// How much of a body is remembered, in bytes.
const BODY_KEPT: usize = 64 << 10;

/// A request that arrived (the control route's own requests are not logged).
#[derive(Clone, Serialize)]
pub struct Entry {
    /// When it arrived, by this machine's clock.
    pub at: Timestamp,
    /// The method, in capitals.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query; empty without one.
    pub query: String,
    /// Every header line in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body, lossy UTF-8.
    pub body: String,
    /// The status that was chosen; it does not reflect a behaviour that broke the response.
    pub status: u16,
    /// The pattern of the override that was used, or none.
    #[serde(rename = "override")]
    pub overridden: Option<String>,
}

impl Entry {
    /// The first header line of that name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The requests received, oldest first.
#[derive(Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
}

impl Log {
    pub(super) fn add(&mut self, request: &Request, at: Timestamp, status: u16, overridden: Option<String>) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        let body = &request.body[..request.body.len().min(BODY_KEPT)];
        self.entries.push_back(Entry {
            at,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: String::from_utf8_lossy(body).into_owned(),
            status,
            overridden,
        });
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn all(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }
}
