//! The table, for people: a block per section with a row per check, the claims of
//! checks that did not pass, and at the end, where a terminal stops scrolling, the
//! problems with their fixes, the counts and the decision.
//!
//! Every mark comes with a word; colour adds no information.

mod ending;
mod layout;
mod traffic;

use crate::outcome::finding::Claim;
use crate::outcome::report::{Report, SectionReport};
use crate::outcome::waived::Waiver;
use crate::outcome::{Outcome, Verdict, Why};

use self::layout::{Column, Columns, grid};
use super::{Impact, Style, badge};
use crate::text;

/// The width without a terminal.
const WIDTH: u16 = 100;
/// The left edge of a check's details.
const GUTTER: &str = "    │ ";
/// The most characters of an evidence's name.
const NAME: usize = 24;
/// At most this many lines of one piece of evidence, the last ones, unless `-vv`.
const EVIDENCE_LINES: usize = 20;

/// Renders the table.
pub fn render(report: &Report, style: &Style) -> String {
    let page = Page::new(report, style);
    let mut lines = vec![page.paint(Ink::Bold, &headline(report))];
    lines.push(page.paint(Ink::Dim, &format!("run {}", text::plain(&report.run))));
    lines.push(String::new());
    if !style.problems_only {
        for section in &report.sections {
            page.section(section, &mut lines);
            lines.push(String::new());
        }
    }
    page.traffic(&mut lines);
    page.ending(&mut lines);
    lines.push(String::new());
    lines.join("\n")
}

fn headline(report: &Report) -> String {
    let started = report.started.strftime("%Y-%m-%d %H:%M:%S UTC");
    let (verb, target) = (text::plain(&report.verb), text::plain(&report.target));
    format!("hotdash-ops {verb} · {target} · {started}")
}

/// The colours in use.
#[derive(Clone, Copy)]
enum Ink {
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
}

/// A report laid out for one width.
struct Page<'a> {
    report: &'a Report,
    style: &'a Style,
    width: usize,
    columns: Columns,
}

