//! One health probe of a service, and what its answer means.

use std::time::Duration;

use serde_json::Value;

use super::{HealthSample, ProbeResult, Service};
use crate::context::Context;
use crate::outcome::finding::ProbeError;
use crate::service::body;
use crate::service::chatwoot::{Api, Chatwoot, ChatwootError, Reason, read};
use crate::service::http::{Client, Request, usable};
use crate::service::place::without_user;
use crate::service::unreachable::Unreachable;
use crate::text::visible;
use crate::traffic::window::WindowPlan;

/// Time limit of one probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// A machine that Fly had stopped needs some seconds until its first answer.
const COLD_START: Duration = Duration::from_secs(20);

/// Probes one service.
pub(super) enum Prober {
    Chatwoot(Chatwoot),
    Agent { http: Client, url: String },
}

impl Prober {
    pub(super) fn new(cx: &Context, service: Service) -> Result<Prober, ProbeError> {
        let name = service.variable();
        let base = cx.variable(name)?;
        let unusable = |fault: Unreachable| ProbeError::because(format!("{name} is {fault}"));
        match service {
            Service::Chatwoot => {
                let client = Chatwoot::new(cx.http.clone(), cx.redactor.clone(), base, None);
                client.map(Prober::Chatwoot).map_err(unusable)
            }
            Service::Agent => {
                let url = format!("{base}/health");
                usable(&url).map_err(unusable)?;
                Ok(Prober::Agent { http: cx.http.clone(), url })
            }
        }
    }

    pub(super) fn request(&self) -> String {
        match self {
            Prober::Chatwoot(client) => format!("GET {}", client.url("/api")),
            Prober::Agent { url, .. } => {
                format!("GET {}", usable(url).map_or_else(|_| "/health".to_owned(), |url| without_user(&url)))
            }
        }
    }

    pub(super) fn cold_start(&self) -> Duration {
        match self {
            Prober::Chatwoot(_) => Duration::ZERO,
            Prober::Agent { .. } => COLD_START,
        }
    }

    pub(super) async fn probe(&self, plan: &WindowPlan) -> ProbeResult {
        let at = plan.now();
        let state = match self {
            Prober::Chatwoot(client) => {
                let seen = client.get("/api", PROBE_TIMEOUT).await;
                services(read(&seen, Api::read))
            }
            Prober::Agent { http, url } => {
                let request = Request::get(url).header("accept", "application/json, */*");
                let answer = http.ask(request, PROBE_TIMEOUT).await;
                status(answer.map(|answer| (answer.status, body::json(&answer))))
            }
        };
        match state {
            ServiceState::Good(what) => {
                Ok((HealthSample { at, good: true, what, throttled: false, offline: None }, false))
            }
            ServiceState::Bad { what, throttled, offline, starting } => {
                Ok((HealthSample { at, good: false, what, throttled, offline }, starting))
            }
            ServiceState::Ours(cannot) => Err(cannot),
        }
    }
}

/// What an answer means.
#[derive(Debug, PartialEq)]
enum ServiceState {
    Good(String),
    Bad {
        what: String,
        throttled: bool,
        offline: Option<String>,
        starting: bool,
    },
    /// The problem is on our side.
    Ours(ProbeError),
}

impl ServiceState {
    fn bad(what: String) -> ServiceState {
        ServiceState::Bad { what, throttled: false, offline: None, starting: false }
    }

    fn from_error(fault: &Unreachable) -> ServiceState {
        match fault {
            Unreachable::BadUrl(_) | Unreachable::BadHeader(_) | Unreachable::Proxy { .. } => {
                ServiceState::Ours(ProbeError::because(fault.to_string()))
            }
            _ => ServiceState::Bad {
                what: fault.to_string(),
                throttled: false,
                offline: fault.offline_host().map(str::to_owned),
                starting: matches!(
                    fault,
                    Unreachable::Refused
                        | Unreachable::Reset
                        | Unreachable::Closed
                        | Unreachable::TimedOut { .. }
                ),
            },
        }
    }
}

/// Reads Chatwoot's `/api`, which returns 200 even if its services do not work.
fn services(api: Result<Api, ChatwootError>) -> ServiceState {
    let api = match api {
        Ok(api) => api,
        Err(ChatwootError::Unreachable(fault)) => return ServiceState::from_error(&fault),
        Err(ChatwootError::Refused(refusal)) => {
            let throttled = refusal.reason == Reason::TooMany;
            return ServiceState::Bad { what: refusal.in_words(), throttled, offline: None, starting: false };
        }
        Err(ChatwootError::Unreadable(why)) => return ServiceState::bad(format!("200, but {why}")),
    };
    let failing: Vec<String> =
        [("queue_services", &api.queue_services), ("data_services", &api.data_services)]
            .into_iter()
            .filter(|(_, value)| value.as_ref().and_then(Value::as_str) != Some("ok"))
            .map(|(key, value)| format!("{key} is {}", state(value.as_ref())))
            .collect();
    if failing.is_empty() {
        ServiceState::Good("200, queue and database `ok`".to_owned())
    } else {
        ServiceState::bad(format!("200, but {}", failing.join(" and ")))
    }
}

