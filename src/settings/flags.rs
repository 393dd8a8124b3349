//! The flags of the command line that become settings. The command line contains these structs as they are, so that
//! a flag is described in one place.

use std::path::PathBuf;

use clap::Args;

use super::{Since, WindowDefaults};
use crate::input::format::Format;
use crate::input::interval::Interval;

/// The flags of one command line, without defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CliSettings {
    pub context: ContextFlags,
    pub run: RunFlags,
    /// The traffic window, for a verb that watches traffic, with the defaults of the verb.
    pub watch: Option<(WatchFlags, WindowDefaults)>,
    /// The full id of a manual check, and the evidence.
    pub attest: Vec<(String, String)>,
}

impl From<ContextFlags> for CliSettings {
    fn from(context: ContextFlags) -> CliSettings {
        CliSettings { context, ..CliSettings::default() }
    }
}

/// The flags that say where settings come from.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct ContextFlags {
    /// Target to check, as named in the configuration [default: production]
    #[arg(long, value_name = "NAME", help_heading = "Context")]
    pub target: Option<String>,
    /// Configuration file [default: hotdash-ops/config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE", help_heading = "Context")]
    pub config: Option<PathBuf>,
    /// File of variables, one NAME=VALUE per line; the environment takes precedence
    #[arg(long, value_name = "FILE", help_heading = "Context")]
    pub env_file: Option<PathBuf>,
    /// Additional trusted certificates (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Context")]
    pub ca_file: Option<PathBuf>,
    /// Checkout of the app, for the code quality section
    #[arg(long, value_name = "DIR", help_heading = "Context")]
    pub app_dir: Option<PathBuf>,
}

/// The flags of a run of checks, except those that only concern its output.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct RunFlags {
    /// Run only these checks and the checks they need: a section, a check id or a glob; repeatable
    #[arg(long, value_name = "WHAT", help_heading = "Selection")]
    pub only: Vec<String>,
    /// Skip these checks (the report says so): a section, a check id or a glob; repeatable
    #[arg(long, value_name = "WHAT", help_heading = "Selection")]
    pub skip: Vec<String>,
    /// Add your own checks, replacements and waivers: a directory laid out like checks/
    #[arg(long, value_name = "DIR", help_heading = "Selection")]
    pub checks: Option<PathBuf>,
    /// Count warnings as failures
    #[arg(long, help_heading = "Selection")]
    pub strict: bool,
    /// Time limit for the whole run [default: 30m, or longer if a watch needs it]
    #[arg(long, value_name = "DURATION", help_heading = "Selection")]
    pub timeout: Option<Interval>,
    /// Format of the report on stdout [default: table] [possible values: table, json, jsonl, junit, prom, markdown, github]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Do not write a journal of this run
    #[arg(long, help_heading = "Output", display_order = 100)]
    pub no_journal: bool,
}

/// The flags that choose the window.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct WindowFlags {
    /// Length of the window; decimals are allowed [default: 15; for the gate 30]
    #[arg(long, value_name = "MINUTES", help_heading = "Window")]
    pub minutes: Option<f64>,
    /// Judge the last --minutes now, instead of watching
    #[arg(long, help_heading = "Window")]
    pub lookback: bool,
    /// Judge everything since then now: `last-deploy`, or a time such as 2026-01-01T10:00:00Z
    #[arg(long, value_name = "WHEN", help_heading = "Window")]
    pub since: Option<Since>,
    /// Time limit for the whole watch [default: the window plus 5 minutes]
    #[arg(long, value_name = "DURATION", help_heading = "Window")]
    pub budget: Option<Interval>,
}

/// The flags that choose the window and when the watch ends.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct WatchFlags {
    #[command(flatten)]
    pub window: WindowFlags,
    /// Keep watching even when the result is already certain
    #[arg(long, help_heading = "Window")]
    pub full: bool,
    /// Keep watching until there are enough deliveries for a verdict, within the budget
    #[arg(long, help_heading = "Window")]
    pub until_enough: bool,
}
