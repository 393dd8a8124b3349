//! The success rate: by the letter where there are enough deliveries, and where there
//! are few only its failing, if they prove it.

use super::{Rules, causes, ground, words};
use crate::probe::{Claim, Finding};
use crate::settings::Traffic;
use crate::traffic::full::Full;
use crate::traffic::stats;
use crate::traffic::watched::Watched;
use crate::traffic::window::Ended;

const WHAT: &str = "success rate";

/// The claim that deliveries succeed at the target's rate.
pub fn success_rate(watched: &Watched, rules: Rules<'_>) -> Finding {
    let expected = format!("above {}", rules.traffic.success_rate);
    let finding = ground::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return ground::unasked(finding, WHAT, &expected, unasked),
    };
    let claim = claim(watched, full, rules, &expected);
    let fix = fix(watched, full, rules, claim.holds);
    let finding = evidence(finding, watched, full, rules).claim(claim);
    let finding = ground::fitness(watched, rules).into_iter().fold(finding, Finding::claim);
    let finding = ground::warnings(watched, rules).into_iter().fold(finding, Finding::warn);
    match fix {
        Some(fix) => finding.fix(fix),
        None => ground::again(finding, watched),
    }
}

fn claim(watched: &Watched, full: &Full, rules: Rules<'_>, expected: &str) -> Claim {
    let letter = &full.letter;
    let Some(found) = found(full) else {
        return Claim::open(WHAT, expected, "no delivery was recorded");
    };
    if let Some(cut) = ground::cut(watched, |ended| matches!(ended, Ended::BeyondRescue(_))) {
        return Claim::open(WHAT, expected, format!("{found}; {cut}"));
    }
    match weigh(letter.ok, letter.bad(), rules.traffic) {
        // Rows that were not yet seen when the watch ended may turn it; half a window is no window.
        Some(true) if watched.ended.early() => {
            Claim::open(WHAT, expected, format!("{found}, though it had failed when the watch ended"))
        }
        Some(holds) => Claim::new(WHAT, expected, found, holds),
        None => {
            let least = rules.traffic.min_events;
            Claim::open(
                WHAT,
                expected,
                format!("{found}; fewer than {least} may fail a window and never pass it"),
            )
        }
    }
}

/// `96.67 % of 60 (2 failed)`; `None` without a delivery.
fn found(full: &Full) -> Option<String> {
    let rate = full.letter.success_rate.as_deref().filter(|_| full.letter.total > 0)?;
    Some(format!("{rate} % of {} ({} failed)", full.letter.total, full.letter.bad()))
}

/// Whether so many deliveries hold, do not hold, or are too few to tell.
pub(super) fn weigh(ok: u64, bad: u64, traffic: &Traffic) -> Option<bool> {
    stats::rate_holds(ok, ok.saturating_add(bad), traffic.success_rate.0, traffic.min_events)
}

/// How far the rate is from turning, in deliveries; `None` without a delivery.
pub(super) fn margin(ok: u64, bad: u64, traffic: &Traffic) -> Option<String> {
    let (n, t) = (ok.saturating_add(bad), traffic.success_rate.0);
    if n == 0 {
        return None;
    }
    if n < traffic.min_events {
        let failed = words::of(bad, n);
        return Some(match weigh(ok, bad, traffic) {
            Some(false) => format!("{failed} failed: proof enough, though they are few"),
            _ => {
                let more = words::count(traffic.min_events - n, "more delivery is", "more deliveries are");
                format!("{failed} failed; {more} needed for a verdict")
            }
        });
    }
    if let Some(more) = stats::more_failures_to_flip(ok, n, t) {
        return Some(format!("{} would fail it", words::count(more, "more failure", "more failures")));
    }
    Some(match stats::clean_to_flip(ok, n, t) {
        Some(more) => format!("{} would mend it", words::count(more, "clean delivery", "clean deliveries")),
        None => "no number of clean deliveries would mend it".to_owned(),
    })
}

/// What so many deliveries prove, whatever the letter says.
fn bound(full: &Full) -> Option<String> {
    let most = stats::upper_bound(full.letter.bad(), full.letter.total);
    // Where all failed, nothing is excluded.
    (most < 1.0).then(|| {
        let most = words::share(most);
        format!("less than {most} fail, with 95 % confidence if failures are independent")
    })
}

/// Margins and bound of rate and average, one sentence each.
pub fn margins(full: &Full, rules: Rules<'_>) -> Vec<String> {
    let letter = &full.letter;
    let rate = margin(letter.ok, letter.bad(), rules.traffic);
    [rate, bound(full), super::average::margin(full, rules)].into_iter().flatten().collect()
}

fn evidence(mut finding: Finding, watched: &Watched, full: &Full, rules: Rules<'_>) -> Finding {
    let letter = &full.letter;
    let told = [
        ("margin", margin(letter.ok, letter.bad(), rules.traffic)),
        ("bound", bound(full)),
        ("failures by finalStatus", causes::statuses(full)),
        ("when", causes::change(watched, full)),
        ("deploy", causes::split(watched, full, rules).map(|split| split.text)),
        ("late", late(watched.late)),
        ("horizon", causes::horizon(full)),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            finding = finding.evidence(name, value);
        }
    }
    finding
}

/// What the ticks had not seen, or had seen and is gone. The statement over the whole window is what counts.
pub(super) fn late(facts: i64) -> Option<String> {
    let n = facts.unsigned_abs();
    match facts {
        0 => None,
        1.. => {
            Some(format!("{} became visible after the ticks had passed by", words::count(n, "fact", "facts")))
        }
        _ => {
            Some(format!("{} that the ticks had seen are no longer there", words::count(n, "fact", "facts")))
        }
    }
}

fn fix(watched: &Watched, full: &Full, rules: Rules<'_>, holds: Option<bool>) -> Option<String> {
    match holds {
        None if full.letter.total == 0 => Some(
            "find out whether nobody writes or nothing arrives: `hotdash-ops monitor` tells them apart (delivered)"
                .to_owned(),
        ),
        None if !watched.ended.early() && full.letter.total < rules.traffic.min_events => Some(
            "watch until there are enough deliveries: hotdash-ops monitor --until-enough --budget 1h".to_owned(),
        ),
        Some(false) if causes::split(watched, full, rules).is_some_and(|split| split.older) => Some(format!(
            "find the cause first, a rollback alone will not help (deliveries failed before the deploy too): fly logs -a {}",
            rules.target.shown("fly_agent_app")
        )),
        _ => None,
    }
}
