//! The success rate: as the checklist's statement computes it when there are enough deliveries. With fewer, the claim
//! can only fail, and only if the failures prove it.

use super::{Rules, causes, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Ended;
use crate::settings::Traffic;
use crate::traffic::stats;
use crate::traffic::window::{Observation, Tally, WindowData};

const CODE: &str = "success-rate";
const WHAT: &str = "success rate";

/// The claim that deliveries succeed at the target's rate.
pub fn success_rate(observation: &Observation, rules: Rules<'_>) -> Finding {
    let expected = format!("above {}", rules.traffic.success_rate);
    let finding = preconditions::begin(observation);
    let data = match &observation.facts {
        Ok(data) => data,
        Err(error) => return preconditions::error(finding, CODE, WHAT, &expected, error),
    };
    let claim = claim(observation, data, rules, &expected);
    let finding = evidence(finding, observation, data, rules).claim(claim);
    let finding = preconditions::fitness(observation, rules).into_iter().fold(finding, Finding::claim);
    let finding = preconditions::warnings(observation, rules).into_iter().fold(finding, Finding::warn);
    preconditions::again(finding, observation)
}

fn claim(observation: &Observation, data: &WindowData, rules: Rules<'_>, expected: &str) -> Claim {
    let open = |found: &str, why: String| Claim::undecided(CODE, WHAT, expected, found).sentence(why);
    let Some(found) = found(data) else {
        return open("no delivery", "no delivery was recorded".to_owned())
            .fix(preconditions::NO_DELIVERY_FIX);
    };
    if let Some(cut) = preconditions::cut(observation, |ended| matches!(ended, Ended::BeyondRescue(_))) {
        return open(&found, cut);
    }
    match holds(data.tally, rules.traffic) {
        // Rows that were not visible when the watch ended may change the rate, but half a window must not pass.
        Some(true) if observation.ended.early() => {
            open(&found, format!("too many failures ended the watch, but the success rate is now {found}"))
        }
        Some(true) => Claim::compared(CODE, WHAT, expected, found, true),
        Some(false) => {
            let claim = Claim::compared(CODE, WHAT, expected, found, false);
            if causes::split(observation, data, rules).is_some_and(|split| split.older) {
                claim.fix(format!(
                    "find the cause first, because deliveries already failed before the deploy and a rollback alone does not help: fly logs -a {}",
                    rules.target.shown("fly_agent_app")
                ))
            } else {
                claim
            }
        }
        None => {
            let least = rules.traffic.min_events;
            let why = format!(
                "too few deliveries for a verdict: {} of at least {least} ({} failed)",
                data.tally.total(),
                data.tally.bad
            );
            let claim = open(&found, why);
            if observation.ended.early() || data.tally.total() >= least {
                claim
            } else {
                claim.fix(
                    "watch until there are enough deliveries: hotdash-ops monitor --until-enough --budget 1h",
                )
            }
        }
    }
}

/// `96.67 % (2 of 60 failed)`; `None` without a delivery.
fn found(data: &WindowData) -> Option<String> {
    let rate = data.success_rate.as_deref().filter(|_| data.tally.total() > 0)?;
    Some(format!("{rate} % ({} failed)", words::ratio(data.tally.bad, data.tally.total())))
}

/// Whether the rate holds; `None` when there are too few deliveries.
pub(super) fn holds(tally: Tally, traffic: &Traffic) -> Option<bool> {
    stats::rate_holds(tally.ok, tally.total(), traffic.success_rate.0, traffic.min_events)
}

/// How many deliveries would change the result; `None` without a delivery.
pub(super) fn margin(tally: Tally, traffic: &Traffic) -> Option<String> {
    let (n, t) = (tally.total(), traffic.success_rate.0);
    let Tally { ok, bad, .. } = tally;
    if n == 0 {
        return None;
    }
    if n < traffic.min_events {
        return Some(if holds(tally, traffic) == Some(false) {
            format!("{} failed, which is enough to fail even with few deliveries", words::ratio(bad, n))
        } else {
            format!("{n} of {} deliveries, {bad} failed", traffic.min_events)
        });
    }
    if let Some(more) = stats::more_failures_to_flip(ok, n, t) {
        return Some(format!("{} would fail it", words::count(more, "more failure", "more failures")));
    }
    let limit = traffic.success_rate;
    Some(match stats::clean_to_flip(ok, n, t) {
        Some(more) => {
            let successes = words::count(more, "more success", "more successes");
            format!("{successes} would bring it above {limit}")
        }
        None => format!("no number of successes would bring it above {limit}"),
    })
}

/// The upper bound of the true failure rate.
fn bound(data: &WindowData) -> Option<String> {
    let most = stats::upper_bound(data.tally.bad, data.tally.total());
    // If all failed, nothing is excluded.
    (most < 1.0).then(|| {
        let most = words::share(most);
        format!("failure rate below {most} (95 % confidence, if failures are independent)")
    })
}

/// Margins and bound of rate and average, one sentence each.
pub fn margins(data: &WindowData, rules: Rules<'_>) -> Vec<String> {
    let rate = margin(data.tally, rules.traffic);
    [rate, bound(data), super::average::margin(data, rules)].into_iter().flatten().collect()
}

fn evidence(mut finding: Finding, observation: &Observation, data: &WindowData, rules: Rules<'_>) -> Finding {
    let evidence = [
        ("margin", margin(data.tally, rules.traffic)),
        ("bound", bound(data)),
        ("failures by finalStatus", causes::statuses(data)),
        ("when", causes::change(observation, data)),
        ("deploy", causes::split(observation, data, rules).map(|split| split.text)),
        ("late", late(observation.late)),
        ("open transactions", causes::open_transactions(data)),
    ];
    for (name, value) in evidence {
        if let Some(value) = value {
            finding = finding.evidence(name, value);
        }
    }
    finding
}

/// Facts that the ticks missed, or that they counted and that are gone. Only the statement over the whole window
/// decides.
pub(super) fn late(facts: i64) -> Option<String> {
    let n = facts.unsigned_abs();
    match facts {
        0 => None,
        1.. => {
            let facts = words::count(n, "fact", "facts");
            Some(format!("{facts} became visible only after the ticks had read that time"))
        }
        _ => {
            let facts = words::count(n, "fact that the ticks counted is", "facts that the ticks counted are");
            Some(format!("{facts} no longer there"))
        }
    }
}
