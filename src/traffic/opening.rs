//! What is settled before a window is watched: where it lies by the database's clock, and which deploy it is about.
//! Whoever measures something else over the same window learns from here where it really ended.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::watch::{Fault, Moment};
use crate::outcome::window::{Deploy, Mode, Window};
use crate::settings::{Since, Watch};

/// What a verb without a window judges at once: what the checklist's own statements look at.
const USUAL: Duration = Duration::from_secs(15 * 60);
/// What that may take.
const USUAL_BUDGET: Duration = Duration::from_secs(5 * 60);
/// Beyond the budget nobody waits for the word that the window is over.
const GRACE: Duration = Duration::from_secs(60);

/// The window as it was meant, and how it goes.
#[derive(Debug)]
pub struct Opening {
    pub mode: Mode,
    /// The window as it was meant; empty when there is none to be had.
    pub planned: Window,
    /// Why there is no window.
    pub unplanned: Option<String>,
    /// The deploy that is watched, or why it is not known.
    pub deploy: Result<Deploy, String>,
    /// Sentences on the window: by whose clock, clipped where.
    pub remarks: Vec<String>,
    /// What the whole watch may take.
    pub budget: Duration,
    /// When it began, on this machine's clock that is never set.
    pub began: Instant,
    /// The clock of the window when it began: the database's, ours if that did not answer.
    pub began_at: Timestamp,
    /// Why the database's clock is not known.
    pub clockless: Option<Fault>,
    /// Where the window ends, as far as it is known.
    pub end: watch::Sender<End>,
}

/// Where the window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The window that will be judged; until it is over, the planned one.
    pub window: Window,
    /// Where it has ended already, if what is being asked just now says so.
    pub perhaps: Option<Timestamp>,
    /// Nothing of it is still to come.
    pub over: bool,
}

impl End {
    /// The end of a window that is still to come.
    pub fn of(window: Window) -> End {
        End { window, perhaps: None, over: false }
    }
}

/// How the clock of the window was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The moment of the reading, on this machine's clock that is never set.
    pub at: Instant,
    /// This machine's time of day at that moment.
    pub ours: Timestamp,
    /// The database's, or why it is not known.
    pub database: Result<Moment, Fault>,
}

impl Opening {
    /// Lays the window.
    pub fn new(watch: &Watch, read: Read, deploy: Result<Deploy, String>) -> Opening {
        let mut remarks = Vec::new();
        let (began_at, clockless) = match read.database {
            Ok(moment) => {
                if let Some(replayed) = moment.replayed_to {
                    remarks.push(format!(
                        "read from a standby, which shows what it has replayed: up to {replayed} when the watch began"
                    ));
                }
                (moment.now, None)
            }
            Err(fault) => {
                remarks.push(format!(
                    "by this machine's clock, because the database did not tell its own: {}",
                    fault.unasked.why
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
        let (end, _) = watch::channel(End { over: unplanned.is_some(), ..End::of(planned) });
        Opening {
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

    /// The time by the clock of the window, as it was read at the beginning and went on since.
    pub fn now(&self) -> Timestamp {
        after(self.began_at, self.began.elapsed())
    }

    /// Says where the window ends by now.
    pub fn moved(&self, window: Window) {
        self.end.send_replace(End::of(window));
    }

    /// Says that the window has perhaps ended there; whether it has is being asked.
    pub fn may_have_ended(&self, at: Timestamp) {
        self.end.send_modify(|end| end.perhaps = Some(at));
    }

    /// Says that the window is over.
    pub fn close(&self, window: Window) {
        self.end.send_replace(End { over: true, ..End::of(window) });
    }

    /// What waits for the end of the window.
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
    /// Resolves when nothing of the window is still to come.
    pub async fn over(mut self) {
        tokio::select! {
            _ = self.end.wait_for(|end| end.over) => {}
            // Nobody will say it any more.
            () = sleep_until(self.at_most) => {}
        }
    }

    /// Where the window ends, as far as it is known.
    pub fn window(&self) -> Window {
        self.end.borrow().window
    }
}

/// What is judged when the verb has no window of its own.
pub fn usual() -> Watch {
    Watch {
        mode: Mode::Past,
        length: Some(USUAL),
        since: None,
        full: false,
        until_enough: false,
        budget: USUAL_BUDGET,
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
        return Ok(Window { from: now, to: after(now, watch.length.unwrap_or(USUAL)) });
    }
    let start = watch.length.map(|length| before(now, length));
    let from = match (start, deploy) {
        (start, Ok(deploy)) => {
            if start.is_some_and(|start| start < deploy.at) {
                remarks.push(format!("the window is clipped at {}: {}", deploy.source, deploy.at));
            }
            start.map_or(deploy.at, |start| start.max(deploy.at))
        }
        (Some(start), Err(_)) => start,
        (None, Err(why)) => return Err(format!("the window has no beginning: {why}")),
    };
    if from >= now {
        let source = deploy.as_ref().map_or("--minutes", |deploy| deploy.source.as_str());
        return Err(format!("the window is empty: it begins ({source}) at {from}, and now it is {now}"));
    }
    Ok(Window { from, to: now })
}

/// `at`, and so much later. Times of a window are far from the ends of the calendar; what is not stays there.
pub fn after(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)).map_or(Timestamp::MAX, whole)
}

/// `at`, and so much earlier.
pub fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)).map_or(Timestamp::MIN, whole)
}

/// In whole microseconds, as PostgreSQL has them.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
