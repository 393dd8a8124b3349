//! `rehearse`: the world in which everything can be tried, and the score.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::rehearsal::postgres::Engine;

pub(super) const HELP: &str = "\
Examples:
  hotdash-ops rehearse                         the tour: preflight, a watch, a baseline, the gate
  hotdash-ops rehearse --list                  the faults, and what each must turn
  hotdash-ops rehearse --fault worker-dead     put one in, show what is told, and stay up for practice
  hotdash-ops rehearse --score                 play every fault; exit 1 where one is missed
  hotdash-ops rehearse --score --checks ops/checks --format markdown > score.md";

/// What the rehearsal takes.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// Play every fault, and print which turned which claim false
    #[arg(long, group = "what")]
    pub score: bool,
    /// Play one fault, and stay up for practice until Ctrl-C
    #[arg(long, value_name = "NAME", group = "what")]
    pub fault: Option<String>,
    /// List the faults, and what each must turn
    #[arg(long, group = "what")]
    pub list: bool,
    /// With --score: play these faults only; a name or a glob, repeatable. The score is then a part's
    #[arg(long, value_name = "NAME", requires = "score")]
    pub only: Vec<String>,
    /// Which PostgreSQL: native, as installed, or embedded in this program (a build with --features
    /// embedded-postgres) [default: native where initdb is found]
    #[arg(long, value_name = "ENGINE")]
    pub postgres: Option<Engine>,
    /// The operator's own checks, to be rehearsed too
    #[arg(long, value_name = "DIR")]
    pub checks: Option<PathBuf>,
    /// What stdout carries, of --score and --list
    #[arg(long, value_enum, default_value_t)]
    pub format: ScoreFormat,
}

/// How a score is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScoreFormat {
    #[default]
    Table,
    Json,
    Markdown,
}
