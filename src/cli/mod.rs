//! The command tree, as clap types. [`crate::settings`] decides what the flags mean.

mod args;
#[cfg(feature = "rehearsal")]
mod rehearse;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use args::RunArgs;
#[cfg(feature = "rehearsal")]
pub use rehearse::{RehearseArgs, ScoreFormat};
pub use watch::{BaselineArgs, BaselineCommand, GateArgs, MonitorArgs};

use crate::settings::ContextFlags;

/// Verify a production deploy of HotDash's support pipeline.
#[derive(Debug, Parser)]
#[command(name = "hotdash-ops", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "\
Exit codes:
  0    GO: at least one required check was run, and each of them passed or is waived
  1    NO GO: a required check failed
  2    REFUSED: fix the command line or the configuration; or test stand-ins answered
       although the target is a real one
  3    UNDECIDED: resolve the checks marked `undecided`, `error` or `blocked`
  130  interrupted (143: terminated); the report shows what was known by then

Examples:
  hotdash-ops preflight                        run all pre-deploy checks
  hotdash-ops preflight --only schema          one section, and the checks it needs
  hotdash-ops checks explain schema.facts-index
  hotdash-ops monitor --minutes 15             watch the first traffic after the deploy
  hotdash-ops baseline                         record the last hour as the baseline
  hotdash-ops gate --lookback                  check the success criteria, for CI
  hotdash-ops status                           check Chatwoot's health, for cron";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the pre-deploy checks: environment, Chatwoot, Agent SDK, schema, code quality
    #[command(after_help = "\
Examples:
  hotdash-ops preflight --app-dir ~/src/hotdash
  hotdash-ops preflight --target staging --env-file staging.env
  hotdash-ops preflight --only schema --only 'chatwoot.webhook-*'
  hotdash-ops preflight --skip quality --strict
  hotdash-ops preflight --format github --report junit:preflight.xml --report markdown:summary.md

Variables: CHATWOOT_BASE_URL CHATWOOT_API_KEY CHATWOOT_ACCOUNT_ID CHATWOOT_WEBHOOK_SECRET
  AGENT_SDK_URL DATABASE_URL, and HOTDASH_OPS_CONFIG _TARGET _ENV_FILE _CA_FILE _APP_DIR
  _FORMAT _TIMEOUT _STRICT _RUNS_DIR instead of flags.")]
    Preflight(RunArgs),
    /// Watch the first traffic after a deploy: success rate, dead letters, response time, lost messages, logs, health
    #[command(after_help = watch::MONITOR_HELP)]
    Monitor(MonitorArgs),
    /// Record the last hour's numbers as a baseline; list, show and compare baselines
    #[command(after_help = watch::BASELINE_HELP)]
    Baseline(BaselineArgs),
    /// Check the success criteria over 30 minutes of traffic, for CI
    #[command(
        after_help = watch::GATE_HELP,
        mut_arg("only", |arg| arg.hide(true)),
        mut_arg("skip", |arg| arg.hide(true))
    )]
    Gate(GateArgs),
    /// Check Chatwoot's health (replaces the app's script; made for cron)
    #[command(after_help = "\
If Chatwoot answers, its services work and the token can read the account, the first line is
`Chatwoot health check OK` and the exit code is 0. With --quiet, that is then the only line.

Example, every five minutes:
  */5 * * * * hotdash-ops status --env-file /etc/hotdash.env --quiet >> /var/log/chatwoot-health.log 2>&1")]
    Status(RunArgs),
    /// List, explain and lint checks
    #[command(subcommand)]
    Checks(ChecksCommand),
    /// Work with the environment's variables
    #[command(subcommand)]
    Env(EnvCommand),
    /// Start a local copy of the support pipeline made of stand-ins, for one command or until stopped
    #[cfg(feature = "rehearsal")]
    #[command(after_help = "\
Examples:
  hotdash-ops sandbox -- hotdash-ops preflight
  hotdash-ops sandbox -- hotdash-ops monitor --minutes 1
  hotdash-ops sandbox --world silent-loss -- hotdash-ops monitor --minutes 1
  hotdash-ops sandbox --fault queue-failing -- hotdash-ops preflight
  hotdash-ops sandbox                          prints `export NAME='value'` lines and `# ready`")]
    Sandbox(SandboxArgs),
    /// Tour a pipeline of stand-ins, practise with a fault in it, or prove that every check can fail
    #[cfg(feature = "rehearsal")]
    #[command(after_help = rehearse::HELP)]
    Rehearse(RehearseArgs),
    /// The process of the sandbox's embedded PostgreSQL, started and stopped by the sandbox
    #[cfg(feature = "embedded-postgres")]
    #[command(hide = true)]
    ServePostgres {
        /// Directory for everything it writes
        directory: std::path::PathBuf,
        /// Port on 127.0.0.1; 0 for any free one
        port: u16,
    },
}

