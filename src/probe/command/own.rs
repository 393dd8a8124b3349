//! An operator's own check in any language: a program that prints its claims. Only
//! the document of a program that exited with 0 counts; everything else is an error
//! that quotes the command.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::result::CheckResult;
use crate::context::Attempt;
use crate::context::{own_time, program_environment};
use crate::outcome::event;
use crate::outcome::finding::{Finding, ProbeError};
use crate::redact::Redactor;
use crate::service::command::{self, Command, Ran, Status, Stream};
use crate::service::unreachable::short;
use crate::settings::Settings;
use crate::text::shell_line;

/// How many lines of error output are shown with an error.
const MAX_LINES: usize = 20;

/// Runs `argv` in the directory given with `--checks`, and returns the claims that it prints.
///
/// # Errors
/// When it cannot be started, does not exit with 0, leaves a process behind that keeps its output open, or prints
/// anything other than one result.
pub(super) async fn ask(
    attempt: &Attempt<'_>,
    argv: &[String],
    variables: &[String],
) -> Result<Finding, ProbeError> {
    let words = shell_line(argv);
    let Some(folder) = attempt.folder else {
        let why = format!("`{words}` has no directory to run in");
        return Err(ProbeError::because(why).hint("give the directory of your own checks with --checks"));
    };
    let fix = format!(
        "run it by hand: cd {} && {words} (the format it must print: hotdash-ops checks schema result)",
        shell_line(&[folder.display().to_string()])
    );
    let Some((program, args)) = argv.split_first() else {
        return Err(ProbeError::because("the argument list is empty"));
    };
    let mut command = Command::new(program, args);
    command.env = seen(attempt, variables)?;
    command.cwd = Some(folder.to_owned());
    command.deadline = own_time(attempt.deadline);
    command.grace = Duration::from_secs(1);
    command.redactor = attempt.cx.redactor.clone();
    command.data = true;
    let line = |_: Stream, text: &str| attempt.cx.line(attempt.id, event::Stream::Stderr, text);
    let ran = command::run(&command, &line)
        .await
        .map_err(|why| ProbeError::because(format!("`{words}`: {why}")).hint(&fix))?;
    match read(&ran, command.deadline, &attempt.cx.redactor) {
        Ok(result) => {
            let finding = Finding::about(format!("{words} in {}", folder.display()));
            Ok(result.add_to(finding, &attempt.cx.redactor))
        }
        Err(why) => {
            let mut cannot = ProbeError::because(format!("`{words}`: {why}")).hint(fix);
            let skipped = ran.stderr.tail.len().saturating_sub(MAX_LINES);
            let lines: Vec<&str> = ran.stderr.tail.iter().skip(skipped).map(String::as_str).collect();
            if !lines.is_empty() {
                cannot = cannot.evidence("error output", lines.join("\n"));
            }
            Err(cannot)
        }
    }
}

/// The result of a program that exited with 0.
fn read(ran: &Ran, time: Duration, secrets: &Redactor) -> Result<CheckResult, String> {
    let result = || match ran.stdout.truncated {
        true => Err(format!("it printed {} bytes, but a result has at most 1 MiB", ran.stdout.bytes)),
        false => CheckResult::read(&ran.stdout.head, secrets),
    };
    match ran.status {
        Status::TimedOut => Err(format!("it was still running after {}", short(time))),
        Status::Signalled(signal) => Err(format!("it was ended by signal {signal}")),
        Status::Exited(_) if ran.left_behind => {
            Err("it ended, but a process that it started kept its output open".to_owned())
        }
        Status::Exited(0) => result(),
        Status::Exited(code) => Err(match result() {
            Ok(_) => format!("it printed a result, but its exit code was {code} instead of 0"),
            Err(_) => format!("its exit code was {code}, and it printed no result"),
        }),
    }
}

/// The program's environment: this process's, without the pipeline's variables except for those that the check
/// names, and with the names of the target and the checkout.
fn seen(attempt: &Attempt<'_>, variables: &[String]) -> Result<Vec<(OsString, OsString)>, ProbeError> {
    let Settings { target, app_dir, .. } = &*attempt.cx.settings;
    let mut command = Command::new("", [""; 0])
        .inherit(program_environment(), &["FORCE_COLOR", "HOTDASH_OPS_APP_DIR"])
        .set("NO_COLOR", "1")
        .set("HOTDASH_OPS_TARGET", target.name.as_str());
    if let Some(app) = app_dir.as_deref().map(absolute) {
        command = command.set("HOTDASH_OPS_APP_DIR", app);
    }
    for name in variables {
        command = command.set(name, attempt.cx.variable(name)?);
    }
    Ok(command.env)
}

/// A relative path refers to this process's directory, but the program runs in another one.
fn absolute(path: &Path) -> OsString {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).into_os_string()
}
