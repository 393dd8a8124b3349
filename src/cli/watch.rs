//! The flags of the verbs about traffic: `monitor`, `baseline`, `gate`.

use clap::{Args, Subcommand};

use super::{ContextArgs, RunArgs};
use crate::input::interval::Interval;
use crate::settings::{CliSettings, Since, WatchFlags, WindowDefaults};

pub(super) const MONITOR_HELP: &str = "\
Examples:
  hotdash-ops monitor                          watch the next 15 minutes
  hotdash-ops monitor --minutes 2.5 --full     keep watching after a failure
  hotdash-ops monitor --lookback --minutes 60  judge the last hour now, without waiting
  hotdash-ops monitor --since last-deploy      judge everything since the newest release
  hotdash-ops monitor --until-enough --budget 1h
  hotdash-ops monitor --only traffic.success-rate --only traffic.dead-letters

The numbers during the watch are only a preview. Every verdict comes from one SQL statement over the
whole window, the checklist's own; `hotdash-ops checks explain traffic.success-rate` shows it.";

pub(super) const BASELINE_HELP: &str = "\
Examples:
  hotdash-ops baseline --dry-run               show the SQL, write nothing
  hotdash-ops baseline                         record the last hour into support_baseline
  hotdash-ops baseline list
  hotdash-ops baseline show 2026-01-01T10:00:00Z
  hotdash-ops baseline compare                 the last hour against a recorded baseline";

pub(super) const GATE_HELP: &str = "\
Examples:
  hotdash-ops gate --attest success.end-to-end=\"conversation 318, draft after 6 s\" \\
                   --attest success.dashboards=\"grafana.example/d/support, checked by Mara\"
  hotdash-ops gate --lookback --since last-deploy --format github --report junit:gate.xml

A manual check that is not signed off is undecided: exit 3. The gate always checks all success
criteria; --only and --skip are refused.";

/// The flags that choose the window.
#[derive(Debug, Args)]
pub struct WindowArgs {
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

#[derive(Debug, Args)]
pub struct MonitorArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// Keep watching even when the result is already certain
    #[arg(long, help_heading = "Window")]
    pub full: bool,
    /// Keep watching until there are enough deliveries for a verdict, within the budget
    #[arg(long, help_heading = "Window")]
    pub until_enough: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct GateArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// Sign off a manual check, with evidence that every report shows; repeatable
    #[arg(long, value_name = "ID=EVIDENCE", value_parser = attested, help_heading = "Selection")]
    pub attest: Vec<(String, String)>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BaselineArgs {
    #[command(subcommand)]
    pub command: Option<BaselineCommand>,
    /// Print the SQL, and write nothing
    #[arg(long, help_heading = "Selection")]
    pub dry_run: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// List the recorded baselines, newest first
    #[command(after_help = "Example:\n  hotdash-ops baseline list --format json")]
    List {
        #[arg(long, value_enum, default_value_t)]
        format: super::ListFormat,
        #[command(flatten)]
        context: ContextArgs,
    },
    /// Show one baseline: the newest, or the one captured at the given time
    #[command(after_help = "Example:\n  hotdash-ops baseline show 2026-01-01T10:00:00Z")]
    Show {
        /// The `captured_at` of the baseline, as `baseline list` prints it
        #[arg(value_name = "CAPTURED_AT")]
        captured_at: Option<String>,
        #[arg(long, value_enum, default_value_t)]
        format: super::ListFormat,
        #[command(flatten)]
        context: ContextArgs,
    },
    /// Compare the last hour with the pinned baseline, or else with the newest good one
    #[command(after_help = "Example:\n  hotdash-ops baseline compare --strict")]
    Compare(Box<RunArgs>),
}

impl WindowArgs {
    fn settings(&self) -> WatchFlags {
        WatchFlags {
            minutes: self.minutes,
            lookback: self.lookback,
            since: self.since.clone(),
            budget: self.budget,
            ..WatchFlags::default()
        }
    }
}

impl MonitorArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        let window =
            WatchFlags { full: self.full, until_enough: self.until_enough, ..self.window.settings() };
        CliSettings { watch: Some((window, WindowDefaults::MONITOR)), ..self.run.settings() }
    }
}

impl GateArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        CliSettings {
            watch: Some((self.window.settings(), WindowDefaults::GATE)),
            attest: self.attest.clone(),
            ..self.run.settings()
        }
    }
}

/// Parses `ID=EVIDENCE`, neither of them empty.
fn attested(text: &str) -> Result<(String, String), String> {
    let (id, evidence) = text
        .split_once('=')
        .ok_or("write ID=EVIDENCE, for example success.dashboards=\"checked by Mara\"")?;
    let (id, evidence) = (id.trim(), evidence.trim());
    if id.is_empty() || evidence.is_empty() {
        return Err("a sign-off needs the check's id and the evidence, separated by =".to_owned());
    }
    Ok((id.to_owned(), evidence.to_owned()))
}
