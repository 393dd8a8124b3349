//! What one run does in the checkout: the state before the first program, and the
//! checks whose programs ran there.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::directory;
use super::snapshot::{Snapshot, SnapshotError};
use crate::context::{Attempt, Key};
use crate::context::{own_time, program_environment};
use crate::outcome::event;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::command::{self, Command, NotRun, Ran, Status, Stream};
use crate::service::unreachable::short;

/// How many lines of output are shown with a check.
const MAX_LINES: usize = 20;

/// How long git may take for one command.
const GIT: Duration = Duration::from_secs(30);

/// A program that ran in the checkout.
pub(crate) struct Ended {
    ran: Ran,
    time: Duration,
    tail: Vec<String>,
}

/// What a run knows about the checkout; a measurement, so that it is taken once.
pub(crate) struct Guard {
    /// `None` when no checkout was given or no program was about to run.
    before: Option<Result<Snapshot, SnapshotError>>,
    ran: Mutex<Vec<String>>,
}

impl Guard {
    fn note(&self, id: &str) {
        let mut ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        if !ran.iter().any(|known| known == id) {
            ran.push(id.to_owned());
        }
    }

    pub(crate) fn forget(&self, id: &str) {
        self.ran.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != id);
    }
}

const GUARD: Key<Guard> = Key::new("the guard of the checkout");

/// Must be awaited before a program runs in the checkout: takes the snapshot, once for the whole run, and records
/// that this check runs a program there. [`run`] does this itself.
pub(crate) async fn before(attempt: &Attempt<'_>) -> Arc<Guard> {
    let directory = directory(attempt.cx).map(Path::to_owned);
    let take = async move {
        let before = match directory {
            Some(directory) => Some(Snapshot::take(&directory, GIT).await),
            None => None,
        };
        Guard { before, ran: Mutex::default() }
    };
    // Never taken again: a second snapshot would hide the changes in between.
    let guard = attempt.cx.measure(GUARD, false, take).await;
    guard.note(attempt.id);
    guard
}

/// Runs a program in the checkout, shows its lines as they come, and ends it before the check's own timeout.
/// It sees none of the pipeline's variables, so that tests of the app cannot reach production by accident.
///
/// # Errors
/// When no checkout is given, and when the program cannot be started.
pub(crate) async fn run(attempt: &Attempt<'_>, argv: &[String]) -> Result<Ended, ProbeError> {
    let began = Instant::now();
    let settings = &attempt.cx.settings;
    let Some(directory) = &settings.app_dir else {
        return Err(ProbeError::because("no app checkout given").hint(super::HOW_TO_GIVE));
    };
    let Some((program, args)) = argv.split_first() else {
        return Err(ProbeError::because("the argument list is empty"));
    };
    let guard = before(attempt).await;
    let mut command = Command::new(program, args).inherit(program_environment(), &["FORCE_COLOR"]);
    // No watch mode, no colours, and no download of a program that the checkout does not have.
    for (name, value) in [
        ("CI", "true"),
        ("NO_COLOR", "1"),
        ("npm_config_yes", "false"),
        // With it, npm exits with 0 when the script does not exist.
        ("npm_config_if_present", "false"),
        ("npm_config_update_notifier", "false"),
        ("GIT_OPTIONAL_LOCKS", "0"),
    ] {
        command = command.set(name, value);
    }
    command.redactor = attempt.cx.redactor.clone();
    command.cwd = Some(directory.clone());
    command.deadline = own_time(attempt.deadline.saturating_sub(began.elapsed()));
    command.grace = Duration::from_secs(1);
    let tail = Mutex::new(VecDeque::new());
    let id = attempt.id;
    let line = |stream: Stream, text: &str| {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == MAX_LINES {
            tail.pop_front();
        }
        tail.push_back(text.to_owned());
        let stream = match stream {
            Stream::Stdout => event::Stream::Stdout,
            Stream::Stderr => event::Stream::Stderr,
        };
        attempt.cx.line(id, stream, text);
    };
    match command::run(&command, &line).await {
        Ok(ran) => {
            let tail = tail.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(Ended { ran, time: command.deadline, tail: tail.into() })
        }
        Err(why) => {
            guard.forget(id);
            let hint = match why {
                NotRun::Cwd { .. } => super::HOW_TO_GIVE.to_owned(),
                _ => format!(
                    "install {program}, or configure another argument list under [targets.{}.commands]",
                    settings.target.name
                ),
            };
            Err(ProbeError::because(why.to_string()).hint(hint))
        }
    }
}

