//! The HotDash app: the endpoint that receives webhooks and checks their signature, the forwarding to the Agent SDK
//! with retries ([`forwarder`]), and the facts it records ([`facts`]).

pub mod facts;
pub mod forwarder;
mod handling;

use std::collections::VecDeque;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::rehearsal::http::{Answer, Request, Server, StandIn};
pub use handling::Handling;

/// A running stand-in of the HotDash app.
pub type App = Server<State>;

/// The state of the app.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The secret for checking signatures; without one, every request is accepted.
    pub secret: Option<String>,
    /// The signature scheme that the app expects.
    pub signature: Signature,
    /// The accepted requests, oldest first; the newest [`KEPT`] of them.
    pub deliveries: VecDeque<Delivery>,
    /// What happens to an accepted delivery.
    pub handling: Handling,
    /// The bodies waiting to be forwarded, unchanged.
    #[serde(skip)]
    pub waiting: VecDeque<Vec<u8>>,
}

/// How many deliveries are remembered.
pub const KEPT: usize = 1000;

/// What is signed, and the format of `X-Chatwoot-Signature`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// Chatwoot 4.12 and later: `sha256=<hex>` over `{timestamp}.{body}`.
    #[default]
    Timestamped,
    /// What older apps expect: bare hex over the body alone. The two never match.
    BodyOnly,
}

/// A webhook that the app accepted.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// When it arrived.
    pub at: Timestamp,
    /// Its `event`, or null.
    pub event: Option<String>,
    /// Its body: JSON, or a string if it is not JSON.
    pub body: Value,
}

impl Default for State {
    /// Accepts everything and has received nothing.
    fn default() -> State {
        State {
            secret: None,
            signature: Signature::default(),
            deliveries: VecDeque::new(),
            handling: Handling::default(),
            waiting: VecDeque::new(),
        }
    }
}

impl State {
    /// Takes up to `room` bodies from the queue, with the settings for handling them.
    fn take(&mut self, room: usize) -> (Vec<Vec<u8>>, Handling) {
        let count = room.min(self.waiting.len());
        (self.waiting.drain(..count).collect(), self.handling.clone())
    }

    fn signed(&self, request: &Request) -> bool {
        let Some(secret) = &self.secret else { return true };
        let Some(given) = request.header("x-chatwoot-signature") else { return false };
        // An HMAC accepts a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        let given = match self.signature {
            Signature::BodyOnly => Some(given),
            Signature::Timestamped => {
                let Some(timestamp) = request.header("x-chatwoot-timestamp") else { return false };
                mac.update(timestamp.as_bytes());
                mac.update(b".");
                given.strip_prefix("sha256=")
            }
        };
        mac.update(&request.body);
        given.and_then(|given| hex::decode(given).ok()).is_some_and(|given| mac.verify_slice(&given).is_ok())
    }
}

impl StandIn for State {
    const NAME: &'static str = "app";

    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        if request.segments() != ["api", "webhooks", "chatwoot"] {
            return Answer::new(
                404,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><title>404 Not Found</title>\n",
            );
        }
        if request.method != "POST" {
            let mut answer = Answer::json(405, &json!({"error": "Method not allowed"}));
            answer.set_header("allow", "POST");
            return answer;
        }
        if !self.signed(request) {
            return Answer::json(401, &json!({"error": "Invalid signature"}));
        }
        let text = || Value::String(String::from_utf8_lossy(&request.body).into_owned());
        let body = serde_json::from_slice(&request.body).unwrap_or_else(|_| text());
        self.deliveries.push_back(Delivery {
            at: now,
            event: body["event"].as_str().map(str::to_owned),
            body,
        });
        while self.deliveries.len() > KEPT {
            self.deliveries.pop_front();
        }
        if self.handling.forwards {
            self.waiting.push_back(request.body.clone());
            // In a world without traffic nothing takes them from the queue.
            if self.waiting.len() > KEPT {
                self.waiting.pop_front();
            }
        }
        Answer::json(200, &json!({"ok": true}))
    }
}
