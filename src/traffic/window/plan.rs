//! The plan of a window: where it lies by the database's clock, and which deploy it is about. Other measurements over the
//! same window learn from here where it really ended.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{Moment, QueryError};
use crate::outcome::window::{Deploy, Mode, Window};
use crate::settings::{Since, Watch};

/// The past window of a verb without one: the time that the checklist's own statements cover.
const DEFAULT_LENGTH: Duration = Duration::from_secs(15 * 60);
/// Time limit for that window.
const DEFAULT_BUDGET: Duration = Duration::from_secs(5 * 60);
/// How long after the budget others wait for the announcement that the window is over.
const GRACE: Duration = Duration::from_secs(60);

/// The window as planned, and where it ends.
#[derive(Debug)]
pub struct WindowPlan {
    pub mode: Mode,
    /// The window as planned; empty if there is none.
    pub planned: Window,
    /// Why there is no window.
    pub unplanned: Option<String>,
    /// The deploy that is watched, or why it is unknown.
    pub deploy: Result<Deploy, String>,
    /// Sentences on the window: whose clock is used, where it is clipped.
    pub remarks: Vec<String>,
    /// Time limit of the whole watch.
    pub budget: Duration,
    /// When it began, on this machine's monotonic clock.
    pub began: Instant,
    /// The time when it began: by the database's clock, or by ours if that did not answer.
    pub began_at: Timestamp,
    /// Why the database's clock is unknown.
    pub clockless: Option<QueryError>,
    /// Where the window ends, as far as known.
    pub end: watch::Sender<End>,
}

/// Where the window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The window that will be judged; the planned one until it is over.
    pub window: Window,
    /// Where it has already ended, if the confirmation in progress succeeds.
    pub tentative_end: Option<Timestamp>,
    /// Whether the window is over.
    pub over: bool,
}

impl End {
    /// The end of a window that is still to come.
    pub fn new(window: Window) -> End {
        End { window, tentative_end: None, over: false }
    }
}

/// How the clock of the window was read.
#[derive(Clone, Debug)]
pub struct ClockReading {
    /// The moment of the reading, on this machine's monotonic clock.
    pub at: Instant,
    /// This machine's wall clock at that moment.
    pub ours: Timestamp,
    /// The database's clock, or why it is unknown.
    pub database: Result<Moment, QueryError>,
}

impl WindowPlan {
    /// Plans the window.
    pub fn new(watch: &Watch, read: ClockReading, deploy: Result<Deploy, String>) -> WindowPlan {
        let mut remarks = Vec::new();
        let (began_at, clockless) = match read.database {
            Ok(moment) => {
                if let Some(replayed) = moment.replayed_to {
                    remarks.push(format!(
                        "read from a standby, which had replayed up to {replayed} when the watch began"
                    ));
                }
                (moment.now, None)
            }
            Err(fault) => {
                remarks.push(format!(
                    "the window uses this machine's clock, because the database's is unknown: {}",
                    fault.error.why
                ));
                (whole(read.ours), Some(fault))
            }
        };
        let deploy = match &watch.since {
            Some(Since::At(at)) => {
                Ok(Deploy { at: whole(*at), source: "--since".to_owned(), running: false })
            }
            _ => deploy,
        };
        let (planned, unplanned) = match plan(watch, began_at, &deploy, &mut remarks) {
            Ok(window) => (window, None),
            Err(why) => (Window { from: began_at, to: began_at }, Some(why)),
        };
        let (end, _) = watch::channel(End { over: unplanned.is_some(), ..End::new(planned) });
        WindowPlan {
            mode: watch.mode,
            planned,
            unplanned,
            deploy,
            remarks,
            budget: watch.budget,
            began: read.at,
            began_at,
            clockless,
            end,
        }
    }

    /// The current time by the window's clock, computed from the reading at the start.
    pub fn now(&self) -> Timestamp {
        after(self.began_at, self.began.elapsed())
    }

    /// Announces where the window ends now.
    pub fn moved(&self, window: Window) {
        self.end.send_replace(End::new(window));
    }

    /// Announces that the window may have ended at `at`, which is being confirmed.
    pub fn may_have_ended(&self, at: Timestamp) {
        self.end.send_modify(|end| end.tentative_end = Some(at));
    }

    /// Announces that the window is over.
    pub fn close(&self, window: Window) {
        self.end.send_replace(End { over: true, ..End::new(window) });
    }

    /// A handle to wait for the end of the window.
    pub fn ending(&self) -> Ending {
        Ending { end: self.end.subscribe(), at_most: self.began + self.budget + GRACE }
    }
}

/// Waits for the end of a window.
#[derive(Clone, Debug)]
pub struct Ending {
    end: watch::Receiver<End>,
    at_most: Instant,
}

impl Ending {
    /// Resolves when the window is over.
    pub async fn over(mut self) {
        tokio::select! {
            _ = self.end.wait_for(|end| end.over) => {}
            // The announcement will not come any more.
            () = sleep_until(self.at_most) => {}
        }
    }

    /// Where the window ends, as far as known.
    pub fn window(&self) -> Window {
        self.end.borrow().window
    }
}

/// The window of a verb that has none of its own.
pub fn default_watch() -> Watch {
    Watch {
        mode: Mode::Past,
        length: Some(DEFAULT_LENGTH),
        since: None,
        full: false,
        until_enough: false,
        budget: DEFAULT_BUDGET,
        criteria: false,
    }
}

fn plan(
    watch: &Watch,
    now: Timestamp,
    deploy: &Result<Deploy, String>,
    remarks: &mut Vec<String>,
) -> Result<Window, String> {
    if watch.mode == Mode::Forward {
        return Ok(Window { from: now, to: after(now, watch.length.unwrap_or(DEFAULT_LENGTH)) });
    }
    let start = watch.length.map(|length| before(now, length));
    let from = match (start, deploy) {
        (start, Ok(deploy)) => {
            if start.is_some_and(|start| start < deploy.at) {
                remarks.push(format!("the window begins at {}: {}", deploy.source, deploy.at));
            }
            start.map_or(deploy.at, |start| start.max(deploy.at))
        }
        (Some(start), Err(_)) => start,
        (None, Err(why)) => return Err(format!("the start of the window is unknown: {why}")),
    };
    if from >= now {
        let source = deploy.as_ref().map_or("--minutes", |deploy| deploy.source.as_str());
        return Err(format!("the window is empty: its start ({source}) is {from}, and now is {now}"));
    }
    Ok(Window { from, to: now })
}

/// `at` plus `by`, limited to the range of timestamps.
pub fn after(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)).map_or(Timestamp::MAX, whole)
}

/// `at` minus `by`, limited to the range of timestamps.
pub fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)).map_or(Timestamp::MIN, whole)
}

/// In whole microseconds, as PostgreSQL stores them.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
