//! Watching a window: ticks for the live display, and at its end the one statement from which every verdict is made.
//! A database that does not answer does not end a watch: queries are repeated until the budget is used up, and the time
//! without an answer is reported as a gap. Two things end a watch early, and both only if the statement over the whole
//! window so far confirms them: a dead letter, and so many failures that the window can no longer pass.

mod clock;
mod database;
mod early_stop;
mod final_query;
mod forecast;
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
pub use reader::{Answer, Reader};

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
    opening: &'a WindowPlan,
    wish: &'a settings::Watch,
    rules: &'a Traffic,
    /// As planned, by the database's clock as soon as that is known.
    planned: Window,
    /// As it is now: longer than planned with `--until-enough`, shorter when it ended early.
    window: Window,
    clock: Clock,
    /// Whether the database's clock is known.
    clocked: bool,
    ledger: TickCounter,
    /// The database's time at the last answered tick.
    seen_to: Timestamp,
    gaps: Gaps,
    refuted: Refuted,
    remarks: Vec<String>,
    /// When the budget is used up.
    spent: Instant,
}

/// How the window came to its end.
enum Turn {
    /// Its time is over; the final query is still to come.
    AtItsEnd,
    /// Early, and confirmed.
    Early(Ended, Box<WindowData>),
    /// There is nothing to query.
    Broken(ReadError),
}

impl<'a, R: Reader, V: View> Watch<'a, R, V> {
    /// A watch of the window that `opening` planned.
    pub fn new(
        reader: &'a R,
        view: &'a V,
        opening: &'a WindowPlan,
        wish: &'a settings::Watch,
        rules: &'a Traffic,
    ) -> Watch<'a, R, V> {
        let window = opening.planned;
        // A past window is judged at once: a database that does not answer at first gets the time of a restart.
        let budget = match (opening.mode, &opening.clockless) {
            (Mode::Past, Some(_)) => opening.budget.min(RESTART),
            _ => opening.budget,
        };
        Watch {
            reader,
            view,
            opening,
            wish,
            rules,
            planned: window,
            window,
            clock: Clock::new(opening.began_at, opening.began),
            clocked: opening.clockless.is_none(),
            ledger: TickCounter::new(window.from, overlap(rules)),
            seen_to: window.from,
            gaps: Gaps::default(),
            refuted: Refuted::default(),
            remarks: opening.remarks.clone(),
            spent: opening.began + budget,
        }
    }

    /// Watches the window to its end, however it ends, and then announces that it is over.
    pub async fn run(mut self) -> Observation {
        let turn = match (&self.opening.unplanned, &self.opening.clockless) {
            (Some(why), _) => Turn::Broken(ReadError {
                why: why.clone(),
                fix: Some("use --since with a time, or --minutes".to_owned()),
                database_gone: false,
                offline: None,
            }),
            (None, Some(fault)) if fault.hopeless => Turn::Broken(fault.unasked.clone()),
            (None, _) => self.watch().await,
        };
        if let Turn::Broken(_) = turn {
            // Parallel measurements must not be judged over a time that was not watched.
            self.window.to = self.clock.now().clamp(self.window.from, self.window.to);
        }
        self.opening.close(self.window);
        self.finish(turn).await
    }

    async fn watch(&mut self) -> Turn {
        if let Err(fault) = self.announce().await
            && fault.hopeless
        {
            return Turn::Broken(fault.unasked);
        }
        match self.opening.mode {
            Mode::Forward => self.forward().await,
            Mode::Past => Turn::AtItsEnd,
        }
    }
}

fn overlap(rules: &Traffic) -> SignedDuration {
    SignedDuration::try_from(rules.overlap.0).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
