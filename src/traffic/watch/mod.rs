//! Watching a window: ticks for the live display, and at its end the one statement from which every verdict is made.
//! A database that does not answer does not end a watch: queries are repeated until the budget is used up, and the time
//! without an answer is reported as a gap. Two things end a watch early, and both only if the statement over the whole
//! window so far confirms them: a dead letter, and so many failures that the window can no longer pass.

mod clock;
mod database;
mod early_stop;
mod final_query;
mod health;
pub mod measure;
mod reader;
mod screen;
mod tick_loop;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use self::clock::{Clock, Gaps};
use self::early_stop::Refuted;
use super::read::TickCounter;
use super::window::{Observation, ReadError, WindowData, WindowPlan};
use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::{Ended, Mode, Window};
use crate::settings::{self, Traffic};

pub use database::Database;
#[cfg(test)]
pub use reader::QueryResult;
pub use reader::Reader;

/// How long a database may need to restart.
const RESTART: Duration = Duration::from_secs(30);

/// Receives the progress of the watch.
pub trait View: Sync {
    /// The watch begins; the remarks say what the window can prove.
    fn begins(&self, window: Window, remarks: &[String]);
    /// One more tick.
    fn tick(&self, tick: Tick);
    /// What is known so far, in case the run ends here.
    fn so_far(&self, summary: Summary);
}

/// A watch in progress.
pub struct Watch<'a, R, V> {
    reader: &'a R,
    view: &'a V,
    plan: &'a WindowPlan,
    requested: &'a settings::Watch,
    rules: &'a Traffic,
    /// As planned, by the database's clock as soon as that is known.
    planned: Window,
    /// As it is now: longer than planned with `--until-enough`, shorter when it ended early.
    window: Window,
    clock: Clock,
    /// Whether the database's clock is known.
    clocked: bool,
    counter: TickCounter,
    /// The database's time at the last answered tick.
    seen_to: Timestamp,
    gaps: Gaps,
    refuted: Refuted,
    remarks: Vec<String>,
    /// When the budget is used up.
    spent: Instant,
}

/// How the window came to its end.
enum WatchEnd {
    /// Its time is over; the final query is still to come.
    AtItsEnd,
    /// Early, and confirmed.
    Early(Ended, Box<WindowData>),
    /// There is nothing to query.
    Broken(ReadError),
}

impl<'a, R: Reader, V: View> Watch<'a, R, V> {
    /// A watch of the planned window.
    pub fn new(
        reader: &'a R,
        view: &'a V,
        plan: &'a WindowPlan,
        requested: &'a settings::Watch,
        rules: &'a Traffic,
    ) -> Watch<'a, R, V> {
        let window = plan.planned;
        // A past window is judged at once: a database that does not answer at first gets the time of a restart.
        let budget = match (plan.mode, &plan.clockless) {
            (Mode::Past, Some(_)) => plan.budget.min(RESTART),
            _ => plan.budget,
        };
        Watch {
            reader,
            view,
            plan,
            requested,
            rules,
            planned: window,
            window,
            clock: Clock::new(plan.began_at, plan.began),
            clocked: plan.clockless.is_none(),
            counter: TickCounter::new(window.from, overlap(rules)),
            seen_to: window.from,
            gaps: Gaps::default(),
            refuted: Refuted::default(),
            remarks: plan.remarks.clone(),
            spent: plan.began + budget,
        }
    }

    /// Watches the window to its end, however it ends, and then announces that it is over.
    pub async fn run(mut self) -> Observation {
        let end = match (&self.plan.unplanned, &self.plan.clockless) {
            (Some(why), _) => WatchEnd::Broken(ReadError {
                why: why.clone(),
                fix: Some("use --since with a time, or --minutes".to_owned()),
                database_gone: false,
                offline: None,
            }),
            (None, Some(fault)) if fault.hopeless => WatchEnd::Broken(fault.error.clone()),
            (None, _) => self.watch().await,
        };
        if let WatchEnd::Broken(_) = end {
            // Parallel measurements must not be judged over a time that was not watched.
            self.window.to = self.clock.now().clamp(self.window.from, self.window.to);
        }
        self.plan.close(self.window);
        self.finish(end).await
    }

    async fn watch(&mut self) -> WatchEnd {
        if let Err(fault) = self.announce().await
            && fault.hopeless
        {
            return WatchEnd::Broken(fault.error);
        }
        match self.plan.mode {
            Mode::Forward => self.forward().await,
            Mode::Past => WatchEnd::AtItsEnd,
        }
    }
}

fn overlap(rules: &Traffic) -> SignedDuration {
    SignedDuration::try_from(rules.overlap.0).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
