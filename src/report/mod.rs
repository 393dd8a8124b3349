//! Reports as text: one pure renderer per format, from a [`Report`] to a string.
//! No renderer reads a clock, a terminal or a file; [`Style`] describes where the
//! text will be read. `files` writes reports to disk.

mod conclusion;
pub mod counts;
mod files;
mod github;
pub mod json;
pub mod jsonl;
mod junit;
mod markdown;
mod problems;
mod prom;
pub mod spark;
mod table;
mod traffic;

use clap::Args;

use crate::input::format::{Format, ReportTarget};
use crate::outcome::report::Report;
use crate::outcome::waived::Waiver;
use crate::outcome::{Outcome, Severity, Verdict, Why};
use crate::text;

pub use conclusion::conclusion;
pub use files::{prepare, write_files};

/// Where the text will be read, and how much of it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used; only the table uses them.
    pub colour: bool,
    /// The terminal's width in columns; `None` when there is no terminal.
    pub width: Option<u16>,
    /// Show only problems: the table without its rows.
    pub problems_only: bool,
    /// 0: claims of checks that did not pass; 1: all claims and evidence; 2 and more: no truncation.
    pub verbose: u8,
}

/// How and where the result of a run is written.
#[derive(Clone, Debug, Default)]
pub struct OutputOptions {
    pub format: Format,
    pub flags: OutputFlags,
    /// Notes from the settings, for the report.
    pub notes: Vec<String>,
}

/// The flags of a run that only concern its output.
#[derive(Clone, Debug, Default, Args)]
pub struct OutputFlags {
    /// Also write a report to a file (atomically); repeatable
    #[arg(long = "report", value_name = "FORMAT:PATH", help_heading = "Output")]
    pub reports: Vec<ReportTarget>,
    /// Show only problems
    #[arg(long, help_heading = "Output")]
    pub problems: bool,
    /// Write no progress and no notes to stderr
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
    /// Show all claims and evidence; -vv: without truncation
    #[arg(long, short, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}

/// Renders `report` in `format`. The text ends with a newline.
pub fn render(format: Format, report: &Report, style: &Style) -> String {
    match format {
        Format::Table => table::render(report, style),
        Format::Json => json::render(report),
        Format::Jsonl => jsonl::render(report),
        Format::Junit => junit::render(report),
        Format::Prom => prom::render(report),
        Format::Markdown => markdown::render(report),
        Format::Github => github::render(report),
    }
}

/// What an outcome means for the exit code. Every format chooses red and green by it, so that a
/// format is red exactly when the exit code is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Impact {
    /// A plain pass.
    Good,
    /// The operator excluded it.
    Excluded,
    /// Does not pass, and a valid waiver covers it.
    Waived,
    /// A problem that does not affect the exit code.
    Note,
    /// Keeps the exit code from being 0.
    Blocking,
}

impl Impact {
    /// Classifies `outcome`; `strict` as in the report.
    fn of(outcome: &Outcome, strict: bool) -> Impact {
        let passed = outcome.verdict == Verdict::Pass;
        if matches!(outcome.verdict, Verdict::Skipped(Why::Excluded(_))) {
            Impact::Excluded
        } else if passed && outcome.warnings.is_empty() {
            Impact::Good
        } else if outcome.waived() && !passed {
            Impact::Waived
        } else if outcome.waived() || !outcome.required(strict) || (passed && !strict) {
            Impact::Note
        } else {
            Impact::Blocking
        }
    }
}

/// Why an outcome is not a plain pass, one sentence each, not yet made safe for a terminal.
fn why(outcome: &Outcome, strict: bool) -> Vec<String> {
    let mut parts = Vec::new();
    match (&outcome.verdict, outcome.reason.is_empty()) {
        (_, false) => parts.push(outcome.reason.clone()),
        (Verdict::Skipped(why), true) => parts.push(why.to_string()),
        (Verdict::Pass, true) => {}
        (_, true) => parts.push("no reason was given".to_owned()),
    }
    parts.extend(outcome.warnings.iter().cloned());
    let only_strict = outcome.severity == Severity::Warning || outcome.verdict == Verdict::Pass;
    if only_strict && Impact::of(outcome, strict) == Impact::Blocking {
        parts.push("--strict counts warnings as failures".to_owned());
    }
    parts
}

/// How the operator's own files affect an outcome, one sentence each, not yet made safe for a terminal: the valid
/// waiver that covers it, and the check that replaces an embedded one. An expired waiver is part of the reason.
fn marks(outcome: &Outcome) -> Vec<String> {
    let waiver = outcome.waiver.as_ref().filter(|_| outcome.waived() && outcome.verdict != Verdict::Pass);
    let waived = waiver.map(|Waiver { owner, expires, origin, reason, .. }| {
        format!("waived by {owner} until {expires} ({origin}): {reason}")
    });
    waived.into_iter().chain(replaced(outcome)).collect()
}

fn replaced(outcome: &Outcome) -> Option<String> {
    let replaces = outcome.replaces.as_ref()?;
    Some(format!("replaced: run as defined in {} instead of {replaces}", outcome.origin))
}

/// The counts of a run in one line: `52 checks: 45 passed, 2 failed, 3 blocked, 2 warnings`.
fn counts(report: &Report) -> String {
    let parts = counts::counts(report.outcomes().map(Outcome::label));
    let all = text::checks(report.tally.planned);
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

/// The word of an outcome for people, who read `undecided` where machine formats have `inconclusive`.
fn word(outcome: &Outcome) -> &'static str {
    match outcome.label() {
        "inconclusive" => "undecided",
        label => label,
    }
}

/// The mark and the word of an outcome: `✗ fail`. Each mark is one column wide.
pub fn badge(outcome: &Outcome) -> String {
    let label = word(outcome);
    let mark = match label {
        "pass" => "✓",
        "fail" | "error" => "✗",
        "undecided" => "?",
        "warn" => "!",
        "waived" => "~",
        _ => "-",
    };
    format!("{mark} {label}")
}
