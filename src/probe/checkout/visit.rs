//! The visit of one run to the checkout: its state before the first program, and
//! which checks had a program run in it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::directory;
use super::snapshot::{Fault, Snapshot};
use crate::context::Asking;
use crate::context::{own_time, program_environment};
use crate::outcome::event;
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::service::command::{self, Command, NotRun, Ran, Status, Stream};
use crate::service::unreachable::short;

/// The lines of output that are shown with a check.
const TAIL: usize = 20;

/// How long git may take for one answer.
const GIT: Duration = Duration::from_secs(30);

/// A program that ran in the checkout.
pub(crate) struct Ended {
    ran: Ran,
    time: Duration,
    tail: Vec<String>,
}

/// What a run remembers of its visit; a measurement, so that it is begun once.
pub(crate) struct Visit {
    /// Absent when no program was about to run.
    before: Option<Result<Snapshot, Fault>>,
    ran: Mutex<Vec<String>>,
}

impl Visit {
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

const KEY: &str = "checkout visit";

/// To be awaited before a program runs in the checkout: takes the snapshot, once for the whole run, and notes
/// that this check has a program run there. [`run`] does so by itself.
pub(crate) async fn before(asking: &Asking<'_>) -> Arc<Visit> {
    let directory = directory(asking.cx).map(Path::to_owned);
    let take = async move {
        let before = match directory {
            Some(directory) => Some(Snapshot::take(&directory, GIT).await),
            None => None,
        };
        Visit { before, ran: Mutex::default() }
    };
    // Never afresh: a second snapshot would hide what came between.
    let visit = asking.cx.measure(KEY, false, take).await;
    visit.note(asking.id);
    visit
}

/// Runs a program in the checkout, its lines shown as they come, and ends it before the check's own time is up.
/// It sees none of the pipeline's variables: tests of the app must not find a way to production by chance.
///
/// # Errors
/// When no checkout is named, and when the program cannot be started.
pub(crate) async fn run(asking: &Asking<'_>, argv: &[String]) -> Result<Ended, CannotAsk> {
    let began = Instant::now();
    let settings = &asking.cx.settings;
    let Some(directory) = &settings.app_dir else {
        return Err(CannotAsk::because("no checkout of the app is named").hint(super::NAME_IT));
    };
    let Some((program, args)) = argv.split_first() else {
        return Err(CannotAsk::because("the argument list is empty"));
    };
    let visit = before(asking).await;
    let mut command = Command::new(program, args).inherit(program_environment(), &["FORCE_COLOR"]);
    // Without a watch mode, without colours, and without fetching a program that the checkout does not have.
    for (name, value) in [
        ("CI", "true"),
        ("NO_COLOR", "1"),
        ("npm_config_yes", "false"),
        // With it npm ends well when there is no such script.
        ("npm_config_if_present", "false"),
        ("npm_config_update_notifier", "false"),
        ("GIT_OPTIONAL_LOCKS", "0"),
    ] {
        command = command.set(name, value);
    }
    command.redactor = asking.cx.redactor.clone();
    command.cwd = Some(directory.clone());
    command.deadline = own_time(asking.deadline.saturating_sub(began.elapsed()));
    command.grace = Duration::from_secs(1);
    let tail = Mutex::new(VecDeque::new());
    let id = asking.id;
    let line = |stream: Stream, text: &str| {
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(text.to_owned());
        let stream = match stream {
            Stream::Stdout => event::Stream::Stdout,
            Stream::Stderr => event::Stream::Stderr,
        };
        asking.cx.line(id, stream, text);
    };
    match command::run(&command, &line).await {
        Ok(ran) => {
            let tail = tail.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(Ended { ran, time: command.deadline, tail: tail.into() })
        }
        Err(why) => {
            visit.forget(id);
            let hint = match why {
                NotRun::Cwd { .. } => super::NAME_IT.to_owned(),
                _ => format!(
                    "install {program}, or give another argument list under [targets.{}.commands]",
                    settings.target.name
                ),
            };
            Err(CannotAsk::because(why.to_string()).hint(hint))
        }
    }
}

impl Ended {
    /// Adds the claim that it ended with 0, and the last lines of its output.
    pub(crate) fn judge(&self, finding: Finding) -> Finding {
        let (found, holds) = match self.ran.status {
            Status::Exited(code) => (code.to_string(), code == 0),
            Status::Signalled(signal) => (format!("none: it was ended by signal {signal}"), false),
            Status::TimedOut => (format!("none: it was still running after {}", short(self.time)), false),
        };
        let output = if self.tail.is_empty() { "none".to_owned() } else { self.tail.join("\n") };
        finding
            .claim(Claim::new("exit code", "0", found, holds))
            .evidence("took", short(self.ran.took))
            .evidence("output", output)
    }
}

/// Whether the checkout is as it was before the first program.
pub(super) async fn unchanged(asking: &Asking<'_>, directory: &Path) -> Result<Finding, CannotAsk> {
    // Whoever ran a program has begun the visit; if nobody has, this is the empty one.
    let nobody = async { Visit { before: None, ran: Mutex::default() } };
    let visit = asking.cx.measure(KEY, false, nobody).await;
    let ran = visit.ran.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let finding = Finding::about("git status --porcelain, before and after");
    let expected = "as before the first command, artifacts/ apart";
    let before = match &visit.before {
        Some(before) if !ran.is_empty() => before,
        _ => {
            let found = "no command of this run was run in it";
            return Ok(finding
                .claim(Claim::open("checkout", expected, found))
                .fix("ask it together with the checks that run commands: --only quality"));
        }
    };
    let later = Snapshot::take(directory, GIT).await;
    let finding = finding.evidence("commands of", ran.join(", "));
    Ok(match (before, later) {
        (Ok(before), Ok(later)) => compare(finding, expected, before, &later),
        (Err(fault), _) => finding.claim(Claim::open("checkout", expected, format!("before: {fault}"))),
        (_, Err(fault)) => finding.claim(Claim::open("checkout", expected, format!("after: {fault}"))),
    })
}

fn compare(finding: Finding, expected: &str, before: &Snapshot, later: &Snapshot) -> Finding {
    const SHOWN: usize = 5;
    let differences = before.differences(later);
    let found = match differences.len() {
        0 => "the same".to_owned(),
        n if n > SHOWN => format!("changed: {} and {} more", differences[..SHOWN].join(", "), n - SHOWN),
        _ => format!("changed: {}", differences.join(", ")),
    };
    finding
        .claim(Claim::new("checkout", expected, found, differences.is_empty()))
        .evidence("before", format!("{} paths were changed or new already", before.paths.len()))
}
