//! The traffic window of a run: the combined meaning of `--minutes`, `--lookback`, `--since` and related flags.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use super::WatchFlags;
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

/// The defaults of a verb.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowDefaults {
    pub minutes: f64,
    /// The minimum for `--minutes`, except in the sandbox.
    pub min_minutes: Option<f64>,
    pub criteria: bool,
}

impl WindowDefaults {
    /// The checklist's "Monitor for 15 minutes".
    pub const MONITOR: WindowDefaults = WindowDefaults { minutes: 15.0, min_minutes: None, criteria: false };
    /// The 30 minutes of the success criteria.
    pub const GATE: WindowDefaults =
        WindowDefaults { minutes: 30.0, min_minutes: Some(30.0), criteria: true };
}

/// The maximum window: a week.
const MAX_MINUTES: f64 = 7.0 * 24.0 * 60.0;
/// How long a watch may take in addition to its window: waiting for late transactions and for a database that was
/// unavailable.
const BEYOND: Duration = Duration::from_secs(5 * 60);

impl Watch {
    /// Combines the arguments with the defaults. The notes are for the operator.
    ///
    /// # Errors
    /// A contradiction or an invalid length, as a lower-case sentence.
    pub fn resolve(
        flags: &WatchFlags,
        defaults: WindowDefaults,
        sandbox: bool,
        notes: &mut Vec<String>,
    ) -> Result<Watch, String> {
        let minutes = flags.window.minutes.unwrap_or(defaults.minutes);
        if !(minutes.is_finite() && minutes > 0.0 && minutes <= MAX_MINUTES) {
            return Err(format!("--minutes {minutes}: must be above 0 and at most {MAX_MINUTES}"));
        }
        if let Some(least) = defaults.min_minutes.filter(|&least| minutes < least) {
            if !sandbox {
                return Err(format!(
                    "--minutes {minutes}: the success criteria require at least {least} minutes"
                ));
            }
            notes.push(format!("the length of the window, in minutes, is {minutes}, although the success criteria require {least}; this is allowed only in the sandbox"));
        }
        let past = flags.window.lookback || flags.window.since.is_some();
        if past && flags.until_enough {
            return Err(
                "--until-enough cannot be used with --lookback or --since, because a past window gets no more traffic"
                    .to_owned(),
            );
        }
        if past && flags.full {
            return Err("--full cannot be used with --lookback or --since".to_owned());
        }
        let length =
            Duration::try_from_secs_f64(minutes * 60.0).map_err(|e| format!("--minutes {minutes}: {e}"))?;
        // With --since alone, the window extends from there to now.
        let whole = flags.window.minutes.is_none() && !flags.window.lookback && flags.window.since.is_some();
        let least_budget = if past { Duration::ZERO } else { length };
        let budget = match flags.window.budget {
            Some(budget) if budget.0 < least_budget => {
                return Err(format!("--budget {budget} is shorter than the window of {minutes} minutes"));
            }
            Some(budget) => budget.0,
            None if flags.until_enough => length * 2 + BEYOND,
            None => least_budget + BEYOND,
        };
        Ok(Watch {
            mode: if past { Mode::Past } else { Mode::Forward },
            length: (!whole).then_some(length),
            since: flags.window.since.clone(),
            full: flags.full,
            until_enough: flags.until_enough,
            budget,
            criteria: defaults.criteria,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::interval::Interval;
    use crate::settings::WindowFlags;

    const MONITOR: WindowDefaults = WindowDefaults::MONITOR;
    const GATE: WindowDefaults = WindowDefaults::GATE;

    fn window(window: WindowFlags) -> WatchFlags {
        WatchFlags { window, ..WatchFlags::default() }
    }

    fn resolve(flags: WatchFlags, defaults: WindowDefaults) -> Result<Watch, String> {
        Watch::resolve(&flags, defaults, false, &mut Vec::new())
    }

    #[test]
    fn missing_arguments_use_the_verbs_defaults() {
        let watch = resolve(WatchFlags::default(), MONITOR).expect("a window");
        assert_eq!((watch.mode, watch.length), (Mode::Forward, Some(Duration::from_secs(900))));
        assert_eq!((watch.budget, watch.criteria), (Duration::from_secs(1200), false));
        let watch =
            resolve(WatchFlags { until_enough: true, ..WatchFlags::default() }, MONITOR).expect("a window");
        assert_eq!(watch.budget, Duration::from_secs(2100));
        let watch = resolve(window(WindowFlags { lookback: true, ..WindowFlags::default() }), GATE)
            .expect("a window");
        assert_eq!((watch.mode, watch.length), (Mode::Past, Some(Duration::from_secs(1800))));
        assert!(watch.criteria);
    }

    #[test]
    fn since_alone_has_no_other_limit() {
        let since = |minutes, lookback| {
            let since = Some(Since::LastDeploy);
            resolve(window(WindowFlags { minutes, lookback, since, budget: None }), MONITOR)
                .expect("a window")
        };
        assert_eq!((since(None, false).length, since(None, false).mode), (None, Mode::Past));
        assert_eq!(since(None, true).length, Some(Duration::from_secs(900)));
        assert_eq!(since(Some(2.5), false).length, Some(Duration::from_secs(150)));
    }

    #[test]
    fn contradictions_are_rejected() {
        let minutes = |minutes| window(WindowFlags { minutes: Some(minutes), ..WindowFlags::default() });
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 20_000.0] {
            assert!(resolve(minutes(bad), MONITOR).is_err(), "{bad}");
        }
        let refused = [
            WatchFlags {
                until_enough: true,
                ..window(WindowFlags { lookback: true, ..WindowFlags::default() })
            },
            WatchFlags {
                full: true,
                ..window(WindowFlags { since: Some(Since::LastDeploy), ..WindowFlags::default() })
            },
            window(WindowFlags { budget: Some(Interval::seconds(60)), ..WindowFlags::default() }),
        ];
        for flags in refused {
            assert!(resolve(flags.clone(), MONITOR).is_err(), "{flags:?}");
        }
    }

    #[test]
    fn the_gate_requires_thirty_minutes_except_in_the_sandbox() {
        let short = window(WindowFlags { minutes: Some(29.9), ..WindowFlags::default() });
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
