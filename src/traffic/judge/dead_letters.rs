//! Dead letters. One is enough, whatever else there was, and however short the
//! window: nothing that follows can make it good. None of them proves something only
//! where deliveries were recorded.

use super::{Rules, ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Ended;
use crate::traffic::full::Full;
use crate::traffic::watched::Watched;

const WHAT: &str = "dead letters";
const EXPECTED: &str = "0";
/// So many different errors are told; the rest are counted together.
const TOLD: usize = 10;

/// The claim that no webhook became a dead letter.
pub fn dead_letters(watched: &Watched, rules: Rules<'_>) -> Finding {
    let finding = ground::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return ground::unasked(finding, WHAT, EXPECTED, unasked),
    };
    let finding = errors(finding, full).claim(claim(watched, full));
    let finding = ground::fitness(watched, rules).into_iter().fold(finding, Finding::claim);
    ground::again(finding, watched)
}

fn claim(watched: &Watched, full: &Full) -> Claim {
    if full.dead_letters > 0 {
        return Claim::new(WHAT, EXPECTED, full.dead_letters.to_string(), false);
    }
    if let Some(cut) = ground::cut(watched, |ended| *ended == Ended::DeadLetter) {
        return Claim::open(WHAT, EXPECTED, format!("none, but {cut}"));
    }
    if full.letter.total == 0 {
        return Claim::open(WHAT, EXPECTED, "none, and no delivery was recorded either");
    }
    if watched.ended == Ended::DeadLetter {
        // A tick saw one, and the statement over the whole window does not: somebody took it away.
        return Claim::open(WHAT, EXPECTED, "none, though a dead letter had been seen when the watch ended");
    }
    Claim::new(WHAT, EXPECTED, format!("0 beside {}", words::deliveries(full.letter.total)), true)
}

fn errors(mut finding: Finding, full: &Full) -> Finding {
    for (error, n) in full.errors.iter().take(TOLD) {
        finding = finding.evidence("lastError", format!("{n} x: {}", words::quoted(error.as_deref())));
    }
    let more: u64 = full.errors.iter().skip(TOLD).map(|(_, n)| n).sum();
    if more > 0 {
        finding = finding.evidence("lastError", format!("{more} x: others"));
    }
    finding
}