/// Reads the Agent SDK's `/health`.
fn status(answer: Result<(u16, Result<Value, String>), Unreachable>) -> ServiceState {
    match answer {
        Err(fault) => ServiceState::from_error(&fault),
        Ok((200, Ok(body))) => match body.get("status") {
            Some(Value::String(text)) if text == "ok" => ServiceState::Good("200, status `ok`".to_owned()),
            other => ServiceState::bad(format!("200, but status is {}", state(other))),
        },
        Ok((200, Err(why))) => ServiceState::bad(format!("200, but {why}")),
        Ok((status, _)) => ServiceState::Bad {
            what: status.to_string(),
            throttled: status == 429,
            offline: None,
            starting: status >= 500,
        },
    }
}

fn state(value: Option<&Value>) -> String {
    const MAX_CHARS: usize = 40;
    match value {
        None => "missing".to_owned(),
        Some(Value::String(text)) => {
            let text = visible(text.as_bytes());
            match text.char_indices().nth(MAX_CHARS) {
                Some((end, _)) => format!("`{}..`", &text[..end]),
                None => format!("`{text}`"),
            }
        }
        Some(Value::Null) => "null".to_owned(),
        Some(_) => "not a string".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::service::chatwoot::Rejection;

    fn is_good(state: &ServiceState) -> bool {
        matches!(state, ServiceState::Good(_))
    }

    #[test]
    fn chatwoot_is_healthy_if_both_of_its_services_are_ok() {
        let api = |body: Value| services(Api::read(&body).map_err(ChatwootError::Unreadable));
        assert!(is_good(&api(json!({"version": "4.8.0", "queue_services": "ok", "data_services": "ok"}))));
        for (body, what) in [
            (
                json!({"queue_services": "failing", "data_services": "ok"}),
                "200, but queue_services is `failing`",
            ),
            (json!({"queue_services": "ok"}), "200, but data_services is missing"),
            (
                json!({"queue_services": null, "data_services": 1}),
                "200, but queue_services is null and data_services is not a string",
            ),
            (json!({}), "200, but JSON that is not from Chatwoot's /api"),
        ] {
            assert_eq!(api(body), ServiceState::bad(what.to_owned()));
        }
        let refused = |status| services(Err(ChatwootError::Refused(Rejection::of(status, None))));
        assert!(matches!(refused(429), ServiceState::Bad { throttled: true, .. }));
        assert!(matches!(refused(503), ServiceState::Bad { throttled: false, .. }));
    }

    #[test]
    fn the_agent_is_healthy_if_it_returns_ok_with_200() {
        let state = |code: u16, body: Value| status(Ok((code, Ok(body))));
        assert!(is_good(&state(200, json!({"status": "ok"}))));
        for (code, body, starting) in [
            (200, json!({"status": "degraded"}), false),
            (200, json!({}), false),
            (200, json!([]), false),
            (204, json!({"status": "ok"}), false),
            (404, json!({"status": "ok"}), false),
            (503, json!({"status": "ok"}), true),
        ] {
            assert!(
                matches!(state(code, body.clone()), ServiceState::Bad { starting: s, .. } if s == starting),
                "{body}"
            );
        }
        assert!(matches!(state(429, json!({})), ServiceState::Bad { throttled: true, .. }));
        assert!(!is_good(&status(Ok((200, Err("an HTML page".to_owned()))))));
    }

    #[test]
    fn a_connection_error_is_a_failed_probe_unless_it_is_ours() {
        let lost = status(Err(Unreachable::Unresolvable { host: "agent.example".to_owned() }));
        assert!(
            matches!(&lost, ServiceState::Bad { offline: Some(host), starting: false, .. } if host == "agent.example")
        );
        assert!(matches!(
            status(Err(Unreachable::Refused)),
            ServiceState::Bad { starting: true, offline: None, .. }
        ));
        let proxy = Unreachable::Proxy { proxy: "proxy.example".to_owned(), why: "refused".to_owned() };
        assert!(matches!(status(Err(proxy)), ServiceState::Ours(_)));
    }
}
