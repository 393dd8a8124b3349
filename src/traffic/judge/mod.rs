//! What a window proves. Each file judges one aspect of the measurements and returns what every probe returns:
//! claims that hold, do not hold, or cannot be judged, with evidence. Nothing here reads a clock or the network.
//!
//! Two rules apply to all claims. A claim holds only if a measurement was made and is sufficient: NULL, no data, too
//! little data and a window that ended early leave it undecided. And one more failure never makes a failing claim
//! hold.

mod average;
mod causes;
mod database;
mod dead_letters;
mod delivered;
mod health;
mod live_status;
mod logs;
mod loss;
mod preconditions;
mod rate;
mod summary;
mod tiers;
mod words;

pub use average::average;
pub use causes::remarks;
pub use database::database;
pub use dead_letters::dead_letters;
pub use delivered::delivered;
pub use health::health;
pub use live_status::live_status;
pub use logs::{log_errors, log_warnings};
pub use loss::{fewer_facts, no_lost_message};
pub use rate::{margins, success_rate};
pub use summary::summarize;
pub use tiers::tiers;

use crate::settings::{Settings, Target, Traffic};

/// The thresholds a window is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub traffic: &'a Traffic,
    /// Whose apps a fix names.
    pub target: &'a Target,
    /// Whether the window must meet the success criteria: at least half an hour after a known deploy.
    pub criteria: bool,
    /// Whether the target is the sandbox, where the window may be shorter.
    pub sandbox: bool,
}

impl<'a> Rules<'a> {
    /// The rules of this run.
    pub fn new(settings: &'a Settings) -> Rules<'a> {
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
