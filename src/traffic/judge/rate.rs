//! The success rate: as the checklist's statement computes it when there are enough deliveries. With fewer, the claim
//! can only fail, and only if the failures prove it.

use super::{Rules, causes, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Ended;
use crate::settings::Traffic;
use crate::traffic::stats;
use crate::traffic::window::Observation;
use crate::traffic::window::WindowData;

const CODE: &str = "success-rate";
const WHAT: &str = "success rate";

/// The claim that deliveries succeed at the target's rate.
pub fn success_rate(watched: &Observation, rules: Rules<'_>) -> Finding {
    let expected = format!("above {}", rules.traffic.success_rate);
    let finding = preconditions::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return preconditions::unasked(finding, CODE, WHAT, &expected, unasked),
    };
    let claim = claim(watched, full, rules, &expected);
    let finding = evidence(finding, watched, full, rules).claim(claim);
    let finding = preconditions::fitness(watched, rules).into_iter().fold(finding, Finding::claim);
    let finding = preconditions::warnings(watched, rules).into_iter().fold(finding, Finding::warn);
    preconditions::again(finding, watched)
}

fn claim(watched: &Observation, full: &WindowData, rules: Rules<'_>, expected: &str) -> Claim {
    let letter = &full.letter;
    let open = |found: &str, why: String| Claim::undecided(CODE, WHAT, expected, found).sentence(why);
    let Some(found) = found(full) else {
        return open("no delivery", "no delivery was recorded".to_owned()).fix(
            "run hotdash-ops monitor: its `delivered` check tells whether nobody writes or nothing arrives",
        );
    };
    if let Some(cut) = preconditions::cut(watched, |ended| matches!(ended, Ended::BeyondRescue(_))) {
        return open(&found, cut);
    }
    match weigh(letter.ok, letter.bad(), rules.traffic) {
        // Rows that were not visible when the watch ended may change the rate, but half a window must not pass.
        Some(true) if watched.ended.early() => {
            open(&found, format!("too many failures ended the watch, but the success rate is now {found}"))
        }
        Some(true) => Claim::compared(CODE, WHAT, expected, found, true),
        Some(false) => {
            let claim = Claim::compared(CODE, WHAT, expected, found, false);
            if causes::split(watched, full, rules).is_some_and(|split| split.older) {
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
                letter.total,
                letter.bad()
            );
            let claim = open(&found, why);
            if watched.ended.early() || letter.total >= least {
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
fn found(full: &WindowData) -> Option<String> {
    let rate = full.letter.success_rate.as_deref().filter(|_| full.letter.total > 0)?;
    Some(format!("{rate} % ({} failed)", words::of(full.letter.bad(), full.letter.total)))
}

/// Whether the rate holds; `None` when there are too few deliveries.
pub(super) fn weigh(ok: u64, bad: u64, traffic: &Traffic) -> Option<bool> {
    stats::rate_holds(ok, ok.saturating_add(bad), traffic.success_rate.0, traffic.min_events)
}

/// How many deliveries would change the result; `None` without a delivery.
pub(super) fn margin(ok: u64, bad: u64, traffic: &Traffic) -> Option<String> {
    let (n, t) = (ok.saturating_add(bad), traffic.success_rate.0);
    if n == 0 {
        return None;
    }
    if n < traffic.min_events {
        return Some(if weigh(ok, bad, traffic) == Some(false) {
            format!("{} failed, which is enough to fail even with few deliveries", words::of(bad, n))
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
fn bound(full: &WindowData) -> Option<String> {
    let most = stats::upper_bound(full.letter.bad(), full.letter.total);
    // If all failed, nothing is excluded.
    (most < 1.0).then(|| {
        let most = words::share(most);
        format!("failure rate below {most} (95 % confidence, if failures are independent)")
    })
}

/// Margins and bound of rate and average, one sentence each.
pub fn margins(full: &WindowData, rules: Rules<'_>) -> Vec<String> {
    let letter = &full.letter;
    let rate = margin(letter.ok, letter.bad(), rules.traffic);
    [rate, bound(full), super::average::margin(full, rules)].into_iter().flatten().collect()
}

fn evidence(mut finding: Finding, watched: &Observation, full: &WindowData, rules: Rules<'_>) -> Finding {
    let letter = &full.letter;
    let evidence = [
        ("margin", margin(letter.ok, letter.bad(), rules.traffic)),
        ("bound", bound(full)),
        ("failures by finalStatus", causes::statuses(full)),
        ("when", causes::change(watched, full)),
        ("deploy", causes::split(watched, full, rules).map(|split| split.text)),
        ("late", late(watched.late)),
        ("open transactions", causes::horizon(full)),
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
