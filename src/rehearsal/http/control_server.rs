//! One control route for all stand-ins: `/__control` on its own port, in plain HTTP, so that it stays reachable when a
//! stand-in's port is closed or has a bad certificate. `GET` shows every stand-in by name; `POST` takes one control
//! document per name, `{"chatwoot": {"state": {"version": "4.8.0"}}}`, and applies them in order until one is rejected.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context;
use serde_json::{Map, Value};

use super::{
    Answer, Answering, CONTROL_PATH, KEY_HEADER, MARKER, Remote, Request, Server, Socket, StandIn,
    Transmission, control, random_hex,
};

/// The stand-ins that a control server can change, by name.
#[derive(Clone, Default)]
pub struct StandInRegistry {
    members: Arc<RwLock<BTreeMap<String, Arc<dyn Remote>>>>,
}

impl StandInRegistry {
    /// Adds a stand-in under a name.
    pub fn with<S: StandIn>(self, name: &str, server: &Server<S>) -> StandInRegistry {
        self.add(name, server.remote());
        self
    }

    /// Adds anything that accepts control documents, and replaces a previous entry with that name.
    fn add(&self, name: &str, member: Arc<dyn Remote>) {
        self.members.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), member);
    }

    fn members(&self) -> BTreeMap<String, Arc<dyn Remote>> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn change(&self, document: &[u8]) -> anyhow::Result<Value> {
        let changes: Map<String, Value> = serde_json::from_slice(document)
            .context("the control server takes an object of control documents by name")?;
        let mut shown = Map::new();
        let members = self.members();
        for (name, change) in changes {
            let known = || members.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let member = members
                .get(&name)
                .with_context(|| format!("there is no stand-in '{name}'; known: {}", known()))?;
            let after =
                Arc::clone(member).change(change).await.with_context(|| format!("stand-in '{name}'"))?;
            shown.insert(name, after);
        }
        Ok(Value::Object(shown))
    }

    fn show(&self) -> anyhow::Result<Value> {
        let members = self.members();
        let shown = members.iter().map(|(name, member)| Ok((name.clone(), member.show()?)));
        Ok(Value::Object(shown.collect::<anyhow::Result<Map<_, _>>>()?))
    }

    async fn answer(&self, request: &Request, key: &str) -> Answer {
        if request.path != CONTROL_PATH || request.header(KEY_HEADER) != Some(key) {
            return Answer::new(404, "text/plain", "not found\n");
        }
        control::answer(match request.method.as_str() {
            "GET" => self.show(),
            "POST" => self.change(&request.body).await,
            method => Err(anyhow::anyhow!("the control route accepts GET and POST, not {method}")),
        })
    }
}

/// A running control server. Dropping it does not stop the stand-ins.
pub struct ControlServer {
    roster: StandInRegistry,
    socket: Socket,
    key: String,
}

impl ControlServer {
    /// Starts a control server for these stand-ins on a free loopback port, in plain HTTP.
    pub async fn start(roster: StandInRegistry) -> anyhow::Result<ControlServer> {
        let key = random_hex();
        let known = key.clone();
        let members = roster.clone();
        let (socket, _) = Socket::open(None, |_| {
            Arc::new(move |request: Request| -> Answering {
                let (roster, key) = (roster.clone(), known.clone());
                Box::pin(async move {
                    let mut answer = roster.answer(&request, &key).await;
                    answer.set_header(MARKER, "1");
                    (answer, Transmission::Whole)
                })
            })
        })
        .await?;
        Ok(ControlServer { roster: members, socket, key })
    }

    /// Adds another stand-in under a name.
    pub(in crate::rehearsal) fn add(&self, name: &str, member: Arc<dyn Remote>) {
        self.roster.add(name, member);
    }

    /// Applies control documents by name, as `POST /__control` does.
    ///
    /// # Errors
    /// An unknown name, and a document that a stand-in rejects.
    pub async fn change(&self, document: &Value) -> anyhow::Result<Value> {
        self.roster.change(document.to_string().as_bytes()).await
    }

    /// The URL of the control route, `http://127.0.0.1:<port>/__control`.
    pub fn url(&self) -> String {
        format!("http://{}{CONTROL_PATH}", self.socket.address)
    }

    /// The value that the header [`KEY_HEADER`] must have.
    pub fn control_key(&self) -> &str {
        &self.key
    }

    /// Stops the control server.
    pub async fn stop(self) {
        self.socket.close().await;
    }
}
