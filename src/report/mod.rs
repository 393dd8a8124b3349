//! Reports as text: one pure renderer per format, from a [`Report`] to a string.
//! No renderer reads a clock, a terminal or a file; [`Style`] describes where the
//! text will be read. [`files`] writes reports to disk.

mod conclusion;
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
pub mod text;
mod traffic;

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::checklist::Severity;
use crate::run::outcome::{Outcome, Report, Verdict, Waiver, Why};

pub use conclusion::conclusion;
pub use files::{prepare, write_files};

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Table,
    /// One versioned document, described by [`json::schema`].
    Json,
    /// One JSON object per line; live on stdout, in checklist order in a file.
    Jsonl,
    /// JUnit XML, for CI systems that list tests.
    Junit,
    /// Prometheus text format, for the node exporter's textfile collector.
    Prom,
    /// GitHub-flavoured Markdown, for a CI summary.
    Markdown,
    /// GitHub workflow commands: annotations.
    Github,
}

impl Format {
    /// Every format, in the order in which help and errors name them.
    pub const ALL: [Format; 7] = [
        Format::Table,
        Format::Json,
        Format::Jsonl,
        Format::Junit,
        Format::Prom,
        Format::Markdown,
        Format::Github,
    ];

    /// The word used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Junit => "junit",
            Format::Prom => "prom",
            Format::Markdown => "markdown",
            Format::Github => "github",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Format> {
        if let Some(format) = Format::ALL.into_iter().find(|f| f.name() == word) {
            return Ok(format);
        }
        let nearest = Format::ALL
            .into_iter()
            .map(|f| (strsim::damerau_levenshtein(f.name(), &word.to_lowercase()), f))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 2);
        let hint = nearest.map(|(_, f)| format!("; did you mean {f}?")).unwrap_or_default();
        let names = Format::ALL.map(Format::name).join(", ");
        bail!("unknown format {:?}{hint} (use one of {names})", text::cut(word, 40))
    }
}

/// A `--report FORMAT:PATH`: the same run as a file in another format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTarget {
    pub format: Format,
    pub path: PathBuf,
}

impl FromStr for ReportTarget {
    type Err = anyhow::Error;

    /// Splits at the first colon, so the path can contain colons.
    fn from_str(argument: &str) -> Result<ReportTarget> {
        let Some((format, path)) = argument.split_once(':') else {
            bail!("{argument:?} has no format; write FORMAT:PATH, for example junit:report.xml");
        };
        let format: Format = format.parse()?;
        match path {
            "" => bail!("{argument:?} has no path; write for example {format}:report.out"),
            "-" => bail!("a report on stdout is chosen with --format; use --format {format}"),
            _ => Ok(ReportTarget { format, path: PathBuf::from(path) }),
        }
    }
}

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
enum Standing {
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

impl Standing {
    /// Classifies `outcome`; `strict` as in the report.
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
            Standing::Blocking
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
    if only_strict && Standing::of(outcome, strict) == Standing::Blocking {
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
    let parts = text::counts(report.outcomes().map(Outcome::label));
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
