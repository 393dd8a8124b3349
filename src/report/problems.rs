//! The problems of a run, gathered for the end of a report: first what is worth
//! a look, last what is in the way. Checks that were not asked stand with the
//! check that has to be mended for them, because twenty checks behind an
//! unreachable database are one thing to mend.

use crate::outcome::report::Report;
use crate::outcome::{Outcome, Verdict, Why};

use super::Standing;
use crate::text;

/// One thing to look at.
pub enum Problem<'a> {
    /// A check with its own reason and fix, and the checks that were not asked because of it.
    Single { outcome: &'a Outcome, blocks: Vec<&'a Outcome> },
    /// Checks that were not asked for one cause that is not itself among the problems: a line why, and a
    /// line what to do.
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
        let mut not_asked = Vec::new();
        for outcome in report.outcomes() {
            let standing = Standing::of(outcome, report.strict);
            match (standing, cause(report, outcome)) {
                (Standing::Good | Standing::Excluded, _) => {}
                // A waiver is told with its check, also where another check has to be mended first.
                (_, _) if outcome.waiver.is_some() => {
                    problems.list(standing).push(Problem::Single { outcome, blocks: Vec::new() });
                }
                (_, None) => {
                    problems.list(standing).push(Problem::Single { outcome, blocks: Vec::new() });
                }
                (_, Some(cause)) => not_asked.push((standing, outcome, cause)),
            }
        }
        for (standing, outcome, (why, fix)) in not_asked {
            problems.join(report, standing, outcome, why, fix);
        }
        problems
    }

    fn list(&mut self, standing: Standing) -> &mut Vec<Problem<'a>> {
        match standing {
            Standing::InTheWay => &mut self.in_the_way,
            _ => &mut self.notes,
        }
    }

    /// Puts a check that was not asked to its cause. What is in the way never goes to the harmless ones.
    fn join(&mut self, report: &Report, standing: Standing, outcome: &'a Outcome, why: String, fix: String) {
        let root = root(report, outcome);
        let harmless = if standing == Standing::InTheWay { [].iter_mut() } else { self.notes.iter_mut() };
        for problem in self.in_the_way.iter_mut().chain(harmless) {
            if let Problem::Single { outcome: single, blocks } = problem
                && single.id == root
            {
                blocks.push(outcome);
                return;
            }
        }
        let list = self.list(standing);
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
}

/// The checks that a problem keeps from being asked, in one line; `None` where there are none.
pub fn consequence(blocks: &[&Outcome]) -> Option<String> {
    let ids: Vec<&str> = blocks.iter().map(|o| o.id.as_str()).collect();
    (!ids.is_empty()).then(|| format!("{} not asked: {}", text::checks(ids.len()), ids.join(", ")))
}

/// What to do about an outcome; nothing for a pass, whose warnings say it themselves.
pub fn fix(report: &Report, outcome: &Outcome) -> Option<String> {
    let own = || (outcome.verdict != Verdict::Pass && !outcome.fix.is_empty()).then(|| outcome.fix.clone());
    cause(report, outcome).map(|(_, fix)| fix).or_else(own)
}

/// Why a check was not asked, and what to do about it, if that is not its own affair.
fn cause(report: &Report, outcome: &Outcome) -> Option<(String, String)> {
    match &outcome.verdict {
        Verdict::Skipped(Why::Blocked(_)) => {
            let root = text::plain(&root(report, outcome));
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
            None => return parent.clone(),
        }
    }
    at.id.clone()
}
