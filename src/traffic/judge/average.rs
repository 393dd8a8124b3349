//! The average duration, by the letter: the mean of the durations that are numbers.
//! Enough of them must be, or it is the mean of something else.

use super::{Rules, ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::full::{Form, Full, Letter};
use crate::traffic::stats;
use crate::traffic::watched::Watched;

const WHAT: &str = "average duration";
/// One in so many durations may be unreadable.
const UNREADABLE: u64 = 100;

/// The claim that deliveries are quick on average.
pub fn average(watched: &Watched, rules: Rules<'_>) -> Finding {
    let expected = format!("below {} ms", rules.traffic.average_ms);
    let finding = ground::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return ground::unasked(finding, WHAT, &expected, unasked),
    };
    let finding = evidence(finding, full, rules).claim(claim(watched, full, rules, expected));
    let finding = ground::fitness(watched, rules).into_iter().fold(finding, Finding::claim);
    let finding = warnings(full).into_iter().fold(finding, Finding::warn);
    match letter_is_doubtful(full) {
        true => finding.fix("find out who writes a durationMs that is no number, and mend it"),
        false => ground::again(finding, watched),
    }
}

fn claim(watched: &Watched, full: &Full, rules: Rules<'_>, expected: String) -> Claim {
    let letter = &full.letter;
    let open = |found: String| Claim::open(WHAT, &expected, found);
    if letter.total == 0 {
        return open("no delivery was recorded".to_owned());
    }
    let found = found(letter);
    if let Some(cut) = ground::cut(watched, |_| false) {
        return open(format!("{found}; {cut}"));
    }
    if letter_is_doubtful(full) {
        let durations = letter.timed.saturating_add(full.unreadable);
        return open(format!(
            "{} durations are no number that can be averaged, more than 1 % ({found})",
            words::of(full.unreadable, durations)
        ));
    }
    if letter.timed < rules.traffic.min_events {
        return open(format!("{found}; fewer than {} prove nothing", rules.traffic.min_events));
    }
    // A mean below nothing is no time, however it came about.
    let sum = letter.sum_ms.as_deref().filter(|sum| !sum.starts_with('-'));
    match sum.and_then(|sum| stats::average_below(sum, letter.timed, rules.traffic.average_ms)) {
        Some(holds) => Claim::new(WHAT, expected, found, holds),
        None => open(format!("{found}, which is no time")),
    }
}

fn found(letter: &Letter) -> String {
    match &letter.average_ms {
        Some(average) => {
            format!("{} ms over {}", short(average), words::count(letter.timed, "duration", "durations"))
        }
        None => "no duration that is a number".to_owned(),
    }
}

/// PostgreSQL prints sixteen digits; two behind the point are read. They are cut, not rounded, so that 499.999 is
/// not shown as a 500.00 that passed.
fn short(average: &str) -> &str {
    match average.find('.') {
        Some(point) => average.get(..point + 3).unwrap_or(average),
        None => average,
    }
}

/// Whether more durations are unreadable than may be. What the checklist's own statement averaged is judged, whatever
/// a tick could not parse.
fn letter_is_doubtful(full: &Full) -> bool {
    let durations = u128::from(full.letter.timed) + u128::from(full.unreadable);
    full.letter.form == Form::Guarded && u128::from(full.unreadable) * u128::from(UNREADABLE) > durations
}

fn evidence(mut finding: Finding, full: &Full, rules: Rules<'_>) -> Finding {
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
            "the checklist's own gave no finite number for these durations, so those that are numbers were averaged",
        );
    }
    for (what, n) in [("unreadable", full.unreadable), ("without a duration", full.untimed)] {
        if n > 0 {
            finding = finding.evidence(what, words::deliveries(n));
        }
    }
    finding
}

/// What one more delivery would do to a window that passes.
pub(super) fn margin(full: &Full, rules: Rules<'_>) -> Option<String> {
    let Letter { timed, sum_ms, .. } = &full.letter;
    let limit = rules.traffic.average_ms;
    if stats::average_below(sum_ms.as_deref()?, *timed, limit) != Some(true) {
        return None;
    }
    let flips = stats::next_single_event_flips_at(sum_ms.as_deref()?, *timed, limit)?;
    Some(format!("one more delivery of {flips} ms would bring it to {limit} ms"))
}

fn warnings(full: &Full) -> Vec<String> {
    let mut said = Vec::new();
    // What only the ticks could not read, the checklist's own statement has averaged.
    if full.letter.form == Form::Guarded && full.unreadable > 0 {
        said.push(format!(
            "{} no duration that can be averaged",
            words::count(full.unreadable, "delivery has", "deliveries have")
        ));
    }
    if u128::from(full.untimed) * u128::from(UNREADABLE) > u128::from(full.letter.total) {
        said.push(format!(
            "{} no duration at all",
            words::count(full.untimed, "delivery has", "deliveries have")
        ));
    }
    said
}
