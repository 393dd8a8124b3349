//! The average duration, as the checklist's statement computes it: the mean of the durations that are numbers.
//! If too few of them are numbers, the mean says little about the deliveries, and the claim stays undecided.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::stats;
use crate::traffic::window::{Durations, Form, Observation, WindowData, exceeds_one_percent};

const CODE: &str = "average-duration";
const WHAT: &str = "average duration";

/// The claim that deliveries are quick on average.
pub fn average(observation: &Observation, rules: Rules<'_>) -> Finding {
    let expected = format!("below {} ms", rules.traffic.average_ms);
    let finding = preconditions::begin(observation);
    let data = match &observation.facts {
        Ok(data) => data,
        Err(error) => return preconditions::error(finding, CODE, WHAT, &expected, error),
    };
    let finding = evidence(finding, data, rules).claim(claim(observation, data, rules, expected));
    let finding = preconditions::fitness(observation, rules).into_iter().fold(finding, Finding::claim);
    let finding = warnings(data).into_iter().fold(finding, Finding::warn);
    preconditions::again(finding, observation)
}

fn claim(observation: &Observation, data: &WindowData, rules: Rules<'_>, expected: String) -> Claim {
    let found = found(&data.durations);
    let open = |why: String| Claim::undecided(CODE, WHAT, &expected, &found).sentence(why);
    if data.tally.total() == 0 {
        return open("no delivery was recorded".to_owned()).fix(preconditions::NO_DELIVERY_FIX);
    }
    if let Some(cut) = preconditions::cut(observation, |_| false) {
        return open(cut);
    }
    if data.durations.too_many_unreadable() {
        let durations = data.durations.timed.saturating_add(data.durations.unreadable);
        let why = format!(
            "{} durations are not numbers, more than 1 %, so the average is not reliable",
            words::ratio(data.durations.unreadable, durations)
        );
        return open(why).fix("find out what writes a durationMs that is not a number, and fix it");
    }
    if data.durations.timed < rules.traffic.min_events {
        let least = rules.traffic.min_events;
        return open(format!(
            "too few durations for an average: {} of at least {least} ({found})",
            data.durations.timed
        ));
    }
    // A negative mean is not a duration, however it came about.
    let sum = data.durations.sum_ms.as_deref().filter(|sum| !sum.starts_with('-'));
    match sum.and_then(|sum| stats::average_below(sum, data.durations.timed, rules.traffic.average_ms)) {
        Some(holds) => Claim::compared(CODE, WHAT, &expected, &found, holds),
        None => open(format!("the average is not a valid duration: {found}")),
    }
}

fn found(durations: &Durations) -> String {
    match &durations.average_ms {
        Some(average) => {
            format!("{} ms over {}", short(average), words::count(durations.timed, "duration", "durations"))
        }
        None => "no duration that is a number".to_owned(),
    }
}

/// The first two decimals of the sixteen that PostgreSQL prints. Truncated, not rounded, so that 499.999 is
/// not shown as a 500.00 that passed.
fn short(average: &str) -> &str {
    match average.find('.') {
        Some(point) => average.get(..point + 3).unwrap_or(average),
        None => average,
    }
}

fn evidence(mut finding: Finding, data: &WindowData, rules: Rules<'_>) -> Finding {
    if let Some(p) = data.percentiles {
        finding =
            finding.evidence("percentiles", format!("p50 {} ms, p95 {} ms, p99 {} ms", p.p50, p.p95, p.p99));
    }
    if let Some(margin) = margin(data, rules) {
        finding = finding.evidence("margin", margin);
    }
    if data.durations.form == Form::Guarded {
        finding = finding.evidence(
            "statement",
            "the checklist's own statement returned no finite average, so only the durations that are numbers were averaged",
        );
    }
    for (what, n) in
        [("unreadable", data.durations.unreadable), ("without a duration", data.durations.untimed)]
    {
        if n > 0 {
            finding = finding.evidence(what, words::deliveries(n));
        }
    }
    finding
}

/// How slow a single delivery would have to be to make a passing window fail.
pub(super) fn margin(data: &WindowData, rules: Rules<'_>) -> Option<String> {
    let Durations { timed, sum_ms, .. } = &data.durations;
    let limit = rules.traffic.average_ms;
    if stats::average_below(sum_ms.as_deref()?, *timed, limit) != Some(true) {
        return None;
    }
    let flips = stats::next_single_event_flips_at(sum_ms.as_deref()?, *timed, limit)?;
    Some(format!("a single delivery of {} would bring the average to {limit} ms", words::duration(flips)))
}

fn warnings(data: &WindowData) -> Vec<String> {
    let mut warnings = Vec::new();
    // If only the ticks could not read some, the checklist's own statement has averaged them.
    if data.durations.form == Form::Guarded && data.durations.unreadable > 0 {
        warnings.push(format!(
            "{} a duration that is not a number",
            words::count(data.durations.unreadable, "delivery has", "deliveries have")
        ));
    }
    if exceeds_one_percent(data.durations.untimed, data.tally.total()) {
        warnings.push(format!(
            "{} no duration",
            words::count(data.durations.untimed, "delivery has", "deliveries have")
        ));
    }
    warnings
}
