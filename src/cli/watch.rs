//! The flags of the verbs about traffic: `monitor`, `baseline`, `gate`.

use clap::{Args, Subcommand};

use super::RunArgs;
use crate::settings::{CliSettings, ContextFlags, WatchFlags, WindowDefaults, WindowFlags};

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

#[derive(Debug, Args)]
pub struct MonitorArgs {
    #[command(flatten)]
    pub watch: WatchFlags,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct GateArgs {
    #[command(flatten)]
    pub window: WindowFlags,
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
        context: ContextFlags,
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
        context: ContextFlags,
    },
    /// Compare the last hour with the pinned baseline, or else with the newest good one
    #[command(after_help = "Example:\n  hotdash-ops baseline compare --strict")]
    Compare(Box<RunArgs>),
}

impl MonitorArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        CliSettings { watch: Some((self.watch.clone(), WindowDefaults::MONITOR)), ..self.run.settings() }
    }
}

impl GateArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        let watch = WatchFlags { window: self.window.clone(), ..WatchFlags::default() };
        CliSettings {
            watch: Some((watch, WindowDefaults::GATE)),
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
