//! What a watch measured: the window that was really watched, the facts in it, how the watch itself went, and the health of
//! the services meanwhile. Many checks judge it, each for its own claim.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tally;
use super::data::{Period, WindowData};
use crate::outcome::finding::ProbeError;
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

/// Why the final query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// A lower-case fragment: `connection refused by 127.0.0.1:5432`.
    pub why: String,
    /// What to do about it.
    pub fix: Option<String>,
    /// True when the database did not answer at all, stopped answering, or the budget was used up; false when it answered
    /// and rejected this statement (missing table, statement timeout).
    pub database_gone: bool,
    /// Set when the host's name did not resolve or had no route: this machine may be offline.
    pub offline: Option<String>,
}

/// Why a query has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    pub error: ReadError,
    /// Repeating it will not help: the login was rejected, the table is missing.
    pub hopeless: bool,
    /// The problem is on our side.
    pub ours: bool,
}

impl From<ProbeError> for QueryError {
    fn from(cannot: ProbeError) -> QueryError {
        let error = ReadError { why: cannot.why, fix: cannot.hint, database_gone: false, offline: None };
        QueryError { error, hopeless: true, ours: true }
    }
}

/// The database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// On a standby: it shows what it has replayed up to this time.
    pub replayed_to: Option<Timestamp>,
}

/// The service whose health is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Its `/api` reports that queue and database work.
    Chatwoot,
    /// Its `/health` reports `ok`.
    Agent,
}

/// All probes of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReading {
    /// The request: `GET https://chat.example/api`. The variable's name if it is not set.
    pub request: String,
    /// Oldest first, and at least one; or why the service could not be probed.
    pub samples: Result<Vec<HealthSample>, ProbeError>,
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSample {
    /// By the clock of the window.
    pub at: Timestamp,
    pub good: bool,
    /// The result, as a lower-case fragment: `200, queue_services is \`failing\``.
    pub what: String,
    /// The probe was rate limited (429), which shows nothing about the health. Then `good` is false.
    pub throttled: bool,
    /// The host, if its name did not resolve or had no route: this machine may be offline.
    pub offline: Option<String>,
}

impl Service {
    /// The variable with its URL.
    pub fn variable(self) -> &'static str {
        match self {
            Service::Chatwoot => "CHATWOOT_BASE_URL",
            Service::Agent => "AGENT_SDK_URL",
        }
    }
}
