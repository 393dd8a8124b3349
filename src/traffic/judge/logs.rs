//! The app's log lines over the window. An error line fails the claim even if parts of the log are missing; that there
//! is none is proved only if the whole window was read.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::logs::LogJudgement;
use crate::traffic::window::Observation;

/// How many different messages are listed.
const MAX_MESSAGES: usize = 10;

/// The claim that no error was logged.
pub fn log_errors(asked: &str, log: &LogJudgement, observation: &Observation, rules: Rules<'_>) -> Finding {
    let claim = claim("error-lines", "error lines", log.error_lines(), log);
    let mut finding = Finding::about(asked).claim(claim);
    for group in log.errors.iter().take(MAX_MESSAGES) {
        let first = words::clock(group.first);
        finding = finding.evidence(
            "error",
            format!("{} ×, first at {first}: {}", group.count, words::quoted(Some(&group.message))),
        );
    }
    if log.errors.len() > MAX_MESSAGES {
        let more = words::count((log.errors.len() - MAX_MESSAGES) as u64, "other message", "other messages");
        finding = finding.evidence("error", format!("and {more}"));
    }
    with_preconditions(finding, observation, rules)
}

/// The claim that no delivery attempt was logged as failed; a later attempt may have succeeded.
pub fn log_warnings(asked: &str, log: &LogJudgement, observation: &Observation, rules: Rules<'_>) -> Finding {
    let claim = claim("failed-attempts", "failed attempts", log.warned, log);
    with_preconditions(Finding::about(asked).claim(claim), observation, rules)
}

fn claim(code: &str, what: &str, seen: u64, log: &LogJudgement) -> Claim {
    let found = format!("{seen} in {}", words::count(log.lines_inside, "line", "lines"));
    match &log.covered {
        _ if seen > 0 => Claim::compared(code, what, "0", found, false),
        Err(why) => Claim::undecided(code, what, "0", found).sentence(why),
        Ok(()) if log.lines_inside == 0 => {
            Claim::undecided(code, what, "0", found).sentence("the log has no line in this window")
        }
        Ok(()) => Claim::compared(code, what, "0", found, true),
    }
}

fn with_preconditions(finding: Finding, observation: &Observation, rules: Rules<'_>) -> Finding {
    preconditions::fitness(observation, rules)
        .into_iter()
        .fold(preconditions::whole(finding, observation), Finding::claim)
}
