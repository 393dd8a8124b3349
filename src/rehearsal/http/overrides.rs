//! Overrides: responses set per method and path, which replace the stand-in's own response or modify it.
//!
//! A pattern is `METHOD PATH`; the method can be `*`, the path can end in `*`, and the query is ignored. An exact
//! pattern takes precedence over one with a star, otherwise the first one wins. A pattern has one override or a list;
//! each is used `times` times, then the next one, and after the last the stand-in answers itself.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use anyhow::{Context, ensure};
use base64::Engine;
use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::message::{Answer, Request};
use super::transmission::{Behaviour, Transmission};

/// One override. Without `status`, `body`, `body_base64`, `json` and `location` the stand-in's own response is kept,
/// and only delay, headers, patch and behaviour modify it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Override {
    /// The HTTP status (default: 200 with a body, 302 with `location`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers to set; null removes a header, even the stand-in's marker.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
    /// The `content-type` (default: JSON for `json`, else plain text).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// A body as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// A body as bytes, in base64, for what a JSON string cannot contain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// A body as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// Merged into the stand-in's own JSON response: objects key by key, anything else replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Value>,
    /// The target of a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Milliseconds before the first byte.
    #[serde(skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
    /// How the response is sent.
    pub behaviour: Behaviour,
    /// The size of a `huge` body in bytes (default: 64 MiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Milliseconds between two bytes of a `slow-trickle` (default: 100).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
    /// How often it is used; without limit if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Override {
    fn check(&self) -> anyhow::Result<()> {
        let bodies =
            [self.body.is_some(), self.body_base64.is_some(), self.json.is_some(), self.patch.is_some()];
        ensure!(
            bodies.iter().filter(|given| **given).count() < 2,
            "give only one of body, body_base64, json and patch"
        );
        ensure!(
            self.status.is_none_or(|code| (200..=599).contains(&code)),
            "status must be between 200 and 599"
        );
        ensure!(self.times != Some(0), "times must be at least 1; use clear to remove an override");
        for (name, value) in &self.headers {
            let framing =
                ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str());
            ensure!(
                !framing,
                "'{name}' is derived from the body; use the behaviour raw to send another value"
            );
            HeaderName::try_from(name.as_str())
                .with_context(|| format!("'{name}' is not a valid header name"))?;
            HeaderValue::try_from(value.as_deref().unwrap_or_default())
                .with_context(|| format!("header '{name}'"))?;
        }
        for value in self.content_type.iter().chain(&self.location) {
            HeaderValue::try_from(value.as_str())
                .context("content_type and location must be valid header values")?;
        }
        self.bytes().map(|_| ())
    }

    fn bytes(&self) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(text) = &self.body_base64 {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text);
            return Ok(Some(decoded.context("body_base64 is not base64")?));
        }
        let json = self.json.as_ref().map(|value| value.to_string().into_bytes());
        Ok(json.or_else(|| self.body.as_ref().map(|text| text.clone().into_bytes())))
    }

    /// The response that replaces the stand-in's own, if there is one.
    fn replacement(&self) -> Option<Answer> {
        let body = self.bytes().unwrap_or_default();
        if body.is_none() && self.status.is_none() && self.location.is_none() {
            return None;
        }
        let status = self.status.unwrap_or(if self.location.is_some() { 302 } else { 200 });
        let kind = if self.json.is_some() { "application/json; charset=utf-8" } else { "text/plain" };
        Some(Answer::new(status, kind, body.unwrap_or_default()))
    }

    /// Applies the rest of the override to a response, the replacement or the stand-in's own.
    fn lay_over(&self, mut answer: Answer) -> (Answer, Transmission) {
        if let Some(patch) = &self.patch
            && let Ok(mut own) = serde_json::from_slice::<Value>(&answer.body)
        {
            merge(&mut own, patch);
            answer.body = own.to_string().into_bytes();
        }
        if let Some(kind) = &self.content_type {
            answer.set_header("content-type", kind);
        }
        if let Some(target) = &self.location {
            answer.set_header("location", target);
        }
        answer.delay += Duration::from_millis(self.delay_ms);
        let transmission = self.behaviour.transmission(self.size, self.every_ms, &answer);
        (answer, transmission)
    }

    /// Sets and removes headers; this comes last, so that even the marker can be removed.
    fn apply_headers(&self, answer: &mut Answer) {
        for (name, value) in &self.headers {
            match value {
                Some(value) => answer.set_header(name, value),
                None => answer.drop_header(name),
            }
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Merges `patch` into `own`: objects key by key; anything else (also null and lists) replaces the old value.
pub fn merge(own: &mut Value, patch: &Value) {
    match (own, patch) {
        (Value::Object(own), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(own.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (own, patch) => *own = patch.clone(),
    }
}

/// The active overrides, by pattern.
#[derive(Clone, Default)]
pub(super) struct Overrides {
    entries: Vec<(String, VecDeque<Override>)>,
}

impl Overrides {
    /// Sets `value` (one override, or a list that is served in order) for a pattern, replacing what was there.
    pub(super) fn set(&mut self, pattern: &str, value: Value) -> anyhow::Result<()> {
        let shape = pattern.split_once(' ').is_some_and(|(method, path)| {
            !method.is_empty() && (path.starts_with('/') || path == "*") && !path.contains(['?', ' '])
        });
        ensure!(
            shape,
            "'{pattern}' is not a valid pattern; write METHOD /path, with * as the method or at the end of the path"
        );
        let list = if let Value::Array(list) = value { list } else { vec![value] };
        ensure!(!list.is_empty(), "the list for '{pattern}' is empty; use clear to remove an override");
        let mut queue = VecDeque::new();
        for value in list {
            let one: Override =
                serde_json::from_value(value).with_context(|| format!("override for '{pattern}'"))?;
            one.check().with_context(|| format!("override for '{pattern}'"))?;
            queue.push_back(one);
        }
        self.clear(pattern);
        self.entries.push((pattern.to_owned(), queue));
        Ok(())
    }

    /// Removes the override for that pattern.
    pub(super) fn clear(&mut self, pattern: &str) {
        self.entries.retain(|(known, _)| known != pattern);
    }

    /// The override to use for this request, with its pattern; counts the use.
    fn take(&mut self, request: &Request) -> Option<(String, Override)> {
        let exact =
            self.entries.iter().position(|(pattern, _)| !pattern.contains('*') && fits(pattern, request));
        let at = exact.or_else(|| self.entries.iter().position(|(pattern, _)| fits(pattern, request)))?;
        let (pattern, queue) = &mut self.entries[at];
        let pattern = pattern.clone();
        let used = queue.front()?.clone();
        if let Some(times) = queue.front_mut().and_then(|first| first.times.as_mut()) {
            *times -= 1;
            if *times == 0 {
                queue.pop_front();
            }
        }
        if queue.is_empty() {
            self.entries.remove(at);
        }
        Some((pattern, used))
    }

    /// Decides how to answer a request, and returns the pattern that was used. `own` makes the stand-in act and answer;
    /// it is not called if an override replaces the response, so a rejected POST creates nothing. With a behaviour
    /// alone, such as `close`, the stand-in acts and its response is lost.
    pub(super) fn decide(
        &mut self,
        request: &Request,
        own: impl FnOnce() -> Answer,
    ) -> (Answer, Transmission, Option<String>) {
        let Some((pattern, set)) = self.take(request) else {
            let mut answer = own();
            answer.set_header(super::MARKER, "1");
            return (answer, Transmission::Whole, None);
        };
        let (mut answer, transmission) = set.lay_over(set.replacement().unwrap_or_else(own));
        answer.set_header(super::MARKER, "1");
        set.apply_headers(&mut answer);
        (answer, transmission, Some(pattern))
    }

    /// The active overrides, in the format in which they are set.
    pub(super) fn show(&self) -> Value {
        let shown = self.entries.iter().map(|(pattern, queue)| {
            let list = queue.iter().map(|one| serde_json::to_value(one).unwrap_or_default()).collect();
            (pattern.clone(), Value::Array(list))
        });
        Value::Object(shown.collect::<Map<_, _>>())
    }
}

fn fits(pattern: &str, request: &Request) -> bool {
    let Some((method, path)) = pattern.split_once(' ') else { return false };
    let path_fits = match path.strip_suffix('*') {
        Some(start) => request.path.starts_with(start),
        None => request.path == path,
    };
    (method == "*" || method == request.method) && path_fits
}
