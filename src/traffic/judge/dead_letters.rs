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
pub fn dead_letters(observation: &Observation, rules: Rules<'_>) -> Finding {
    let finding = preconditions::begin(observation);
    let data = match &observation.facts {
        Ok(data) => data,
        Err(error) => return preconditions::error(finding, CODE, WHAT, EXPECTED, error),
    };
    let finding = errors(finding, data).claim(claim(observation, data));
    let finding = preconditions::fitness(observation, rules).into_iter().fold(finding, Finding::claim);
    preconditions::again(finding, observation)
}

fn claim(observation: &Observation, data: &WindowData) -> Claim {
    let found = format!("{} ({})", data.tally.dead_letters, words::deliveries(data.tally.total()));
    if data.tally.dead_letters > 0 {
        return Claim::compared(CODE, WHAT, EXPECTED, found, false);
    }
    let open = |why: String| Claim::undecided(CODE, WHAT, EXPECTED, &found).sentence(why);
    if let Some(cut) = preconditions::cut(observation, |ended| *ended == Ended::DeadLetter) {
        return open(cut);
    }
    if data.tally.total() == 0 {
        return open("no dead letter was recorded, and no delivery either".to_owned());
    }
    if observation.ended == Ended::DeadLetter {
        return open("a dead letter ended the watch, but it is no longer in the database".to_owned());
    }
    Claim::compared(CODE, WHAT, EXPECTED, found, true)
}

fn errors(mut finding: Finding, data: &WindowData) -> Finding {
    for (error, n) in data.errors.iter().take(MAX_ERRORS) {
        finding = finding.evidence("lastError", format!("{n} × {}", words::quoted(error.as_deref())));
    }
    let more: u64 = data.errors.iter().skip(MAX_ERRORS).map(|(_, n)| n).sum();
    if more > 0 {
        finding = finding.evidence("lastError", format!("{more} × other"));
    }
    finding
}
