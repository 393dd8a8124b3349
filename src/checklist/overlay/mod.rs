//! An operator's own directory that extends the embedded checklist (`--checks DIR`): new sections, further checks of a
//! section, replacements of embedded checks, and waivers. It has the structure of `checks/`. All problems in it are
//! reported at once, with file and line, and nothing runs unless every file is valid.

mod find;
mod lower;
mod merge;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeValue;

use super::load;
use super::waiver::WaiveEntry;
use super::written::Written;
use super::{CheckEntry, Checklist, lint};
use crate::input::selection::nearest;
use crate::input::source::{Problems, Source};
use crate::outcome::waived::Waiver;
use find::Found;

/// The phases that accept new checks, because a verb runs the whole phase. In other phases checks can only be replaced
/// and waived, because their verbs run particular checks.
pub const EXTENSIBLE_PHASES: &[&str] = &["preflight", "deploy", "success"];

/// The phase whose verb accepts sign-offs.
const ATTESTED_PHASE: &str = "success";

/// A file of an operator's own directory, as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlayFile {
    /// The section's title. Must be omitted for a section of the checklist, which already has one.
    pub title: Option<String>,
    /// One sentence that says what the section proves.
    pub about: Option<String>,
    /// The runbook of the checks in this file.
    pub runbook: Option<String>,
    /// The key in the target's `contacts` of the person who helps when a check in this file does not pass.
    pub contact: Option<String>,
    /// Further checks, and replacements of checks with the same full id.
    #[serde(default)]
    #[expect(dead_code, reason = "described for the JSON Schema; read one by one, to know where each is")]
    pub check: Vec<CheckEntry>,
    /// Permissions to continue although a check does not pass.
    #[serde(default)]
    #[expect(dead_code, reason = "described for the JSON Schema; read one by one, to know where each is")]
    pub waive: Vec<WaiveEntry>,
}

/// The embedded checklist extended by the directory `dir`, on the day `today` (UTC).
///
/// # Errors
/// Every problem: a missing or empty directory, unreadable files, syntax, unknown keys, broken rules, checks that no
/// verb runs, replacements that are too weak, waivers of unknown checks.
pub fn load_over(dir: &Path, today: Date) -> Result<Checklist, Problems> {
    let base = load::load()?;
    let mut problems = Problems::default();
    let found = find::find(dir, &mut problems);
    let mut own = Overlay::default();
    for file in &found {
        own.read(file, &base, today, &mut problems);
    }
    let replaced = |id: &str| own.reads.iter().any(|read| read.full_id() == id);
    let beside: Vec<_> = base.checks().filter(|check| !replaced(&check.id)).cloned().collect();
    lint::check_all(&own.reads, &beside, &mut problems);
    own.waivers_fit(&base, &mut problems);
    own.replacements_fit(&base, &mut problems);
    own.needs_fit(&base, &mut problems);
    problems.or(merge::merge(base, own, dir))
}

/// The contents of the directory.
#[derive(Default)]
struct Overlay<'a> {
    sections: Vec<OverlaySection>,
    reads: Vec<Written<'a>>,
    waivers: Vec<Waive<'a>>,
}

/// A file that contains checks.
struct OverlaySection {
    id: String,
    phase: String,
    /// The file it is written in.
    file: String,
    head: OverlayFile,
}

/// A waiver and its position.
struct Waive<'a> {
    id: String,
    waiver: Waiver,
    source: Source<'a>,
    span: Range<usize>,
}

impl<'a> Overlay<'a> {
    fn read(&mut self, file: &'a Found, base: &Checklist, today: Date, problems: &mut Problems) {
        let source = Source { file: &file.path, text: &file.text };
        let before = problems.0.len();
        let mut table = source.table(problems);
        if problems.0.len() > before {
            return;
        }
        let checks = load::take_tables("check", &mut table, source, problems);
        let waives = load::take_tables("waive", &mut table, source, problems);
        let head_span = 0..file.text.lines().next().map_or(0, str::len);
        let head =
            source.read::<OverlayFile>(Spanned::new(head_span.clone(), DeValue::Table(table)), problems);
        if checks.is_empty() && waives.is_empty() && problems.0.len() == before {
            let why = "contains neither [[check]] nor [[waive]], so it has no effect";
            problems.push(source.problem(Some(0..0), why));
        }
        for value in waives {
            let span = value.span();
            let Some(entry) = source.read::<WaiveEntry>(value, problems) else { continue };
            for why in entry.lint() {
                problems.push(source.problem(Some(span.clone()), &why));
            }
            let origin = source.place(&span);
            self.waivers.push(Waive { id: entry.id.clone(), waiver: entry.on(today, origin), source, span });
        }
        if checks.is_empty() {
            return;
        }
        let (phase, section) = match &file.folder {
            Some(folder) => (folder.clone(), file.stem.clone()),
            None => (file.stem.clone(), file.stem.clone()),
        };
        if let Some(head) = head {
            let new = OverlaySection { id: section.clone(), phase, file: file.path.clone(), head };
            for why in self.section_fits(&new, base) {
                problems.push(source.problem(Some(head_span.clone()), &why));
            }
            self.sections.push(new);
        }
        for value in checks {
            let span = value.span();
            if let Some(entry) = source.read::<CheckEntry>(value, problems) {
                self.reads.push(Written { section: section.clone(), source, span, entry });
            }
        }
    }

