//! What every run of checks takes, and where its settings come from.

use std::path::PathBuf;

use clap::Args;

use crate::input::format::{Format, ReportTarget};
use crate::input::interval::Interval;
use crate::report::Telling;
use crate::settings::Said;

/// What every run of checks takes.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub context: ContextArgs,
    /// Ask only these: a section, a check id or a glob; repeatable
    #[arg(long, value_name = "WHAT", help_heading = "Selection")]
    pub only: Vec<String>,
    /// Leave these out, visibly: a section, a check id or a glob; repeatable
    #[arg(long, value_name = "WHAT", help_heading = "Selection")]
    pub skip: Vec<String>,
    /// Your own checks, replacements and waivers over the checklist: a directory shaped like checks/
    #[arg(long, value_name = "DIR", help_heading = "Selection")]
    pub checks: Option<PathBuf>,
    /// Count warnings as failures
    #[arg(long, help_heading = "Selection")]
    pub strict: bool,
    /// The deadline of the whole run [default: 30m]
    #[arg(long, value_name = "DURATION", help_heading = "Selection")]
    pub timeout: Option<Interval>,
    /// What stdout carries [default: table] [possible values: table, json, jsonl, junit, prom, markdown, github]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<Format>,
    /// Write a further report, whole or not at all; repeatable
    #[arg(long, value_name = "FORMAT:PATH", help_heading = "Output")]
    pub report: Vec<ReportTarget>,
    /// Show only what is wrong
    #[arg(long, help_heading = "Output")]
    pub problems: bool,
    /// No progress and no notes on stderr
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
    /// Show all claims and evidence; twice: cut nothing
    #[arg(long, short, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// Write no journal of this run
    #[arg(long, help_heading = "Output")]
    pub no_journal: bool,
}

/// Where settings come from.
#[derive(Debug, Args)]
pub struct ContextArgs {
    /// The target in the configuration [default: production]
    #[arg(long, value_name = "NAME", help_heading = "Context")]
    pub target: Option<String>,
    /// The configuration file [default: hotdash-ops/config.toml in the user's configuration directory]
    #[arg(long, value_name = "FILE", help_heading = "Context")]
    pub config: Option<PathBuf>,
    /// Variables, one NAME=VALUE a line; the environment wins
    #[arg(long, value_name = "FILE", help_heading = "Context")]
    pub env_file: Option<PathBuf>,
    /// Trust these certificates too (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Context")]
    pub ca_file: Option<PathBuf>,
    /// The app's checkout, for the code quality section
    #[arg(long, value_name = "DIR", help_heading = "Context")]
    pub app_dir: Option<PathBuf>,
}

impl RunArgs {
    /// What of it concerns settings.
    pub fn said(&self) -> Said {
        Said {
            only: self.only.clone(),
            skip: self.skip.clone(),
            checks: self.checks.clone(),
            strict: self.strict,
            timeout: self.timeout,
            format: self.format,
            no_journal: self.no_journal,
            ..self.context.said()
        }
    }

    /// What of it concerns telling; the format and the notes come from the resolved settings.
    pub fn telling(&self, format: Format, notes: Vec<String>) -> Telling {
        Telling {
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
    /// What of it concerns settings.
    pub fn said(&self) -> Said {
        Said {
            target: self.target.clone(),
            config: self.config.clone(),
            env_file: self.env_file.clone(),
            ca_file: self.ca_file.clone(),
            app_dir: self.app_dir.clone(),
            ..Said::default()
        }
    }
}
