//! Chatwoot's side of the window.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{observation, plan};
use crate::context::Context;
use crate::outcome::window::{Mode, Window};
use crate::redact::Secret;
use crate::service::chatwoot::Chatwoot;
use crate::settings::Drafts;
use crate::traffic::customers::{self, Customers};
use crate::traffic::window::Observation;
use crate::traffic::window::WindowPlan;

/// Enough for a thousand messages.
const DEADLINE: Duration = Duration::from_secs(120);
/// The least time it gets, even if the budget is used up.
const MIN_TIME: Duration = Duration::from_secs(30);
/// Chatwoot's clock is in whole seconds and may be a little behind.
const BLUR: Duration = Duration::from_secs(2);

/// Waits for the watch, then until the latest message of the window is old enough to be judged, and reads.
pub(super) async fn customers(cx: &Arc<Context>) -> Customers {
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
    let left = spent.saturating_duration_since(Instant::now()).clamp(MIN_TIME, DEADLINE);
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
    let patience = cx.settings.target.traffic.patience.0 + BLUR;
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
