//! Whether the database answered the watch.

use super::{preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::window::Observation;

const CODE: &str = "database";
const WHAT: &str = "database";
const EXPECTED: &str = "an answer to the query over the whole window";

/// The claim that the database answered the query at the window's end. A rejected query is an answer too: what is
/// wrong with it is reported by the checks that need its result.
pub fn database(observation: &Observation) -> Finding {
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
