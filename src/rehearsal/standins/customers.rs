//! The customers of the rehearsal: they write to Chatwoot at a rate and in a mix that a seed determines, and the shop's
//! staff replies and resolves conversations.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::rehearsal::http::{Handle, Remote, merge};
use crate::rehearsal::standins::chatwoot::{self, Sender};

/// How customers behave. Percentages are of customers' messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Habits {
    /// Customers' messages per minute; 0 means none.
    pub per_minute: f64,
    pub seed: u64,
    /// Messages that open a new conversation.
    pub new_percent: u32,
    /// Messages to which the staff replies.
    pub reply_percent: u32,
    /// Messages after which the conversation is resolved.
    pub resolve_percent: u32,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits { per_minute: 60.0, seed: 1, new_percent: 30, reply_percent: 15, resolve_percent: 10 }
    }
}

/// The running customers; they stop when this is dropped.
pub struct Customers {
    habits: Arc<Mutex<Habits>>,
    task: JoinHandle<()>,
}

impl Drop for Customers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The longest sleep: a changed rate takes effect after it.
const MAX_SLEEP: Duration = Duration::from_millis(200);
/// How many open conversations customers keep writing in.
const MAX_OPEN: usize = 20;

const TEXTS: [&str; 6] = [
    "Where is my order?",
    "Does the header fit a 1969 Chevelle?",
    "The package arrived damaged.",
    "Can I still change the address?",
    "I would like to return the gasket set.",
    "Thanks, that helped!",
];

impl Customers {
    /// Starts the customers on the caller's runtime. `staff` replies and resolves.
    pub fn start(
        chatwoot: Handle<chatwoot::State>,
        account: u64,
        staff: Sender,
        habits: Habits,
    ) -> Customers {
        let seed = habits.seed;
        let habits = Arc::new(Mutex::new(habits));
        let crowd = Crowd { chatwoot, account, staff, random: Random(seed), open: Vec::new() };
        let task = tokio::spawn(crowd.live(habits.clone()));
        Customers { habits, task }
    }

    /// Changes how they behave.
    pub fn update(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut locked(&self.habits));
    }

    /// The handle through which the control server changes them.
    pub(in crate::rehearsal) fn remote(&self) -> Arc<dyn Remote> {
        Arc::new(Door(self.habits.clone()))
    }
}

struct Door(Arc<Mutex<Habits>>);

impl Remote for Door {
    fn change(
        self: Arc<Self>,
        document: Value,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Value>> + Send>> {
        Box::pin(async move {
            let change = document.get("state").context("customers accept only {\"state\": {..}}")?;
            let mut habits = locked(&self.0);
            let mut value = serde_json::to_value(&*habits)?;
            merge(&mut value, change);
            *habits = serde_json::from_value(value.clone()).context("not a valid state of the customers")?;
            Ok(value)
        })
    }

    fn show(&self) -> anyhow::Result<Value> {
        Ok(serde_json::json!({ "state": *locked(&self.0) }))
    }
}

/// A change is one assignment or a closure of assignments, so the value is consistent after a panic elsewhere.
fn locked(habits: &Mutex<Habits>) -> std::sync::MutexGuard<'_, Habits> {
    habits.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Crowd {
    chatwoot: Handle<chatwoot::State>,
    account: u64,
    staff: Sender,
    random: Random,
    open: Vec<u64>,
}

impl Crowd {
    async fn live(mut self, habits: Arc<Mutex<Habits>>) {
        // The elapsed part of the wait for the next message, in messages.
        let mut due = 0.0;
        let mut next = self.random.exponential();
        loop {
            let now = locked(&habits).clone();
            let per_second = now.per_minute / 60.0;
            let left = if per_second > 0.0 { (next - due) / per_second } else { f64::INFINITY };
            let pause = if left < MAX_SLEEP.as_secs_f64() {
                Duration::from_secs_f64(left.max(0.0))
            } else {
                MAX_SLEEP
            };
            let before = tokio::time::Instant::now();
            tokio::time::sleep(pause).await;
            due += before.elapsed().as_secs_f64() * per_second;
            while due >= next && per_second > 0.0 {
                due -= next;
                next = self.random.exponential();
                self.write(&now);
            }
        }
    }

    fn write(&mut self, habits: &Habits) {
        let text = TEXTS[self.random.below(TEXTS.len())];
        let fresh = self.open.is_empty() || self.random.percent(habits.new_percent);
        let talked_in = (!fresh).then(|| self.open[self.random.below(self.open.len())]);
        let (reply, resolve) =
            (self.random.percent(habits.reply_percent), self.random.percent(habits.resolve_percent));
        let (account, staff, now) = (self.account, self.staff, Timestamp::now());
        let written = self.chatwoot.update(|chatwoot| {
            let message = chatwoot.customer_writes(account, talked_in, text, now)?;
            if reply {
                chatwoot.reply(account, message.conversation, staff, "We are looking into it.", now);
            }
            if resolve {
                chatwoot.set_status(account, message.conversation, "resolved", staff, now);
            }
            Some(message.conversation)
        });
        let Some(conversation) = written else { return };
        self.open.retain(|&id| id != conversation);
        if !resolve {
            self.open.push(conversation);
        }
        if self.open.len() > MAX_OPEN {
            self.open.remove(0);
        }
    }
}

/// Xorshift64*: the same seed gives the same history. It need not be unpredictable.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // Xorshift never leaves zero.
        self.0 = self.0.max(1);
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn percent(&mut self, percent: u32) -> bool {
        self.next() % 100 < u64::from(percent)
    }

    /// The wait for the next of independent events, in units of the mean wait; capped so that no seed is silent for
    /// long.
    fn exponential(&mut self) -> f64 {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (-(1.0 - uniform).ln()).min(5.0)
    }
}
