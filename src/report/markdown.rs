//! GitHub-flavoured Markdown, for a CI summary (`>> "$GITHUB_STEP_SUMMARY"`): the
//! decision as the headline, the problems with their fixes, and every check in a
//! collapsed section.

use super::problems::{Problem, Problems, consequence, fix};
use super::traffic::{Extent, PROVISIONAL, facts, window};
use super::{Impact, conclusion, counts, marks, replaced, why, word};
use crate::exit::Exit;
use crate::outcome::Outcome;
use crate::outcome::report::Report;
use crate::text;

/// The most characters of one value; a step's summary is limited to one mebibyte.
const LIMIT: usize = 500;
/// Characters of a sparkline, so that a table fits on a page.
const SPARK: usize = 40;

/// Renders the summary.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let sign = match report.exit {
        Exit::Ready => "✅",
        Exit::Undecided => "❓",
        _ => "❌",
    };
    out.push_str(&format!(
        "## {sign} hotdash-ops {}: {}\n\n",
        escape(&report.verb),
        escape(&conclusion(report))
    ));
    let mut facts = vec![counts(report), text::took(report.took_ms)];
    facts.push(format!("target {}", escape(&report.target)));
    facts.push(report.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    facts.push(format!("run {}", escape(&report.run)));
    if let Some(partial) = &report.partial {
        facts.insert(0, format!("**{}**", partial));
    }
    out.push_str(&format!("{}\n\n", facts.join(" · ")));
    for note in &report.notes {
        out.push_str(&format!("> {}\n\n", escape(note)));
    }
    let problems = Problems::of(report);
    table(&mut out, report, "Blocking", &problems.blocking);
    table(&mut out, report, "Not blocking", &problems.notes);
    traffic(&mut out, report);
    all(&mut out, report);
    out
}

fn table(out: &mut String, report: &Report, heading: &str, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    out.push_str(&format!(
        "### {heading} ({})\n\n| | check | why | fix |\n|---|---|---|---|\n",
        problems.len()
    ));
    for problem in problems {
        match problem {
            Problem::Single { outcome, blocks } => {
                let name = format!("{}<br>{}", escape(&outcome.id), escape(&outcome.title));
                let reasons: Vec<String> = why(outcome, report.strict)
                    .iter()
                    .chain(&marks(outcome))
                    .map(|reason| escape(reason))
                    .chain(consequence(blocks).map(|line| safe(&text::plain(&format!("blocks {line}")))))
                    .collect();
                let fix = fix(report, outcome);
                let fixes: Vec<String> = fix.iter().chain(&outcome.runbook).map(|f| escape(f)).collect();
                line(out, &[badge(outcome, report), name, reasons.join("<br>"), fixes.join("<br>")]);
            }
            Problem::Group { why, fix, outcomes } => {
                let names: Vec<String> = outcomes.iter().map(|o| escape(&o.id)).collect();
                let first = outcomes.first().map(|o| badge(o, report)).unwrap_or_default();
                line(out, &[first, names.join("<br>"), escape(why), escape(fix)]);
            }
        }
    }
    out.push('\n');
}

/// The numbers of a watched window.
fn traffic(out: &mut String, report: &Report) {
    let Some(traffic) = &report.traffic else { return };
    out.push_str(&format!("### Traffic\n\n{}\n\n", escape(&window(traffic))));
    if traffic.provisional {
        out.push_str(&format!("> **{PROVISIONAL}**\n\n"));
    }
    out.push_str("| traffic | |\n|---|---|\n");
    for (name, value) in facts(traffic, Extent { width: SPARK, all: false }) {
        if name != "provisional" {
            let lines: Vec<String> = value.split('\n').map(escape).collect();
            line(out, &[escape(name), lines.join("<br>")]);
        }
    }
    out.push('\n');
}

fn all(out: &mut String, report: &Report) {
    let count = text::checks(report.tally.planned);
    out.push_str(&format!("<details><summary>All {count}</summary>\n\n"));
    for section in &report.sections {
        out.push_str(&format!("#### {} ({})\n\n", escape(&section.title), escape(&section.phase)));
        out.push_str("| | check | claim | time |\n|---|---|---|---:|\n");
        for outcome in &section.outcomes {
            let time = if outcome.attempts == 0 { String::new() } else { text::took(outcome.took_ms) };
            let mut claim = escape(&outcome.title);
            if Impact::of(outcome, report.strict) == Impact::Excluded {
                claim = format!("{claim}<br>{}", escape(&why(outcome, report.strict).join("; ")));
            }
            if let Some(mark) = replaced(outcome) {
                claim = format!("{claim}<br>{}", escape(&mark));
            }
            line(out, &[badge(outcome, report), escape(&outcome.id), claim, time]);
        }
        out.push('\n');
    }
    out.push_str("</details>\n");
}

fn line(out: &mut String, cells: &[String]) {
    out.push_str(&format!("| {} |\n", cells.join(" | ")));
}

fn badge(outcome: &Outcome, report: &Report) -> String {
    let sign = match Impact::of(outcome, report.strict) {
        Impact::Good => "✅",
        Impact::Blocking => "❌",
        Impact::Note | Impact::Waived => "⚠️",
        Impact::Excluded => "➖",
    };
    format!("{sign} {}", word(outcome))
}

/// Text without any meaning to Markdown and HTML, on one line and limited in length.
fn escape(value: &str) -> String {
    safe(&text::cell(value, LIMIT))
}

/// A line without any meaning to Markdown and HTML. Characters that also have a meaning in tables become
/// character references, which neither parser takes for syntax.
fn safe(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars() {
        match c {
            '&' | '<' | '>' | '|' | '`' | '\\' | '@' | '$' => out.push_str(&format!("&#{};", u32::from(c))),
            '*' | '_' | '[' | ']' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
