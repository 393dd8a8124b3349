//! What was said: the command tree, as clap types. What it means is decided in
//! [`crate::settings`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::checklist::Interval;
use crate::commands::run::Telling;
use crate::report::{Format, ReportTarget};
use crate::settings::Said;

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
  hotdash-ops sandbox                          prints `export NAME='value'` lines and `# ready`")]
    Sandbox(SandboxArgs),
}

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

#[derive(Debug, Subcommand)]
pub enum ChecksCommand {
    /// List every check
    #[command(after_help = "\
Examples:
  hotdash-ops checks list
  hotdash-ops checks list --format json | jq -r '.checks[].id'")]
    List {
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show what a check asks and how to ask it by hand
    #[command(after_help = "\
Examples:
  hotdash-ops checks explain chatwoot.token
  hotdash-ops checks explain schema            a whole section")]
    Explain {
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
  hotdash-ops checks lint checks/preflight/schema.toml")]
    Lint {
        /// Files, or folders with *.toml in them
        #[arg(value_name = "PATH", required = true)]
        paths: Vec<PathBuf>,
    },
    /// Print the JSON Schema of a check file, for editors
    #[command(after_help = "\
Example:
  hotdash-ops checks schema > check.schema.json")]
    Schema,
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
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// A command to run inside; the sandbox ends with its code
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
}

impl RunArgs {
    /// What of it concerns settings.
    pub fn said(&self) -> Said {
        Said {
            only: self.only.clone(),
            skip: self.skip.clone(),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn every_flag_of_a_run_is_heard() {
        Cli::command().debug_assert();
        let cli = parsed(
            "hotdash-ops preflight --target staging --config c.toml --env-file e --app-dir a --ca-file ca
             --only schema --only env.* --skip quality --format json --report junit:a.xml --report prom:b:c
             --strict --timeout 5m --problems --quiet -vv --no-journal",
        );
        let Ok(Cli { command: Command::Preflight(args) }) = cli else { panic!("{cli:?}") };
        let telling = args.telling(Format::Json, Vec::new());
        assert_eq!(telling.reports[1], ReportTarget { format: Format::Prom, path: "b:c".into() });
        assert!(telling.problems_only && telling.quiet && telling.verbose == 2);
        let expected = Said {
            target: Some("staging".to_owned()),
            config: Some("c.toml".into()),
            env_file: Some("e".into()),
            ca_file: Some("ca".into()),
            app_dir: Some("a".into()),
            only: vec!["schema".to_owned(), "env.*".to_owned()],
            skip: vec!["quality".to_owned()],
            strict: true,
            timeout: Some(Interval::seconds(300)),
            format: Some(Format::Json),
            no_journal: true,
        };
        assert_eq!(args.said(), expected);
    }

    #[test]
    fn nothing_is_abbreviated_or_said_twice() {
        for line in [
            "hotdash-ops pre",
            "hotdash-ops preflight --targ x",
            "hotdash-ops preflight --target a --target b",
            "hotdash-ops preflight --target",
            "hotdash-ops preflight --format xml",
            "hotdash-ops preflight --report junit",
            "hotdash-ops preflight --timeout soon",
            "hotdash-ops preflight schema",
            "hotdash-ops checks lint",
            "hotdash-ops checks list --format junit",
        ] {
            let error = parsed(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn every_verb_shows_how_it_is_called() {
        let verbs =
            ["", "preflight", "status", "checks list", "checks explain", "checks lint", "checks schema"];
        for verb in verbs.into_iter().chain(["env fingerprint"]) {
            let error = parsed(&format!("hotdash-ops {verb} --help")).expect_err(verb);
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0), "{verb}");
            let help = error.to_string();
            let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("{verb}: {help}"));
            assert!(examples.contains(format!("hotdash-ops {verb}").trim_end()), "{verb}: {help}");
        }
    }
}
