//! The average duration, as the checklist's statement computes it: the mean of the durations that are numbers.
//! If too few of them are numbers, the mean says little about the deliveries, and the claim stays undecided.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::stats;
use crate::traffic::window::Observation;
use crate::traffic::window::{Form, Totals, WindowData};

const CODE: &str = "average-duration";
const WHAT: &str = "average duration";
/// At most one duration in this many may be unreadable.
const UNREADABLE: u64 = 100;

/// The claim that deliveries are quick on average.
pub fn average(watched: &Observation, rules: Rules<'_>) -> Finding {
    let expected = format!("below {} ms", rules.traffic.average_ms);
    let finding = preconditions::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return preconditions::unasked(finding, CODE, WHAT, &expected, unasked),
    };
    let finding = evidence(finding, full, rules).claim(claim(watched, full, rules, expected));
    let finding = preconditions::fitness(watched, rules).into_iter().fold(finding, Finding::claim);
    let finding = warnings(full).into_iter().fold(finding, Finding::warn);
    preconditions::again(finding, watched)
}

fn claim(watched: &Observation, full: &WindowData, rules: Rules<'_>, expected: String) -> Claim {
    let letter = &full.letter;
    let found = found(letter);
    let open = |why: String| Claim::undecided(CODE, WHAT, &expected, &found).sentence(why);
    if letter.total == 0 {
        return open("no delivery was recorded".to_owned());
    }
    if let Some(cut) = preconditions::cut(watched, |_| false) {
        return open(cut);
    }
    if too_many_unreadable(full) {
        let durations = letter.timed.saturating_add(full.unreadable);
        let why = format!(
            "{} durations are not numbers, more than 1 %, so the average is not reliable",
            words::of(full.unreadable, durations)
        );
        return open(why).fix("find out what writes a durationMs that is not a number, and fix it");
    }
    if letter.timed < rules.traffic.min_events {
        let least = rules.traffic.min_events;
        return open(format!(
            "too few durations for an average: {} of at least {least} ({found})",
            letter.timed
        ));
    }
    // A negative mean is not a duration, however it came about.
    let sum = letter.sum_ms.as_deref().filter(|sum| !sum.starts_with('-'));
    match sum.and_then(|sum| stats::average_below(sum, letter.timed, rules.traffic.average_ms)) {
        Some(holds) => Claim::compared(CODE, WHAT, &expected, &found, holds),
        None => open(format!("the average is not a valid duration: {found}")),
    }
}

fn found(letter: &Totals) -> String {
    match &letter.average_ms {
        Some(average) => {
            format!("{} ms over {}", short(average), words::count(letter.timed, "duration", "durations"))
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

/// Whether too many durations are unreadable. Where the checklist's own statement could average them, it counts,
/// even if a tick could not parse some.
fn too_many_unreadable(full: &WindowData) -> bool {
    let durations = u128::from(full.letter.timed) + u128::from(full.unreadable);
    full.letter.form == Form::Guarded && u128::from(full.unreadable) * u128::from(UNREADABLE) > durations
}

fn evidence(mut finding: Finding, full: &WindowData, rules: Rules<'_>) -> Finding {
    if let Some(p) = full.percentiles {
        finding =
            finding.evidence("percentiles", format!("p50 {} ms, p95 {} ms, p99 {} ms", p.p50, p.p95, p.p99));
    }
    if let Some(margin) = margin(full, rules) {
        finding = finding.evidence("margin", margin);
    }
    if full.letter.form == Form::Guarded {
        finding = finding.evidence(
            "statement",
            "the checklist's own statement returned no finite average, so only the durations that are numbers were averaged",
        );
    }
    for (what, n) in [("unreadable", full.unreadable), ("without a duration", full.untimed)] {
        if n > 0 {
            finding = finding.evidence(what, words::deliveries(n));
        }
    }
    finding
}

/// How slow a single delivery would have to be to make a passing window fail.
pub(super) fn margin(full: &WindowData, rules: Rules<'_>) -> Option<String> {
    let Totals { timed, sum_ms, .. } = &full.letter;
    let limit = rules.traffic.average_ms;
    if stats::average_below(sum_ms.as_deref()?, *timed, limit) != Some(true) {
        return None;
    }
    let flips = stats::next_single_event_flips_at(sum_ms.as_deref()?, *timed, limit)?;
    Some(format!("a single delivery of {} would bring the average to {limit} ms", words::duration(flips)))
}

fn warnings(full: &WindowData) -> Vec<String> {
    let mut warnings = Vec::new();
    // If only the ticks could not read some, the checklist's own statement has averaged them.
    if full.letter.form == Form::Guarded && full.unreadable > 0 {
        warnings.push(format!(
            "{} a duration that is not a number",
            words::count(full.unreadable, "delivery has", "deliveries have")
        ));
    }
    if u128::from(full.untimed) * u128::from(UNREADABLE) > u128::from(full.letter.total) {
        warnings
            .push(format!("{} no duration", words::count(full.untimed, "delivery has", "deliveries have")));
    }
    warnings
}
