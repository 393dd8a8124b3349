//! The measurements that traffic checks share. Each is made once per run, however many checks use it, and is not limited
//! by a check's timeout: all wait until the window is over.

mod fly;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Database, Reader, View, Watch, health};
use crate::context::{Context, Key};
use crate::outcome::finding::ProbeError;
use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::{Mode, Window};
use crate::redact::Secret;
use crate::service::chatwoot::Chatwoot;
use crate::service::dsn::Dsn;
use crate::settings;
use crate::settings::Drafts;
use crate::traffic::customers::{self, Customers};
use crate::traffic::judge;
use crate::traffic::logs::LogReading;
use crate::traffic::window::{self, ClockReading, HealthReading, Observation, Service, WindowPlan};

const PLAN: Key<WindowPlan> = Key::new("the plan of the window");
const FACTS: Key<Result<Observation, ProbeError>> = Key::new("the facts of the window");
const HEALTH: Key<HealthReading> = Key::new("the health over the window of");
const LOGS: Key<Result<LogReading, ProbeError>> = Key::new("the log of the window");
const CUSTOMERS: Key<Customers> = Key::new("Chatwoot's side of the window");

/// Time limit of the first query.
const CLOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The plan of the window, the deploy, and where the window really ends.
pub async fn plan(cx: &Arc<Context>) -> Arc<WindowPlan> {
    let taking = Arc::clone(cx);
    cx.measure(PLAN, false, async move {
        let requested = requested(&taking);
        let deploy = fly::deploy(&taking, &requested).await;
        let read = clock(&taking).await;
        WindowPlan::new(&requested, read, deploy)
    })
    .await
}

/// The facts of the window, from its first tick to the final query.
pub async fn observation(cx: &Arc<Context>) -> Arc<Result<Observation, ProbeError>> {
    let taking = Arc::clone(cx);
    cx.measure(FACTS, false, async move { Box::pin(watch(&taking)).await }).await
}

/// The health of a service over the window.
pub async fn health(cx: &Arc<Context>, of: Service) -> Arc<HealthReading> {
    let taking = Arc::clone(cx);
    cx.measure(HEALTH.of(format!("{of:?}")), false, async move {
        let plan = begin(&taking).await;
        health::take(taking, of, plan).await
    })
    .await
}

/// The app's log lines of the window.
pub async fn logs(cx: &Arc<Context>) -> Arc<Result<LogReading, ProbeError>> {
    let taking = Arc::clone(cx);
    cx.measure(LOGS, false, async move {
        let plan = begin(&taking).await;
        fly::logs(&taking, &plan).await
    })
    .await
}

/// Chatwoot's side of the window, read when its messages are old enough to be judged, as far as the budget allows.
pub async fn customers(cx: &Arc<Context>) -> Arc<Customers> {
    let taking = Arc::clone(cx);
    cx.measure(CUSTOMERS, false, async move { read_customers(&taking).await }).await
}

/// The requested window.
fn requested(cx: &Context) -> settings::Watch {
    cx.settings.watch.clone().unwrap_or_else(window::default_watch)
}

/// Starts the watch, which decides when the window is over, without waiting for it.
async fn begin(cx: &Arc<Context>) -> Arc<WindowPlan> {
    let watching = Arc::clone(cx);
    tokio::spawn(async move { observation(&watching).await });
    plan(cx).await
}

async fn watch(cx: &Arc<Context>) -> Result<Observation, ProbeError> {
    let plan = plan(cx).await;
    let database = match database(cx, &plan) {
        Ok(database) => database,
        Err(cannot) => {
            // Other measurements continue to the window's end, by our own clock.
            tokio::spawn(async move {
                let length = plan.planned.to.duration_since(plan.began_at);
                sleep_until(plan.began + Duration::try_from(length).unwrap_or_default()).await;
                plan.close(plan.planned);
            });
            return Err(cannot);
        }
    };
    let (requested, rules) = (requested(cx), &cx.settings.target.traffic);
    let observation = Watch::new(&database, &**cx, &plan, &requested, rules).run().await;
    let summary = judge::summarize(&observation, &cx.settings.target);
    cx.set_traffic(match cx.traffic() {
        Some(ticks) if summary.provisional => summary.with_the_numbers_of(ticks),
        _ => summary,
    });
    Ok(observation)
}