    /// The problems of a section's name, place and heading.
    fn section_fits(&self, new: &OverlaySection, base: &Checklist) -> Vec<String> {
        let (id, phase) = (&new.id, &new.phase);
        let open = EXTENSIBLE_PHASES.join(", ");
        let mut wrong = Vec::new();
        if let Some(other) = self.sections.iter().find(|s| s.id == *id) {
            wrong.push(format!("the section `{id}` is already defined in {}", other.file));
        }
        match base.sections.iter().find(|s| s.id == *id) {
            Some(standing) if standing.phase != *phase => {
                let place = match standing.phase == standing.id {
                    true => format!("{id}.toml"),
                    false => format!("{}/{id}.toml", standing.phase),
                };
                wrong.push(format!("`{id}` is a section of {}; move it to {place}", standing.phase));
            }
            Some(standing) => {
                for (key, said, stands) in
                    [("title", &new.head.title, &standing.title), ("about", &new.head.about, &standing.about)]
                {
                    if said.as_ref().is_some_and(|said| said != stands) {
                        wrong.push(format!("the `{key}` of {phase}/{id} is \"{stands}\"; remove it here"));
                    }
                }
            }
            None if !EXTENSIBLE_PHASES.contains(&phase.as_str()) => wrong.push(format!(
                "no verb would run a new section in the phase `{phase}`; put new sections into one of the folders {open}"
            )),
            None => {
                if id.is_empty()
                    || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                {
                    wrong.push(format!("the file name `{id}` is not kebab-case (a-z, 0-9 and -)"));
                }
                for (key, said) in [("title", &new.head.title), ("about", &new.head.about)] {
                    if said.as_ref().is_none_or(|text| text.trim().is_empty()) {
                        wrong.push(format!("a new section needs the key `{key}`"));
                    }
                }
            }
        }
        wrong
    }

    /// Every waiver must refer to an existing check, and no check may have two.
    fn waivers_fit(&self, base: &Checklist, problems: &mut Problems) {
        let own: Vec<String> = self.reads.iter().map(Written::full_id).collect();
        let known = || base.checks().map(|c| c.id.as_str()).chain(own.iter().map(String::as_str));
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for Waive { id, waiver, source, span } in &self.waivers {
            if !known().any(|known| known == id) {
                let near = nearest(id, known()).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                let why = format!("`{id}` is not a check{near} (see `hotdash-ops checks list`)");
                problems.push(source.problem(Some(span.clone()), &why));
            }
            if let Some(first) = seen.insert(id, &waiver.origin) {
                let why = format!("`{id}` already has a waiver in {first}");
                problems.push(source.problem(Some(span.clone()), &why));
            }
        }
    }

    /// New checks must be in a phase that accepts them, and replacements must not be weaker without a waiver.
    fn replacements_fit(&self, base: &Checklist, problems: &mut Problems) {
        for read in &self.reads {
            let id = read.full_id();
            let mut complain = |why: &str| problems.push(read.source.problem(Some(read.span.clone()), why));
            let Some(embedded) = base.get(&id) else {
                let section = self.sections.iter().find(|s| s.id == read.section);
                if read.entry.probe.is_manual() && section.is_some_and(|s| s.phase != ATTESTED_PHASE) {
                    complain(&format!(
                        "`{id}` could not be signed off: only `gate` accepts sign-offs; move it to success"
                    ));
                }
                let closed = base.sections.iter().find(|s| s.id == read.section).map(|s| &s.phase);
                if let Some(phase) = closed.filter(|phase| !EXTENSIBLE_PHASES.contains(&phase.as_str())) {
                    complain(&format!(
                        "no verb would run `{id}`: in `{phase}` checks can be replaced and waived, but not added (new checks belong to {})",
                        EXTENSIBLE_PHASES.join(", ")
                    ));
                }
                continue;
            };
            let waiver = self.waivers.iter().find(|w| w.id == id).map(|w| &w.waiver);
            if waiver.is_some_and(|w| w.valid) {
                continue;
            }
            let hint = match waiver {
                Some(expired) => {
                    format!("the waiver in {} expired on {}", expired.origin, expired.expires)
                }
                None => "this requires a [[waive]] with its id".to_owned(),
            };
            for way in lower::lowered(embedded, &read.entry) {
                complain(&format!("`{id}` {way}, compared with {}; {hint}", embedded.origin));
            }
        }
    }

    /// The needs of a check must be in the same phase; otherwise the check would silently run without them.
    fn needs_fit(&self, base: &Checklist, problems: &mut Problems) {
        let phase = |id: &str| {
            let section = id.split_once('.').map_or(id, |(section, _)| section);
            let own = || self.sections.iter().find(|s| s.id == section).map(|s| s.phase.as_str());
            base.sections.iter().find(|s| s.id == section).map(|s| s.phase.as_str()).or_else(own)
        };
        for read in &self.reads {
            let (id, here) = (read.full_id(), phase(&read.section));
            for need in &read.entry.needs {
                if let (Some(here), Some(there)) = (here, phase(need))
                    && here != there
                {
                    let why =
                        format!("`{id}` in {here} needs `{need}` in {there}, which does not run with it");
                    problems.push(read.source.problem(Some(read.span.clone()), &why));
                }
            }
        }
    }
}
