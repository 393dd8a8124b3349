//! This program's own variables. Flags that change something or narrow a run (`--yes`, `--only`, `--skip`,
//! `--attest`, `--checks`) have no variable, so that a forgotten export cannot make a run check less than its
//! operator believes.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Environment, PREFIX};
use crate::input::format::Format;
use crate::input::interval::Interval;
use crate::input::source::{Problem, Problems};
use crate::redact::Redactor;
use crate::settings::file::{masked_words, nearest};

const KNOWN: &[&str] = &[
    "HOTDASH_OPS_CONFIG",
    "HOTDASH_OPS_TARGET",
    "HOTDASH_OPS_FORMAT",
    "HOTDASH_OPS_TIMEOUT",
    "HOTDASH_OPS_STRICT",
    "HOTDASH_OPS_CA_FILE",
    "HOTDASH_OPS_APP_DIR",
    "HOTDASH_OPS_ENV_FILE",
    "HOTDASH_OPS_RUNS_DIR",
];
/// Flags that deliberately have no variable, by the name the variable would have.
const FLAGS_ALONE: &[(&str, &str)] = &[
    ("HOTDASH_OPS_ONLY", "--only"),
    ("HOTDASH_OPS_SKIP", "--skip"),
    ("HOTDASH_OPS_YES", "--yes"),
    ("HOTDASH_OPS_ATTEST", "--attest"),
    ("HOTDASH_OPS_CHECKS", "--checks"),
];

/// The values of the variables.
#[derive(Default)]
pub(super) struct Variables {
    pub target: Option<String>,
    pub format: Option<Format>,
    pub timeout: Option<Interval>,
    pub strict: Option<bool>,
    pub ca_file: Option<PathBuf>,
    pub app_dir: Option<PathBuf>,
    pub runs_dir: Option<PathBuf>,
}

pub(super) fn read(
    env: &Environment,
    redactor: &Redactor,
    notes: &mut Vec<String>,
    problems: &mut Problems,
) -> Variables {
    for name in env.keys().filter_map(|n| n.to_str()).filter(|n| n.starts_with(PREFIX)) {
        if let Some((_, flag)) = FLAGS_ALONE.iter().find(|(var, _)| *var == name) {
            notes.push(format!("{name} is ignored; use {flag}"));
        } else if !KNOWN.contains(&name) {
            let near = nearest(name, KNOWN.iter().copied()).map(|n| format!("; did you mean {n}?"));
            notes.push(format!("{name} is ignored: there is no such variable{}", near.unwrap_or_default()));
        }
    }
    // An empty variable means neither yes nor no; in CI it is often a setting that got lost.
    for name in KNOWN.iter().filter(|n| env.get(OsStr::new(n)).is_some_and(|v| v.is_empty())) {
        problems.push(Problem::of_file(*name, "is empty; unset it or set a value"));
    }
    let mut reader = Reader { env, redactor, problems };
    Variables {
        target: reader.parsed("HOTDASH_OPS_TARGET"),
        format: reader.parsed("HOTDASH_OPS_FORMAT"),
        timeout: reader.parsed("HOTDASH_OPS_TIMEOUT"),
        strict: reader.parsed::<Switch>("HOTDASH_OPS_STRICT").map(|switch| switch.0),
        ca_file: reader.path("HOTDASH_OPS_CA_FILE"),
        app_dir: reader.path("HOTDASH_OPS_APP_DIR"),
        runs_dir: reader.path("HOTDASH_OPS_RUNS_DIR"),
    }
}

struct Reader<'a> {
    env: &'a Environment,
    redactor: &'a Redactor,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn path(&self, name: &str) -> Option<PathBuf> {
        self.env.get(OsStr::new(name)).filter(|v| !v.is_empty()).map(PathBuf::from)
    }

    fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        let value = self.env.get(OsStr::new(name)).filter(|v| !v.is_empty())?;
        let read = match value.to_str() {
            Some(text) => text.parse().map_err(|error: T::Err| error.to_string()),
            None => Err("is not UTF-8 text".to_owned()),
        };
        read.map_err(|why| {
            self.problems.push(Problem::of_file(name, masked_words(self.redactor, &why)));
        })
        .ok()
    }
}

/// A boolean variable.
struct Switch(bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Switch, &'static str> {
        match word.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Switch(true)),
            "0" | "false" | "no" | "off" => Ok(Switch(false)),
            _ => Err("is neither true nor false; write 1 or 0"),
        }
    }
}
