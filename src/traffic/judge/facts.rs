//! Whether the database answered the watch, and dead letters. A single dead letter fails the window, whatever else happened
//! and however short the window is: later traffic cannot change that. Having none proves something only if deliveries were
//! recorded.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Ended;
use crate::traffic::window::{Observation, WindowData};

/// The claim that the database answered the query at the window's end. A rejected query is an answer too: what is
/// wrong with it is reported by the checks that need its result.
pub fn database(observation: &Observation) -> Finding {
    const CODE: &str = "database";
    const WHAT: &str = "database";
    const EXPECTED: &str = "an answer to the query over the whole window";
    let finding = preconditions::begin(observation);
    let finding = observation.gaps.iter().fold(finding, |finding, gap| {
        let (from, to) = (words::instant(gap.from), words::clock(gap.to));
        finding.evidence("gap", format!("{from} to {to}: {}", gap.why))
    });
    match &observation.facts {
        Ok(data) => {
            let at = words::clock(data.read_at);
            let finding =
                finding.claim(Claim::compared(CODE, WHAT, EXPECTED, format!("an answer at {at}"), true));
            match observation.gaps.len() {
                0 => finding,
                1 => finding.warn("the database did not answer for part of the window"),
                n => finding.warn(format!("the database did not answer during {n} parts of the window")),
            }
        }
        Err(error) if error.database_gone => {
            let why = format!("the database did not answer the query over the whole window: {}", error.why);
            let mut claim = Claim::compared(CODE, WHAT, EXPECTED, &error.why, false).sentence(why);
            claim.offline.clone_from(&error.offline);
            claim.fix.clone_from(&error.fix);
            finding.claim(claim)
        }
        // Without a window there was no query to answer.
        Err(error) if observation.planned.length().is_zero() => {
            preconditions::error(finding, CODE, WHAT, EXPECTED, error)
        }
        Err(error) => {
            let found = format!("it rejected the query: {}", error.why);
            finding.claim(Claim::compared(CODE, WHAT, EXPECTED, found, true))
        }
    }
}

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
