//! The control route: `GET /__control` shows a stand-in, `POST /__control` changes it while it runs.
//!
//! Both need the header `x-hotdash-ops-control` with the stand-in's key; without it the route does not exist. A change
//! is one JSON object, applied as a whole or not at all (422, `{"error"}`), in this order:
//!
//! | key | value |
//! |---|---|
//! | `clear` | `true`, or a list of patterns: removes overrides |
//! | `set` | overrides by pattern: `{"GET /api": {"status": 500, "times": 2}}`; a list is served in order |
//! | `state` | merged into the stand-in's state: objects key by key, anything else replaced |
//! | `forget_log` | `true` clears the request log |
//! | `certificate` | another certificate, e.g. `{"days_left": -1}`; missing keys have their default |
//! | `door` | `"open"`, `"closed"`, `"silent"`, `"reset"`; `{"is": "closed", "for_ms": 2000}` reopens it afterwards |
//!
//! The response to a change shows the stand-in without its log and without the parts of its state that grow with
//! traffic; `GET` shows everything.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Door, Request, Shared, StandIn, Transport};
use crate::rehearsal::http::tls::CertificateSpec;

/// The path of the control route.
pub const CONTROL_PATH: &str = "/__control";
/// The header that carries the key of the control route.
pub const KEY_HEADER: &str = "x-hotdash-ops-control";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    clear: Option<Clear>,
    #[serde(default)]
    set: Map<String, Value>,
    state: Option<Value>,
    #[serde(default)]
    forget_log: bool,
    certificate: Option<CertificateSpec>,
    door: Option<DoorChange>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "clear must be true or a list of patterns")]
enum Clear {
    All(bool),
    Some(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "door must be open, closed, silent or reset, or {\"is\": .., \"for_ms\": ..}")]
enum DoorChange {
    Stays(Door),
    Reopens { is: Door, for_ms: u64 },
}

/// What the control server can do with any stand-in.
pub trait Remote: Send + Sync {
    /// Applies a control document, as `POST /__control` does.
    fn change(
        self: Arc<Self>,
        document: Value,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Value>> + Send>>;

    /// Shows the stand-in, as `GET /__control` does.
    fn show(&self) -> anyhow::Result<Value>;
}

impl<S: StandIn> Remote for Shared<S> {
    fn change(
        self: Arc<Self>,
        document: Value,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Value>> + Send>> {
        Box::pin(async move { self.apply(document).await })
    }

    fn show(&self) -> anyhow::Result<Value> {
        self.shown(true)
    }
}

impl<S: StandIn> Shared<S> {
    /// The response of the control route, or none if the request is not for it.
    pub(super) async fn control_route(&self, request: &Request) -> Option<Answer> {
        if request.path != CONTROL_PATH || request.header(KEY_HEADER) != Some(&self.key) {
            return None;
        }
        let done = match request.method.as_str() {
            "GET" => self.shown(true),
            "POST" => match serde_json::from_slice(&request.body) {
                Ok(change) => self.apply(change).await,
                Err(error) => Err(error).context("the control document is not JSON"),
            },
            method => Err(anyhow::anyhow!("the control route accepts GET and POST, not {method}")),
        };
        Some(answer(done))
    }

    /// Applies a change, as a whole or not at all, and returns the new state without the log and without what grows
    /// with traffic.
    pub(super) async fn apply(&self, document: Value) -> anyhow::Result<Value> {
        let change: Change = serde_json::from_value(document).context("the control document is not valid")?;
        let tls = match (&change.certificate, &self.transport) {
            (None, _) => None,
            (Some(spec), Transport::Tls(authority, _)) => Some(authority.issue(spec)?),
            (Some(_), Transport::Plain) => bail!("{} uses plain HTTP, so it has no certificate", S::NAME),
        };
        {
            let mut inner = self.lock();
            let mut overrides = inner.overrides.clone();
            match change.clear {
                Some(Clear::All(true)) => overrides = super::Overrides::default(),
                Some(Clear::Some(patterns)) => patterns.iter().for_each(|pattern| overrides.clear(pattern)),
                Some(Clear::All(false)) | None => {}
            }
            for (pattern, value) in change.set {
                overrides.set(&pattern, value)?;
            }
            if let Some(patch) = change.state {
                inner.stand_in.patch(&patch)?;
            }
            inner.overrides = overrides;
            if change.forget_log {
                inner.log.clear();
            }
            if change.certificate.is_some() {
                inner.certificate = change.certificate;
            }
        }
        if tls.is_some() {
            self.controls.set_tls(tls).await;
        }
        match change.door {
            None => {}
            Some(DoorChange::Stays(door)) => self.controls.move_door(door, None).await?,
            Some(DoorChange::Reopens { is, for_ms }) => {
                self.controls.move_door(is, Some(Duration::from_millis(for_ms))).await?;
            }
        }
        self.shown(false)
    }

    /// The stand-in as a document: name, state, overrides, door and certificate; with `whole` also the log and the
    /// whole state.
    fn shown(&self, whole: bool) -> anyhow::Result<Value> {
        let mut inner = self.lock();
        let state = inner.stand_in.shown(whole)?;
        let mut shown = json!({
            "name": S::NAME,
            "state": state,
            "overrides": inner.overrides.show(),
            "door": self.controls.door(),
            "certificate": inner.certificate,
        });
        if whole {
            shown["log"] = serde_json::to_value(inner.log.all()).context("cannot serialize the log")?;
        }
        Ok(shown)
    }
}

/// A response of the control route: 200 with the document, or 422 with the error.
pub(in crate::rehearsal) fn answer(done: anyhow::Result<Value>) -> Answer {
    match done {
        Ok(shown) => Answer::json(200, &shown),
        Err(error) => Answer::json(422, &json!({ "error": format!("{error:#}") })),
    }
}
