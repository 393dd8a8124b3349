//! Whether the database answered the watch.

use super::{preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::window::Observation;

const CODE: &str = "database";
const WHAT: &str = "database";
const EXPECTED: &str = "an answer to the query over the whole window";

/// The claim that the database answered the query at the window's end. A rejected query is an answer too: what is
/// wrong with it is reported by the checks that need its result.
pub fn database(watched: &Observation) -> Finding {
    let finding = preconditions::begin(watched);
    let finding = watched.gaps.iter().fold(finding, |finding, gap| {
        let (from, to) = (words::instant(gap.from), words::clock(gap.to));
        finding.evidence("gap", format!("{from} to {to}: {}", gap.why))
    });
    match &watched.facts {
        Ok(full) => {
            let at = words::clock(full.asked_at);
            let finding =
                finding.claim(Claim::compared(CODE, WHAT, EXPECTED, format!("an answer at {at}"), true));
            match watched.gaps.len() {
                0 => finding,
                1 => finding.warn("the database did not answer for part of the window"),
                n => finding.warn(format!("the database did not answer during {n} parts of the window")),
            }
        }
        Err(unasked) if unasked.database_gone => {
            let why = format!("the database did not answer the query over the whole window: {}", unasked.why);
            let mut claim = Claim::compared(CODE, WHAT, EXPECTED, &unasked.why, false).sentence(why);
            claim.offline.clone_from(&unasked.offline);
            claim.fix.clone_from(&unasked.fix);
            finding.claim(claim)
        }
        // Without a window there was no query to answer.
        Err(unasked) if watched.planned.length().is_zero() => {
            preconditions::unasked(finding, CODE, WHAT, EXPECTED, unasked)
        }
        Err(unasked) => {
            let found = format!("it rejected the query: {}", unasked.why);
            finding.claim(Claim::compared(CODE, WHAT, EXPECTED, found, true))
        }
    }
}
