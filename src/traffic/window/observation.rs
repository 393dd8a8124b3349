//! What a watch measured: the window that was really watched, the facts in it, and how the watch itself went. Many checks
//! judge it, each for its own claim.

use super::ReadError;
use super::data::{Period, WindowData};
use super::tally::Tally;
use crate::outcome::tick::Spark;
use crate::outcome::window::{Deploy, Ended, Gap, Mode, Window};
use crate::settings::Tier;

/// The outcome of one watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub mode: Mode,
    /// The window as planned.
    pub planned: Window,
    /// The window that is judged: shorter if the watch ended early, longer with `--until-enough`, clipped at the deploy
    /// if it lies in the past.
    pub window: Window,
    /// The deploy that is watched, or why it is unknown.
    pub deploy: Result<Deploy, String>,
    pub ended: Ended,
    pub facts: Result<WindowData, ReadError>,
    /// Periods in which the database did not answer.
    pub gaps: Vec<Gap>,
    /// Facts in the window minus those that the ticks counted.
    pub late: i64,
    /// What each tick added, oldest first, limited in number.
    pub sparks: Vec<Spark>,
    /// One per configured alert level, in their order; or why they could not be read.
    pub tiers: Result<Vec<TierCounts>, String>,
    /// An equally long time before the deploy, if the window begins soon after it or contains it.
    pub before: Option<Period>,
    /// The part of the window after the deploy, if the window contains the deploy.
    pub after: Option<Period>,
    /// Sentences on how the watch went: whose clock was used, when no tick ran.
    pub remarks: Vec<String>,
}

/// The counts of one alert level's own window.
#[derive(Clone, Debug, PartialEq)]
pub struct TierCounts {
    pub tier: Tier,
    /// Its window, clipped at the deploy.
    pub window: Window,
    pub tally: Tally,
    /// The sum of attempts, and the number of deliveries that have them.
    pub attempts: (u64, u64),
}
