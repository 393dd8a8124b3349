//! How it is told: one pure renderer per format, from a [`Report`] to a string.
//! No renderer knows a clock, a terminal or a file; what it needs to know about
//! where the text goes stands in [`Style`]. Writing reports to files is apart,
//! in [`files`].

mod counts;
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

use crate::outcome::Severity;
use crate::outcome::report::Report;
use crate::outcome::waived::Waiver;
use crate::outcome::{Outcome, Verdict, Why};

use crate::input::format::{Format, ReportTarget};

pub use files::{prepare, write_files};

/// What a renderer may know about the place where its text will be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours may be used; only the table uses them.
    pub colour: bool,
    /// The terminal's width in columns; `None` when there is no terminal.
    pub width: Option<u16>,
    /// Only what is wrong: the table without its passing rows.
    pub problems_only: bool,
    /// 0: claims where something is wrong; 1: all claims and evidence; 2 and more: nothing is cut.
    pub verbose: u8,
}

/// How a run is told.
#[derive(Clone, Debug, Default)]
pub struct Telling {
    pub format: Format,
    pub reports: Vec<ReportTarget>,
    pub problems_only: bool,
    pub quiet: bool,
    pub verbose: u8,
    /// What settings had to say, for the report's notes.
    pub notes: Vec<String>,
}

/// Tells `report` in `format`. The text ends with a newline.
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

/// What an outcome means for the run it belongs to. Red and green in every format follow from
/// this, so that a format is red exactly where the exit code is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// A plain pass.
    Good,
    /// The operator excluded it.
    Excluded,
    /// Does not pass, and a valid waiver covers it.
    Waived,
    /// Worth a look, and without a part in the exit code.
    Note,
    /// Keeps the exit code from being 0.
    InTheWay,
}

impl Standing {
    /// The standing of `outcome`; `strict` as in the report.
    fn of(outcome: &Outcome, strict: bool) -> Standing {
        let passed = outcome.verdict == Verdict::Pass;
        if matches!(outcome.verdict, Verdict::Skipped(Why::Excluded(_))) {
            Standing::Excluded
        } else if passed && outcome.warnings.is_empty() {
            Standing::Good
        } else if outcome.waived() && !passed {
            Standing::Waived
        } else if outcome.waived() || !outcome.required(strict) || (passed && !strict) {
            Standing::Note
        } else {
            Standing::InTheWay
        }
    }
}

/// Why an outcome is not a plain pass, one sentence each, as found (not neutralised).
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
    if only_strict && Standing::of(outcome, strict) == Standing::InTheWay {
        parts.push("--strict counts warnings".to_owned());
    }
    parts
}

/// What of an outcome is not the checklist's own, one sentence each, as found: the waiver that covers it, and
/// the operator's check in the place of an embedded one. What has expired stands in the reason.
fn marks(outcome: &Outcome) -> Vec<String> {
    let waiver = outcome.waiver.as_ref().filter(|_| outcome.waived() && outcome.verdict != Verdict::Pass);
    let waived = waiver.map(|Waiver { owner, expires, origin, reason, .. }| {
        format!("waived by {owner} until {expires} ({origin}): {reason}")
    });
    waived.into_iter().chain(replaced(outcome)).collect()
}

fn replaced(outcome: &Outcome) -> Option<String> {
    let replaces = outcome.replaces.as_ref()?;
    Some(format!("replaced: asked as {} says, in place of {replaces}", outcome.origin))
}

/// The counts of a run in one line.
fn counts(report: &Report) -> String {
    let blocked = report.outcomes().filter(|o| matches!(o.verdict, Verdict::Skipped(Why::Blocked(_))));
    counts::counts(&report.tally, blocked.count())
}

/// The mark and the word of an outcome: `✗ fail`. Each mark is one column wide.
pub fn badge(outcome: &Outcome) -> String {
    let label = outcome.label();
    let mark = match label {
        "pass" => "✓",
        "fail" | "error" => "✗",
        "inconclusive" => "?",
        "warn" => "!",
        "waived" => "~",
        _ => "-",
    };
    format!("{mark} {label}")
}
