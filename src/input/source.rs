//! Strict parsing of a TOML text: every problem at once, each with its line and a caret. Used for check files and the
//! configuration.

use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// One problem and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the operator knows it; may be empty when the problem does not belong to a file.
    pub file: String,
    /// The line, starting at 1; 0 when the problem concerns the whole file.
    pub line: usize,
    /// The problem, as a lower-case fragment.
    pub message: String,
    /// The offending line with a caret under the position, ready to print.
    pub excerpt: String,
}

impl Problem {
    /// A problem of a whole file (it cannot be read, it is missing).
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { file: file.into(), line: 0, message: message.into(), excerpt: String::new() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message)?,
            line => write!(f, "{}:{line}: {}", self.file, self.message)?,
        }
        if !self.excerpt.is_empty() {
            write!(f, "\n{}", self.excerpt)?;
        }
        Ok(())
    }
}

/// Every problem that was found, not just the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// `value` if there are no problems, else all of them.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A text and the name of its file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// The whole text as a table. All syntax errors are added to `problems`.
    pub fn table(&self, problems: &mut Problems) -> DeTable<'a> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            problems.push(self.problem(error.span(), error.message()));
        }
        table.into_inner()
    }

    /// Parses a value into a type. After an error, it continues without the entry that caused it, so that a second typo is
    /// reported together with the first.
    pub fn read<T: DeserializeOwned>(
        &self,
        mut value: Spanned<DeValue<'a>>,
        problems: &mut Problems,
    ) -> Option<T> {
        let before = problems.0.len();
        let mut taken_out = Vec::new();
        loop {
            match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(read) if problems.0.len() == before => return Some(read),
                Ok(_) => return None,
                Err(error) => {
                    // An entry that was removed here is of course missing; that is not worth reporting.
                    let missing = error.message().strip_prefix("missing field `");
                    if missing.is_some_and(|rest| {
                        taken_out.iter().any(|key: &String| rest.starts_with(&format!("{key}`")))
                    }) {
                        return None;
                    }
                    problems.push(self.problem(error.span(), error.message()));
                    let span = error.span().filter(|_| missing.is_none())?;
                    if !remove_key(value.get_mut(), &span) {
                        taken_out.push(remove_around(value.get_mut(), &span)?);
                    }
                }
            }
        }
    }

    /// The start of a byte range of this text: `path:line`.
    pub fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file, self.problem(Some(span.clone()), "").line)
    }

    /// A problem at a byte range of this text.
    pub fn problem(&self, span: Option<Range<usize>>, message: &str) -> Problem {
        let Some(span) = span else { return Problem::of_file(self.file, message) };
        let start = floor_boundary(self.text, span.start);
        let line = self.text[..start].matches('\n').count() + 1;
        let begin = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let source = self.text[begin..].lines().next().unwrap_or_default().replace('\t', " ");
        let column = self.text[begin..start].chars().count();
        let end = floor_boundary(self.text, span.end.max(start));
        let width = self.text[start..end].lines().next().unwrap_or_default().chars().count().max(1);
        let gutter = line.to_string();
        let pad = " ".repeat(gutter.len());
        let carets = "^".repeat(width);
        let excerpt = format!("{pad} |\n{gutter} | {source}\n{pad} | {}{carets}", " ".repeat(column));
        Problem { file: self.file.to_owned(), line, message: tidy(message), excerpt }
    }
}

fn tidy(message: &str) -> String {
    message.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("; ")
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Removes the entry of a table whose value contains the span, and returns its key.
fn remove_around(value: &mut DeValue<'_>, span: &Range<usize>) -> Option<String> {
    let DeValue::Table(table) = value else { return None };
    let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let key =
        table.iter().find(|(key, inner)| holds(inner.span()) || holds(key.span()) || around(inner, span));
    let key = key.map(|(key, _)| key.clone())?;
    table.remove(&key)?;
    Some(key.get_ref().to_string())
}

/// The spans of tables made by dotted keys cover only their keys, so their entries are searched.
fn around(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    let DeValue::Table(table) = value.get_ref() else { return false };
    table.iter().any(|(key, inner)| {
        let near = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
        near(key.span()) || near(inner.span()) || around(inner, span)
    })
}

fn remove_key(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => {
            let key = table.keys().find(|key| key.span() == *span).cloned();
            match key {
                Some(key) => table.remove(&key).is_some(),
                None => table.iter_mut().any(|(_, inner)| remove_key(inner.get_mut(), span)),
            }
        }
        DeValue::Array(items) => items.iter_mut().any(|inner| remove_key(inner.get_mut(), span)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        name: String,
        #[serde(default)]
        size: u32,
    }

    #[test]
    fn two_typos_are_two_problems_each_with_a_caret() {
        let source = Source { file: "x.toml", text: "[thing]\nnmae = 1\nname = \"a\"\nsiez = 2\n" };
        let mut problems = Problems::default();
        let mut table = source.table(&mut problems);
        let thing = table.remove("thing").expect("the text contains it");
        assert_eq!(source.read::<Thing>(thing, &mut problems), None);
        let lines: Vec<usize> = problems.0.iter().map(|p| p.line).collect();
        assert_eq!(lines, [2, 4]);
        assert!(problems.0[0].excerpt.ends_with("  | ^^^^"), "{}", problems.0[0].excerpt);
        assert!(problems.0[0].message.contains("nmae"));
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let source = Source { file: "x.toml", text: "a = \nb = [1,\n\nc = = 2\n" };
        let mut problems = Problems::default();
        source.table(&mut problems);
        assert!(problems.0.len() >= 2, "{problems}");
    }

    #[test]
    fn the_caret_is_correct_in_a_multibyte_line() {
        let source = Source { file: "x.toml", text: "[thing]\nname = \"ä\"\nößt = 1\n" };
        let mut problems = Problems::default();
        let mut table = source.table(&mut problems);
        if let Some(thing) = table.remove("thing") {
            source.read::<Thing>(thing, &mut problems);
        }
        assert!(!problems.0.is_empty());
    }
}
