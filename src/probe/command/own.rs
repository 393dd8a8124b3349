//! An operator's own check in any language: a program that prints its claims. The
//! document decides, and only a document of a program that ended well: everything
//! else is an error that quotes the command.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::result::CheckResult;
use crate::context::Asking;
use crate::context::{own_time, program_environment};
use crate::outcome::event;
use crate::outcome::finding::{CannotAsk, Finding};
use crate::redact::Redactor;
use crate::service::command::{self, Command, Ran, Status, Stream};
use crate::service::unreachable::short;
use crate::settings::Settings;
use crate::text::shell_line;

/// The lines of error output that are shown with an error.
const TAIL: usize = 20;

/// Runs `argv` in the directory that was given with `--checks`, and takes over what it states.
///
/// # Errors
/// When it cannot be started, does not end by itself with 0, leaves something behind that holds its output, or
/// prints anything but one result.
pub(super) async fn ask(
    asking: &Asking<'_>,
    argv: &[String],
    variables: &[String],
) -> Result<Finding, CannotAsk> {
    let words = shell_line(argv);
    let Some(folder) = asking.folder else {
        let why = format!("`{words}` has no directory to run in");
        return Err(CannotAsk::because(why).hint("give the directory of your own checks with --checks"));
    };
    let fix = format!(
        "run it by hand: cd {} && {words} (what it must print: hotdash-ops checks schema result)",
        shell_line(&[folder.display().to_string()])
    );
    let Some((program, args)) = argv.split_first() else {
        return Err(CannotAsk::because("the argument list is empty"));
    };
    let mut command = Command::new(program, args);
    command.env = seen(asking, variables)?;
    command.cwd = Some(folder.to_owned());
    command.deadline = own_time(asking.deadline);
    command.grace = Duration::from_secs(1);
    command.redactor = asking.cx.redactor.clone();
    command.data = true;
    let line = |_: Stream, text: &str| asking.cx.line(asking.id, event::Stream::Stderr, text);
    let ran = command::run(&command, &line)
        .await
        .map_err(|why| CannotAsk::because(format!("`{words}`: {why}")).hint(&fix))?;
    match read(&ran, command.deadline, &asking.cx.redactor) {
        Ok(result) => {
            let finding = Finding::about(format!("{words} in {}", folder.display()));
            Ok(result.add_to(finding, &asking.cx.redactor))
        }
        Err(why) => {
            let mut cannot = CannotAsk::because(format!("`{words}`: {why}")).hint(fix);
            let skipped = ran.stderr.tail.len().saturating_sub(TAIL);
            let said: Vec<&str> = ran.stderr.tail.iter().skip(skipped).map(String::as_str).collect();
            if !said.is_empty() {
                cannot = cannot.evidence("error output", said.join("\n"));
            }
            Err(cannot)
        }
    }
}

/// The result of a program that ended well.
fn read(ran: &Ran, time: Duration, secrets: &Redactor) -> Result<CheckResult, String> {
    let result = || match ran.stdout.truncated {
        true => Err(format!("it printed {} bytes, and a result has at most 1 MiB", ran.stdout.bytes)),
        false => CheckResult::read(&ran.stdout.head, secrets),
    };
    match ran.status {
        Status::TimedOut => Err(format!("it was still running after {}", short(time))),
        Status::Signalled(signal) => Err(format!("it was ended by signal {signal}")),
        Status::Exited(_) if ran.left_behind => {
            Err("it ended, but something that it started held its output open".to_owned())
        }
        Status::Exited(0) => result(),
        Status::Exited(code) => Err(match result() {
            Ok(_) => format!("it printed a result, but ended with exit code {code} in place of 0"),
            Err(_) => format!("it ended with exit code {code} and without a result"),
        }),
    }
}

/// What the program sees: this process's environment without the pipeline's variables, but for those that the
/// check names, and whom it asks for.
fn seen(asking: &Asking<'_>, variables: &[String]) -> Result<Vec<(OsString, OsString)>, CannotAsk> {
    let Settings { target, app_dir, .. } = &*asking.cx.settings;
    let mut command = Command::new("", [""; 0])
        .inherit(program_environment(), &["FORCE_COLOR", "HOTDASH_OPS_APP_DIR"])
        .set("NO_COLOR", "1")
        .set("HOTDASH_OPS_TARGET", target.name.as_str());
    if let Some(app) = app_dir.as_deref().map(absolute) {
        command = command.set("HOTDASH_OPS_APP_DIR", app);
    }
    for name in variables {
        command = command.set(name, asking.cx.variable(name)?);
    }
    Ok(command.env)
}

/// The program runs in another directory than the one that a relative path was meant for.
fn absolute(path: &Path) -> OsString {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).into_os_string()
}
