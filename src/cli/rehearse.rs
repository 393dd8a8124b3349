//! The flags of `rehearse`: the tour, one fault for practice, and the score.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::rehearsal::postgres::Engine;

pub(super) const HELP: &str = "\
Examples:
  hotdash-ops rehearse                         the tour: preflight, monitor, baseline, gate
  hotdash-ops rehearse --list                  list the faults and the checks that must catch them
  hotdash-ops rehearse --fault worker-dead     inject one and keep running for practice
  hotdash-ops rehearse --score                 inject every fault; exit 1 if one is missed
  hotdash-ops rehearse --score --checks ops/checks --format markdown > score.md";

/// The flags of the rehearsal.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// Inject every fault in turn, and print which claims each of them made fail
    #[arg(long, group = "what")]
    pub score: bool,
    /// Inject one fault, show the report, and keep running for practice until Ctrl-C
    #[arg(long, value_name = "NAME", group = "what")]
    pub fault: Option<String>,
    /// List the faults and the checks that must catch them
    #[arg(long, group = "what")]
    pub list: bool,
    /// With --score: inject only these faults, or those of these checks, by name or glob; repeatable.
    /// The score is then partial
    #[arg(long, value_name = "NAME", requires = "score")]
    pub only: Vec<String>,
    /// PostgreSQL to use: native (an installed one) or embedded (in a program built with --features
    /// embedded-postgres) [default: native if initdb is found]
    #[arg(long, value_name = "ENGINE")]
    pub postgres: Option<Engine>,
    /// Also rehearse your own checks: a directory laid out like checks/
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
    /// Format of --score and --list
    #[arg(long, value_enum, default_value_t)]
    pub format: ScoreFormat,
}

/// The format of a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    #[default]
    Table,
    Json,
    Markdown,
}