#[derive(Debug, Subcommand)]
pub enum ChecksCommand {
    /// List every check
    #[command(after_help = "\
Examples:
  hotdash-ops checks list
  hotdash-ops checks list --checks ops/checks
  hotdash-ops checks list --claims             the codes of each check's claims
  hotdash-ops checks list --format json | jq -r '.checks[].id'")]
    List {
        /// Add your own checks: a directory laid out like checks/
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
        /// Show the codes of each check's claims instead of its title; json always has both
        #[arg(long)]
        claims: bool,
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show what a check does and how to do it by hand
    #[command(after_help = "\
Examples:
  hotdash-ops checks explain chatwoot.token
  hotdash-ops checks explain schema            a whole section")]
    Explain {
        /// Add your own checks: a directory laid out like checks/
        #[arg(long, value_name = "DIR", help_heading = "Selection")]
        checks: Option<PathBuf>,
        #[command(flatten)]
        context: ContextFlags,
        /// A check id, a section or a glob
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
    /// Read check files as a run would, and report every problem
    #[command(after_help = "\
Examples:
  hotdash-ops checks lint checks
  hotdash-ops checks lint checks/preflight/schema.toml
  hotdash-ops checks lint --checks ops/checks  your own directory, as a run would read it")]
    Lint {
        /// Add your own checks: a directory laid out like checks/
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
        /// Check files, or folders of them
        #[arg(value_name = "PATH", required_unless_present = "checks")]
        paths: Vec<PathBuf>,
    },
    /// Print a JSON Schema: of a check file, of a file in your own directory, or of a command's result
    #[command(after_help = "\
Examples:
  hotdash-ops checks schema > check.schema.json
  hotdash-ops checks schema result             what a command with `result = \"json\"` prints")]
    Schema {
        #[arg(value_name = "OF", value_enum, default_value_t)]
        of: SchemaOf,
    },
}

/// What a JSON Schema describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// A file of the checklist
    #[default]
    Section,
    /// A file in a directory for --checks
    Own,
    /// What a command with `result = "json"` prints
    Result,
}

/// The format of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    #[default]
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// Write keyed fingerprints of this environment's secrets to the configuration
    #[command(after_help = "\
With them, `preflight` detects that one target uses another target's secrets. The secrets themselves are
never written.

Example:
  hotdash-ops env fingerprint --target staging --env-file staging.env")]
    Fingerprint {
        #[command(flatten)]
        context: ContextFlags,
        /// Print the lines instead of writing them
        #[arg(long)]
        print: bool,
    },
}

/// The flags of the sandbox.
#[cfg(feature = "rehearsal")]
#[derive(Debug, clap::Args)]
pub struct SandboxArgs {
    /// State of the pipeline while customers write: healthy, agent-down, agent-slow, one-in-ten, dead-letter,
    /// silent-loss, worker-dead, quiet, late-commits, unreadable, many-unreadable, logs-unreadable
    #[arg(long, value_name = "NAME", default_value = "healthy")]
    pub world: crate::rehearsal::world::setup::Setup,
    /// Start with one of the faults that `rehearse --list` shows
    #[arg(long, value_name = "NAME", conflicts_with_all = ["world", "database"])]
    pub fault: Option<String>,
    /// Customers' messages per minute; 0 for none
    #[arg(long, value_name = "RATE", default_value_t = 60.0)]
    pub per_minute: f64,
    /// Seed of the random customers
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// PostgreSQL to use: native (an installed one) or embedded (in a program built with --features
    /// embedded-postgres) [default: native if initdb is found]
    #[arg(long, value_name = "ENGINE", conflicts_with = "database")]
    pub postgres: Option<crate::rehearsal::postgres::Engine>,
    /// Use this database instead: either an empty one, which the sandbox fills, or one that a sandbox has
    /// filled before
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Command to run in the sandbox; its exit code becomes the sandbox's
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
}

#[cfg(test)]
mod tests;