impl Ended {
    /// Adds the claim that it exited with 0, and the last lines of its output.
    pub(crate) fn judge(&self, finding: Finding) -> Finding {
        let claim = |found: String, holds| Claim::compared("exit-code", "exit code", "0", found, holds);
        let claim = match self.ran.status {
            Status::Exited(code) => claim(code.to_string(), code == 0),
            Status::Signalled(signal) => claim(format!("none: ended by signal {signal}"), false)
                .sentence(format!("the command was ended by signal {signal}")),
            Status::TimedOut => claim(format!("none: still running after {}", short(self.time)), false)
                .sentence(format!("the command was still running after {}", short(self.time)))
                .fix("find out why the command does not end; its last lines of output are in the evidence"),
        };
        let output = if self.tail.is_empty() { "none".to_owned() } else { self.tail.join("\n") };
        finding.claim(claim).evidence("took", short(self.ran.took)).evidence("output", output)
    }
}

/// Whether the checkout is as it was before the first program.
pub(super) async fn unchanged(attempt: &Attempt<'_>, directory: &Path) -> Result<Finding, ProbeError> {
    // If no check ran a program, this takes the place of the measurement.
    let nobody = async { Guard { before: None, ran: Mutex::default() } };
    let guard = attempt.cx.measure(GUARD, false, nobody).await;
    let ran = guard.ran.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let finding = Finding::about("git status --porcelain, before and after");
    let undecided = |found: &str, sentence: String| {
        Claim::undecided("checkout", "checkout", UNCHANGED, found).sentence(sentence)
    };
    let before = match &guard.before {
        Some(before) if !ran.is_empty() => before,
        _ => {
            let sentence = "no check of this run has run a command in the checkout".to_owned();
            return Ok(finding.claim(
                undecided("nothing to compare", sentence)
                    .fix("run it together with the checks that run commands: --only quality"),
            ));
        }
    };
    let later = Snapshot::take(directory, GIT).await;
    let finding = finding.evidence("commands of", ran.join(", "));
    Ok(match (before, later) {
        (Ok(before), Ok(later)) => compare(finding, before, &later),
        (Err(fault), _) => finding.claim(undecided(
            "unknown",
            format!("the state of the checkout before the first command is unknown: {fault}"),
        )),
        (_, Err(fault)) => finding.claim(undecided(
            "unknown",
            format!("the state of the checkout after the last command is unknown: {fault}"),
        )),
    })
}

const UNCHANGED: &str = "as before the first command, except for artifacts/";

fn compare(finding: Finding, before: &Snapshot, later: &Snapshot) -> Finding {
    const SHOWN: usize = 5;
    let claim = |found: String, holds| Claim::compared("checkout", "checkout", UNCHANGED, found, holds);
    let differences = before.differences(later);
    let changed = match differences.len() {
        n if n > SHOWN => format!("{} and {} more", differences[..SHOWN].join(", "), n - SHOWN),
        _ => differences.join(", "),
    };
    let claim = if differences.is_empty() {
        claim("unchanged".to_owned(), true)
    } else {
        claim(format!("changed: {changed}"), false)
            .sentence(format!("the commands of this run changed: {changed}"))
    };
    let paths = before.paths.len();
    let s = if paths == 1 { "" } else { "s" };
    finding.claim(claim).evidence("before", format!("{paths} changed or new path{s}"))
}