/// The database, unless the problem is on our side.
fn database(cx: &Arc<Context>, plan: &WindowPlan) -> Result<Database, ProbeError> {
    let dsn = dsn(cx)?;
    match &plan.clockless {
        Some(fault) if fault.ours => Err(ProbeError::because(format!("DATABASE_URL: {}", fault.error.why))),
        _ => Ok(Database::new(Arc::clone(cx), dsn)),
    }
}

fn dsn(cx: &Context) -> Result<Dsn, ProbeError> {
    Dsn::parse(cx.variable("DATABASE_URL")?)
        .map_err(|fault| ProbeError::because(format!("DATABASE_URL {fault}")))
}

/// Reads the database's clock, and ours at the same moment.
async fn clock(cx: &Arc<Context>) -> ClockReading {
    let database = match dsn(cx) {
        Ok(dsn) => Database::new(Arc::clone(cx), dsn).moment(CLOCK_TIMEOUT).await,
        Err(cannot) => Err(cannot.into()),
    };
    // Taken after the answer, because the window begins when its clock is known.
    ClockReading { at: Instant::now(), ours: cx.now(), database }
}

impl View for Context {
    fn begins(&self, window: Window, remarks: &[String]) {
        self.watching(window, remarks);
    }

    fn tick(&self, tick: Tick) {
        Context::tick(self, tick);
    }

    fn so_far(&self, summary: Summary) {
        self.set_traffic(summary);
    }
}

/// Enough for a thousand messages.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
/// The least time it gets, even if the budget is used up.
const MIN_TIME: Duration = Duration::from_secs(30);
/// Chatwoot's clock is in whole seconds and may be a little behind.
const CLOCK_BLUR: Duration = Duration::from_secs(2);

/// Waits for the watch, then until the latest message of the window is old enough to be judged, and reads.
async fn read_customers(cx: &Arc<Context>) -> Customers {
    let plan = plan(cx).await;
    let observation = observation(cx).await;
    let window = match &*observation {
        Ok(observation) => observation.window,
        Err(_) => {
            plan.ending().over().await;
            plan.end.borrow().window
        }
    };
    let client = match client(cx) {
        Ok(client) => client,
        Err(why) => return Customers::unknown(window, &why),
    };
    if is_waited_for(cx, &plan, observation.as_ref().as_ref().ok()) {
        sleep_until(old_enough(cx, &plan, window)).await;
    }
    let spent = plan.began + plan.budget;
    let left = spent.saturating_duration_since(Instant::now()).clamp(MIN_TIME, READ_TIMEOUT);
    customers::fetch(client, account(cx), window, left).await
}

/// A past window is judged at once, and one that ended early is not judged for lost messages.
fn is_waited_for(cx: &Context, plan: &WindowPlan, observation: Option<&Observation>) -> bool {
    plan.mode == Mode::Forward
        && cx.settings.target.traffic.drafts == Drafts::On
        && observation.is_none_or(|observation| !observation.ended.early())
}

/// When a message of the window's last second will be old enough, within the budget.
fn old_enough(cx: &Context, plan: &WindowPlan, window: Window) -> Instant {
    let patience = cx.settings.target.traffic.patience.0 + CLOCK_BLUR;
    let past = Duration::try_from(plan.now().duration_since(window.to)).unwrap_or_default();
    (Instant::now() + patience.saturating_sub(past)).min(plan.began + plan.budget)
}

fn client(cx: &Context) -> Result<Chatwoot, String> {
    let base = cx.variable("CHATWOOT_BASE_URL").map_err(|cannot| cannot.why)?;
    let token = cx.settings.vars.chatwoot_token().map(|token| Secret::new(token.trim()));
    Chatwoot::new(cx.http.clone(), cx.redactor.clone(), base, token)
        .map_err(|fault| format!("CHATWOOT_BASE_URL is {fault}"))
}

fn account(cx: &Context) -> Result<u64, String> {
    let text = cx.variable("CHATWOOT_ACCOUNT_ID").map_err(|cannot| cannot.why)?;
    text.parse().map_err(|_| "CHATWOOT_ACCOUNT_ID is not a whole number".to_owned())
}
