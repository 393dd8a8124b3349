//! Watching a window: ticks that drive the screen, and at its end the one statement from which every verdict is made.
//! Nothing that the database does ends a watch: what cannot be asked now is asked again until the budget is spent,
//! and a stretch without an answer is declared as a gap. Two things end it early, and both only after the statement
//! over the whole window so far has said the same: a dead letter, and so many failures that no clean rest could make
//! it good.

mod clock;
mod database;
mod early;
mod forward;
mod last;
mod outlook;
mod reader;
mod screen;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use self::clock::{Clock, Gaps};
use self::early::Refuted;
use super::counts::Ledger;
use super::full::Full;
use super::opening::Opening;
use super::watched::{Unasked, Watched};
use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::{Ended, Mode, Window};
use crate::settings::{self, Traffic};

pub use database::Database;
pub use reader::{Answer, Fault, Moment, Reader};

/// What a database may need to come back.
const RESTART: Duration = Duration::from_secs(30);

/// Who is told how the watch goes.
pub trait View: Sync {
    /// The watch begins; the sentences say what the window can see.
    fn begins(&self, window: Window, remarks: &[String]);
    /// One more look at the facts.
    fn tick(&self, tick: Tick);
    /// What is known by now, in case the run ends here.
    fn so_far(&self, summary: Summary);
}

/// A watch under way.
pub struct Watch<'a, R, V> {
    reader: &'a R,
    view: &'a V,
    opening: &'a Opening,
    wish: &'a settings::Watch,
    rules: &'a Traffic,
    /// As it was meant, by the database's clock as soon as that is known.
    planned: Window,
    /// As it is meant by now: longer than planned when more evidence is waited for, shorter when it ended early.
    window: Window,
    clock: Clock,
    /// Whether the database has told its clock at all.
    clocked: bool,
    ledger: Ledger,
    /// The latest moment by the database's clock at which a tick was answered.
    seen_to: Timestamp,
    gaps: Gaps,
    refuted: Refuted,
    remarks: Vec<String>,
    /// When the budget is spent.
    spent: Instant,
}

/// How the window came to its end.
enum Turn {
    /// By its clock; the full-window statement is still to be asked.
    AtItsEnd,
    /// Early, and confirmed.
    Early(Ended, Box<Full>),
    /// There is nothing to be asked.
    Broken(Unasked),
}

impl<'a, R: Reader, V: View> Watch<'a, R, V> {
    /// A watch of the window that `opening` laid.
    pub fn new(
        reader: &'a R,
        view: &'a V,
        opening: &'a Opening,
        wish: &'a settings::Watch,
        rules: &'a Traffic,
    ) -> Watch<'a, R, V> {
        let window = opening.planned;
        // The past is judged at once: a database that does not answer at first gets the time of a restart.
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
            ledger: Ledger::new(window.from, overlap(rules)),
            seen_to: window.from,
            gaps: Gaps::default(),
            refuted: Refuted::default(),
            remarks: opening.remarks.clone(),
            spent: opening.began + budget,
        }
    }

    /// Watches the window to its end, however it ends, and says over when nothing of it is still to come.
    pub async fn run(mut self) -> Watched {
        let turn = match (&self.opening.unplanned, &self.opening.clockless) {
            (Some(why), _) => Turn::Broken(Unasked {
                why: why.clone(),
                fix: Some("give --since a time, or --minutes".to_owned()),
                database_gone: false,
                offline: None,
            }),
            (None, Some(fault)) if fault.hopeless => Turn::Broken(fault.unasked.clone()),
            (None, _) => self.watch().await,
        };
        if let Turn::Broken(_) = turn {
            // Whoever measures besides it is not to be judged by a time that nobody watched.
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
