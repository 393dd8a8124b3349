//! Whether the database answered the watch.

use super::{ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::watched::Watched;

const WHAT: &str = "database";
const EXPECTED: &str = "an answer to the statement over the whole window";

/// The claim that the database answered up to the last word. A statement that it refused is an answer too: what is
/// wrong with the statement is told where it is judged.
pub fn database(watched: &Watched) -> Finding {
    let finding = ground::begin(watched);
    let finding = watched.gaps.iter().fold(finding, |finding, gap| {
        let (from, to) = (words::instant(gap.from), words::clock(gap.to));
        finding.evidence("gap", format!("{from} to {to}: {}", gap.why))
    });
    match &watched.facts {
        Ok(full) => {
            let at = words::clock(full.asked_at);
            let finding = finding.claim(Claim::new(WHAT, EXPECTED, format!("an answer at {at}"), true));
            match watched.gaps.len() {
                0 => finding,
                1 => finding.warn("it did not answer for a part of the window"),
                n => finding.warn(format!("it did not answer for {n} parts of the window")),
            }
        }
        Err(unasked) if unasked.database_gone => {
            let mut claim = Claim::new(WHAT, EXPECTED, &unasked.why, false);
            claim.offline.clone_from(&unasked.offline);
            let finding = finding.claim(claim);
            match &unasked.fix {
                Some(fix) => finding.fix(fix),
                None => finding,
            }
        }
        // Where there is no window, there was no statement to answer.
        Err(unasked) if watched.planned.length().is_zero() => {
            ground::unasked(finding, WHAT, EXPECTED, unasked)
        }
        Err(unasked) => {
            finding.claim(Claim::new(WHAT, EXPECTED, format!("a refusal: {}", unasked.why), true))
        }
    }
}
