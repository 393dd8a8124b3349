//! What was said: the command tree, as clap types. What it means is decided in
//! [`crate::settings`].

mod args;
#[cfg(feature = "rehearsal")]
mod rehearse;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub use args::{ContextArgs, RunArgs};
#[cfg(feature = "rehearsal")]
pub use rehearse::{RehearseArgs, ScoreFormat};
pub use watch::{BaselineArgs, BaselineCommand, GateArgs, MonitorArgs, WindowArgs};

/// Verify a production deploy of HotDash's support pipeline.
#[derive(Debug, Parser)]
#[command(name = "hotdash-ops", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const AFTER: &str = "\
Exit codes:
  0    go: at least one required check was asked, and every one passed or is waived
  1    do not go: a required check failed
  2    refused: usage, configuration, empty plan, a sandbox mistaken for production
  3    cannot tell: inconclusive, error, blocked
  130  interrupted (143: terminated); the report shows what was known

Examples:
  hotdash-ops preflight                        ask the whole pre-deploy half
  hotdash-ops preflight --only schema          one section, with what it stands on
  hotdash-ops checks explain schema.facts-index
  hotdash-ops monitor --minutes 15             watch the first traffic after the deploy
  hotdash-ops baseline                         record the last hour as the baseline
  hotdash-ops gate --lookback                  the success criteria, for CI
  hotdash-ops status                           for cron: Chatwoot's health";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask the pre-deploy sections: environment, Chatwoot, Agent SDK, schema, code quality
    #[command(after_help = "\
Examples:
  hotdash-ops preflight --app-dir ~/src/hotdash
  hotdash-ops preflight --target staging --env-file staging.env
  hotdash-ops preflight --only schema --only 'chatwoot.webhook-*'
  hotdash-ops preflight --skip quality --strict
  hotdash-ops preflight --format github --report junit:preflight.xml --report markdown:summary.md

Variables: CHATWOOT_BASE_URL CHATWOOT_API_KEY CHATWOOT_ACCOUNT_ID CHATWOOT_WEBHOOK_SECRET
  AGENT_SDK_URL DATABASE_URL, and HOTDASH_OPS_CONFIG _TARGET _ENV_FILE _CA_FILE _APP_DIR
  _FORMAT _TIMEOUT _STRICT _RUNS_DIR in place of the flags.")]
    Preflight(RunArgs),
    /// Watch the first traffic after a deploy, and judge it: success rate, dead letters, average, loss, logs, health
    #[command(after_help = watch::MONITOR_HELP)]
    Monitor(MonitorArgs),
    /// Record the last hour's numbers as the baseline; list, show and compare baselines
    #[command(after_help = watch::BASELINE_HELP)]
    Baseline(BaselineArgs),
    /// Ask the success criteria over 30 minutes of traffic; for CI
    #[command(after_help = watch::GATE_HELP)]
    Gate(GateArgs),
    /// Ask Chatwoot's health in place of the app's script; fit for cron
    #[command(after_help = "\
The first line is `Chatwoot health check OK`, and the exit code 0, when Chatwoot answers, its services
work and the token reads the account. With --quiet that line is all there is when all is well.

Example, every five minutes:
  */5 * * * * hotdash-ops status --env-file /etc/hotdash.env --quiet >> /var/log/chatwoot-health.log 2>&1")]
    Status(RunArgs),
    /// List, explain and lint checks
    #[command(subcommand)]
    Checks(ChecksCommand),
    /// Work with this environment's variables
    #[command(subcommand)]
    Env(EnvCommand),
    /// Start the stand-ins on loopback, for one command or until told to end
    #[cfg(feature = "rehearsal")]
    #[command(after_help = "\
