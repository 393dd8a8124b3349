//! The checks of a run and their order. The plan is fixed before anything runs, and the
//! report lists exactly its checks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::checklist::{Check, Checklist, Feature};
use crate::input::selection::{Selection, names, nearest};
use crate::settings::{Drafts, Target};

/// One planned check and its place in the order.
#[derive(Clone, Debug)]
pub struct Step {
    pub check: Arc<Check>,
    /// Steps that must finish first and not fail. Excluded ones are left out: their dependents run anyway.
    pub needs: Vec<usize>,
    /// Steps that must finish first, with any verdict.
    pub after: Vec<usize>,
    /// What excluded it: `--skip quality`, or a setting of the target.
    pub excluded: Option<String>,
}

/// A section's part of the plan.
#[derive(Clone, Debug)]
pub struct PlannedSection {
    pub id: String,
    pub title: String,
    pub phase: String,
    /// Indexes into the plan's steps.
    pub steps: Vec<usize>,
}

/// A run's plan, in checklist order.
#[derive(Clone, Debug)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub sections: Vec<PlannedSection>,
    /// The number of checks in the verb's phases.
    pub of: usize,
}

impl Plan {
    /// Plans a run over `list`. `--only` keeps the checks it names and everything they need. Checks excluded by
    /// `--skip` or by the target's settings stay in the plan, marked as excluded.
    ///
    /// # Errors
    /// All problems: words that match nothing, no check left to run, a circular dependency.
    pub fn new(list: &Checklist, selection: &Selection, target: &Target) -> Result<Plan, Vec<String>> {
        let complaints = unmatched(selection, list);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let chosen = choose(list, selection);
        let mut steps = Vec::new();
        let mut sections = Vec::new();
        for section in &list.sections {
            let mut indexes = Vec::new();
            for check in section.checks.iter().filter(|c| chosen.contains(&c.id)) {
                indexes.push(steps.len());
                let excluded = excluded(check, &section.phase, &section.id, selection, target);
                steps.push(Step { check: check.clone(), needs: Vec::new(), after: Vec::new(), excluded });
            }
            if !indexes.is_empty() {
                let (id, title, phase) = (section.id.clone(), section.title.clone(), section.phase.clone());
                sections.push(PlannedSection { id, title, phase, steps: indexes });
            }
        }
        link(&mut steps);
        // At least one check that `--only` names must run: the checks it needs prove nothing about it.
        let wanted = |s: &Step| {
            selection.only.is_empty()
                || list.sections.iter().any(|section| {
                    section.checks.iter().any(|c| {
                        c.id == s.check.id
                            && selection
                                .only
                                .iter()
                                .any(|word| names(word, &section.phase, &section.id, &c.id))
                    })
                })
        };
        if steps.iter().filter(|s| wanted(s)).all(|s| s.excluded.is_some()) {
            return Err(vec![
                "the selection leaves no check to run (see `hotdash-ops checks list`)".to_owned(),
            ]);
        }
        let plan = Plan { steps, sections, of: list.checks().count() };
        match plan.circle() {
            None => Ok(plan),
            Some(id) => Err(vec![format!("circular dependency at `{id}`")]),
        }
    }

    /// The number of checks that run, if `--only` or `--skip` left any out. Features that the target does not have
    /// do not count as left out.
    pub fn partial(&self) -> Option<usize> {
        let skipped = |s: &&Step| s.excluded.as_ref().is_some_and(|by| by.starts_with("--skip"));
        let asked = self.steps.len() - self.steps.iter().filter(skipped).count();
        (asked < self.of).then_some(asked)
    }

    /// A check that can never start, if there is one.
    fn circle(&self) -> Option<&str> {
        let mut done = vec![false; self.steps.len()];
        loop {
            let ready = (0..self.steps.len()).find(|&at| {
                !done[at] && self.steps[at].needs.iter().chain(&self.steps[at].after).all(|&p| done[p])
            });
            match ready {
                Some(at) => done[at] = true,
                None => break,
            }
        }
        done.iter().position(|d| !d).map(|at| self.steps[at].check.id.as_str())
    }
}

fn choose(list: &Checklist, selection: &Selection) -> BTreeSet<String> {
    if selection.only.is_empty() {
        return list.checks().map(|c| c.id.clone()).collect();
    }
    let mut open: Vec<String> = list
        .sections
        .iter()
        .flat_map(|s| s.checks.iter().map(move |c| (s, c)))
        .filter(|(s, c)| selection.only.iter().any(|word| names(word, &s.phase, &s.id, &c.id)))
        .map(|(_, c)| c.id.clone())
        .collect();
    let mut chosen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if let Some(check) = list.get(&id)
            && chosen.insert(id)
        {
            open.extend(check.entry.needs.iter().cloned());
        }
    }
    chosen
}

fn excluded(
    check: &Check,
    phase: &str,
    section: &str,
    selection: &Selection,
    target: &Target,
) -> Option<String> {
    if let Some(word) = selection.skip.iter().find(|word| names(word, phase, section, &check.id)) {
        return Some(format!("--skip {word}"));
    }
    match check.entry.feature {
        Some(Feature::Grading) if !target.grading => {
            Some(format!("`grading = false` of target {}", target.name))
        }
        Some(Feature::Drafts) if target.traffic.drafts == Drafts::Off => {
            Some(format!("`drafts = \"off\"` of target {}", target.name))
        }
        _ => None,
    }
}

/// Fills `needs` and `after` of every step with indexes.
fn link(steps: &mut [Step]) {
    let index: BTreeMap<String, usize> =
        steps.iter().enumerate().map(|(at, s)| (s.check.id.clone(), at)).collect();
    let excluded: Vec<bool> = steps.iter().map(|s| s.excluded.is_some()).collect();
    for (at, step) in steps.iter_mut().enumerate() {
        let entry = &step.check.entry;
        step.needs =
            entry.needs.iter().filter_map(|id| index.get(id).copied()).filter(|&p| !excluded[p]).collect();
        let patterns: Vec<glob::Pattern> =
            entry.after.iter().filter_map(|p| glob::Pattern::new(p).ok()).collect();
        step.after = index
            .iter()
            .filter(|&(id, &p)| p != at && !excluded[p] && patterns.iter().any(|pattern| pattern.matches(id)))
            .map(|(_, &p)| p)
            .collect();
    }
}

/// An error for each word that matches nothing, with the nearest section or id.
fn unmatched(selection: &Selection, list: &Checklist) -> Vec<String> {
    let mut complaints = Vec::new();
    for (flag, words) in [("--only", &selection.only), ("--skip", &selection.skip)] {
        for word in words {
            let hit =
                list.sections.iter().any(|s| s.checks.iter().any(|c| names(word, &s.phase, &s.id, &c.id)));
            if !hit {
                let candidates =
                    list.sections.iter().map(|s| s.id.as_str()).chain(list.checks().map(|c| c.id.as_str()));
                let near =
                    nearest(word, candidates).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                complaints
                    .push(format!("{flag} {word}: matches no check{near} (see `hotdash-ops checks list`)"));
            }
        }
    }
    complaints
}
