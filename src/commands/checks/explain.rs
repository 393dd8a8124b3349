//! `checks explain`: what a check proves, how to check the same by hand, and the faults that prove it.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use crate::checklist::{Check, Feature, Section};
use crate::exit::Exit;
use crate::input::selection::{names, nearest};
use crate::outcome::{Effect, Severity};
use crate::printer::Printer;
use crate::redact::Redactor;
use crate::rehearsal::faults;
use crate::settings::{Settings, Watch, WatchFlags, WindowDefaults};

use super::load;

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
    let codes = entry.probe.claims().join(", ");
    rows.push(("claim codes", if codes == "*" { "printed by the command".to_owned() } else { codes }));
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
