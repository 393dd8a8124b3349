//! `checks list`, `explain`, `lint` and `schema`: about checks, without running them.

mod explain;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::checklist::{self, Check, Checklist, OverlayFile, SectionFile};
use crate::cli::{ListFormat, SchemaOf};
use crate::commands::overlay_notes;
use crate::exit::Exit;
use crate::input::source::Problems;
use crate::outcome::Severity;
use crate::printer::{self, Printer};
use crate::probe::CheckResult;
use crate::redact::Redactor;
use crate::settings::Vars;
use crate::text;

pub use explain::explain;

/// Lists every check; with `claims` the codes of the claims that it can make.
///
/// # Errors
/// All problems of the operator's own directory, and stdout that cannot be written.
pub fn list(own: Option<&Path>, claims: bool, format: ListFormat, printer: &mut Printer) -> Result<Exit> {
    let list = load(own)?;
    let text = match format {
        ListFormat::Table if claims => claims_table(&list),
        ListFormat::Table => list_table(&list),
        ListFormat::Json => list_json(&list),
    };
    let _ = printer.data(&masked(&text))?;
    Ok(Exit::Ready)
}

/// Masks secrets, which a file of the operator's own could contain.
fn masked(text: &str) -> String {
    let secrets = crate::settings::secret_values(&Vars::of_process());
    Redactor::new(secrets.iter().map(String::as_str)).apply(text).into_owned()
}

fn load(own: Option<&Path>) -> Result<Checklist> {
    Ok(checklist::load_with(own, overlay_notes::today(Timestamp::now()))?)
}

fn list_table(list: &Checklist) -> String {
    let mut text = String::new();
    for section in &list.sections {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(printer::width().unwrap_or(120));
        for check in &section.checks {
            let severity = match check.entry.severity {
                Severity::Blocker => "",
                Severity::Warning => "warning",
            };
            let mut title = text::plain(&check.entry.title);
            for (word, mark) in marks(check) {
                let _infallible = write!(title, "\n{word}: {mark}");
            }
            table.add_row([Cell::new(&check.id), Cell::new(severity), Cell::new(title)]);
        }
        let _infallible = writeln!(text, "{}/{}: {}", section.phase, section.id, section.title);
        let _infallible = writeln!(text, "{}\n", table.trim_fmt());
    }
    text.push_str(
        "Checks are blockers unless marked as warnings. `hotdash-ops checks explain ID` describes a check.\n",
    );
    text
}

fn claims_table(list: &Checklist) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(printer::width().unwrap_or(120));
    for check in list.checks() {
        table.add_row([check.id.clone(), check.entry.probe.claims().join(", ")]);
    }
    format!(
        "{}\n\nA code identifies a claim of its check in every report and never changes its meaning. A code with a `*` stands \
         for\none claim for each name that the configuration or a program gives.\n",
        table.trim_fmt()
    )
}

fn list_json(list: &Checklist) -> String {
    let checks: Vec<Value> = list
        .sections
        .iter()
        .flat_map(|section| section.checks.iter().map(move |check| (section, check)))
        .map(|(section, check)| {
            let mut record = json!({
                "id": check.id,
                "phase": section.phase,
                "section": section.id,
                "title": check.entry.title,
                "severity": check.entry.severity,
                "effect": check.entry.effect,
                "needs": check.entry.needs,
                "after": check.entry.after,
                "claims": check.entry.probe.claims(),
                "timeout": check.entry.timeout,
                "feature": check.entry.feature,
                "fix": check.entry.fix,
                "runbook": check.runbook,
                "origin": check.origin,
            });
            if let Some(replaces) = &check.replaces {
                record["replaces"] = replaces.as_str().into();
            }
            if let Some(waiver) = &check.waiver {
                record["waiver"] = json!(waiver);
            }
            record
        })
        .collect();
    format!("{:#}\n", json!({ "schema": "hotdash-ops.checks/1", "checks": checks }))
}

/// How the operator's own files affect a check: where it is defined, what it replaces, who waived it.
fn marks(check: &Check) -> Vec<(&'static str, String)> {
    let mut marks = Vec::new();
    if check.folder.is_some() {
        let origin = text::plain(&check.origin);
        marks.push(match &check.replaces {
            Some(replaces) => ("replaces", format!("{replaces}, defined in {origin}")),
            None => ("own", format!("defined in {origin}")),
        });
    }
    marks.extend(check.waiver.as_ref().map(|waiver| ("waiver", text::plain(&waiver.to_string()))));
    marks
}

/// Reads check files, and a directory of the operator's own, as a run would.
///
/// # Errors
/// All problems, with file and line.
pub fn lint(own: Option<&Path>, paths: &[PathBuf], printer: &mut Printer) -> Result<Exit> {
    let mut problems = Problems::default();
    let mut summary = String::new();
    if !paths.is_empty() {
        match checklist::load_paths(paths) {
            Ok(list) => {
                let (checks, sections) = (list.checks().count(), list.sections.len());
                let _infallible = writeln!(
                    summary,
                    "{} in {sections} {}, no problems",
                    text::checks(checks),
                    text::plural(sections, "section")
                );
            }
            Err(more) => problems.0.extend(more.0),
        }
    }
    if let Some(dir) = own {
        match checklist::load_over(dir, overlay_notes::today(Timestamp::now())) {
            Ok(list) => {
                let of = |what: fn(&Check) -> bool| list.checks().filter(|check| what(check)).count();
                for check in list.checks() {
                    if let Some(waiver) = check.waiver.as_ref().filter(|waiver| !waiver.valid) {
                        let _infallible = writeln!(summary, "{}: waiver {waiver}", check.id);
                    }
                }
                let _infallible = writeln!(
                    summary,
                    "{} added, {} replaced, {} waived, no problems",
                    text::checks(of(|check| check.folder.is_some() && check.replaces.is_none())),
                    of(|check| check.replaces.is_some()),
                    of(|check| check.waiver.as_ref().is_some_and(|waiver| waiver.valid)),
                );
            }
            Err(more) => problems.0.extend(more.0),
        }
    }
    let _ = printer.data(&masked(&problems.or(summary)?))?;
    Ok(Exit::Ready)
}

/// Prints a JSON Schema, generated from the types that read the files.
///
/// # Errors
/// Stdout that cannot be written.
pub fn schema(of: SchemaOf, printer: &mut Printer) -> Result<Exit> {
    let schema = match of {
        SchemaOf::Section => schemars::schema_for!(SectionFile),
        SchemaOf::Own => schemars::schema_for!(OverlayFile),
        SchemaOf::Result => schemars::schema_for!(CheckResult),
    };
    let _ = printer.data(&format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
    Ok(Exit::Ready)
}
