//! The health check script of the checklist: the checkout's npm script, or without
//! a checkout the checks of `hotdash-ops status`, which replace it.

use std::path::Path;

use super::{ACCOUNT, Access, BASE, KEY, KEY_ALIAS, PROFILE, account_id, alive, ask, liveness, token};
use crate::context::Attempt;
use crate::context::{own_time, program_environment};
use crate::outcome::event;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::probe::checkout;
use crate::service::command::{self, Command, Ran, Status, Stream};
use crate::settings::Settings;

/// Runs the checkout's script; without a checkout, the checks of `hotdash-ops status`.
pub(super) async fn script(attempt: &Attempt<'_>, run: &[String], says: &str) -> Result<Finding, ProbeError> {
    match &attempt.cx.settings.app_dir {
        Some(folder) => in_checkout(attempt, folder, run, says).await,
        None => {
            let finding = status_finding(attempt).await?;
            Ok(finding.evidence(
                "checked with",
                "the checks of `hotdash-ops status`, because no checkout is given (--app-dir)",
            ))
        }
    }
}

/// Whether Chatwoot answers, its services work, and the token can read the account: what the app's health check
/// script is meant to check. Without a token or an account this is an error, so that nothing is skipped silently.
///
/// # Errors
/// When a variable is missing.
pub(super) async fn status_finding(attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
    let id = account_id(attempt.cx)?;
    let paths: Vec<String> = alive::PATHS.iter().map(|path| (*path).to_owned()).collect();
    let (alive, (_, api), (account, profile)) = tokio::try_join!(
        liveness(attempt, &paths),
        ask(attempt, alive::API, Access::Open),
        ask(attempt, PROFILE, Access::Token),
    )?;
    let asked = format!("{}, {}", alive.asked, account.asked);
    let finding = alive::services(Finding { asked, ..alive }, &api);
    Ok(token::account(token::token(finding, &profile), &profile, id))
}

async fn in_checkout(
    attempt: &Attempt<'_>,
    folder: &Path,
    run: &[String],
    says: &str,
) -> Result<Finding, ProbeError> {
    let cx = attempt.cx;
    // Without a token, the script silently skips the request that needs it.
    account_id(cx)?;
    super::token_of(cx)?;
    let run = command_line(&cx.settings, run);
    let [program, args @ ..] = run else {
        return Err(ProbeError::because("the check has no command to run"));
    };
    let mut command = Command::new(program, args);
    command.cwd = Some(folder.to_owned());
    command.deadline = own_time(attempt.deadline);
    command.env = environment(&cx.settings);
    command.redactor = cx.redactor.clone();
    let id = attempt.id;
    let line = |stream: Stream, text: &str| {
        let stream = match stream {
            Stream::Stdout => event::Stream::Stdout,
            Stream::Stderr => event::Stream::Stderr,
        };
        cx.line(id, stream, text);
    };
    let visit = checkout::before(attempt).await;
    let ran = match command::run(&command, &line).await {
        Ok(ran) => ran,
        Err(why) => {
            visit.forget(id);
            let target = &cx.settings.target.name;
            return Err(ProbeError::because(why.to_string()).hint(format!(
                "install {program}, or set another command for `{NAME}` under [targets.{target}.commands]"
            )));
        }
    };
    let asked = format!("{} in {}", run.join(" "), folder.display());
    Ok(judge(Finding::about(asked), &ran, says).evidence("checked with", "the checkout's own script"))
}

/// The key under which the configuration can set another command.
const NAME: &str = "health-script";

/// The command to run. The target's setting takes precedence over the check's.
pub(super) fn command_line<'a>(settings: &'a Settings, run: &'a [String]) -> &'a [String] {
    settings.target.commands.get(NAME).map_or(run, Vec::as_slice)
}

/// The environment of the script: what every program in the checkout gets, and Chatwoot's variables under every name
/// that the app's scripts use. It needs neither the database nor the webhook's secret, so it gets neither.
fn environment(settings: &Settings) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    let mut command = Command::new("", [""; 0]).inherit(program_environment(), &[]).set("NO_COLOR", "1");
    for name in [BASE, ACCOUNT] {
        if let Some(value) = settings.vars.filled(name) {
            command = command.set(name, value);
        }
    }
    if let Some(token) = settings.vars.chatwoot_token() {
        command = command.set(KEY, token).set(KEY_ALIAS, token);
    }
    command.env
}

