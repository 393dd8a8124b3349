//! The app's log lines over the window. An error line fails wherever it was seen; that
//! there is none is proved only where all of the window was.

use super::{Rules, ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::logs::LogJudgement;
use crate::traffic::watched::Watched;

/// So many different messages are told.
const TOLD: usize = 10;

/// The claim that no error was logged.
pub fn log_errors(asked: &str, said: &LogJudgement, watched: &Watched, rules: Rules<'_>) -> Finding {
    let errors = said.error_lines();
    let mut finding = Finding::about(asked).claim(claim("error lines", errors, said));
    for group in said.errors.iter().take(TOLD) {
        let first = words::clock(group.first);
        finding = finding.evidence(
            "error",
            format!("{} x, first at {first}: {}", group.count, words::quoted(Some(&group.message))),
        );
    }
    if said.errors.len() > TOLD {
        finding = finding.evidence("error", format!("and {} other messages", said.errors.len() - TOLD));
    }
    on_ground(finding, watched, rules)
}

/// The claim that no attempt was logged as failed; a later one may have gone well.
pub fn log_warnings(asked: &str, said: &LogJudgement, watched: &Watched, rules: Rules<'_>) -> Finding {
    on_ground(Finding::about(asked).claim(claim("failed attempts", said.warned, said)), watched, rules)
}

fn claim(what: &str, seen: u64, said: &LogJudgement) -> Claim {
    let lines = words::count(said.lines_inside, "line", "lines");
    match &said.covered {
        _ if seen > 0 => Claim::new(what, "0", format!("{seen} among {lines}"), false),
        Err(why) => Claim::open(what, "0", format!("none seen, but {why}")),
        Ok(()) if said.lines_inside == 0 => Claim::open(what, "0", "not a single line"),
        Ok(()) => Claim::new(what, "0", format!("0 among {lines}"), true),
    }
}

fn on_ground(finding: Finding, watched: &Watched, rules: Rules<'_>) -> Finding {
    ground::fitness(watched, rules).into_iter().fold(ground::whole(finding, watched), Finding::claim)
}
