//! The problems of a run, gathered for the end of a report. Checks that did not run
//! are listed with the check that blocks them, because twenty checks behind an
//! unreachable database are one problem to fix.

use crate::outcome::report::Report;
use crate::outcome::{Outcome, Verdict, Why};

use super::Impact;
use crate::text;

/// One problem, with everything it causes.
pub enum Problem<'a> {
    /// A check with its own reason and fix, and the checks it blocks.
    Single { outcome: &'a Outcome, blocks: Vec<&'a Outcome> },
    /// Checks that did not run for one cause that is not a problem of its own: the reason and the fix, one
    /// line each.
    Group { why: String, fix: String, outcomes: Vec<&'a Outcome> },
}

/// The problems of a run, split by whether they affect the exit code.
#[derive(Default)]
pub struct Problems<'a> {
    /// Do not affect the exit code: warnings, waived checks.
    pub notes: Vec<Problem<'a>>,
    /// Keep the exit code from being 0.
    pub blocking: Vec<Problem<'a>>,
}

impl<'a> Problems<'a> {
    /// Gathers the problems of `report`, in checklist order.
    pub fn of(report: &'a Report) -> Problems<'a> {
        let mut problems = Problems::default();
        let mut not_run = Vec::new();
        for outcome in report.outcomes() {
            let standing = Impact::of(outcome, report.strict);
            match (standing, cause(report, outcome)) {
                (Impact::Good | Impact::Excluded, _) => {}
                // A waiver is shown with its own check, even if that check is blocked by another.
                (_, _) if outcome.waiver.is_some() => {
                    problems.list(standing).push(Problem::Single { outcome, blocks: Vec::new() });
                }
                (_, None) => {
                    problems.list(standing).push(Problem::Single { outcome, blocks: Vec::new() });
                }
                (_, Some(cause)) => not_run.push((standing, outcome, cause)),
            }
        }
        for (standing, outcome, (why, fix)) in not_run {
            problems.join(report, standing, outcome, why, fix);
        }
        problems
    }

    fn list(&mut self, standing: Impact) -> &mut Vec<Problem<'a>> {
        match standing {
            Impact::Blocking => &mut self.blocking,
            _ => &mut self.notes,
        }
    }

    /// Adds a check that did not run to its cause. A blocking check is never listed under a harmless cause.
    fn join(&mut self, report: &Report, standing: Impact, outcome: &'a Outcome, why: String, fix: String) {
        let root = root(report, outcome);
        let harmless = if standing == Impact::Blocking { [].iter_mut() } else { self.notes.iter_mut() };
        for problem in self.blocking.iter_mut().chain(harmless) {
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

/// The checks that a problem blocks, to follow the word `blocks`; `None` if there are none.
pub fn consequence(blocks: &[&Outcome]) -> Option<String> {
    let ids: Vec<&str> = blocks.iter().map(|o| o.id.as_str()).collect();
    (!ids.is_empty())
        .then(|| format!("{} more {}: {}", ids.len(), text::plural(ids.len(), "check"), ids.join(", ")))
}

/// What to do about an outcome; nothing for a pass, whose warnings include it.
pub fn fix(report: &Report, outcome: &Outcome) -> Option<String> {
    let own = || (outcome.verdict != Verdict::Pass && !outcome.fix.is_empty()).then(|| outcome.fix.clone());
    cause(report, outcome).map(|(_, fix)| fix).or_else(own)
}

/// Why a check did not run and what to do about it, if the cause is outside the check itself.
fn cause(report: &Report, outcome: &Outcome) -> Option<(String, String)> {
    match &outcome.verdict {
        Verdict::Skipped(Why::Blocked(_)) => {
            let root = text::plain(&root(report, outcome));
            Some((format!("blocked by {root}"), format!("fix {root} first")))
        }
        Verdict::Skipped(Why::Interrupted) => {
            Some(("the run was interrupted before this check finished".to_owned(), "run it again".to_owned()))
        }
        Verdict::Skipped(why @ Why::SandboxMistaken) => Some((
            why.to_string(),
            "point the target at the real systems, or use --target sandbox".to_owned(),
        )),
        _ => None,
    }
}

/// The first check of a chain of blocked ones: the one to fix.
fn root(report: &Report, outcome: &Outcome) -> String {
    let mut at = outcome;
    // A chain longer than the number of checks is a circle; then any check of it will do.
    for _ in 0..=report.tally.planned.max(1) {
        let Verdict::Skipped(Why::Blocked(parent)) = &at.verdict else { break };
        match report.outcomes().find(|o| o.id == *parent) {
            Some(next) => at = next,
            None => return parent.clone(),
        }
    }
    at.id.clone()
}
