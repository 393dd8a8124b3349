//! The settings of a run: flag over environment over configuration file over default. Resolving them is pure; the
//! caller reads the files and the environment.

pub mod env_file;
pub mod file;
pub mod fingerprint;
mod flags;
mod gather;
pub mod resolve;
mod secrets;
mod target;
mod traffic;
mod vars;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use flags::{CliSettings, ContextFlags, RunFlags, WatchFlags, WindowFlags};
pub use gather::{gather, gather_for_writing};
pub use secrets::secret_values;
pub use target::{Names, Target};
pub use traffic::{Drafts, Percent, Tier, Traffic};
pub use vars::Vars;
pub use watch::{Since, Watch, WindowDefaults};

use crate::input::format::Format;
use crate::input::interval::Interval;
use crate::input::selection::Selection;

/// The variables of the pipeline: those of the checklist and those used in practice.
pub const PIPELINE: &[&str] = &[
    "CHATWOOT_BASE_URL",
    "CHATWOOT_API_KEY",
    "CHATWOOT_API_TOKEN",
    "CHATWOOT_ACCOUNT_ID",
    "CHATWOOT_WEBHOOK_SECRET",
    "AGENT_SDK_URL",
    "DATABASE_URL",
];

/// Everything a run needs to know, resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The target of this run.
    pub target: Target,
    /// The configuration's other targets.
    pub others: Vec<Target>,
    /// The variables of the pipeline, from the environment or else from `--env-file`.
    pub vars: Vars,
    /// The configuration file that was read, if any.
    pub config: Option<PathBuf>,
    /// The key of the fingerprints in the configuration, lower-case hex.
    pub fingerprint_key: Option<String>,
    /// The app's checkout.
    pub app_dir: Option<PathBuf>,
    /// Extra trusted certificates (PEM).
    pub ca_file: Option<PathBuf>,
    /// The operator's own checks, which extend the checklist.
    pub checks: Option<PathBuf>,
    pub selection: Selection,
    /// Warnings count as failures.
    pub strict: bool,
    /// The deadline of the whole run.
    pub timeout: Interval,
    /// The traffic window, for a verb that watches traffic.
    pub watch: Option<Watch>,
    /// Sign-offs: the evidence, by the full id of the manual check.
    pub attest: BTreeMap<String, String>,
    /// The folder of the journals, or `None` with `--no-journal`.
    pub runs_dir: Option<PathBuf>,
}

/// The resolved settings, with notes.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub settings: Settings,
    pub format: Format,
    /// Warnings for the operator that are not part of a check: lower-case fragments.
    pub notes: Vec<String>,
}
