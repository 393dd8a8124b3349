//! One loopback HTTP server for every stand-in.
//!
//! A stand-in is plain data with a function from request to response ([`StandIn`]). The server around it speaks
//! HTTP/1.1 or HTTPS on a free loopback port, marks every response, logs every request, and lets responses be
//! overridden and broken. All of that is controlled on one route, `/__control` (see [`control`]).

pub mod control;
pub mod control_server;
mod log;
mod message;
mod overrides;
pub mod port;
mod socket;
pub mod tls;
mod transmission;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use control::Remote;
pub use control::{CONTROL_PATH, KEY_HEADER};
pub use log::Entry;
pub use message::{Answer, Request};
pub use overrides::merge;
pub use socket::Door;
use socket::{Answering, Socket};
use transmission::Transmission;

use crate::rehearsal::http::tls::{Authority, CertificateSpec};
use log::Log;
use overrides::Overrides;
use socket::SocketControls;

/// The header on every response of a stand-in, so that it is never mistaken for production.
pub const MARKER: &str = "x-hotdash-ops-sandbox";

/// The state of one stand-in as data, and its responses as a function of it.
pub trait StandIn: Serialize + DeserializeOwned + Send + 'static {
    /// The stand-in's name in messages and on the control server.
    const NAME: &'static str;

    /// Answers one request; `now` is this machine's time.
    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer;

    /// Merges a patch into the state, as a whole or not at all.
    fn patch(&mut self, patch: &Value) -> anyhow::Result<()> {
        *self = patched(self, patch)?;
        Ok(())
    }

    /// The state as a document. A stand-in whose state grows with traffic omits that part unless `whole` is set.
    fn shown(&mut self, _whole: bool) -> anyhow::Result<Value> {
        serde_json::to_value(self).context("cannot serialize the state")
    }
}

/// The state with a patch merged into it.
pub(super) fn patched<S: StandIn>(stand_in: &S, patch: &Value) -> anyhow::Result<S> {
    let mut state = serde_json::to_value(stand_in).context("cannot serialize the state")?;
    merge(&mut state, patch);
    serde_json::from_value(state).with_context(|| format!("not a valid state of {}", S::NAME))
}

/// The protocol of a stand-in.
#[derive(Clone, Default)]
pub enum Transport {
    /// Plain HTTP.
    #[default]
    Plain,
    /// HTTPS, with a certificate issued by the authority.
    Tls(Authority, CertificateSpec),
}

/// A running stand-in. Dropping it stops it and closes its connections.
///
/// It runs on the runtime that started it.
pub struct Server<S> {
    shared: Arc<Shared<S>>,
    socket: Socket,
    scheme: &'static str,
}

/// A handle to a running stand-in's state for separate tasks, such as one that makes traffic. It does not keep the
/// server running. Clones refer to the same stand-in.
pub struct Handle<S>(Arc<Shared<S>>);

struct Shared<S> {
    inner: Mutex<Inner<S>>,
    controls: SocketControls,
    transport: Transport,
    key: String,
}

struct Inner<S> {
    stand_in: S,
    overrides: Overrides,
    certificate: Option<CertificateSpec>,
    log: Log,
}

impl<S: StandIn> Server<S> {
    /// Starts a stand-in in the given state on a free loopback port.
    pub async fn start(stand_in: S, transport: Transport) -> anyhow::Result<Server<S>> {
        let (scheme, tls, certificate) = match &transport {
            Transport::Plain => ("http", None, None),
            Transport::Tls(authority, spec) => ("https", Some(authority.issue(spec)?), Some(spec.clone())),
        };
        let inner = Inner { stand_in, overrides: Overrides::default(), certificate, log: Log::default() };
        let mut made = None;
        let (socket, _) = Socket::open(tls, |controls| {
            let shared =
                Arc::new(Shared { inner: Mutex::new(inner), controls, transport, key: random_hex() });
            made = Some(Arc::clone(&shared));
            Arc::new(move |request| -> Answering {
                let shared = Arc::clone(&shared);
                Box::pin(async move { shared.handle(request).await })
            })
        })
        .await?;
        let shared = made.ok_or_else(|| anyhow::anyhow!("the socket created no handler"))?;
        Ok(Server { shared, socket, scheme })
    }

    /// The base URL, `http://127.0.0.1:<port>` or with https, without a trailing slash.
    pub fn url(&self) -> String {
        self.url_at("127.0.0.1")
    }

    /// The base URL with another host name of this machine, such as `localhost`.
    pub fn url_at(&self, host: &str) -> String {
        format!("{}://{host}:{}", self.scheme, self.port())
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.socket.address.port()
    }

    /// The value that the header [`KEY_HEADER`] must have on the control route.
    pub fn control_key(&self) -> &str {
        &self.shared.key
    }

    /// Does what `POST /__control` does with this document and returns its response; the change is in effect on return.
    pub async fn control(&self, change: Value) -> anyhow::Result<Value> {
        self.shared.apply(change).await
    }

    /// The handle through which the control server changes this stand-in.
    pub(super) fn remote(&self) -> Arc<dyn Remote> {
        Arc::clone(&self.shared) as Arc<dyn Remote>
    }

    /// Changes the stand-in's state in place.
    pub fn update<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        change(&mut self.shared.lock().stand_in)
    }

    /// A handle to the state that can be moved into a task.
    pub fn handle(&self) -> Handle<S> {
        Handle(Arc::clone(&self.shared))
    }

    /// The requests received, oldest first.
    pub fn received(&self) -> Vec<Entry> {
        self.shared.lock().log.all()
    }

    /// Clears the log of requests.
    pub fn forget(&self) {
        self.shared.lock().log.clear();
    }

    /// Stops the stand-in; its port is free and its connections are closed when this returns.
    pub async fn stop(self) {
        self.socket.close().await;
    }
}

impl<S> Clone for Handle<S> {
    fn clone(&self) -> Handle<S> {
        Handle(Arc::clone(&self.0))
    }
}

impl<S: StandIn> Handle<S> {
    /// Changes the stand-in's state in place; requests wait meanwhile.
    pub fn update<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        change(&mut self.0.lock().stand_in)
    }
}

impl<S: StandIn> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Inner<S>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(&self, request: Request) -> (Answer, Transmission) {
        if let Some(mut answer) = self.control_route(&request).await {
            answer.set_header(MARKER, "1");
            return (answer, Transmission::Whole);
        }
        let now = Timestamp::now();
        let mut inner = self.lock();
        let Inner { stand_in, overrides, log, .. } = &mut *inner;
        let (answer, transmission, overridden) =
            overrides.decide(&request, || stand_in.answer(&request, now));
        log.add(&request, now, answer.status, overridden);
        (answer, transmission)
    }
}

/// A random number. `RandomState` is seeded by the system; nothing here protects more than a loopback port.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// 32 random hexadecimal digits.
pub(super) fn random_hex() -> String {
    format!("{:016x}{:016x}", random(), random())
}