Examples:
  hotdash-ops sandbox -- hotdash-ops preflight
  hotdash-ops sandbox -- hotdash-ops monitor --minutes 1
  hotdash-ops sandbox --world silent-loss -- hotdash-ops monitor --minutes 1
  hotdash-ops sandbox --fault queue-failing -- hotdash-ops preflight
  hotdash-ops sandbox                          prints `export NAME='value'` lines and `# ready`")]
    Sandbox(SandboxArgs),
    /// Take the tour through a world of stand-ins, practise with a fault in it, or score the checks
    #[cfg(feature = "rehearsal")]
    #[command(after_help = rehearse::HELP)]
    Rehearse(RehearseArgs),
    /// The process of the sandbox's embedded PostgreSQL, which the sandbox starts and ends
    #[cfg(feature = "embedded-postgres")]
    #[command(hide = true)]
    ServePostgres {
        /// Where everything it writes goes
        directory: std::path::PathBuf,
        /// On 127.0.0.1; 0 is any that is free
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
        /// Your own checks over the checklist: a directory shaped like checks/
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
        /// Show the codes of each check's claims instead of its title; json always has both
        #[arg(long)]
        claims: bool,
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show what a check asks and how to ask it by hand
    #[command(after_help = "\
Examples:
  hotdash-ops checks explain chatwoot.token
  hotdash-ops checks explain schema            a whole section")]
    Explain {
        /// Your own checks over the checklist: a directory shaped like checks/
        #[arg(long, value_name = "DIR", help_heading = "Selection")]
        checks: Option<PathBuf>,
        #[command(flatten)]
        context: ContextArgs,
        /// A check id, a section or a glob
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
    /// Read check files as the program would, and report every problem
    #[command(after_help = "\
Examples:
  hotdash-ops checks lint checks
  hotdash-ops checks lint checks/preflight/schema.toml
  hotdash-ops checks lint --checks ops/checks  your own directory, as a run would read it")]
    Lint {
        /// Your own checks over the checklist: a directory shaped like checks/
        #[arg(long, value_name = "DIR")]
        checks: Option<PathBuf>,
        /// Files, or folders with *.toml in them
        #[arg(value_name = "PATH", required_unless_present = "checks")]
        paths: Vec<PathBuf>,
    },
    /// Print a JSON Schema: of a check file, of a file of your own directory, of a command's result
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
    /// A file of a directory that is given with --checks
    Own,
    /// What a command with `result = "json"` prints
    Result,
}

/// How a list is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    #[default]
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// Write keyed fingerprints of the secrets in this environment into the configuration
    #[command(after_help = "\
With them `preflight` can tell when one target runs on another target's secrets. The values themselves
are never written.

Example:
  hotdash-ops env fingerprint --target staging --env-file staging.env")]
    Fingerprint {
        #[command(flatten)]
        context: ContextArgs,
        /// Print the lines instead of writing them
        #[arg(long)]
        print: bool,
    },
}

/// What the sandbox takes.
#[cfg(feature = "rehearsal")]
#[derive(Debug, clap::Args)]
pub struct SandboxArgs {
    /// What is wrong in it while customers write: healthy, agent-down, agent-slow, one-in-ten, dead-letter,
    /// silent-loss, worker-dead, quiet, late-commits, unreadable, many-unreadable, logs-unreadable
    #[arg(long, value_name = "NAME", default_value = "healthy")]
    pub world: crate::rehearsal::setting::Setting,
    /// One thing that is wrong in it, of those that `rehearse --list` names
    #[arg(long, value_name = "NAME", conflicts_with_all = ["world", "database"])]
    pub fault: Option<String>,
    /// Customers' messages a minute; 0 lets nobody write
    #[arg(long, value_name = "RATE", default_value_t = 60.0)]
    pub per_minute: f64,
    /// Decides who writes what and when
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Which PostgreSQL: native, as installed, or embedded in this program (a build with --features
    /// embedded-postgres). Default: native where initdb is found
    #[arg(long, value_name = "ENGINE", conflicts_with = "database")]
    pub postgres: Option<crate::rehearsal::postgres::Engine>,
    /// Use this database instead, to read and to write: an empty one, which is filled, or one that a sandbox
    /// has filled before
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// A command to run inside; the sandbox ends with its code
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
}

#[cfg(test)]
mod tests;
