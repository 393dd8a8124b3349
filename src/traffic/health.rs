//! The health of Chatwoot and the Agent SDK over the window: asked at its start, every so often, and at its end.
//! What is asked is what the preflight checks of the two ask. Nothing is judged here.

mod asker;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, sleep_until};

use self::asker::Asker;
use super::opening::{Ending, Opening};
use crate::context::Context;
use crate::outcome::finding::CannotAsk;
use crate::outcome::window::Mode;

/// The pause before a miss is looked at once more, where no next look is due.
const PAUSE: Duration = Duration::from_secs(5);
/// The pause between two questions to a service that may be starting.
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

#[cfg(test)]
mod tests;
