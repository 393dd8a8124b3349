//! The last line of a report: the decision, the numbers behind it, and the exit code.

use crate::exit::Exit;
use crate::outcome::report::Report;
use crate::outcome::{Outcome, Severity, Verdict, Why};
use crate::text;

/// The decision in one line: `GO: all 54 required checks passed (exit 0)`.
///
/// A run that left checks out is never a plain `GO`, and says how many it left out.
pub fn conclusion(report: &Report) -> String {
    let (word, why) = match report.exit {
        Exit::Ready if report.partial.is_some() => ("PARTIAL", passed(report, " in this run")),
        Exit::Ready => ("GO", passed(report, "")),
        Exit::NotReady => ("NO GO", failed(report)),
        Exit::Refused => ("REFUSED", mistaken(report)),
        Exit::Undecided => ("UNDECIDED", undecided(report)),
        Exit::Interrupted => ("INTERRUPTED", unfinished(report)),
        Exit::Terminated => ("TERMINATED", unfinished(report)),
        Exit::Command(_) => ("DONE", "the exit code is the command's own".to_owned()),
    };
    format!("{word}: {why}{} (exit {})", left_out(report), report.exit.code())
}

fn required(report: &Report) -> impl Iterator<Item = &Outcome> {
    report.outcomes().filter(|outcome| outcome.required(report.strict))
}

fn passed(report: &Report, of: &str) -> String {
    let all = required(report).count();
    let waived = required(report).filter(|outcome| outcome.let_through(report.strict)).count();
    match (all, waived) {
        (1, 0) => format!("the only required check{of} passed"),
        (1, _) => format!("the only required check{of} is waived"),
        (_, 0) => format!("all {all} required checks{of} passed"),
        _ if all == waived => format!("all {all} required checks{of} are waived"),
        _ => {
            let are = if waived == 1 { "is" } else { "are" };
            format!("{} of {all} required checks{of} passed, {waived} {are} waived", all - waived)
        }
    }
}

fn failed(report: &Report) -> String {
    let (mut failed, mut warned, mut lapsed) = (0, 0, 0);
    for outcome in required(report).filter(|outcome| !outcome.waived()) {
        match outcome.verdict {
            Verdict::Fail if outcome.severity == Severity::Blocker => failed += 1,
            // Only `--strict` makes these required.
            Verdict::Fail => warned += 1,
            Verdict::Pass if !outcome.warnings.is_empty() => warned += usize::from(report.strict),
            Verdict::Pass => {}
            _ if outcome.lapsed() => lapsed += 1,
            _ => {}
        }
    }
    let warnings = if warned == 1 { "warning counts as a failure" } else { "warnings count as failures" };
    let parts = [
        (failed, format!("{} failed", required_checks(failed))),
        (warned, format!("{warned} {} (--strict)", warnings)),
        (lapsed, format!("{} with an expired waiver could not be decided", text::checks(lapsed))),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, part)| part).collect();
    parts.join(", ")
}

fn mistaken(report: &Report) -> String {
    format!("a test stand-in answered, but the target is {}", text::cell(&report.target, 60))
}

fn undecided(report: &Report) -> String {
    let open = || required(report).filter(|o| o.verdict != Verdict::Pass && !o.waived());
    let blocked = open().filter(|o| matches!(o.verdict, Verdict::Skipped(Why::Blocked(_)))).count();
    let are = if blocked == 1 { "is" } else { "are" };
    match (open().count() - blocked, blocked) {
        (0, 0) => "no required check was run".to_owned(),
        (0, _) => format!("{} {are} blocked", required_checks(blocked)),
        (open, 0) => format!("{} could not be decided", required_checks(open)),
        (open, _) => format!("{} could not be decided, {blocked} more {are} blocked", required_checks(open)),
    }
}

fn unfinished(report: &Report) -> String {
    match report.outcomes().filter(|o| o.verdict == Verdict::Skipped(Why::Interrupted)).count() {
        0 => "the run was stopped after its last check".to_owned(),
        count => format!("{} did not finish", text::checks(count)),
    }
}

fn left_out(report: &Report) -> String {
    match report.partial.map_or(0, |partial| partial.of.saturating_sub(partial.planned)) {
        0 => String::new(),
        1 => "; 1 other check was not run".to_owned(),
        count => format!("; {count} other checks were not run"),
    }
}

fn required_checks(count: usize) -> String {
    format!("{count} required {}", text::plural(count, "check"))
}
