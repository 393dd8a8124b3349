//! The health of Chatwoot and the Agent SDK over the window: asked at its start, every so often, and at its end.
//! What is asked is what the preflight checks of the two ask. Nothing is judged here.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::opening::{Ending, Opening};
use super::window::Mode;
use crate::probe::CannotAsk;
use crate::run::context::Context;
use crate::service::body;
use crate::service::chatwoot::{Api, Chatwoot, Reason, Trouble, read};
use crate::service::http::{Client, Request, usable};
use crate::service::place::without_user;
use crate::service::text::visible;
use crate::service::unreachable::Unreachable;

/// How long one look may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// The pause before a miss is looked at once more, where no next look is due.
const PAUSE: Duration = Duration::from_secs(5);
/// A machine that Fly had stopped needs some seconds for its first answer.
const COLD_START: Duration = Duration::from_secs(20);
const COLD_START_PAUSE: Duration = Duration::from_secs(1);

/// Whose health it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Its `/api` says that queue and database work.
    Chatwoot,
    /// Its `/health` says `ok`.
    Agent,
}

/// All looks at one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReading {
    /// What was asked: `GET https://chat.example/api`. The variable's name where it is missing.
    pub asked: String,
    /// Oldest first, and never none; or why nobody could be asked.
    pub looks: Result<Vec<Look>, CannotAsk>,
}

/// One look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// By the clock of the window.
    pub at: Timestamp,
    pub good: bool,
    /// What was seen, as a lower-case fragment: `200, queue_services is \`failing\``.
    pub what: String,
    /// It was asked not to ask (429), which says nothing about its health. Then `good` is false.
    pub throttled: bool,
    /// The host, when its name did not resolve or had no route: perhaps this machine is offline.
    pub offline: Option<String>,
}

/// Looks at a service until the window is over.
pub(super) async fn take(cx: Arc<Context>, of: Service, opening: Arc<Opening>) -> HealthReading {
    let asker = match Asker::new(&cx, of) {
        Ok(asker) => asker,
        Err(cannot) => return HealthReading { asked: of.variable().to_owned(), looks: Err(cannot) },
    };
    let every = cx.settings.target.traffic.health_every.0;
    let schedule = Schedule { mode: opening.mode, every, cold_start: asker.cold_start() };
    let ask = || asker.look(&cx, &opening);
    let looks = over(schedule, opening.ending(), ask).await;
    HealthReading { asked: asker.asked(), looks: looks.into_iter().collect() }
}

impl Service {
    fn variable(self) -> &'static str {
        match self {
            Service::Chatwoot => "CHATWOOT_BASE_URL",
            Service::Agent => "AGENT_SDK_URL",
        }
    }
}

/// When it is looked.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    mode: Mode,
    every: Duration,
    /// How long the first look may be repeated while the service starts.
    cold_start: Duration,
}

/// One answer: a look, and whether the service may be starting.
type Heard = Result<(Look, bool), CannotAsk>;

/// Looks at the start, every so often, and at the end of the window; a miss that no other look follows is looked at
/// once more, so that one lost packet at the end is told from a service that is down.
async fn over<F, A>(schedule: Schedule, ending: Ending, mut ask: F) -> Vec<Result<Look, CannotAsk>>
where
    F: FnMut() -> A,
    A: Future<Output = Heard>,
{
    let mut looks = vec![first(schedule.cold_start, &mut ask).await];
    if schedule.mode == Mode::Forward {
        let over = ending.over();
        tokio::pin!(over);
        let mut next = Instant::now() + schedule.every;
        loop {
            tokio::select! {
                biased;
                () = &mut over => break,
                () = sleep_until(next) => {}
            }
            looks.push(ask().await.map(|(look, _)| look));
            // What a slow answer or a sleeping machine missed is not caught up with.
            next = (next + schedule.every).max(Instant::now());
        }
        looks.push(ask().await.map(|(look, _)| look));
    }
    if looks.last().is_some_and(|last| last.as_ref().is_ok_and(|look| !look.good)) {
        sleep(PAUSE).await;
        looks.push(ask().await.map(|(look, _)| look));
    }
    looks
}

/// The first look, which has patience with a service that is starting.
async fn first<F, A>(patience: Duration, ask: &mut F) -> Result<Look, CannotAsk>
where
    F: FnMut() -> A,
    A: Future<Output = Heard>,
{
    let began = Instant::now();
    loop {
        let (look, starting) = ask().await?;
        if !starting || began.elapsed() >= patience {
            return Ok(look);
        }
        sleep(COLD_START_PAUSE).await;
    }
}

/// Asks one service.
enum Asker {
    Chatwoot(Chatwoot),
    Agent { http: Client, url: String },
}

