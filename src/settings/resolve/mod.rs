//! Resolves the settings. Pure: the environment, the texts of the files and the user's directories are parameters,
//! so that every precedence can be tested.

mod variables;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use variables::Variables;

use super::file::{self, Config};
use super::{CliSettings, PIPELINE, Resolved, Settings, Target, Vars, Watch, env_file, secret_values};
use crate::input::format::Format;
use crate::input::interval::Interval;
use crate::input::selection::Selection;
use crate::input::source::{Problem, Problems, Source};
use crate::redact::Redactor;

/// The prefix of this program's own variables.
pub const PREFIX: &str = "HOTDASH_OPS_";
/// The default deadline of a run.
const TIMEOUT: Interval = Interval::seconds(30 * 60);
/// What a run may take in addition to the budget of its watch: the checks after the window.
const AFTER_WATCH: Duration = Duration::from_secs(10 * 60);

/// The user's directories, absolute; `None` where there is no home.
#[derive(Clone, Debug, Default)]
pub struct Dirs {
    /// `$XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
    /// `$XDG_STATE_HOME`.
    pub state: Option<PathBuf>,
}

/// A snapshot of the environment.
pub type Environment = BTreeMap<OsString, OsString>;
/// A file: its path as the operator knows it, and its text.
pub type Text = (PathBuf, String);

/// A file that has to be read before anything can be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub path: PathBuf,
    /// The flag or variable that set it; `None` for the default path, where the file is optional.
    pub named_by: Option<&'static str>,
}

/// The configuration file: flag, variable, or the user's configuration directory. Never the current directory.
pub fn config_path(flags: &CliSettings, env: &Environment, dirs: &Dirs) -> Option<Wanted> {
    let usual =
        || Some(Wanted { path: dirs.config.as_ref()?.join("hotdash-ops/config.toml"), named_by: None });
    named(flags.context.config.as_ref(), "--config", env, "HOTDASH_OPS_CONFIG").or_else(usual)
}

/// The env file: flag or variable.
pub fn env_file_path(flags: &CliSettings, env: &Environment) -> Option<Wanted> {
    named(flags.context.env_file.as_ref(), "--env-file", env, "HOTDASH_OPS_ENV_FILE")
}

fn named(
    flag: Option<&PathBuf>,
    flag_name: &'static str,
    env: &Environment,
    var: &'static str,
) -> Option<Wanted> {
    // An empty variable sets no file; `resolve` reports that it is empty.
    let from_env = || env.get(std::ffi::OsStr::new(var)).filter(|v| !v.is_empty()).map(PathBuf::from);
    match flag {
        Some(path) => Some(Wanted { path: path.clone(), named_by: Some(flag_name) }),
        None => from_env().map(|path| Wanted { path, named_by: Some(var) }),
    }
}

/// Combines everything: flag over environment over configuration file over default.
///
/// # Errors
/// Every problem in any of them, at once.
pub fn resolve(
    flags: CliSettings,
    env: &Environment,
    config: Option<Text>,
    env_file: Option<Text>,
    dirs: &Dirs,
) -> Result<Resolved, Problems> {
    let mut problems = Problems::default();
    let mut notes = Vec::new();
    let vars = pipeline(env, env_file.as_ref(), &mut notes, &mut problems);
    let secrets = secret_values(&vars);
    let redactor = Redactor::new(secrets.iter().map(String::as_str));
    let own = variables::read(env, &redactor, &mut notes, &mut problems);

    let config_file = config.as_ref().map(|(path, _)| path.clone());
    let shown = config_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let source = config.as_ref().map(|(_, text)| Source { file: &shown, text });
    let before = problems.0.len();
    let mut file = match source.map(|source| file::parse(source, &redactor)) {
        Some(Ok(file)) => file,
        Some(Err(more)) => {
            problems.0.extend(more.0);
            Config::default()
        }
        None => Config::default(),
    };
    notes.append(&mut file.notes);
    let file_reads = problems.0.len() == before;
    let choice = choose(&flags, &own, &file);
    let target = match chosen(&choice, &file, source) {
        Ok(target) => target,
        // In a file that does not parse, a target may be missing although it is there.
        Err(_) if !file_reads => Target::default(),
        Err(problem) => {
            problems.push(file::masked_problem(&redactor, problem, source.map_or("", |s| s.text)));
            Target::default()
        }
    };
    remark(&choice, &target, &file, &mut notes);
    let watch = flags.watch.as_ref().and_then(|(window, usual)| {
        let resolved = Watch::resolve(window, *usual, target.is_sandbox(), &mut notes);
        resolved.map_err(|why| problems.push(Problem::of_file("the window", why))).ok()
    });
    for (at, (id, _)) in flags.attest.iter().enumerate() {
        // Only one of them would be kept, and a sign-off is worth only its evidence.
        if flags.attest[..at].iter().any(|(earlier, _)| earlier == id) {
            problems.push(Problem::of_file(
                "--attest",
                format!("{id} is signed off twice; pass all evidence in one --attest"),
            ));
        }
    }
    // The deadline is meant for runs that hang, not for a watch that is in progress.
    let usual = watch.as_ref().map_or(TIMEOUT, |watch| TIMEOUT.max(Interval(watch.budget + AFTER_WATCH)));
    let beside = |path: PathBuf| match config_file.as_deref().and_then(Path::parent) {
        Some(folder) => folder.join(path),
        None => path,
    };
    let runs_dir =
        own.runs_dir.or_else(|| dirs.state.as_ref().map(|state| state.join("hotdash-ops").join("runs")));
    if runs_dir.is_none() && !flags.run.no_journal {
        notes.push(
            "no journal is kept, because there is no home directory; set HOTDASH_OPS_RUNS_DIR to a folder"
                .to_owned(),
        );
    }
    let settings = Settings {
        others: file.targets.into_iter().filter(|t| t.name != target.name).collect(),
        target,
        vars,
        config: config_file.clone(),
        fingerprint_key: file.fingerprint_key,
        app_dir: flags.context.app_dir.or(own.app_dir).or(file.app_dir.map(beside)),
        ca_file: flags.context.ca_file.or(own.ca_file).or(file.ca_file.map(beside)),
        checks: flags.run.checks,
        selection: Selection { only: flags.run.only, skip: flags.run.skip },
        strict: flags.run.strict || own.strict.or(file.strict).unwrap_or(false),
        watch,
        attest: flags.attest.into_iter().collect(),
        timeout: flags.run.timeout.or(own.timeout).or(file.timeout).unwrap_or(usual),
        runs_dir: if flags.run.no_journal { None } else { runs_dir },
    };
    let format = flags.run.format.or(own.format).unwrap_or(Format::Table);
    problems.or(Resolved { settings, format, notes })
}

