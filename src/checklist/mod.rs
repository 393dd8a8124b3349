//! The checklist. The files under `checks/` are data: a folder is a phase, a file is a section, a `[[check]]` is a
//! line of the checklist. They are embedded in the binary and parsed strictly; every problem is reported with file
//! and line. An operator's own directory can extend them.

pub mod builtin;
mod lint;
mod load;
mod overlay;
mod waiver;
mod written;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use builtin::BuiltinFile;
pub use load::{load, load_paths};
pub use overlay::{OverlayFile, load_over};

use crate::input::interval::Interval;
use crate::input::template::Template;
use crate::outcome::waived::Waiver;
use crate::outcome::{Effect, Severity};
use crate::probe::Probe;

/// A part of the pipeline that a target may not have; its checks are then excluded by configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Grading of replies (`grading = false` in the target's configuration).
    Grading,
    /// Drafts or replies to every message (`drafts = "off"` in the target's traffic).
    Drafts,
}

/// How often a check is repeated before its last result counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The maximum number of repetitions.
    pub times: u32,
    /// The wait before each repetition.
    pub every: Interval,
}

/// A check, as written in a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckEntry {
    /// The check's name within its section, kebab-case. The full id is `section.id`.
    pub id: String,
    /// A claim in lower case without a full stop that reads well when it holds.
    pub title: String,
    #[serde(default)]
    pub severity: Severity,
    /// Full ids of checks that must not fail first: the narrowest facts this check depends on.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Full ids or globs of checks that run before this one, whatever their results.
    #[serde(default)]
    pub after: Vec<String>,
    /// How it is checked: exactly one probe.
    pub probe: Probe,
    /// The time limit of one attempt.
    #[serde(default = "default_timeout")]
    pub timeout: Interval,
    /// A pass that needed a retry gets a warning.
    pub retry: Option<Retry>,
    /// A service that sleeps is retried until this much time has passed; needing this is expected.
    pub cold_start: Option<Interval>,
    #[serde(default)]
    pub effect: Effect,
    /// The part of the pipeline it belongs to, if a target may not have it.
    pub feature: Option<Feature>,
    /// One line that says what to do when the check does not pass, with a command where possible. `${target.KEY}` is
    /// filled in.
    pub fix: Template,
    /// A link to the place in a runbook; absolute, or an anchor in the section's runbook.
    pub runbook: Option<String>,
}

fn default_timeout() -> Interval {
    Interval::seconds(10)
}

/// A checklist file, as written.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionFile {
    pub title: String,
    /// One sentence that says what this section proves.
    pub about: String,
    pub runbook: Option<String>,
    /// The key in the target's `contacts` of the person who helps when this section does not pass.
    pub contact: Option<String>,
    #[serde(default)]
    pub check: Vec<CheckEntry>,
}

/// A check with its full id and its position.
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
    /// The position of the embedded check that this check of the operator replaces.
    pub replaces: Option<String>,
    /// A permission to continue although the check does not pass.
    pub waiver: Option<Waiver>,
    /// The operator's directory that contains it; `None` for an embedded check.
    pub folder: Option<PathBuf>,
}

/// A section: its checks in file order.
#[derive(Clone, Debug)]
pub struct Section {
    /// The file's name without its extension.
    pub id: String,
    /// The folder's name.
    pub phase: String,
    pub title: String,
    pub about: String,
    pub runbook: Option<String>,
    pub contact: Option<String>,
    pub checks: Vec<Arc<Check>>,
    /// True when it exists only in the operator's own directory.
    pub own: bool,
}

/// The whole checklist, in report order.
#[derive(Clone, Debug, Default)]
pub struct Checklist {
    pub sections: Vec<Section>,
}

/// The embedded checklist, extended by the operator's own directory if there is one, on the day `today`.
///
/// # Errors
/// Every problem of the directory, as reported by [`load_over`].
pub fn load_with(
    dir: Option<&Path>,
    today: jiff::civil::Date,
) -> Result<Checklist, crate::input::source::Problems> {
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

    /// The sections of these phases.
    pub fn phases(&self, phases: &[&str]) -> Checklist {
        let sections = self.sections.iter().filter(|s| phases.contains(&s.phase.as_str())).cloned().collect();
        Checklist { sections }
    }

    /// Every environment variable that a check uses.
    pub fn variables(&self) -> BTreeSet<String> {
        self.checks().flat_map(|c| c.entry.probe.variables()).collect()
    }
}
