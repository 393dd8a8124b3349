//! What a window proves. Each file judges one aspect of the measurements and returns what every probe returns:
//! claims that hold, do not hold, or cannot be judged, with evidence. Nothing here reads a clock or the network.
//!
//! Two rules apply to all claims. A claim holds only if a measurement was made and is sufficient: NULL, no data, too
//! little data and a window that ended early leave it undecided. And one more failure never makes a failing claim
//! hold.

mod average;
mod causes;
mod facts;
mod messages;
mod preconditions;
mod rate;
mod services;
mod summary;
mod words;

pub use average::average;
pub use causes::remarks;
pub use facts::{database, dead_letters, tiers};
pub use messages::{delivered, fewer_facts, no_lost_message};
pub use rate::{margins, success_rate};
pub use services::{health, log_errors, log_warnings};
pub use summary::{live_status, summarize};

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