/// The variables of the environment, which override those of the env file.
fn pipeline(
    env: &Environment,
    env_file: Option<&Text>,
    notes: &mut Vec<String>,
    problems: &mut Problems,
) -> Vars {
    let mut below = BTreeMap::new();
    if let Some((path, text)) = env_file {
        let file = path.display().to_string();
        match env_file::parse(&file, text) {
            Ok(values) => below = values,
            Err(more) => problems.0.extend(more.0),
        }
        below.retain(|name, _| {
            let ours = name.starts_with(PREFIX);
            if ours {
                notes.push(format!("{file}: {name} has no effect in an env file; set it in the environment"));
            }
            !ours
        });
    }
    let mut values = below.clone();
    let (mut not_text, mut disagreeing) = (Vec::new(), Vec::new());
    for (name, value) in env {
        let Some(name) = name.to_str() else { continue };
        let differs = below.get(name).is_some_and(|lower| value.to_str() != Some(lower));
        if differs && PIPELINE.contains(&name) {
            disagreeing.push(name);
        }
        match value.to_str() {
            Some(text) => {
                values.insert(name.to_owned(), text.to_owned());
            }
            None => {
                values.remove(name);
                not_text.push(name);
            }
        }
    }
    let mut vars = Vars::new(values);
    not_text.into_iter().for_each(|name| vars.mark_not_text(name));
    disagreeing.into_iter().for_each(|name| vars.mark_disagreeing(name));
    vars
}

/// A target's name and its origin.
struct Choice {
    name: String,
    by: By,
}

#[derive(Clone, Copy, PartialEq)]
enum By {
    Named(&'static str),
    File,
    Default,
}

fn choose(flags: &CliSettings, own: &Variables, file: &Config) -> Choice {
    let given = [
        (flags.context.target.clone(), By::Named("--target")),
        (own.target.clone(), By::Named("HOTDASH_OPS_TARGET")),
        (file.target.clone(), By::File),
    ];
    let first = given.into_iter().find_map(|(name, by)| Some(Choice { name: name?, by }));
    first.unwrap_or(Choice { name: "production".to_owned(), by: By::Default })
}

fn chosen(choice: &Choice, file: &Config, source: Option<Source<'_>>) -> Result<Target, Problem> {
    let name = &choice.name;
    if let Some(target) = file.targets.iter().find(|t| t.name == *name) {
        return Ok(target.clone());
    }
    let refuse = |why: String| match (choice.by, source) {
        (By::File, Some(source)) => Err(source.problem(file.target_span.clone(), &why)),
        (By::Named(by), _) => Err(Problem::of_file(by, why)),
        _ => Err(Problem::of_file("target", why)),
    };
    if !file::is_plain(name) {
        return refuse(
            "a target name must have 1 to 40 letters, digits, `-` or `_` and start with a letter or digit"
                .into(),
        );
    }
    let alone = Target { name: name.clone(), ..Target::default() };
    if file.targets.is_empty() {
        // If no table exists, a misspelt production would silently lose production's rules.
        return match file::nearest(name, ["production"]) {
            Some(near) if near != name => refuse(format!("no target `{name}`; did you mean `{near}`?")),
            _ => Ok(alone),
        };
    }
    if choice.by == By::Default {
        return Ok(alone);
    }
    let names: Vec<&str> = file.targets.iter().map(|t| t.name.as_str()).collect();
    let hint = file::nearest(name, names.iter().copied()).map(|n| format!("; did you mean `{n}`?"));
    refuse(format!(
        "no target `{name}`{} (configured: {}; to add it, write a line [targets.{name}])",
        hint.unwrap_or_default(),
        names.join(", ")
    ))
}

/// Warnings about the chosen target that the operator should see before trusting a passed run.
fn remark(choice: &Choice, target: &Target, file: &Config, notes: &mut Vec<String>) {
    if choice.by == By::Default
        && !file.targets.is_empty()
        && file.targets.iter().all(|t| t.name != target.name)
    {
        notes.push("the configuration has no [targets.production] and no other target was chosen: there are no expected values to compare with".to_owned());
    }
    let looks_live = ["prod", "live"].iter().any(|w| target.name.to_ascii_lowercase().contains(w));
    if looks_live && target.production.is_none() && !target.is_production() {
        notes.push(format!(
            "production's rules do not apply to target {name}; if it is production, add `production = true` under [targets.{name}]",
            name = target.name
        ));
    }
}

#[cfg(test)]
mod tests;
