//! What `fly` reports about the window: the deploy, and the app's log lines.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until};

use crate::context::{Context, Key, fly_environment};
use crate::outcome::finding::ProbeError;
use crate::outcome::window::{Deploy, Mode};
use crate::service::fly::{self, Answer, FlyError, LogBatch, Release};
use crate::settings::{Since, Watch};
use crate::traffic::logs::{LogReading, LogTexts, MAX_BATCH_LINES};
use crate::traffic::window::WindowPlan;
use crate::traffic::window::current_deploy;

/// The releases of an app, by its name.
const RELEASES: Key<Answer<Vec<Release>>> = Key::new("the releases on Fly of");
/// Time limit of one call of `fly`. If there is no line to print, `fly logs` uses all of it.
const FLY_TIMEOUT: Duration = Duration::from_secs(15);
/// Log lines arrive with a delay: the last reading is this long after the window's end.
const LOG_DELAY: Duration = Duration::from_secs(5);
/// The pause before a failed last reading is repeated.
const RETRY_PAUSE: Duration = Duration::from_secs(3);

/// When the version that is watched began to serve.
///
/// # Errors
/// Why that is unknown, as a lower-case fragment.
pub(super) async fn deploy(cx: &Arc<Context>, requested: &Watch) -> Result<Deploy, String> {
    if matches!(requested.since, Some(Since::At(_))) {
        return Err("--since sets the start of the window".to_owned());
    }
    let target = &cx.settings.target;
    let Some(app) = target.fly_app.clone() else {
        return Err(format!("the start of the deploy is unknown: {}", target.line_to_add("fly_app")));
    };
    let (env, of) = (fly_environment(&cx.settings), app.clone());
    let (redactor, sink) = (cx.redactor.clone(), cx.marker.clone());
    let take = async move { fly::releases(env, &of, FLY_TIMEOUT, &redactor, &sink).await };
    let answer = cx.measure(RELEASES.of(&app), false, take).await;
    match &answer.found {
        Ok(releases) => current_deploy(releases, &app),
        Err(trouble) => Err(trouble.to_string()),
    }
}

/// Reads the log at intervals until some seconds after the window's end; for a past window once.
///
/// # Errors
/// When the app is not configured, or `fly` does not work here.
pub(super) async fn logs(cx: &Arc<Context>, plan: &WindowPlan) -> Result<LogReading, ProbeError> {
    let target = &cx.settings.target;
    let Some(app) = target.fly_app.as_deref() else {
        return Err(ProbeError::because("`fly_app` is not configured for the target")
            .hint(target.line_to_add("fly_app")));
    };
    let mut reading = LogReading::new(LogTexts::from(&target.traffic));
    if plan.mode == Mode::Forward {
        // A busy log is also read while its last lines arrive, or the last reading would miss some.
        let over = async {
            plan.ending().over().await;
            sleep(LOG_DELAY).await;
        };
        tokio::pin!(over);
        let mut next = Instant::now();
        let mut first = true;
        loop {
            tokio::select! {
                biased;
                () = &mut over => break,
                () = sleep_until(next) => {}
            }
            let usual = target.traffic.logs_every.0;
            let wait = match poll(cx, plan, app, &mut reading).await {
                Ok(polled) => polled.lasts.map_or(usual, |lasts| usual.min(lasts)),
                Err(cannot) if first => return Err(cannot),
                Err(_) => usual,
            };
            first = false;
            next = (next + wait).max(Instant::now());
        }
    } else {
        sleep(LOG_DELAY).await;
    }
    if !matches!(poll(cx, plan, app, &mut reading).await, Ok(Polled { complete: true, .. })) {
        sleep(RETRY_PAUSE).await;
        let again = poll(cx, plan, app, &mut reading).await;
        if plan.mode == Mode::Past {
            again?;
        }
    }
    Ok(reading)
}

/// The result of one reading.
struct Polled {
    /// Whether the log was read completely.
    complete: bool,
    /// How soon the next reading must follow to share lines with this one; `None` if the usual interval is enough.
    lasts: Option<Duration>,
}

/// How many of the newest lines are used to estimate the rate.
const RECENT_LINES: usize = 20;
/// The shortest pause between two readings.
const MIN_PAUSE: Duration = Duration::from_millis(500);

/// `fly logs` prints only the newest lines, so the next reading must come before as many new lines are written as one
/// reading has. Half of that time, at the current rate, leaves room for a burst.
fn lasts(batch: &LogBatch) -> Option<Duration> {
    let mut stamps: Vec<Timestamp> = batch.lines.iter().filter_map(|line| line.at).collect();
    stamps.sort_unstable();
    // Old lines show nothing about the current rate.
    let recent = &stamps[stamps.len().saturating_sub(RECENT_LINES)..];
    if recent.len() < RECENT_LINES {
        return None;
    }
    let span = Duration::try_from(recent.last()?.duration_since(*recent.first()?)).unwrap_or_default();
    let filled = span.mul_f64(MAX_BATCH_LINES as f64 / (RECENT_LINES - 1) as f64);
    Some((filled / 2).max(MIN_PAUSE))
}

/// One reading.
///
/// # Errors
/// When `fly` does not work here.
async fn poll(
    cx: &Context,
    plan: &WindowPlan,
    app: &str,
    reading: &mut LogReading,
) -> Result<Polled, ProbeError> {
    let read_at = plan.now();
    let answer = fly::logs(fly_environment(&cx.settings), app, FLY_TIMEOUT, &cx.redactor, &cx.marker).await;
    match &answer.found {
        Ok(batch) => {
            reading.take(read_at, *plan.end.borrow(), batch);
            Ok(Polled { complete: batch.partial.is_none(), lasts: lasts(batch) })
        }
        Err(trouble) => {
            reading.miss(&trouble.to_string());
            match ours(trouble) {
                Some(hint) => Err(ProbeError::because(trouble.to_string()).hint(hint)),
                None => Ok(Polled { complete: false, lasts: None }),
            }
        }
    }
}

/// What to do about a `fly` that does not work here.
fn ours(trouble: &FlyError) -> Option<&'static str> {
    match trouble {
        FlyError::NotRun(_) => Some("install flyctl and put it in PATH: https://fly.io/docs/flyctl/install/"),
        FlyError::NotLoggedIn => Some("run fly auth login, or set FLY_API_TOKEN"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::service::fly::LogLine;

    fn batch(count: usize, apart: SignedDuration) -> LogBatch {
        let start: Timestamp = "2026-01-01T10:00:00Z".parse().expect("a time");
        let line = |n: usize| {
            let at = start + apart * i32::try_from(n).expect("a small number");
            LogLine::new(Some(at), "info", "a line", "one")
        };
        LogBatch { lines: (0..count).map(line).collect(), partial: None }
    }

    #[test]
    fn a_busy_log_is_read_more_often() {
        let tenth = SignedDuration::from_millis(100);
        assert_eq!(lasts(&batch(RECENT_LINES - 1, tenth)), None);
        // 100 lines in 10 seconds: read every 5 seconds.
        for count in [RECENT_LINES, MAX_BATCH_LINES] {
            assert_eq!(lasts(&batch(count, tenth)), Some(Duration::from_secs(5)));
        }
        assert_eq!(lasts(&batch(MAX_BATCH_LINES, SignedDuration::from_millis(1))), Some(MIN_PAUSE));
    }
}
