//! What a window proves. Each file judges one claim on what was measured, and states
//! it as every probe does: claims that hold, do not hold, or cannot be judged, with
//! evidence beside them. Nothing here knows a clock or a network.
//!
//! Two rules stand above all claims. Only a measurement that was made, and is enough,
//! lets a claim hold: NULL, nothing, too little and a window cut short leave it open.
//! And one more failure never turns a claim that does not hold into one that does.

mod average;
mod causes;
mod database;
mod dead_letters;
mod delivered;
mod ground;
mod health;
mod logs;
mod loss;
mod rate;
mod standing;
mod tiers;
mod words;

pub use average::average;
pub use causes::remarks;
pub use database::database;
pub use dead_letters::dead_letters;
pub use delivered::delivered;
pub use health::health;
pub use logs::{log_errors, log_warnings};
pub use loss::{fewer_facts, no_lost_message};
pub use rate::{margins, success_rate};
pub use standing::standing;
pub use tiers::tiers;

use crate::settings::{Settings, Target, Traffic};

/// By what a window is judged.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub traffic: &'a Traffic,
    /// Whose apps a fix names.
    pub target: &'a Target,
    /// Whether the window must be the success criteria's: half an hour, after a known deploy.
    pub criteria: bool,
    /// Whether the target is the sandbox, whose window may be shorter.
    pub sandbox: bool,
}

impl<'a> Rules<'a> {
    /// The rules of a run.
    pub fn of(settings: &'a Settings) -> Rules<'a> {
        Rules {
            traffic: &settings.target.traffic,
            target: &settings.target,
            criteria: settings.watch.as_ref().is_some_and(|watch| watch.criteria),
            sandbox: settings.target.is_sandbox(),
        }
    }
}

#[cfg(test)]
mod tests;
