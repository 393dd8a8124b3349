//! The problems of a run, gathered for the end of a report: first what is worth
//! a look, last what is in the way. Checks that were not asked for one and the
//! same cause are one problem, because twenty checks behind an unreachable
//! database are one thing to mend.

use crate::run::outcome::{Outcome, Report, Verdict, Why};

use super::{Standing, text};

/// One thing to look at.
pub enum Problem<'a> {
    /// One check, with its own reason and fix.
    Single(&'a Outcome),
    /// Checks that were not asked for one cause: a line why, and a line what to do.
    Group { why: String, fix: String, outcomes: Vec<&'a Outcome> },
}

/// The problems of a run, apart by what they mean for the exit code.
#[derive(Default)]
pub struct Problems<'a> {
    /// Without a part in the exit code: warnings, waived checks.
    pub notes: Vec<Problem<'a>>,
    /// What keeps the exit code from being 0.
    pub in_the_way: Vec<Problem<'a>>,
}

impl<'a> Problems<'a> {
    /// Gathers the problems of `report`, in checklist order.
    pub fn of(report: &'a Report) -> Problems<'a> {
        let mut problems = Problems::default();
        for outcome in report.outcomes() {
            let standing = Standing::of(outcome, report.strict);
            let list = match standing {
                Standing::Good | Standing::Excluded => continue,
                Standing::InTheWay => &mut problems.in_the_way,
                Standing::Note | Standing::Waived => &mut problems.notes,
            };
            match cause(report, outcome).filter(|_| standing != Standing::Waived) {
                Some((why, fix)) => join(list, outcome, why, fix),
                None => list.push(Problem::Single(outcome)),
            }
        }
        problems
    }
}

/// What to do about an outcome; nothing for a pass, whose warnings say it themselves.
pub fn fix(report: &Report, outcome: &Outcome) -> Option<String> {
    let own = || (outcome.verdict != Verdict::Pass && !outcome.fix.is_empty()).then(|| outcome.fix.clone());
    cause(report, outcome).map(|(_, fix)| fix).or_else(own)
}

fn join<'a>(list: &mut Vec<Problem<'a>>, outcome: &'a Outcome, why: String, fix: String) {
    for problem in list.iter_mut() {
        if let Problem::Group { why: same, outcomes, .. } = problem
            && *same == why
        {
            outcomes.push(outcome);
            return;
        }
    }
    list.push(Problem::Group { why, fix, outcomes: vec![outcome] });
}

/// Why a check was not asked, and what to do about it, if that is not its own affair.
fn cause(report: &Report, outcome: &Outcome) -> Option<(String, String)> {
    match &outcome.verdict {
        Verdict::Skipped(Why::Blocked(_)) => {
            let root = root(report, outcome);
            Some((format!("not asked: blocked by {root}"), format!("mend {root} first")))
        }
        Verdict::Skipped(Why::Interrupted) => {
            Some(("not finished: the run was interrupted".to_owned(), "run it again to the end".to_owned()))
        }
        Verdict::Skipped(why @ Why::SandboxMistaken) => Some((
            why.to_string(),
            "point the target at the real systems, or use --target sandbox".to_owned(),
        )),
        _ => None,
    }
}

/// The check at the head of a chain of blocked ones: the one that has to be mended.
fn root(report: &Report, outcome: &Outcome) -> String {
    let mut at = outcome;
    // Longer than the number of checks is a circle; then the last one seen is as good as any.
    for _ in 0..=report.tally.planned.max(1) {
        let Verdict::Skipped(Why::Blocked(parent)) = &at.verdict else { break };
        match report.outcomes().find(|o| o.id == *parent) {
            Some(next) => at = next,
            None => return text::plain(parent),
        }
    }
    text::plain(&at.id)
}
