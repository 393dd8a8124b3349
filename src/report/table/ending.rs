//! The end of the table: the problems, the blocking ones last, then notes, counts and
//! the decision. Fixes and links are neither wrapped nor truncated, so that they can
//! be copied.

use crate::exit::Exit;
use crate::outcome::Outcome;

use super::super::problems::{Problem, Problems, consequence, fix};
use super::super::{badge, conclusion, counts, marks, why};
use super::layout::{Column, grid};
use super::{Ink, Page};
use crate::text;

impl Page<'_> {
    pub(super) fn ending(&self, lines: &mut Vec<String>) {
        let problems = Problems::of(self.report);
        self.problems("Not blocking", &problems.notes, lines);
        self.problems("Blocking", &problems.blocking, lines);
        for note in &self.report.notes {
            let columns = Column::fill(&[Column::left(4), Column::left(0)], self.width);
            lines.extend(grid(&["note".to_owned(), text::cell(note, 1_000)], &columns));
        }
        if !self.report.notes.is_empty() {
            lines.push(String::new());
        }
        self.summary(lines);
    }

    fn problems(&self, heading: &str, problems: &[Problem], lines: &mut Vec<String>) {
        if problems.is_empty() {
            return;
        }
        lines.push(self.paint(Ink::Bold, &format!("{heading} ({})", problems.len())));
        for problem in problems {
            match problem {
                Problem::Single { outcome, blocks } => self.single(outcome, blocks, lines),
                Problem::Group { why, fix, outcomes } => self.group(why, fix, outcomes, lines),
            }
            lines.push(String::new());
        }
    }

    fn single(&self, outcome: &Outcome, blocks: &[&Outcome], lines: &mut Vec<String>) {
        lines.extend(self.named(outcome, &text::cell(&outcome.title, 160)));
        if self.style.problems_only {
            self.details(outcome, lines);
        }
        let reasons = why(outcome, self.report.strict).into_iter().map(|reason| ("why", reason));
        for (label, text) in reasons.chain(marks(outcome).into_iter().map(|mark| ("note", mark))) {
            lines.extend(self.entry(label, &text::cell(&text, self.limit().max(400))));
        }
        lines.extend(fix(self.report, outcome).map(|fix| self.raw("fix", &fix)));
        if let Some(runbook) = &outcome.runbook {
            lines.push(self.raw("see", runbook));
        }
        if let Some(line) = consequence(blocks) {
            lines.extend(self.entry("blocks", &text::plain(&line)));
        }
    }

    fn group(&self, why: &str, fix: &str, outcomes: &[&Outcome], lines: &mut Vec<String>) {
        for outcome in outcomes {
            lines.extend(self.named(outcome, ""));
        }
        lines.extend(self.entry("why", &text::plain(why)));
        lines.push(self.raw("fix", fix));
    }

    /// Badge, id and title; the title goes on its own line if it does not fit.
    fn named(&self, outcome: &Outcome, title: &str) -> Vec<String> {
        let (badge, id) = (badge(outcome), text::plain(&outcome.id));
        let painted = self.paint(self.ink(outcome), &badge);
        let name = self.paint(Ink::Bold, &id);
        let used = badge.chars().count() + 2 + id.chars().count() + 2;
        if title.is_empty() {
            vec![format!("{painted}  {name}")]
        } else if used + title.chars().count() <= self.width {
            vec![format!("{painted}  {name}  {title}")]
        } else {
            let mut lines = vec![format!("{painted}  {name}")];
            lines.extend(self.entry("", title));
            lines
        }
    }

    /// A label and a wrapped text, indented.
    fn entry(&self, word: &str, value: &str) -> Vec<String> {
        let label = Column::left(word.chars().count().max(4));
        let columns = Column::fill(&[Column::left(2), label, Column::left(0)], self.width);
        grid(&[String::new(), word.to_owned(), value.to_owned()], &columns)
            .into_iter()
            .map(|line| match line.strip_prefix(&format!("    {word}")) {
                Some(rest) if !word.is_empty() => format!("    {}{rest}", self.paint(Ink::Dim, word)),
                _ => line,
            })
            .collect()
    }

    /// A label and a text that is neither wrapped nor truncated.
    fn raw(&self, word: &str, value: &str) -> String {
        format!("    {}   {}", self.paint(Ink::Dim, word), text::plain(value))
    }

    fn summary(&self, lines: &mut Vec<String>) {
        let report = self.report;
        let took = text::took(report.took_ms).replace(' ', "\u{a0}");
        self.closing(Ink::Bold, &format!("{} · {took}", counts(report)), lines);
        if let Some(partial) = &report.partial {
            lines.push(self.paint(Ink::Yellow, &partial.to_string()));
        }
        let ink = match report.exit {
            Exit::Ready => Ink::Green,
            Exit::Undecided => Ink::Yellow,
            _ => Ink::Red,
        };
        self.closing(ink, &conclusion(report).replace("(exit ", "(exit\u{a0}"), lines);
    }

    /// A wrapped line of the summary, in which no-break spaces hold a number and its unit together.
    fn closing(&self, ink: Ink, text: &str, lines: &mut Vec<String>) {
        for line in grid(&[text.to_owned()], &[Column::left(self.width)]) {
            lines.push(self.paint(ink, &line.replace('\u{a0}', " ")));
        }
    }
}
