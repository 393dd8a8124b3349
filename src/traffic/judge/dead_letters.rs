//! Dead letters. A single one fails the window, whatever else happened and however short the window is: later
//! traffic cannot change that. Having none proves something only if deliveries were recorded.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Ended;
use crate::traffic::window::Observation;
use crate::traffic::window::WindowData;

const CODE: &str = "dead-letters";
const WHAT: &str = "dead letters";
const EXPECTED: &str = "0";
/// How many different errors are listed; the rest are counted together.
const MAX_ERRORS: usize = 10;

/// The claim that no webhook became a dead letter.
pub fn dead_letters(watched: &Observation, rules: Rules<'_>) -> Finding {
    let finding = preconditions::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return preconditions::unasked(finding, CODE, WHAT, EXPECTED, unasked),
    };
    let finding = errors(finding, full).claim(claim(watched, full));
    let finding = preconditions::fitness(watched, rules).into_iter().fold(finding, Finding::claim);
    preconditions::again(finding, watched)
}

fn claim(watched: &Observation, full: &WindowData) -> Claim {
    let found = format!("{} ({})", full.dead_letters, words::deliveries(full.letter.total));
    if full.dead_letters > 0 {
        return Claim::compared(CODE, WHAT, EXPECTED, found, false);
    }
    let open = |why: String| Claim::undecided(CODE, WHAT, EXPECTED, &found).sentence(why);
    if let Some(cut) = preconditions::cut(watched, |ended| *ended == Ended::DeadLetter) {
        return open(cut);
    }
    if full.letter.total == 0 {
        return open("no dead letter was recorded, and no delivery either".to_owned());
    }
    if watched.ended == Ended::DeadLetter {
        return open("a dead letter ended the watch, but it is no longer in the database".to_owned());
    }
    Claim::compared(CODE, WHAT, EXPECTED, found, true)
}

fn errors(mut finding: Finding, full: &WindowData) -> Finding {
    for (error, n) in full.errors.iter().take(MAX_ERRORS) {
        finding = finding.evidence("lastError", format!("{n} × {}", words::quoted(error.as_deref())));
    }
    let more: u64 = full.errors.iter().skip(MAX_ERRORS).map(|(_, n)| n).sum();
    if more > 0 {
        finding = finding.evidence("lastError", format!("{more} × other"));
    }
    finding
}
