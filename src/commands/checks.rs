//! `checks list`, `explain`, `lint` and `schema`: about checks, without running them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement, Table};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::checklist::{self, Check, Checklist, Feature, OverlayFile, Section, SectionFile};
use crate::cli::{ListFormat, SchemaOf};
use crate::commands::overlay_notes;
use crate::exit::Exit;
use crate::input::selection::{names, nearest};
use crate::input::source::Problems;
use crate::outcome::{Effect, Severity};
use crate::printer::{self, Printer};
use crate::probe::CheckResult;
use crate::redact::Redactor;
use crate::rehearsal::faults;
use crate::settings::{Settings, Vars, Watch, WatchFlags, WindowDefaults};
use crate::text;

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

/// Shows what checks do and how to do the same by hand, with names of variables instead of values.
///
/// # Errors
/// A word that matches no check, with the nearest id.
pub fn explain(settings: &Settings, words: &[String], printer: &mut Printer) -> Result<Exit> {
    let list = load(settings.checks.as_deref())?;
    let secrets = crate::settings::secret_values(&settings.vars);
    let redactor = Redactor::new(secrets.iter().map(String::as_str));
    let mut parts = Vec::new();
    for word in words {
        let before = parts.len();
        for section in &list.sections {
            let named = section.checks.iter().filter(|c| names(word, &section.phase, &section.id, &c.id));
            parts.extend(named.map(|check| explained(section, check, settings)));
        }
        if parts.len() == before {
            let candidates = list.sections.iter().map(|s| s.id.as_str());
            let near = nearest(word, candidates.chain(list.checks().map(|c| c.id.as_str())));
            let hint = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            bail!(
                "{word} is not the id of a check, a section or a glob that matches any{hint} (see `hotdash-ops checks list`)"
            );
        }
    }
    let _ = printer.data(&redactor.apply(&parts.join("\n")))?;
    Ok(Exit::Ready)
}

fn explained(section: &Section, check: &Check, settings: &Settings) -> String {
    let usual = if section.phase == "success" { WindowDefaults::GATE } else { WindowDefaults::MONITOR };
    let watch = Watch::resolve(&WatchFlags::default(), usual, false, &mut Vec::new()).ok();
    let settings = Settings { watch, ..settings.clone() };
    let (entry, asked) = (&check.entry, check.entry.probe.explain(&settings));
    let mut rows: Vec<(&str, String)> = vec![("title", entry.title.clone())];
    rows.push(("section", format!("{} ({})", section.title, section.about)));
    let severity = match entry.severity {
        Severity::Blocker => "blocker: stops the deploy",
        Severity::Warning => "warning: stops the deploy only with --strict",
    };
    rows.push(("severity", severity.to_owned()));
    if !asked.question.is_empty() {
        rows.push(("checks", asked.question.clone()));
    }
    rows.extend(asked.expectations.iter().map(|e| ("expects", e.clone())));
    rows.push(("claim codes", entry.probe.claims().join(", ")));
    rows.push(("timeout", timing(check)));
    if !entry.needs.is_empty() {
        rows.push(("needs", entry.needs.join(", ")));
    }
    match entry.effect {
        Effect::None => {}
        Effect::TestEvent => rows.push(("effect", "sends an event marked as a test".to_owned())),
        Effect::Writes => rows.push(("effect", "writes".to_owned())),
    }
    let only_if = entry.feature.map(|feature| match feature {
        Feature::Grading => "the target does not set `grading = false`",
        Feature::Drafts => "the target's traffic does not set `drafts = \"off\"`",
    });
    rows.extend(only_if.map(|text| ("only if", text.to_owned())));
    rows.push(("fix", settings.target.fill(&entry.fix)));
    let helper = check.contact.as_ref().and_then(|topic| settings.target.contacts.get(topic));
    rows.extend(helper.map(|who| ("contact", who.clone())));
    rows.extend(check.runbook.iter().map(|link| ("runbook", link.clone())));
    rows.push(("defined in", check.origin.clone()));
    rows.extend(proofs(check));
    rows.extend(check.replaces.iter().map(|origin| ("replaces", origin.clone())));
    rows.extend(check.waiver.iter().map(|waiver| ("waiver", waiver.to_string())));
    let mut text = format!("{}\n", check.id);
    for (name, value) in rows {
        let _infallible = writeln!(text, "  {name:<12} {value}");
    }
    if !asked.by_hand.is_empty() {
        text.push_str("  by hand:\n");
        for line in asked.by_hand.iter().flat_map(|block| block.lines()) {
            let _infallible = writeln!(text, "    {line}");
        }
    }
    text
}

/// The faults and good worlds of the rehearsal that prove a check, as `rehearse --fault` names them. Those in which
/// every check runs are described, the narrower ones only named, because a check has many.
fn proofs(check: &Check) -> Vec<(&'static str, String)> {
    let whole = faults::proving(&check.id).filter(|fault| !fault.is_good && !fault.is_narrow());
    let mut rows: Vec<_> =
        whole.map(|fault| ("proven by", format!("{}: {}", fault.name, fault.about))).collect();
    let narrow = faults::proving(&check.id).filter(|fault| !fault.is_good && fault.is_narrow());
    let good = faults::proving(&check.id).filter(|fault| fault.is_good);
    for (head, names) in [
        ("and by", narrow.map(|fault| fault.name.as_str()).collect::<Vec<_>>()),
        ("passes with", good.map(|fault| fault.name.as_str()).collect()),
    ] {
        if !names.is_empty() {
            rows.push((head, wrapped(&names)));
        }
    }
    rows
}

/// Names separated by commas, in lines that fit an 80-column terminal beside the heads of the rows.
fn wrapped(names: &[&str]) -> String {
    const COLUMNS: usize = 80 - 15;
    let mut text = String::new();
    let mut column = 0;
    for (number, name) in names.iter().enumerate() {
        let comma = usize::from(number + 1 < names.len());
        if number > 0 && column + 1 + name.len() + comma > COLUMNS {
            text.push_str("\n               ");
            column = 0;
        } else if number > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(name);
        text.push_str(&","[..comma]);
        column += name.len() + comma;
    }
    text
}

fn timing(check: &Check) -> String {
    let mut text = format!("{} per attempt", check.entry.timeout);
    if let Some(retry) = check.entry.retry {
        let _infallible = write!(text, ", up to {} retries, {} apart", retry.times, retry.every);
    }
    if let Some(patience) = check.entry.cold_start {
        let _infallible = write!(text, ", retried for {patience} while the service may be starting");
    }
    text
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
