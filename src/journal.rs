//! The record of a run on this machine: a private folder with the plan, the configuration
//! without secrets, the events as JSON lines and the report. The program reads it only to
//! mention earlier runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::engine::plan::Plan;
use crate::outcome::event::Event;
use crate::outcome::report::Report;
use crate::report::{json, jsonl};
use crate::settings::Settings;

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    events: File,
    broken: Option<String>,
}

impl Journal {
    /// Creates `runs_dir/run/` (mode 0700) and writes the plan and the configuration into it (mode 0600).
    ///
    /// # Errors
    /// The file system's error, with the path.
    pub fn open(runs_dir: &Path, run: &str, plan: &Plan, settings: &Settings) -> Result<Journal, String> {
        let folder = runs_dir.join(run);
        let describe = |error: io::Error| format!("cannot write a journal in {}: {error}", folder.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(describe)?;
        private(&folder.join("plan.json"), &pretty(&plan_document(run, plan))).map_err(describe)?;
        private(&folder.join("settings.json"), &pretty(&settings_document(settings))).map_err(describe)?;
        let events = options().append(true).open(folder.join("events.jsonl")).map_err(describe)?;
        Ok(Journal { folder, events, broken: None })
    }

    /// Appends an event in the form of `--format jsonl`. A failure does not stop the run; [`Journal::close`] reports it.
    pub fn event(&mut self, event: &Event) {
        if let Err(error) = self.events.write_all(jsonl::line(event).as_bytes()) {
            self.note(&error.to_string());
        }
    }

    /// Writes the report, the same document as `--format json`. The error is a sentence for people.
    ///
    /// # Errors
    /// What went wrong with this file or with any event before it.
    pub fn close(mut self, report: &Report) -> Result<PathBuf, String> {
        if let Err(error) = private(&self.folder.join("report.json"), &json::render(report)) {
            self.note(&error.to_string());
        }
        match self.broken {
            Some(why) => Err(format!("the journal in {} is incomplete: {why}", self.folder.display())),
            None => Ok(self.folder),
        }
    }

    fn note(&mut self, why: &str) {
        self.broken.get_or_insert_with(|| why.to_owned());
    }
}

/// A new run id: the time in UTC and four random bytes, usable as a folder's name.
pub fn new_run_id(now: Timestamp) -> String {
    let mut random = [0_u8; 4];
    // Without randomness two runs in the same second share a folder.
    let _ = getrandom::fill(&mut random);
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), hex::encode(random))
}

/// The newest run on the same target within the last hour that did not end with 0, and the number of others.
pub fn earlier_non_passes(runs_dir: &Path, target: &str, now: Timestamp) -> Option<String> {
    let mut found = Vec::new();
    // A folder's name begins with its time, so old journals are not read.
    let oldest = (now - SignedDuration::from_hours(1)).strftime("%Y%m%dT%H%M%SZ").to_string();
    for entry in fs::read_dir(runs_dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().as_ref() < oldest.as_str() {
            continue;
        }
        let Ok(text) = fs::read_to_string(entry.path().join("report.json")) else { continue };
        let Ok(past) = serde_json::from_str::<PastReport>(&text) else { continue };
        let age = now.duration_since(past.started);
        if past.target == target && past.exit != 0 && age >= SignedDuration::ZERO && age.as_hours() < 1 {
            found.push((past.started, past));
        }
    }
    found.sort_by_key(|(started, _)| std::cmp::Reverse(*started));
    let (started, last) = found.first()?;
    let minutes = now.duration_since(*started).as_mins();
    let ago = match minutes {
        0 => "less than a minute ago".to_owned(),
        1 => "1 minute ago".to_owned(),
        minutes => format!("{minutes} minutes ago"),
    };
    let others = match found.len() {
        1 => String::new(),
        2 => "; 1 other run in the last hour did not pass either".to_owned(),
        count => format!("; {} other runs in the last hour did not pass either", count - 1),
    };
    Some(format!(
        "{ago}, `{}` on {target} ended with exit code {} (run {}){others}",
        last.verb, last.exit, last.run
    ))
}

#[derive(Deserialize)]
struct PastReport {
    run: String,
    verb: String,
    target: String,
    started: Timestamp,
    exit: u8,
}

fn plan_document(run: &str, plan: &Plan) -> serde_json::Value {
    let checks: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            json!({
                "id": step.check.id,
                "severity": step.check.entry.severity,
                "origin": step.check.origin,
                "replaces": step.check.replaces,
                "waiver": step.check.waiver.as_ref().map(|waiver| &waiver.origin),
                "needs": step.check.entry.needs,
                "excluded": step.excluded,
            })
        })
        .collect();
    json!({ "run": run, "of": plan.of, "checks": checks })
}

/// The configuration of the run: names of variables, never their values.
fn settings_document(settings: &Settings) -> serde_json::Value {
    json!({
        "target": settings.target.name,
        "target_settings": settings.target,
        "other_targets": settings.others.iter().map(|t| &t.name).collect::<Vec<_>>(),
        "config": settings.config,
        "checks": settings.checks,
        "app_dir": settings.app_dir,
        "ca_file": settings.ca_file,
        "strict": settings.strict,
        "timeout": settings.timeout,
        "only": settings.selection.only,
        "skip": settings.selection.skip,
        "variables_set": crate::settings::PIPELINE.iter().filter(|name| settings.vars.get(name).is_some()).collect::<Vec<_>>(),
    })
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

fn private(path: &Path, text: &str) -> io::Result<()> {
    options().write(true).truncate(true).open(path)?.write_all(text.as_bytes())
}