impl Asker {
    fn new(cx: &Context, of: Service) -> Result<Asker, CannotAsk> {
        let name = of.variable();
        let base = cx.variable(name)?;
        let unusable = |fault: Unreachable| CannotAsk::because(format!("{name} is {fault}"));
        match of {
            Service::Chatwoot => {
                let client = Chatwoot::new(cx.http.clone(), cx.redactor.clone(), base, None);
                client.map(Asker::Chatwoot).map_err(unusable)
            }
            Service::Agent => {
                let url = format!("{base}/health");
                usable(&url).map_err(unusable)?;
                Ok(Asker::Agent { http: cx.http.clone(), url })
            }
        }
    }

    fn asked(&self) -> String {
        match self {
            Asker::Chatwoot(client) => format!("GET {}", client.url("/api")),
            Asker::Agent { url, .. } => {
                format!("GET {}", usable(url).map_or_else(|_| "/health".to_owned(), |url| without_user(&url)))
            }
        }
    }

    fn cold_start(&self) -> Duration {
        match self {
            Asker::Chatwoot(_) => Duration::ZERO,
            Asker::Agent { .. } => COLD_START,
        }
    }

    async fn look(&self, cx: &Context, opening: &Opening) -> Heard {
        let at = opening.now();
        let (said, sandbox) = match self {
            Asker::Chatwoot(client) => {
                let seen = client.get("/api", DEADLINE).await;
                (services(read(&seen, Api::read)), seen.as_ref().is_ok_and(|page| page.sandbox))
            }
            Asker::Agent { http, url } => {
                let request = Request::get(url).header("accept", "application/json, */*");
                let answer = http.ask(request, DEADLINE).await;
                let sandbox = answer.as_ref().is_ok_and(|answer| answer.sandbox);
                let read = answer.map(|answer| (answer.status, body::json(&answer)));
                (status(read), sandbox)
            }
        };
        if sandbox {
            cx.saw_marker();
        }
        match said {
            Said::Good(what) => Ok((Look { at, good: true, what, throttled: false, offline: None }, false)),
            Said::Bad { what, throttled, offline, starting } => {
                Ok((Look { at, good: false, what, throttled, offline }, starting))
            }
            Said::Ours(cannot) => Err(cannot),
        }
    }
}

/// What an answer comes to.
#[derive(Debug, PartialEq)]
enum Said {
    Good(String),
    Bad {
        what: String,
        throttled: bool,
        offline: Option<String>,
        starting: bool,
    },
    /// The fault is on our side.
    Ours(CannotAsk),
}

impl Said {
    fn bad(what: String) -> Said {
        Said::Bad { what, throttled: false, offline: None, starting: false }
    }

    fn of(fault: &Unreachable) -> Said {
        match fault {
            Unreachable::BadUrl(_) | Unreachable::BadHeader(_) | Unreachable::Proxy { .. } => {
                Said::Ours(CannotAsk::because(fault.to_string()))
            }
            _ => Said::Bad {
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

/// What Chatwoot's `/api` says: it answers 200 even when it says that its services do not work.
fn services(api: Result<Api, Trouble>) -> Said {
    let api = match api {
        Ok(api) => api,
        Err(Trouble::Unreachable(fault)) => return Said::of(&fault),
        Err(Trouble::Refused(refusal)) => {
            let throttled = refusal.reason == Reason::TooMany;
            return Said::Bad { what: refusal.in_words(), throttled, offline: None, starting: false };
        }
        Err(Trouble::Unreadable(why)) => return Said::bad(format!("200, but {why}")),
    };
    let failing: Vec<String> =
        [("queue_services", &api.queue_services), ("data_services", &api.data_services)]
            .into_iter()
            .filter(|(_, value)| value.as_ref().and_then(Value::as_str) != Some("ok"))
            .map(|(key, value)| format!("{key} is {}", state(value.as_ref())))
            .collect();
    match failing.is_empty() {
        true => Said::Good("200, queue and database `ok`".to_owned()),
        false => Said::bad(format!("200, but {}", failing.join(" and "))),
    }
}

/// What the Agent SDK's `/health` says.
fn status(answer: Result<(u16, Result<Value, String>), Unreachable>) -> Said {
    match answer {
        Err(fault) => Said::of(&fault),
        Ok((200, Ok(body))) => match body.get("status") {
            Some(Value::String(text)) if text == "ok" => Said::Good("200, status `ok`".to_owned()),
            other => Said::bad(format!("200, but status is {}", state(other))),
        },
        Ok((200, Err(why))) => Said::bad(format!("200, but {why}")),
        Ok((status, _)) => Said::Bad {
            what: status.to_string(),
            throttled: status == 429,
            offline: None,
            starting: status >= 500,
        },
    }
}

fn state(value: Option<&Value>) -> String {
    const LONG: usize = 40;
    match value {
        None => "not there".to_owned(),
        Some(Value::String(text)) => {
            let text = visible(text.as_bytes());
            match text.char_indices().nth(LONG) {
                Some((end, _)) => format!("`{}..`", &text[..end]),
                None => format!("`{text}`"),
            }
        }
        Some(Value::Null) => "null".to_owned(),
        Some(_) => "not a text".to_owned(),
    }
}

#[cfg(test)]
mod tests;
