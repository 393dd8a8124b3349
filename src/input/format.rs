//! The formats of a report, and where one is written.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::text;

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Table,
    /// One versioned document, described by `json::schema` in `report`.
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
