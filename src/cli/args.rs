//! The flags that every run of checks has.

use std::path::PathBuf;

use clap::Args;

use crate::input::format::{Format, ReportTarget};
use crate::input::interval::Interval;
use crate::report::OutputOptions;
use crate::settings::CliSettings;

/// The flags of a run of checks.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub context: ContextArgs,
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
    /// Time limit for the whole run [default: 30m]
    #[arg(long, value_name = "DURATION", help_heading = "Selection")]
    pub timeout: Option<Interval>,
    /// Format of the report on stdout [default: table] [possible values: table, json, jsonl, junit, prom, markdown, github]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Also write a report to a file (atomically); repeatable
    #[arg(long, value_name = "FORMAT:PATH", help_heading = "Output")]
    pub report: Vec<ReportTarget>,
    /// Show only problems
    #[arg(long, help_heading = "Output")]
    pub problems: bool,
    /// Write no progress and no notes to stderr
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
    /// Show all claims and evidence; -vv: without truncation
    #[arg(long, short, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// Do not write a journal of this run
    #[arg(long, help_heading = "Output")]
    pub no_journal: bool,
}

/// The flags that say where settings come from.
#[derive(Debug, Args)]
pub struct ContextArgs {
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

impl RunArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        CliSettings {
            only: self.only.clone(),
            skip: self.skip.clone(),
            checks: self.checks.clone(),
            strict: self.strict,
            timeout: self.timeout,
            format: self.format,
            no_journal: self.no_journal,
            ..self.context.settings()
        }
    }

    /// The part of the flags that concerns output; format and notes come from the resolved settings.
    pub fn output_options(&self, format: Format, notes: Vec<String>) -> OutputOptions {
        OutputOptions {
            format,
            reports: self.report.clone(),
            problems_only: self.problems,
            quiet: self.quiet,
            verbose: self.verbose,
            notes,
        }
    }
}

impl ContextArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        CliSettings {
            target: self.target.clone(),
            config: self.config.clone(),
            env_file: self.env_file.clone(),
            ca_file: self.ca_file.clone(),
            app_dir: self.app_dir.clone(),
            ..CliSettings::default()
        }
    }
}
