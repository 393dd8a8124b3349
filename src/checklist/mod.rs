//! What is asked. The files under `checks/` are data: a folder is a phase, a file
//! is a section, a `[[check]]` is a line of the checklist. They are embedded in
//! the binary, parsed strictly, and every problem is reported with file and line.
//! An operator's own directory can be laid over them.

pub mod builtin;
mod interval;
mod lint;
mod load;
mod overlay;
mod template;
mod waiver;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use builtin::BuiltinFile;
pub use interval::Interval;
pub use load::{load, load_paths};
pub use overlay::{OPEN, OverlayFile, load_over};
pub use template::{Part, TARGET_KEYS, Template};
pub use waiver::{Day, WaiveEntry, Waiver};

use crate::probe::Probe;

/// What a check that does not pass means for the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The deploy may not go on.
    #[default]
    Blocker,
    /// Shown, and never in the way unless `--strict` is given.
    Warning,
}

/// What asking changes in the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Asking only reads.
    #[default]
    None,
    /// Asking sends an event that is marked as a test and changes nothing that lasts.
    TestEvent,
    /// Asking writes.
    Writes,
}

/// A part of the pipeline that a target may not have; its checks are then excluded by configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Grading of replies (`grading = false` in the target's configuration).
    Grading,
    /// Drafts or replies to every message (`drafts = "off"` in the target's traffic).
    Drafts,
}

/// How often a check is asked again before its last answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How many more times, at most.
    pub times: u32,
    /// The wait before each.
    pub every: Interval,
}

/// One line of the checklist, as it is written in a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckEntry {
    /// The check's name within its section, kebab-case. The full id is `section.id`.
    pub id: String,
    /// A lower-case claim without a full stop, which reads well when it is green.
    pub title: String,
    #[serde(default)]
    pub severity: Severity,
    /// Full ids of checks that must not fail first: the narrowest facts this one stands on.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Full ids or globs of checks that are asked before this one, however they end.
    #[serde(default)]
    pub after: Vec<String>,
    /// How it is asked: exactly one kind.
    pub probe: Probe,
    /// The time one attempt may take.
    #[serde(default = "default_timeout")]
    pub timeout: Interval,
    /// A retry that was needed is a warning.
    pub retry: Option<Retry>,
    /// A service that sleeps is asked again until this much time has passed; needing it is expected.
    pub cold_start: Option<Interval>,
    #[serde(default)]
    pub effect: Effect,
    /// The part of the pipeline it belongs to, if a target may be without it.
    pub feature: Option<Feature>,
    /// One line that says what to do when it does not pass, a command where possible. `${target.KEY}` is filled in.
    pub fix: Template,
    /// A link to the place in a runbook; absolute, or an anchor in the section's runbook.
    pub runbook: Option<String>,
}

fn default_timeout() -> Interval {
    Interval::seconds(10)
}

/// A file of the checklist, as it is written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionFile {
    pub title: String,
    /// One sentence: what this section proves.
    pub about: String,
    pub runbook: Option<String>,
    /// The key in the target's `contacts` of whoever helps when this section does not pass.
    pub contact: Option<String>,
    #[serde(default)]
    pub check: Vec<CheckEntry>,
}

/// A check with its full id and its place.
#[derive(Clone, Debug)]
pub struct Check {
    /// `section.check`.
    pub id: String,
    pub entry: CheckEntry,
    /// `checks/preflight/schema.toml:12`.
    pub origin: String,
    /// The key of the section's contact.
    pub contact: Option<String>,
    /// The absolute runbook link, when there is one.
    pub runbook: Option<String>,
    /// Where the embedded check is written in whose place an operator's own stands.
    pub replaces: Option<String>,
    /// A permission to go on although it does not pass.
    pub waiver: Option<Waiver>,
    /// The operator's directory it comes from; `None` for an embedded check.
    pub folder: Option<PathBuf>,
}

/// A section: its checks in file order.
#[derive(Clone, Debug)]
pub struct Section {
    /// The file's name without its ending.
    pub id: String,
    /// The folder's name.
    pub phase: String,
    pub title: String,
    pub about: String,
    pub runbook: Option<String>,
    pub contact: Option<String>,
    pub checks: Vec<Arc<Check>>,
    /// True when it stands only in the operator's own directory.
    pub own: bool,
}

/// The whole checklist, in report order.
#[derive(Clone, Debug, Default)]
pub struct Checklist {
    pub sections: Vec<Section>,
}

/// The embedded checklist, with the operator's own directory over it when there is one, on the day `today`.
///
/// # Errors
/// Every problem of the directory, as [`load_over`] tells them.
pub fn load_with(dir: Option<&Path>, today: jiff::civil::Date) -> Result<Checklist, crate::source::Problems> {
    match dir {
        Some(dir) => load_over(dir, today),
        None => load(),
    }
}

impl Checklist {
    /// All checks, in order.
    pub fn checks(&self) -> impl Iterator<Item = &Arc<Check>> {
        self.sections.iter().flat_map(|s| s.checks.iter())
    }

    /// The check with this full id.
    pub fn get(&self, id: &str) -> Option<&Arc<Check>> {
        self.checks().find(|c| c.id == id)
    }

    /// The sections of some phases.
    pub fn phases(&self, phases: &[&str]) -> Checklist {
        let sections = self.sections.iter().filter(|s| phases.contains(&s.phase.as_str())).cloned().collect();
        Checklist { sections }
    }

    /// Every environment variable that some check mentions.
    pub fn variables(&self) -> BTreeSet<String> {
        self.checks().flat_map(|c| c.entry.probe.variables()).collect()
    }
}
