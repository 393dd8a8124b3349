//! Which window a run watches: what `--minutes`, `--lookback`, `--since` and their
//! like mean together.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::checklist::Interval;
use crate::traffic::window::Mode;

/// The window of a run, and how long it is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub mode: Mode,
    /// The window's length. Of a past window that `--since` begins, the most it can be; `None` is all of it.
    pub length: Option<Duration>,
    pub since: Option<Since>,
    /// Goes on although the verdict can no longer change.
    pub full: bool,
    /// Goes on beyond the length until there are enough deliveries, or the budget is spent.
    pub until_enough: bool,
    /// The most the whole watch may take, from its beginning.
    pub budget: Duration,
    /// Whether the window must be the success criteria's: 30 minutes, after a known deploy.
    pub criteria: bool,
}

/// Where a past window begins at the earliest.
#[derive(Clone, Debug, PartialEq)]
pub enum Since {
    At(Timestamp),
    /// The newest release that is not failed or interrupted.
    LastDeploy,
}

impl FromStr for Since {
    type Err = String;

    /// `last-deploy`, a time as RFC 3339 writes it, or how long ago (`20m`).
    fn from_str(text: &str) -> Result<Since, String> {
        if text == "last-deploy" {
            return Ok(Since::LastDeploy);
        }
        text.parse()
            .map(Since::At)
            .map_err(|_| format!("`{text}` is neither `last-deploy` nor a time like `2026-01-01T10:00:00Z`"))
    }
}

/// What the command line said about the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchSaid {
    pub minutes: Option<f64>,
    pub lookback: bool,
    pub since: Option<Since>,
    pub full: bool,
    pub until_enough: bool,
    pub budget: Option<Interval>,
}

/// What the verb asks for when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    pub minutes: f64,
    /// The least that `--minutes` may be, but in the sandbox.
    pub least: Option<f64>,
    pub criteria: bool,
}

/// A day: what a window may be at most.
const MOST_MINUTES: f64 = 7.0 * 24.0 * 60.0;
/// What a watch may take beyond its window: the settling, late transactions, a database that comes back.
const BEYOND: Duration = Duration::from_secs(5 * 60);

impl Watch {
    /// Puts together what was said. The notes are for the operator.
    ///
    /// # Errors
    /// A contradiction or a length that makes no window, as a lower-case sentence.
    pub fn resolve(
        said: &WatchSaid,
        usual: Usual,
        sandbox: bool,
        notes: &mut Vec<String>,
    ) -> Result<Watch, String> {
        let minutes = said.minutes.unwrap_or(usual.minutes);
        if !(minutes.is_finite() && minutes > 0.0 && minutes <= MOST_MINUTES) {
            return Err(format!(
                "--minutes {minutes}: a window is longer than 0 minutes and at most {MOST_MINUTES}"
            ));
        }
        if let Some(least) = usual.least.filter(|&least| minutes < least) {
            if !sandbox {
                return Err(format!(
                    "--minutes {minutes}: the success criteria are about {least} minutes or more"
                ));
            }
            notes.push(format!("a window of {minutes} minutes where the success criteria ask for {least}: only in the sandbox"));
        }
        let past = said.lookback || said.since.is_some();
        if past && said.until_enough {
            return Err(
                "--until-enough waits for more traffic, and a past window gets none; leave one of them out"
                    .to_owned(),
            );
        }
        if past && said.full {
            return Err(
                "--full watches on, and a past window is judged at once; leave one of them out".to_owned()
            );
        }
        let length =
            Duration::try_from_secs_f64(minutes * 60.0).map_err(|e| format!("--minutes {minutes}: {e}"))?;
        // With --since alone, the window is all the time from there.
        let whole = said.minutes.is_none() && !said.lookback && said.since.is_some();
        let least_budget = if past { Duration::ZERO } else { length };
        let budget = match said.budget {
            Some(budget) if budget.0 < least_budget => {
                return Err(format!("--budget {budget} is less than the window's {minutes} minutes"));
            }
            Some(budget) => budget.0,
            None if said.until_enough => length * 2 + BEYOND,
            None => least_budget + BEYOND,
        };
        Ok(Watch {
            mode: if past { Mode::Past } else { Mode::Forward },
            length: (!whole).then_some(length),
            since: said.since.clone(),
            full: said.full,
            until_enough: said.until_enough,
            budget,
            criteria: usual.criteria,
        })
    }
}
