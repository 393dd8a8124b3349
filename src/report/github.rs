//! GitHub workflow commands: one line per check in checklist order, with problems as
//! annotations, and a final annotation as the summary.
//!
//! A blocking problem is an `error`, any other problem a `warning`. GitHub shows the first
//! ten of each kind on a step; the log has all of them.

use super::problems::fix;
use super::traffic::{line as numbers, window};
use super::{Impact, conclusion, counts, marks, why};
use crate::exit::Exit;
use crate::outcome::Outcome;
use crate::outcome::report::Report;
use crate::text;

/// The most characters of one message, well below what GitHub keeps.
const LIMIT: usize = 1_000;

/// Renders the commands.
pub fn render(report: &Report) -> String {
    let mut lines: Vec<String> = report.outcomes().map(|outcome| line(report, outcome)).collect();
    let red = report.outcomes().any(|o| Impact::of(o, report.strict) == Impact::Blocking);
    let summary = match report.exit == Exit::Ready || red {
        true => "notice",
        false => "error",
    };
    let mut facts = vec![
        conclusion(report),
        counts(report),
        format!("target {}, run {}, {}", report.target, report.run, text::took(report.took_ms)),
    ];
    facts.extend(report.partial.as_ref().map(ToString::to_string));
    facts.extend(report.traffic.iter().map(|t| format!("traffic {}: {}", window(t), numbers(t))));
    facts.extend(report.notes.iter().cloned());
    lines.push(command(summary, &format!("hotdash-ops {}", report.verb), &facts));
    format!("{}\n", lines.join("\n"))
}

fn line(report: &Report, outcome: &Outcome) -> String {
    let kind = match Impact::of(outcome, report.strict) {
        Impact::Good | Impact::Excluded => return log_line(report, outcome),
        Impact::Blocking => "error",
        Impact::Note | Impact::Waived => "warning",
    };
    let mut facts = vec![outcome.title.clone()];
    facts.extend(why(outcome, report.strict));
    facts.extend(marks(outcome));
    facts.extend(fix(report, outcome).map(|fix| format!("fix: {fix}")));
    facts.extend(outcome.runbook.iter().map(|link| format!("see: {link}")));
    command(kind, &format!("{} {}", outcome.label(), outcome.id), &facts)
}

/// A log line that the runner cannot take for a command: it looks for `::` at the start of a line and for `##[`
/// anywhere in it.
fn log_line(report: &Report, outcome: &Outcome) -> String {
    let mut line = format!("{} {}  {}", outcome.label(), outcome.id, outcome.title);
    for reason in why(outcome, report.strict).into_iter().chain(marks(outcome)) {
        line.push_str(&format!(" ({reason})"));
    }
    text::cell(&line, LIMIT).replace("##[", "# #[")
}

/// A workflow command with one line of message per fact.
fn command(kind: &str, title: &str, facts: &[String]) -> String {
    let message: Vec<String> = facts.iter().map(|fact| text::cell(fact, LIMIT)).collect();
    let title = data(&text::cell(title, 200)).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}", data(&message.join("\n")))
}

fn data(value: &str) -> String {
    value.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
