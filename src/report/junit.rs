//! JUnit XML, for CI systems that list tests: one suite per section, one case per check.
//!
//! A case is red exactly when it keeps the exit code from being 0. A failed check is a
//! `failure`; one that is undecided, could not run, was blocked or interrupted is an `error`,
//! because CI viewers show `skipped` as harmless. A check that does not affect the exit code
//! and did not pass is `skipped`: excluded, waived, or an undecided warning. A failed check of
//! warning severity passes, with the warning as output. A run that does not end with 0
//! although no case is red gets an additional red case.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::problems::fix;
use super::traffic::{line as numbers, window};
use super::{Impact, conclusion, marks, why};
use crate::exit::Exit;
use crate::outcome::finding::Claim;
use crate::outcome::report::{Report, SectionReport};
use crate::outcome::{Outcome, Verdict};
use crate::text;

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

/// The number of cases of a suite with each mark.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>, strict: bool) -> Counts {
        let mut counts = Counts::default();
        for outcome in outcomes {
            counts.tests += 1;
            match Mark::of(outcome, strict) {
                Mark::Failure => counts.failures += 1,
                Mark::Error => counts.errors += 1,
                Mark::Skipped => counts.skipped += 1,
                Mark::Nothing | Mark::Output => {}
            }
        }
        counts
    }

    fn red(&self) -> bool {
        self.failures + self.errors > 0
    }
}

/// Renders the document.
pub fn render(report: &Report) -> String {
    let mut xml = Xml(Writer::new_with_indent(Vec::new(), b' ', 2));
    xml.put(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let mut counts = Counts::of(report.outcomes(), report.strict);
    let alone = report.exit != Exit::Ready && !counts.red();
    counts.tests += usize::from(alone);
    counts.errors += usize::from(alone);
    let name = format!("hotdash-ops {}", report.verb);
    xml.open(
        "testsuites",
        &[
            ("name", name),
            ("tests", counts.tests.to_string()),
            ("failures", counts.failures.to_string()),
            ("errors", counts.errors.to_string()),
            ("time", seconds(report.took_ms)),
        ],
    );
    for section in &report.sections {
        suite(&mut xml, report, section);
    }
    if alone {
        verdict_of_the_run(&mut xml, report);
    }
    xml.close("testsuites");
    xml.finish()
}

fn suite(xml: &mut Xml, report: &Report, section: &SectionReport) {
    let counts = Counts::of(section.outcomes.iter(), report.strict);
    let name = format!("{}.{}", section.phase, section.id);
    let took = section.outcomes.iter().map(|o| o.took_ms).sum();
    let started = section.outcomes.iter().filter_map(|o| o.started).min().unwrap_or(report.started);
    open_suite(xml, &name, counts, took, started);
    properties(xml, report, Some(&section.title));
    for outcome in &section.outcomes {
        case(xml, report, &name, outcome);
    }
    xml.close("testsuite");
}

fn open_suite(xml: &mut Xml, name: &str, counts: Counts, took_ms: u64, started: jiff::Timestamp) {
    xml.open(
        "testsuite",
        &[
            ("name", name.to_owned()),
            ("tests", counts.tests.to_string()),
            ("failures", counts.failures.to_string()),
            ("errors", counts.errors.to_string()),
            ("skipped", counts.skipped.to_string()),
            ("time", seconds(took_ms)),
            ("timestamp", started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ],
    );
}

fn properties(xml: &mut Xml, report: &Report, title: Option<&str>) {
    let partial = report.partial.as_ref().map_or_else(|| "no".to_owned(), ToString::to_string);
    xml.open("properties", &[]);
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
    for (name, value) in named {
        xml.empty("property", &[("name", name.to_owned()), ("value", value.to_owned())]);
    }
    xml.close("properties");
}

fn case(xml: &mut Xml, report: &Report, suite: &str, outcome: &Outcome) {
    let attributes = [
        ("name", outcome.id.clone()),
        ("classname", suite.to_owned()),
        ("time", seconds(if outcome.attempts == 0 { 0 } else { outcome.took_ms })),
    ];
    let reasons = why(outcome, report.strict).join("; ");
    let message = text::cell(&format!("{}: {reasons}", outcome.label()), 400);
    // A skipped case has only its message, so the waiver must not be truncated.
    let message = [vec![message], marks(outcome)].concat().join("; ");
    let marked = |element: &'static str| {
        (element, vec![("message", message.clone()), ("type", outcome.label().to_owned())])
    };
    let (element, inner) = match Mark::of(outcome, report.strict) {
        Mark::Nothing => return xml.empty("testcase", &attributes),
        Mark::Failure => marked("failure"),
        Mark::Error => marked("error"),
        Mark::Skipped => ("skipped", vec![("message", message.clone())]),
        Mark::Output => ("system-out", Vec::new()),
    };
    xml.open("testcase", &attributes);
    match element {
        "skipped" => xml.empty(element, &inner),
        _ => xml.text(element, &inner, &body(report, outcome, &reasons)),
    }
    xml.close("testcase");
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
fn verdict_of_the_run(xml: &mut Xml, report: &Report) {
    let counts = Counts { tests: 1, errors: 1, ..Counts::default() };
    open_suite(xml, "run", counts, 0, report.started);
    properties(xml, report, None);
    xml.open(
        "testcase",
        &[("name", "exit".to_owned()), ("classname", "run".to_owned()), ("time", seconds(0))],
    );
    let message = conclusion(report);
    xml.text("error", &[("message", message.clone()), ("type", "exit".to_owned())], &message);
    xml.close("testcase");
    xml.close("testsuite");
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// A writer into memory, which cannot fail. Every text is made plain first, so it has no character that XML
/// forbids.
struct Xml(Writer<Vec<u8>>);

impl Xml {
    fn put(&mut self, event: Event) {
        self.0.write_event(event).expect("a vector takes every byte");
    }

    fn start(element: &'static str, attributes: &[(&'static str, String)]) -> BytesStart<'static> {
        let mut start = BytesStart::new(element);
        for (name, value) in attributes {
            start.push_attribute((*name, text::plain(value).as_str()));
        }
        start
    }

    fn open(&mut self, element: &'static str, attributes: &[(&'static str, String)]) {
        self.put(Event::Start(Xml::start(element, attributes)));
    }

    fn empty(&mut self, element: &'static str, attributes: &[(&'static str, String)]) {
        self.put(Event::Empty(Xml::start(element, attributes)));
    }

    fn text(&mut self, element: &'static str, attributes: &[(&'static str, String)], text: &str) {
        self.open(element, attributes);
        self.put(Event::Text(BytesText::new(text)));
        self.close(element);
    }

    fn close(&mut self, element: &'static str) {
        self.put(Event::End(BytesEnd::new(element)));
    }

    fn finish(self) -> String {
        let text = String::from_utf8(self.0.into_inner()).expect("only strings were written");
        format!("{text}\n")
    }
}
