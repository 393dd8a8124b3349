//! What `fly` says of the window: the deploy it is about, and the app's log lines.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::probe::{CannotAsk, fly_environment};
use crate::run::context::Context;
use crate::service::fly::{self, Trouble};
use crate::settings::{Since, Watch};
use crate::traffic::deploy::marker;
use crate::traffic::logs::{LogReading, LogTexts};
use crate::traffic::opening::Opening;
use crate::traffic::window::{Deploy, Mode};

/// What one call of `fly` may take. Without a line to print `fly logs` takes all of it.
const DEADLINE: Duration = Duration::from_secs(15);
/// Log lines take a moment on their way: the last reading is so long after the window's end.
const ON_THEIR_WAY: Duration = Duration::from_secs(5);
/// The pause before a last reading that failed is repeated.
const PAUSE: Duration = Duration::from_secs(3);

/// When the version that is watched began to serve.
///
/// # Errors
/// Why that is not known, as a lower-case fragment.
pub(super) async fn deploy(cx: &Arc<Context>, wish: &Watch) -> Result<Deploy, String> {
    if matches!(wish.since, Some(Since::At(_))) {
        return Err("--since says where the window begins".to_owned());
    }
    let target = &cx.settings.target;
    let Some(app) = target.fly_app.clone() else {
        return Err(format!("the time of the deploy is not known: {}", target.line_to_add("fly_app")));
    };
    let (env, of, redactor) = (fly_environment(&cx.settings), app.clone(), cx.redactor.clone());
    let take = async move { fly::releases(env, &of, DEADLINE, &redactor).await };
    let answer = cx.measure(format!("fly releases {app}"), false, take).await;
    if answer.marker {
        cx.saw_marker();
    }
    match &answer.found {
        Ok(releases) => marker(releases, &app).map(Deploy::from),
        Err(trouble) => Err(trouble.to_string()),
    }
}

/// Reads the log every so often until some seconds after the window's end; of a window in the past once.
///
/// # Errors
/// When the app is not configured, or `fly` cannot do its work here.
pub(super) async fn logs(cx: &Arc<Context>, opening: &Opening) -> Result<LogReading, CannotAsk> {
    let target = &cx.settings.target;
    let Some(app) = target.fly_app.as_deref() else {
        return Err(CannotAsk::because("`fly_app` of the target is not configured")
            .hint(target.line_to_add("fly_app")));
    };
    let mut reading = LogReading::new(LogTexts::from(&target.traffic));
    if opening.mode == Mode::Forward {
        let over = opening.ending().over();
        tokio::pin!(over);
        let mut next = Instant::now();
        let mut first = true;
        loop {
            tokio::select! {
                biased;
                () = &mut over => break,
                () = sleep_until(next) => {}
            }
            if let Err(cannot) = poll(cx, opening, app, &mut reading).await
                && first
            {
                return Err(cannot);
            }
            first = false;
            next = (next + target.traffic.logs_every.0).max(Instant::now());
        }
    }
    sleep(ON_THEIR_WAY).await;
    if !matches!(poll(cx, opening, app, &mut reading).await, Ok(true)) {
        sleep(PAUSE).await;
        let again = poll(cx, opening, app, &mut reading).await;
        if opening.mode == Mode::Past {
            again?;
        }
    }
    Ok(reading)
}

/// One reading; false when it gave nothing that proves anything.
///
/// # Errors
/// When `fly` cannot do its work here.
async fn poll(
    cx: &Context,
    opening: &Opening,
    app: &str,
    reading: &mut LogReading,
) -> Result<bool, CannotAsk> {
    let asked_at = opening.now();
    let answer = fly::logs(fly_environment(&cx.settings), app, DEADLINE, &cx.redactor).await;
    if answer.marker {
        cx.saw_marker();
    }
    match &answer.found {
        Ok(batch) => {
            reading.take(asked_at, batch);
            Ok(batch.partial.is_none())
        }
        Err(trouble) => {
            reading.miss(&trouble.to_string());
            match ours(trouble) {
                Some(hint) => Err(CannotAsk::because(trouble.to_string()).hint(hint)),
                None => Ok(false),
            }
        }
    }
}

/// What to do about a `fly` that cannot do its work here.
fn ours(trouble: &Trouble) -> Option<&'static str> {
    match trouble {
        Trouble::NotRun(_) => Some("install flyctl, and put it in PATH: https://fly.io/docs/flyctl/install/"),
        Trouble::NotLoggedIn => Some("fly auth login, or set FLY_API_TOKEN"),
        _ => None,
    }
}
