//! The configuration file: facts about each target, but no secrets. It is parsed strictly and reports all problems
//! at once, each with its line; a value that may be a secret is not shown.

mod hidden;
mod masked;
mod refuse;
mod target;

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) use masked::{problem as masked_problem, words as masked_words};
pub(super) use target::is_plain;

use super::{Target, fingerprint};
use crate::input::interval::Interval;
use crate::input::source::{Problem, Problems, Source};
use crate::redact::Redactor;

/// A parsed configuration file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub target: Option<String>,
    /// Relative to the file's directory, as written.
    pub app_dir: Option<PathBuf>,
    /// Relative to the file's directory, as written.
    pub ca_file: Option<PathBuf>,
    pub strict: Option<bool>,
    pub timeout: Option<Interval>,
    pub fingerprint_key: Option<String>,
    /// In the order of the file.
    pub targets: Vec<Target>,
    /// Warnings: unusual values that are not errors.
    pub notes: Vec<String>,
    /// The position of `target`, for error messages about its value.
    pub target_span: Option<Range<usize>>,
}

/// The top level of the file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Head {
    target: Option<String>,
    app_dir: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    strict: Option<bool>,
    timeout: Option<Interval>,
    fingerprint_key: Option<String>,
    /// Parsed separately; listed only so that error messages mention it.
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
}

/// Parses the text of a configuration file. `redactor` knows the secrets of the environment, which must not be shown
/// even if they were put into this file by mistake.
///
/// # Errors
/// Every problem, with line and masked excerpt.
pub fn parse(source: Source<'_>, redactor: &Redactor) -> Result<Config, Problems> {
    let mut problems = Problems::default();
    let config = read(source, &mut problems);
    let masked = |p: Problem| masked::problem(redactor, p, source.text);
    problems.0.sort_by_key(|p| p.line);
    Problems(problems.0.into_iter().map(masked).collect()).or(config)
}

fn read(source: Source<'_>, problems: &mut Problems) -> Config {
    let mut config = Config::default();
    if source.text.trim_start_matches('\u{feff}').trim().is_empty() {
        problems.push(Problem::of_file(
            source.file,
            "is empty; write a [targets.production] table, or remove it",
        ));
        return config;
    }
    let mut broken = Problems::default();
    let mut table = source.table(&mut broken);
    if !broken.0.is_empty() {
        problems.0.extend(hidden::values(broken));
        return config;
    }
    refuse::secrets(source, &mut table, problems);
    let targets = table.remove("targets");
    config.target_span = value_span(&table, &["target"]);
    let key_span = value_span(&table, &["fingerprint_key"]);
    let paths = [value_span(&table, &["app_dir"]), value_span(&table, &["ca_file"])];
    if let Some(head) = whole::<Head>(source, table, 0..0, problems) {
        for (path, span) in [&head.app_dir, &head.ca_file].into_iter().zip(paths) {
            if let Some(why) = path.as_deref().and_then(unusable_path) {
                problems.push(source.problem(span, why));
            }
        }
        if let Some(key) = &head.fingerprint_key
            && fingerprint::fingerprint(key, fingerprint::FINGERPRINTED[0], "any").is_none()
        {
            let why = "is not 32 bytes of hex (not shown); restore it from an earlier version of the file, or remove it \
                       and every fingerprint and create them again with `hotdash-ops env fingerprint`";
            problems.push(source.problem(key_span, &format!("fingerprint_key {why}")));
        }
        let Head { target, app_dir, ca_file, strict, timeout, fingerprint_key, _targets } = head;
        config = Config { target, app_dir, ca_file, strict, timeout, fingerprint_key, ..config };
    }
    if let Some(targets) = targets {
        let span = targets.span();
        match targets.into_inner() {
            DeValue::Table(tables) => target::read_all(source, tables, &mut config, problems),
            _ => problems.push(source.problem(Some(span), "write targets as [targets.NAME] tables")),
        }
    }
    config
}

/// Parses a table of optional keys. Each key is parsed alone first, so that every wrong one is reported.
fn whole<'a, T: DeserializeOwned>(
    source: Source<'a>,
    table: DeTable<'a>,
    span: Range<usize>,
    problems: &mut Problems,
) -> Option<T> {
    let mut found = Problems::default();
    for (key, value) in &table {
        let mut one = DeTable::new();
        one.insert(key.clone(), value.clone());
        let _each_is_read_again_below: Option<T> =
            source.read(Spanned::new(span.clone(), DeValue::Table(one)), &mut found);
    }
    if found.0.is_empty() {
        return source.read(Spanned::new(span, DeValue::Table(table)), problems);
    }
    problems.0.extend(hidden::values(found).map(hinted));
    None
}

/// Adds a suggestion to the message about an unknown key.
fn hinted(mut problem: Problem) -> Problem {
    let Some(rest) = problem.message.strip_prefix("unknown field `") else { return problem };
    let mut quoted = rest.split('`').step_by(2);
    let Some(unknown) = quoted.next() else { return problem };
    if problem.message.contains("`targets`") && target::is_key(unknown) {
        problem.message = format!("`{unknown}` belongs to a target; move it under [targets.NAME]");
        return problem;
    }
    if let Some(near) = nearest(unknown, quoted) {
        problem.message = format!("unknown key `{unknown}`; did you mean `{near}`? ({})", problem.message);
    }
    problem
}

/// The likely intended candidate: it differs by a few letters or by case.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::damerau_levenshtein(&lower, &c.to_ascii_lowercase()), c))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, c)| *distance <= (c.len() / 3).clamp(1, 4))
        .map(|(_, c)| c)
}

fn unusable_path(path: &Path) -> Option<&'static str> {
    if path.as_os_str().is_empty() {
        return Some("the path is empty; set it or remove the line");
    }
    path.starts_with("~").then_some("`~` is not expanded here; write the full path")
}

/// The position of the value of a key, or of a key in a table.
fn value_span(table: &DeTable<'_>, path: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    let value = table.get(*first)?;
    match (rest.is_empty(), value.get_ref()) {
        (true, _) => Some(value.span()),
        (false, DeValue::Table(inner)) => value_span(inner, rest),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests;
