//! Which window a run watches: what `--minutes`, `--lookback`, `--since` and their
//! like mean together.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::input::interval::Interval;
use crate::outcome::window::Mode;

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

    /// `last-deploy`, or a time as RFC 3339 writes it.
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

impl Usual {
    /// The checklist's "Monitor for 15 minutes".
    pub const MONITOR: Usual = Usual { minutes: 15.0, least: None, criteria: false };
    /// The success criteria's 30 minutes.
    pub const GATE: Usual = Usual { minutes: 30.0, least: Some(30.0), criteria: true };
}

/// A week: what a window may be at most.
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

#[cfg(test)]
mod tests {
    use super::*;

    const MONITOR: Usual = Usual::MONITOR;
    const GATE: Usual = Usual::GATE;

    fn resolve(said: WatchSaid, usual: Usual) -> Result<Watch, String> {
        Watch::resolve(&said, usual, false, &mut Vec::new())
    }

    #[test]
    fn what_is_not_said_is_the_verbs() {
        let watch = resolve(WatchSaid::default(), MONITOR).expect("a window");
        assert_eq!((watch.mode, watch.length), (Mode::Forward, Some(Duration::from_secs(900))));
        assert_eq!((watch.budget, watch.criteria), (Duration::from_secs(1200), false));
        let watch =
            resolve(WatchSaid { until_enough: true, ..WatchSaid::default() }, MONITOR).expect("a window");
        assert_eq!(watch.budget, Duration::from_secs(2100));
        let watch = resolve(WatchSaid { lookback: true, ..WatchSaid::default() }, GATE).expect("a window");
        assert_eq!((watch.mode, watch.length), (Mode::Past, Some(Duration::from_secs(1800))));
        assert!(watch.criteria);
    }

    #[test]
    fn since_alone_has_no_other_bound() {
        let since = |minutes, lookback| {
            let said =
                WatchSaid { since: Some(Since::LastDeploy), minutes, lookback, ..WatchSaid::default() };
            resolve(said, MONITOR).expect("a window")
        };
        assert_eq!((since(None, false).length, since(None, false).mode), (None, Mode::Past));
        assert_eq!(since(None, true).length, Some(Duration::from_secs(900)));
        assert_eq!(since(Some(2.5), false).length, Some(Duration::from_secs(150)));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let minutes = |minutes| WatchSaid { minutes: Some(minutes), ..WatchSaid::default() };
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 20_000.0] {
            assert!(resolve(minutes(bad), MONITOR).is_err(), "{bad}");
        }
        let refused = [
            WatchSaid { lookback: true, until_enough: true, ..WatchSaid::default() },
            WatchSaid { since: Some(Since::LastDeploy), full: true, ..WatchSaid::default() },
            WatchSaid { budget: Some(Interval::seconds(60)), ..WatchSaid::default() },
        ];
        for said in refused {
            assert!(resolve(said.clone(), MONITOR).is_err(), "{said:?}");
        }
    }

    #[test]
    fn the_gate_wants_its_thirty_minutes_but_in_the_sandbox() {
        let short = WatchSaid { minutes: Some(29.9), ..WatchSaid::default() };
        resolve(short.clone(), GATE).expect_err("too short");
        let mut notes = Vec::new();
        let watch = Watch::resolve(&short, GATE, true, &mut notes).expect("the sandbox may");
        assert!(watch.criteria && notes.len() == 1, "{notes:?}");
    }

    #[test]
    fn since_reads_times_and_nothing_vague() {
        let at: Timestamp = "2026-01-01T10:00:00Z".parse().expect("a time");
        assert_eq!("2026-01-01T10:00:00Z".parse(), Ok(Since::At(at)));
        assert_eq!("2026-01-01T11:00:00+01:00".parse(), Ok(Since::At(at)));
        assert_eq!("last-deploy".parse(), Ok(Since::LastDeploy));
        for vague in ["", "now", "yesterday", "10:00", "2026-01-01"] {
            assert!(vague.parse::<Since>().is_err(), "{vague}");
        }
    }
}
