//! The traffic window of a run: the combined meaning of `--minutes`, `--lookback`, `--since` and related flags.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::input::interval::Interval;
use crate::outcome::window::Mode;

/// The window of a run, and how long it is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub mode: Mode,
    /// The window's length. For a past window that begins with `--since`, its maximum; `None` means no limit.
    pub length: Option<Duration>,
    pub since: Option<Since>,
    /// Continue although the verdict can no longer change.
    pub full: bool,
    /// Continue after the window until there are enough deliveries or the budget is used up.
    pub until_enough: bool,
    /// The maximum duration of the whole watch.
    pub budget: Duration,
    /// Whether the window must satisfy the success criteria: 30 minutes, after a known deploy.
    pub criteria: bool,
}

/// The earliest beginning of a past window.
#[derive(Clone, Debug, PartialEq)]
pub enum Since {
    At(Timestamp),
    /// The newest release that neither failed nor was interrupted.
    LastDeploy,
}

impl FromStr for Since {
    type Err = String;

    /// Parses `last-deploy` or an RFC 3339 time.
    fn from_str(text: &str) -> Result<Since, String> {
        if text == "last-deploy" {
            return Ok(Since::LastDeploy);
        }
        text.parse()
            .map(Since::At)
            .map_err(|_| format!("`{text}` is neither `last-deploy` nor a time like `2026-01-01T10:00:00Z`"))
    }
}

/// The window's arguments on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchFlags {
    pub minutes: Option<f64>,
    pub lookback: bool,
    pub since: Option<Since>,
    pub full: bool,
    pub until_enough: bool,
    pub budget: Option<Interval>,
}

/// The defaults of a verb.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowDefaults {
    pub minutes: f64,
    /// The minimum for `--minutes`, except in the sandbox.
    pub least: Option<f64>,
    pub criteria: bool,
}

impl WindowDefaults {
    /// The checklist's "Monitor for 15 minutes".
    pub const MONITOR: WindowDefaults = WindowDefaults { minutes: 15.0, least: None, criteria: false };
    /// The 30 minutes of the success criteria.
    pub const GATE: WindowDefaults = WindowDefaults { minutes: 30.0, least: Some(30.0), criteria: true };
}

/// The maximum window: a week.
const MOST_MINUTES: f64 = 7.0 * 24.0 * 60.0;
/// How long a watch may take in addition to its window: waiting for late transactions and for a database that was
/// unavailable.
const BEYOND: Duration = Duration::from_secs(5 * 60);