impl<'a> Page<'a> {
    fn new(report: &'a Report, style: &'a Style) -> Page<'a> {
        let columns = Columns::fit(report, usize::from(style.width.unwrap_or(WIDTH)));
        Page { report, style, width: columns.width, columns }
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        if !self.style.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Bold => "1",
            Ink::Dim => "2",
            Ink::Green => "32",
            Ink::Yellow => "33",
            Ink::Red => "1;31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    fn ink(&self, outcome: &Outcome) -> Ink {
        match (Impact::of(outcome, self.report.strict), &outcome.verdict) {
            (Impact::Good, _) => Ink::Green,
            (Impact::Excluded, _) => Ink::Dim,
            (Impact::Waived | Impact::Note, _) => Ink::Yellow,
            (Impact::Blocking, Verdict::Skipped(_) | Verdict::Inconclusive) => Ink::Yellow,
            (Impact::Blocking, _) => Ink::Red,
        }
    }

    /// The most characters of one value that are shown.
    fn limit(&self) -> usize {
        match self.style.verbose {
            0 => 240,
            1 => 1_000,
            _ => usize::MAX,
        }
    }

    fn section(&self, section: &SectionReport, lines: &mut Vec<String>) {
        let title = self.paint(Ink::Bold, &text::cell(&section.title, 60));
        let excluded = excluded(section);
        let sum = match excluded {
            Some(why) => text::cell(&why.to_string(), 60),
            None => {
                let passed = section.outcomes.iter().filter(|o| o.verdict == Verdict::Pass).count();
                format!("{passed} of {} passed", section.outcomes.len())
            }
        };
        let place = format!(" · {} · {sum}", text::plain(&section.phase));
        lines.push(format!("{title}{}", self.paint(Ink::Dim, &place)));
        for outcome in &section.outcomes {
            self.row(outcome, lines);
            if excluded.is_none() || self.style.verbose > 0 {
                self.details(outcome, lines);
            }
        }
    }

    fn row(&self, outcome: &Outcome, lines: &mut Vec<String>) {
        let badge = badge(outcome);
        let cells = self.columns.cells(&badge, outcome);
        for (number, line) in grid(&cells, &self.columns.row()).into_iter().enumerate() {
            // Colour codes would count as columns, so the badge is painted after the layout.
            match line.strip_prefix(badge.as_str()) {
                Some(rest) if number == 0 => {
                    lines.push(format!("{}{rest}", self.paint(self.ink(outcome), &badge)));
                }
                _ => lines.push(line),
            }
        }
    }

    /// The lines below a row: the claims of a check that did not pass, and with `-v` everything.
    fn details(&self, outcome: &Outcome, lines: &mut Vec<String>) {
        let all = self.style.verbose > 0;
        let wrong = outcome.verdict.asked() && outcome.verdict != Verdict::Pass;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        if (all || wrong) && !outcome.asked.is_empty() {
            before.push(("checked with", outcome.asked.clone()));
        }
        if all && outcome.attempts > 1 {
            before.push(("attempts", outcome.attempts.to_string()));
        }
        if outcome.verdict == Verdict::Error && !self.style.problems_only {
            before.push(("why", outcome.reason.clone()));
        }
        if let Verdict::Skipped(why @ Why::Excluded(_)) = &outcome.verdict {
            before.push(("skipped", why.to_string()));
        }
        if let Some(evidence) = &outcome.sign_off {
            before.push(("signed off", evidence.clone()));
        }
        if let Some(replaces) = outcome.replaces.as_ref().filter(|_| !self.style.problems_only) {
            before.push(("replaced", format!("run as defined in {} instead of {replaces}", outcome.origin)));
        }
        if all {
            after.extend(outcome.evidence.iter().map(|e| (e.name.as_str(), e.value.clone())));
            after.push(("defined in", outcome.origin.clone()));
            after.extend(outcome.waiver.iter().map(|waiver| ("waiver", waived(outcome, waiver))));
        }
        let names = before.iter().chain(&after).map(|(name, _)| text::cell(name, NAME).chars().count());
        let width = names.max().unwrap_or(0);
        let mut below = self.pairs(&before, width);
        if all || wrong {
            below.extend(self.claims(&outcome.claims));
        }
        below.extend(self.pairs(&after, width));
        let gutter = self.paint(Ink::Dim, GUTTER);
        lines.extend(below.into_iter().map(|line| format!("{gutter}{line}").trim_end().to_owned()));
    }

    fn room(&self) -> usize {
        self.width - GUTTER.chars().count()
    }

    fn claims(&self, claims: &[Claim]) -> Vec<String> {
        if claims.is_empty() {
            return Vec::new();
        }
        let limit = self.limit();
        let rows: Vec<Vec<String>> = claims
            .iter()
            .map(|claim| {
                let texts = match sentence(claim) {
                    Some(sentence) => vec![sentence],
                    None => vec![&claim.what, &claim.expected, &claim.found],
                };
                let texts = texts.into_iter().map(|text| text::cell(text, limit));
                [mark(claim).to_owned()].into_iter().chain(texts).collect()
            })
            .collect();
        // A sentence runs across the columns, so only the rows of values decide how wide these are.
        let heading = ["", "claim", "expected", "found"].map(str::to_owned).to_vec();
        let mut values: Vec<Vec<String>> = vec![heading.clone()];
        values.extend(rows.iter().filter(|row| row.len() == heading.len()).cloned());
        let columns = Column::share(&values, self.room());
        let across = Column::fill(&[Column::left(1), Column::left(0)], self.room());
        let mut lines = Vec::new();
        if values.len() > 1 {
            lines.extend(grid(&heading, &columns).iter().map(|line| self.paint(Ink::Dim, line)));
        }
        for row in &rows {
            let columns = if row.len() == heading.len() { &columns } else { &across };
            lines.extend(grid(row, columns).into_iter().map(|line| self.claim_line(line)));
        }
        lines
    }

    fn claim_line(&self, line: String) -> String {
        match line.chars().next() {
            Some('✗') => line.replacen('✗', &self.paint(Ink::Red, "✗"), 1),
            Some('?') => line.replacen('?', &self.paint(Ink::Yellow, "?"), 1),
            _ => line,
        }
    }

    /// Names, each `width` wide, with their values, which are wrapped and can have many lines.
    fn pairs(&self, pairs: &[(&str, String)], width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, value) in pairs {
            let mut values = text::lines(value);
            if self.style.verbose < 2 && values.len() > EVIDENCE_LINES {
                let gone = values.len() - EVIDENCE_LINES;
                values.drain(..gone);
                values.insert(0, format!("… ({gone} earlier lines; -vv shows them)"));
            }
            let value: Vec<String> = values.iter().map(|line| text::cut(line, self.limit())).collect();
            let columns = Column::fill(&[Column::left(width), Column::left(0)], self.room());
            lines.extend(grid(&[text::cell(name, NAME), value.join("\n")], &columns));
        }
        lines
    }
}

/// A waiver, and whether it was needed.
fn waived(outcome: &Outcome, waiver: &Waiver) -> String {
    match outcome.verdict {
        Verdict::Pass => format!("{waiver} (not needed: the check passes)"),
        _ => waiver.to_string(),
    }
}

/// Why no check of a section was run, if all of them were excluded for the same reason: then only the
/// heading shows it.
fn excluded(section: &SectionReport) -> Option<&Why> {
    let mut whys = section.outcomes.iter().map(|outcome| match &outcome.verdict {
        Verdict::Skipped(why @ Why::Excluded(_)) => Some(why),
        _ => None,
    });
    let first = whys.next()??;
    whys.all(|why| why == Some(first)).then_some(first)
}

/// The sentence of a claim that does not hold or cannot be judged. A claim that holds shows its values.
fn sentence(claim: &Claim) -> Option<&String> {
    claim.sentence.as_ref().filter(|_| claim.holds != Some(true))
}

fn mark(claim: &Claim) -> &'static str {
    match claim.holds {
        Some(true) => "✓",
        Some(false) => "✗",
        None => "?",
    }
}
