//! The work behind the app's endpoint: takes accepted webhooks, forwards them to the Agent SDK with retries, records
//! the results and writes the app's log lines. The Agent SDK's draft becomes a private note in Chatwoot, for which
//! Chatwoot in turn sends a webhook.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::State;
use super::facts::{Facts, Retry};
use super::handling::{Fate, Handling};
use crate::rehearsal::http::Handle;
use crate::rehearsal::standins::chatwoot::{self, Sender};
use crate::service::http::{Client, Request};

/// How many deliveries run at the same time.
const MAX_CONCURRENT_DELIVERIES: usize = 64;
/// The pause when nothing is waiting.
const IDLE_PAUSE: Duration = Duration::from_millis(10);

/// The level of a log line, as in Fly's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// The receiver of log lines.
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// Everything the forwarder uses.
pub struct Parts {
    pub app: Handle<State>,
    pub chatwoot: Handle<chatwoot::State>,
    /// The Agent SDK's base URL.
    pub agent_url: String,
    pub http: Client,
    /// None if the database is not writable.
    pub facts: Option<Facts>,
    pub log: Log,
    /// The account whose conversations get drafts, and the sender of the drafts.
    pub account: u64,
    pub drafts_by: Sender,
}

/// The running forwarder; it stops when this is dropped.
pub struct Forwarder {
    task: JoinHandle<()>,
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Forwarder {
    /// Starts it on the caller's runtime.
    pub fn start(parts: Parts) -> Forwarder {
        let work = Arc::new(Work { parts, numbers: AtomicU64::new(0) });
        Forwarder { task: tokio::spawn(run(work)) }
    }
}

struct Work {
    parts: Parts,
    numbers: AtomicU64,
}

async fn run(work: Arc<Work>) {
    let places = Arc::new(Semaphore::new(MAX_CONCURRENT_DELIVERIES));
    loop {
        let (bodies, handling) = work.parts.app.update(|app| app.take(places.available_permits()));
        if bodies.is_empty() {
            tokio::time::sleep(IDLE_PAUSE).await;
        }
        for body in bodies {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let (work, handling) = (work.clone(), handling.clone());
            tokio::spawn(async move {
                work.deliver(&body, &handling).await;
                drop(place);
            });
        }
    }
}

/// The result of forwarding.
struct Forwarded {
    attempts: u32,
    took: Duration,
    /// The Agent SDK's status, or the error of the request.
    last: Result<u16, String>,
    body: Option<Value>,
}

impl Forwarded {
    fn success(&self) -> bool {
        matches!(self.last, Ok(200..=299))
    }

    fn error(&self) -> String {
        match &self.last {
            Ok(status) => format!("HTTP {status}"),
            Err(why) => why.clone(),
        }
    }
}

impl Work {
    async fn deliver(&self, body: &[u8], handling: &Handling) {
        let fate = handling.fate(self.numbers.fetch_add(1, Ordering::Relaxed));
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        self.log(Level::Info, "Forwarding Chatwoot webhook");
        let mut forwarded = self.forward(body, handling).await;
        if fate.fails {
            forwarded.last = Ok(503);
        }
        if forwarded.success() {
            self.draft(&event, forwarded.body.as_ref());
        }
        if fate.late_draft && forwarded.success() {
            forwarded.last = Err("request timed out".to_owned());
            self.record(&forwarded, fate, handling).await;
        } else if forwarded.success() {
            self.log(Level::Info, "Webhook forwarded successfully");
            self.record(&forwarded, fate, handling).await;
        } else {
            self.failed(&event, &forwarded, fate, handling).await;
        }
    }

    async fn failed(&self, event: &Value, forwarded: &Forwarded, fate: Fate, handling: &Handling) {
        self.log(Level::Warn, "Agent SDK returned non-success");
        if handling.throws_before_recording {
            return;
        }
        self.record(forwarded, fate, handling).await;
        let Some(facts) = self.parts.facts.as_ref().filter(|_| handling.dead_letters) else { return };
        let endpoint = format!("{}/webhooks/chatwoot", self.parts.agent_url);
        match facts.dead_letter(event, forwarded.attempts, &forwarded.error(), &endpoint).await {
            Ok(()) => self.log(Level::Error, "Webhook sent to dead letter queue"),
            Err(_) => self.log(Level::Error, "Failed to write to dead letter queue"),
        }
    }

    /// Up to `attempts` tries; only a 5xx, a 429 and a failed request are tried again.
    async fn forward(&self, body: &[u8], handling: &Handling) -> Forwarded {
        let began = Instant::now();
        let mut forwarded =
            Forwarded { attempts: 0, took: Duration::ZERO, last: Err("not tried".to_owned()), body: None };
        let mut delay = Duration::from_millis(handling.base_delay_ms);
        while forwarded.attempts < handling.attempts {
            if forwarded.attempts > 0 {
                tokio::time::sleep(delay).await;
                delay *= handling.backoff;
            }
            forwarded.attempts += 1;
            let request = Request::post_json(format!("{}/webhooks/chatwoot", self.parts.agent_url), body)
                .header("x-forwarded-from", "hotdash-app");
            let answer = self.parts.http.ask(request, Duration::from_millis(handling.timeout_ms)).await;
            match answer {
                Ok(answer) => {
                    forwarded.last = Ok(answer.status);
                    forwarded.body = answer.json().ok();
                }
                Err(why) => forwarded.last = Err(why.to_string()),
            }
            if !matches!(forwarded.last, Ok(500..=599 | 429) | Err(_)) {
                break;
            }
        }
        forwarded.took = began.elapsed();
        forwarded
    }

    /// Stores the Agent SDK's draft as a private note.
    fn draft(&self, event: &Value, answer: Option<&Value>) {
        let Some(answer) = answer.filter(|answer| answer["status"] == "draft_ready") else { return };
        let Some(conversation) = event["conversation"]["id"].as_u64() else { return };
        let text = format!("Draft: {}", answer["draft"].as_str().unwrap_or("Hello, thanks for writing."));
        let (account, by) = (self.parts.account, self.parts.drafts_by);
        self.parts
            .chatwoot
            .update(|chatwoot| chatwoot.note(account, conversation, by, &text, Timestamp::now()));
    }

    async fn record(&self, forwarded: &Forwarded, fate: Fate, handling: &Handling) {
        let Some(facts) = &self.parts.facts else { return };
        let retry = Retry {
            attempts: forwarded.attempts,
            success: forwarded.success(),
            duration: match fate.unreadable {
                true => "n/a".into(),
                false => u64::try_from(forwarded.took.as_millis()).unwrap_or(u64::MAX).into(),
            },
            status: forwarded.last.as_ref().ok().copied().filter(|_| forwarded.success()),
        };
        let recorded = match fate.late_commit {
            true => facts.retry_late(&retry, Duration::from_millis(handling.commit_delay_ms)).await,
            false => facts.retry(&retry).await,
        };
        if recorded.is_err() {
            self.log(Level::Error, "Failed to record retry metrics");
        }
    }

    fn log(&self, level: Level, text: &str) {
        (self.parts.log)(level, &format!("[support.webhook] {text}"));
    }
}