impl Watch {
    /// Combines the arguments with the defaults. The notes are for the operator.
    ///
    /// # Errors
    /// A contradiction or an invalid length, as a lower-case sentence.
    pub fn resolve(
        said: &WatchFlags,
        usual: WindowDefaults,
        sandbox: bool,
        notes: &mut Vec<String>,
    ) -> Result<Watch, String> {
        let minutes = said.minutes.unwrap_or(usual.minutes);
        if !(minutes.is_finite() && minutes > 0.0 && minutes <= MOST_MINUTES) {
            return Err(format!("--minutes {minutes}: must be above 0 and at most {MOST_MINUTES}"));
        }
        if let Some(least) = usual.least.filter(|&least| minutes < least) {
            if !sandbox {
                return Err(format!(
                    "--minutes {minutes}: the success criteria require at least {least} minutes"
                ));
            }
            notes.push(format!("the window has {minutes} minutes although the success criteria require {least}; this is allowed only in the sandbox"));
        }
        let past = said.lookback || said.since.is_some();
        if past && said.until_enough {
            return Err(
                "--until-enough cannot be used with --lookback or --since, because a past window gets no more traffic"
                    .to_owned(),
            );
        }
        if past && said.full {
            return Err("--full cannot be used with --lookback or --since".to_owned());
        }
        let length =
            Duration::try_from_secs_f64(minutes * 60.0).map_err(|e| format!("--minutes {minutes}: {e}"))?;
        // With --since alone, the window extends from there to now.
        let whole = said.minutes.is_none() && !said.lookback && said.since.is_some();
        let least_budget = if past { Duration::ZERO } else { length };
        let budget = match said.budget {
            Some(budget) if budget.0 < least_budget => {
                return Err(format!("--budget {budget} is shorter than the window of {minutes} minutes"));
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

    const MONITOR: WindowDefaults = WindowDefaults::MONITOR;
    const GATE: WindowDefaults = WindowDefaults::GATE;

    fn resolve(said: WatchFlags, usual: WindowDefaults) -> Result<Watch, String> {
        Watch::resolve(&said, usual, false, &mut Vec::new())
    }

    #[test]
    fn missing_arguments_use_the_verbs_defaults() {
        let watch = resolve(WatchFlags::default(), MONITOR).expect("a window");
        assert_eq!((watch.mode, watch.length), (Mode::Forward, Some(Duration::from_secs(900))));
        assert_eq!((watch.budget, watch.criteria), (Duration::from_secs(1200), false));
        let watch =
            resolve(WatchFlags { until_enough: true, ..WatchFlags::default() }, MONITOR).expect("a window");
        assert_eq!(watch.budget, Duration::from_secs(2100));
        let watch = resolve(WatchFlags { lookback: true, ..WatchFlags::default() }, GATE).expect("a window");
        assert_eq!((watch.mode, watch.length), (Mode::Past, Some(Duration::from_secs(1800))));
        assert!(watch.criteria);
    }

    #[test]
    fn since_alone_has_no_other_limit() {
        let since = |minutes, lookback| {
            let said =
                WatchFlags { since: Some(Since::LastDeploy), minutes, lookback, ..WatchFlags::default() };
            resolve(said, MONITOR).expect("a window")
        };
        assert_eq!((since(None, false).length, since(None, false).mode), (None, Mode::Past));
        assert_eq!(since(None, true).length, Some(Duration::from_secs(900)));
        assert_eq!(since(Some(2.5), false).length, Some(Duration::from_secs(150)));
    }

    #[test]
    fn contradictions_are_rejected() {
        let minutes = |minutes| WatchFlags { minutes: Some(minutes), ..WatchFlags::default() };
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 20_000.0] {
            assert!(resolve(minutes(bad), MONITOR).is_err(), "{bad}");
        }
        let refused = [
            WatchFlags { lookback: true, until_enough: true, ..WatchFlags::default() },
            WatchFlags { since: Some(Since::LastDeploy), full: true, ..WatchFlags::default() },
            WatchFlags { budget: Some(Interval::seconds(60)), ..WatchFlags::default() },
        ];
        for said in refused {
            assert!(resolve(said.clone(), MONITOR).is_err(), "{said:?}");
        }
    }

    #[test]
    fn the_gate_requires_thirty_minutes_except_in_the_sandbox() {
        let short = WatchFlags { minutes: Some(29.9), ..WatchFlags::default() };
        resolve(short.clone(), GATE).expect_err("too short");
        let mut notes = Vec::new();
        let watch = Watch::resolve(&short, GATE, true, &mut notes).expect("the sandbox may");
        assert!(watch.criteria && notes.len() == 1, "{notes:?}");
    }

    #[test]
    fn since_accepts_only_exact_times() {
        let at: Timestamp = "2026-01-01T10:00:00Z".parse().expect("a time");
        assert_eq!("2026-01-01T10:00:00Z".parse(), Ok(Since::At(at)));
        assert_eq!("2026-01-01T11:00:00+01:00".parse(), Ok(Since::At(at)));
        assert_eq!("last-deploy".parse(), Ok(Since::LastDeploy));
        for vague in ["", "now", "yesterday", "10:00", "2026-01-01"] {
            assert!(vague.parse::<Since>().is_err(), "{vague}");
        }
    }
}
