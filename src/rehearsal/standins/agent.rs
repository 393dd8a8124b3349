//! The Agent SDK service: an Express app that drafts answers. It sleeps when idle, so a first request may have to wait
//! for it to start.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rehearsal::http::{Answer, Request, Server, StandIn};

/// A running Agent SDK stand-in.
pub type Agent = Server<State>;

/// The state of the Agent SDK service.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The `status` in `/health`: `ok` when healthy.
    pub status: String,
    /// The service's name in `/health`.
    pub service: String,
    /// The version in `/health`.
    pub version: String,
    /// How far its clock is ahead, in seconds.
    pub clock_offset_seconds: i64,
    /// How long a cold start takes, in seconds.
    pub cold_start_seconds: f64,
    /// Whether the machine is stopped: the next request starts it, and all requests wait until it is up.
    pub asleep: bool,
    /// Whether only the integer `message_type` 0 counts as incoming, as in the version that ignores every real message.
    pub integers_only: bool,
    /// Whether drafts need a person's approval.
    pub approval_required: bool,
    /// The error with which drafting fails (500), or null.
    pub failure: Option<String>,
    /// The response time of the webhook endpoint, in milliseconds.
    #[serde(default)]
    pub webhook_delay_ms: u64,
    /// The drafts waiting for approval, as listed by `/approvals`.
    pub approvals: Vec<Value>,
    /// When the current start will be finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_at: Option<Timestamp>,
}

impl Default for State {
    /// Awake and healthy, version 1.0.0.
    fn default() -> State {
        State {
            status: "ok".to_owned(),
            service: "agent-service".to_owned(),
            version: "1.0.0".to_owned(),
            clock_offset_seconds: 0,
            cold_start_seconds: 0.0,
            asleep: false,
            integers_only: false,
            approval_required: false,
            failure: None,
            webhook_delay_ms: 0,
            approvals: Vec::new(),
            up_at: None,
        }
    }
}

impl State {
    fn respond(&mut self, request: &Request, now: Timestamp) -> Answer {
        match (request.verb(), request.segments().as_slice()) {
            ("GET", ["health"]) => {
                let now =
                    now.checked_add(SignedDuration::from_secs(self.clock_offset_seconds)).unwrap_or(now);
                Answer::json(
                    200,
                    &json!({
                        "status": self.status,
                        "service": self.service,
                        "version": self.version,
                        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
                    }),
                )
            }
            ("GET", ["approvals"]) => Answer::json(200, &json!(self.approvals)),
            ("POST", ["webhooks", "chatwoot"]) => self.webhook(request),
            (verb, _) => page(404, &format!("Cannot {verb} {}", request.path)),
        }
    }

    fn webhook(&mut self, request: &Request) -> Answer {
        // Express's body parser ignores a body of another type, so the handler gets an empty one.
        let body = if request.is_json() && !request.body.is_empty() {
            match serde_json::from_slice::<Value>(&request.body) {
                Ok(body) => body,
                Err(_) => return page(400, "SyntaxError: the body is not JSON"),
            }
        } else {
            json!({})
        };
        let ignored = |reason: &str| Answer::json(200, &json!({"ignored": true, "reason": reason}));
        if body["event"] != "message_created" {
            return ignored("Not a message_created event");
        }
        let Some(conversation) = body["conversation"]["id"].as_u64() else {
            return ignored("Missing conversation id");
        };
        if body["content"].as_str().is_none_or(|text| text.trim().is_empty()) {
            return ignored("Missing message text");
        }
        let kind = &body["message_type"];
        let incoming =
            *kind == 0 || body["sender"]["type"] == "contact" || (!self.integers_only && kind == "incoming");
        if !incoming {
            return ignored("Not an incoming message");
        }
        if let Some(failure) = &self.failure {
            return Answer::json(500, &json!({ "error": failure }));
        }
        let status = if self.approval_required { "pending_approval" } else { "draft_ready" };
        let draft = json!({
            "status": status,
            "conversation_id": conversation,
            "draft": "Hello, thanks for writing.",
        });
        if self.approval_required {
            self.approvals.push(draft.clone());
        }
        Answer::json(200, &draft)
    }

    /// How long a request waits until the machine is up.
    fn wake(&mut self, now: Timestamp) -> std::time::Duration {
        if self.asleep {
            self.asleep = false;
            let start =
                SignedDuration::try_from_secs_f64(self.cold_start_seconds).unwrap_or(SignedDuration::ZERO);
            self.up_at = now.checked_add(start).ok();
        }
        let left = self.up_at.map(|up| up.duration_since(now)).unwrap_or(SignedDuration::ZERO);
        // A negative duration means that the machine is up already.
        left.try_into().unwrap_or_default()
    }
}

impl StandIn for State {
    const NAME: &'static str = "agent";

    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        let wait = self.wake(now);
        let mut answer = self.respond(request, now);
        answer.delay = wait;
        if request.verb() == "POST" {
            answer.delay += std::time::Duration::from_millis(self.webhook_delay_ms);
        }
        answer.set_header("x-powered-by", "Express");
        answer
    }
}

/// An error page in Express's format.
fn page(status: u16, text: &str) -> Answer {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n\
         <body>\n<pre>{text}</pre>\n</body>\n</html>\n"
    );
    Answer::new(status, "text/html; charset=utf-8", html)
}