fn judge(finding: Finding, ran: &Ran, says: &str) -> Finding {
    let exit = |found: String, holds: bool| Claim::compared("exit-code", "exit code", "0", found, holds);
    let exit = match ran.status {
        Status::Exited(code) => exit(code.to_string(), code == 0),
        Status::Signalled(signal) => exit("none".to_owned(), false)
            .sentence(format!("the health check script was ended by signal {signal}")),
        Status::TimedOut => exit("none".to_owned(), false).sentence(format!(
            "the health check script did not finish within {:.0} s",
            ran.took.as_secs_f64()
        )),
    };
    let printed = [&ran.stdout, &ran.stderr].into_iter().any(|out| {
        // The tail is free of colours, the head is longer.
        out.text().lines().chain(out.tail.iter().map(String::as_str)).any(|line| is_line(line, says))
    });
    let line = |found: &str| {
        Claim::compared("success-line", "success line", format!("`{says}` printed"), found, printed)
    };
    let line = if printed {
        line("printed")
    } else {
        line("not printed").sentence(format!("the health check script did not print `{says}`"))
    };
    let finding = finding.claim(exit).claim(line);
    [("output", &ran.stdout), ("error output", &ran.stderr)].into_iter().fold(
        finding,
        |finding, (name, out)| match out.tail.is_empty() {
            true => finding,
            false => finding.evidence(name, out.last_lines()),
        },
    )
}

/// The line itself, at most with a mark or punctuation around it: `✔ Chatwoot health check OK.`
fn is_line(line: &str, says: &str) -> bool {
    line.trim_matches(|c: char| !c.is_alphanumeric()) == says.trim_matches(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::Verdict;
    use crate::service::command::Captured;

    const SAYS: &str = "Chatwoot health check OK";

    fn ran(status: Status, stdout: &str, stderr: &str) -> Ran {
        let output = |text: &str| {
            let mut captured = Captured::default();
            captured.head = text.as_bytes().to_vec();
            captured.tail = text.lines().map(str::to_owned).collect();
            captured
        };
        Ran {
            status,
            stdout: output(stdout),
            stderr: output(stderr),
            took: Duration::from_millis(40),
            left_behind: false,
        }
    }

    fn verdict(ran: &Ran) -> Verdict {
        Verdict::of(&judge(Finding::about("x"), ran, SAYS).claims)
    }

    #[test]
    fn the_script_must_exit_with_0_and_print_its_success_line() {
        let good =
            "> hotdash-app@1.0.0 ops:check-chatwoot-health\n> node check.js\n\nChatwoot health check OK\n";
        assert_eq!(verdict(&ran(Status::Exited(0), good, "")), Verdict::Pass);
        assert_eq!(verdict(&ran(Status::Exited(0), "✔ Chatwoot health check OK.\n", "")), Verdict::Pass);
        assert_eq!(verdict(&ran(Status::Exited(0), "", "Chatwoot health check OK\n")), Verdict::Pass);
        for status in [Status::Exited(1), Status::Exited(2), Status::Signalled(9), Status::TimedOut] {
            assert_eq!(verdict(&ran(status, good, "")), Verdict::Fail, "{status:?}");
        }
        for output in [
            "",
            "Chatwoot health check FAILED",
            "Chatwoot health check OK once, then failed",
            "echo 'x' # Chatwoot health check OK",
        ] {
            assert_eq!(verdict(&ran(Status::Exited(0), output, "")), Verdict::Fail, "{output}");
        }
    }

    #[test]
    fn the_last_lines_of_output_are_evidence() {
        let finding = judge(Finding::about("x"), &ran(Status::Exited(1), "a\nb", "c"), SAYS);
        let shown: Vec<(&str, &str)> =
            finding.evidence.iter().map(|e| (e.name.as_str(), e.value.as_str())).collect();
        assert_eq!(shown, [("output", "a\nb"), ("error output", "c")]);
    }
}
