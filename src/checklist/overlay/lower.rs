//! What a replacement must not weaken without a waiver. Timeout, retries, needs and the probe itself may change; but a
//! check that no longer counts, or that is replaced by a sign-off, would pass where the embedded check would not.

use crate::checklist::{Check, CheckEntry, Feature};
use crate::outcome::Severity;

/// The ways in which `entry` is weaker than `embedded`, as lower-case fragments.
pub fn lowered(embedded: &Check, entry: &CheckEntry) -> Vec<&'static str> {
    let old = &embedded.entry;
    let mut ways = Vec::new();
    if old.severity == Severity::Blocker && entry.severity == Severity::Warning {
        ways.push("lowers its severity from blocker to warning");
    }
    if entry.feature.is_some() && entry.feature != old.feature {
        ways.push(match entry.feature {
            Some(Feature::Grading) => "would not count where `grading = false`",
            _ => "would not count where `drafts = \"off\"`",
        });
    }
    if entry.probe.is_manual() && !old.probe.is_manual() {
        ways.push("replaces an automatic check with a manual one");
    }
    ways
}
