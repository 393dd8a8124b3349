//! JUnit XML, for CI systems that list tests: one suite per section, one case per check.
//!
//! A case is red exactly when it keeps the exit code from being 0. A failed check is a
//! `failure`; one that is undecided, could not run, was blocked or interrupted is an `error`,
//! because CI viewers show `skipped` as harmless. A check that does not affect the exit code
//! and did not pass is `skipped`: excluded, waived, or an undecided warning. A failed check of
//! warning severity passes, with the warning as output. A run that does not end with 0
//! although no case is red gets an additional red case.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::problems::fix;
use super::traffic::{line as numbers, window};
use super::{Impact, conclusion, marks, why};
use crate::exit::Exit;
use crate::outcome::finding::Claim;
use crate::outcome::report::{Report, SectionReport};
use crate::outcome::{Outcome, Verdict};
use crate::text::{self, plain};

/// The element inside a case.
enum Mark {
    Nothing,
    Failure,
    Error,
    Skipped,
    Output,
}

impl Mark {
    fn of(outcome: &Outcome, strict: bool) -> Mark {
        match (Impact::of(outcome, strict), &outcome.verdict) {
            (Impact::Good, _) if outcome.replaces.is_some() => Mark::Output,
            (Impact::Good, _) => Mark::Nothing,
            (Impact::Blocking, Verdict::Fail | Verdict::Pass) => Mark::Failure,
            (Impact::Blocking, _) => Mark::Error,
            (Impact::Note, Verdict::Fail | Verdict::Pass) => Mark::Output,
            (Impact::Excluded | Impact::Waived | Impact::Note, _) => Mark::Skipped,
        }
    }
}

/// Renders the document. Every text is made plain first, because the library deletes what XML forbids.
pub fn render(report: &Report) -> String {
    let mut document = quick_junit::Report::new(format!("hotdash-ops {}", report.verb));
    document.set_time(Duration::from_millis(report.took_ms));
    document.add_test_suites(report.sections.iter().map(|section| suite(report, section)));
    if report.exit != Exit::Ready && document.failures + document.errors == 0 {
        document.add_test_suite(verdict_of_the_run(report));
    }
    document.to_string().expect("a vector takes every byte")
}

fn suite(report: &Report, section: &SectionReport) -> TestSuite {
    let name = plain(&format!("{}.{}", section.phase, section.id));
    let started = section.outcomes.iter().filter_map(|o| o.started).min().unwrap_or(report.started);
    let took = section.outcomes.iter().map(|o| o.took_ms).sum();
    let mut suite = new_suite(report, &name, Some(&section.title), started, took);
    suite.add_test_cases(section.outcomes.iter().map(|outcome| case(report, &name, outcome)));
    suite
}

fn new_suite(
    report: &Report,
    name: &str,
    title: Option<&str>,
    started: jiff::Timestamp,
    took_ms: u64,
) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(Duration::from_millis(took_ms));
    suite.extra.insert("timestamp".into(), started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
    let partial = report.partial.as_ref().map_or_else(|| "no".to_owned(), ToString::to_string);
    let mut named = vec![
        ("run", report.run.as_str()),
        ("target", report.target.as_str()),
        ("version", report.version),
        ("partial", partial.as_str()),
    ];
    named.extend(title.map(|title| ("title", title)));
    let traffic = report.traffic.as_ref().map(|traffic| (window(traffic), numbers(traffic)));
    if let Some((window, numbers)) = &traffic {
        named.extend([("traffic.window", window.as_str()), ("traffic", numbers.as_str())]);
    }
    named.extend(report.notes.iter().map(|note| ("note", note.as_str())));
    suite.add_properties(named.into_iter().map(|(name, value)| Property::new(name, plain(value))));
    suite
}

fn case(report: &Report, suite: &str, outcome: &Outcome) -> TestCase {
    let reasons = why(outcome, report.strict).join("; ");
    let message = text::cell(&format!("{}: {reasons}", outcome.label()), 400);
    // A skipped case has only its message, so the waiver must not be truncated.
    let message = [vec![message], marks(outcome)].concat().join("; ");
    let body = || body(report, outcome, &reasons);
    let (status, output) = match Mark::of(outcome, report.strict) {
        Mark::Nothing => (TestCaseStatus::success(), None),
        Mark::Failure => (red(NonSuccessKind::Failure, &message, outcome.label(), &body()), None),
        Mark::Error => (red(NonSuccessKind::Error, &message, outcome.label(), &body()), None),
        Mark::Skipped => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(plain(&message));
            (skipped, None)
        }
        Mark::Output => (TestCaseStatus::success(), Some(body())),
    };
    let mut case = TestCase::new(plain(&outcome.id), status);
    case.set_classname(suite);
    case.set_time(Duration::from_millis(if outcome.attempts == 0 { 0 } else { outcome.took_ms }));
    case.system_out = output.map(Into::into);
    case
}

fn red(kind: NonSuccessKind, message: &str, label: &str, body: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(plain(message)).set_type(label).set_description(body);
    status
}

/// Everything a reader of a red case needs, one fact per line.
fn body(report: &Report, outcome: &Outcome, reasons: &str) -> String {
    let mut lines = vec![format!("{}: {}", outcome.label(), outcome.title)];
    if !reasons.is_empty() {
        lines.push(format!("why: {reasons}"));
    }
    if !outcome.asked.is_empty() {
        lines.push(format!("checked with: {}", outcome.asked));
    }
    lines.extend(outcome.claims.iter().map(|claim| {
        let word = match claim.holds {
            Some(true) => "passed",
            Some(false) => "failed",
            None => "undecided",
        };
        let Claim { what, expected, found, .. } = claim;
        match claim.holds {
            Some(true) => format!("claim {word}: {what}: expected {expected}, found {found}"),
            _ => format!("claim {word}: {}", claim.reason()),
        }
    }));
    for evidence in &outcome.evidence {
        lines.push(format!("{}:", evidence.name));
        lines.extend(evidence.value.lines().map(|line| format!("  {line}")));
    }
    lines.extend(marks(outcome));
    lines.extend(fix(report, outcome).map(|fix| format!("fix: {fix}")));
    lines.extend(outcome.runbook.iter().map(|link| format!("see: {link}")));
    lines.push(format!("defined in: {}", outcome.origin));
    let lines: Vec<String> = lines.iter().map(|line| text::plain(line)).collect();
    format!("{}\n", lines.join("\n"))
}

/// The case of a run that does not end with 0 although no check is red: it was interrupted after the last
/// check, met a stand-in, or ran no required check.
fn verdict_of_the_run(report: &Report) -> TestSuite {
    let message = conclusion(report);
    let mut case = TestCase::new("exit", red(NonSuccessKind::Error, &message, "exit", &message));
    case.set_classname("run").set_time(Duration::ZERO);
    let mut suite = new_suite(report, "run", None, report.started, 0);
    suite.add_test_case(case);
    suite
}
