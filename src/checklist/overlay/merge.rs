//! Merges the operator's checks into the embedded checklist: replacements take the place of the check they replace,
//! further checks go to the end of their section, new sections to the end of their phase.

use std::path::Path;
use std::sync::Arc;

use super::{Overlay, OverlaySection};
use crate::checklist::load::join_runbook;
use crate::checklist::written::Written;
use crate::checklist::{Check, Checklist, Section};

/// The merged checklist. Invalid input has already been reported.
pub fn merge(mut list: Checklist, own: Overlay<'_>, dir: &Path) -> Checklist {
    let Overlay { sections, reads, waivers } = own;
    for section in &sections {
        let standing = list.sections.iter().find(|s| s.id == section.id);
        let checks: Vec<Check> = reads
            .iter()
            .filter(|read| read.section == section.id)
            .map(|read| check(read, section, standing, dir))
            .collect();
        place(&mut list, section, checks);
    }
    for section in &mut list.sections {
        for check in &mut section.checks {
            if let Some(waive) = waivers.iter().find(|w| w.id == check.id) {
                Arc::make_mut(check).waiver = Some(waive.waiver.clone());
            }
        }
    }
    list
}

/// Creates a check. If its file has no runbook or contact, those of the existing section apply.
fn check(read: &Written<'_>, own: &OverlaySection, standing: Option<&Section>, dir: &Path) -> Check {
    let contact = own.head.contact.as_ref().or_else(|| standing?.contact.as_ref());
    let runbook = own.head.runbook.as_deref().or_else(|| standing?.runbook.as_deref());
    Check {
        id: read.full_id(),
        origin: read.source.place(&read.span),
        contact: contact.cloned(),
        runbook: join_runbook(read.entry.runbook.as_deref(), runbook),
        entry: read.entry.clone(),
        replaces: None,
        waiver: None,
        folder: Some(dir.to_owned()),
    }
}

fn place(list: &mut Checklist, own: &OverlaySection, checks: Vec<Check>) {
    if let Some(section) = list.sections.iter_mut().find(|s| s.id == own.id) {
        for mut check in checks {
            match section.checks.iter_mut().find(|standing| standing.id == check.id) {
                Some(standing) => {
                    check.replaces = Some(standing.origin.clone());
                    *standing = Arc::new(check);
                }
                None => section.checks.push(Arc::new(check)),
            }
        }
        return;
    }
    let after = list.sections.iter().rposition(|s| s.phase == own.phase);
    let at = after.map_or(list.sections.len(), |at| at + 1);
    let new = Section {
        id: own.id.clone(),
        phase: own.phase.clone(),
        title: own.head.title.clone().unwrap_or_default(),
        about: own.head.about.clone().unwrap_or_default(),
        runbook: own.head.runbook.clone(),
        contact: own.head.contact.clone(),
        checks: checks.into_iter().map(Arc::new).collect(),
        own: true,
    };
    list.sections.insert(at, new);
}
