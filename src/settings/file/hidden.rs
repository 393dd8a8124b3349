//! Errors about a line whose value must not be shown. A line that does not parse, an unknown key and a value of the
//! wrong type may all be a secret that was pasted in the wrong place, and a short password looks like any other word.

use crate::input::source::{Problem, Problems};
use crate::redact::MASK;

/// The problems with everything masked in their lines except keys and table headers.
pub(super) fn values(problems: Problems) -> impl Iterator<Item = Problem> {
    problems.0.into_iter().map(value)
}

fn value(mut problem: Problem) -> Problem {
    problem.message = without_value(&problem.message);
    if let Some(lines) = Excerpt::of(&problem.excerpt) {
        problem.excerpt = lines.masked();
    }
    problem
}

/// The message without the value that it quotes.
fn without_value(message: &str) -> String {
    if let Some((_, rest)) = message.split_once("` is not a valid duration") {
        return format!("this is not a valid duration{rest}");
    }
    match (message.split_once(" string \""), message.rfind("\", expected ")) {
        (Some((before, _)), Some(end)) => format!("{before} a string{}", &message[end + 1..]),
        _ => message.to_owned(),
    }
}

/// The three lines of an excerpt.
struct Excerpt<'a> {
    pad: &'a str,
    gutter: &'a str,
    line: &'a str,
    column: usize,
    width: usize,
}

impl<'a> Excerpt<'a> {
    fn of(excerpt: &'a str) -> Option<Excerpt<'a>> {
        let mut lines = excerpt.lines();
        let pad = lines.next()?.strip_suffix('|')?;
        let (gutter, line) = lines.next()?.split_once(" | ")?;
        let carets = lines.next()?.split_once("| ")?.1;
        let column = carets.chars().take_while(|c| *c == ' ').count();
        Some(Excerpt { pad, gutter, line, column, width: carets.chars().count() - column })
    }

    fn masked(&self) -> String {
        let (line, column, width) = match self.key() {
            Some(key) => {
                let length = key.chars().count();
                let line = format!("{key} = {MASK}");
                if self.column < length {
                    (line, self.column, self.width.min(length - self.column))
                } else {
                    (line, length + 3, MASK.len())
                }
            }
            None => self.masked_without_key(),
        };
        let (pad, gutter) = (self.pad, self.gutter);
        let carets = "^".repeat(width);
        format!("{pad}|\n{gutter} | {line}\n{pad}| {}{carets}", " ".repeat(column))
    }

    fn masked_without_key(&self) -> (String, usize, usize) {
        let Some(header) = self.header() else { return (MASK.to_owned(), 0, MASK.len()) };
        let length = header.chars().count();
        match (self.line.trim_end().len() > header.len(), self.column < length) {
            (false, _) => (header.to_owned(), self.column, self.width),
            (true, true) => (format!("{header} {MASK}"), self.column, self.width.min(length - self.column)),
            (true, false) => (format!("{header} {MASK}"), length + 1, MASK.len()),
        }
    }

    /// The `[table]` at the start of the line, if any.
    fn header(&self) -> Option<&'a str> {
        let end = self.line.rfind(']').map_or(self.line.trim_end().len(), |at| at + 1);
        let header = &self.line[..end];
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "[]_.- \"'".contains(c);
        let is_header = header.trim_start().starts_with('[') && header.len() <= 80;
        (is_header && header.chars().all(is_plain)).then_some(header)
    }

    /// The text before the `=`, if it is only a key.
    fn key(&self) -> Option<&'a str> {
        let (key, value) = self.line.split_once('=')?;
        let key = key.trim_end();
        // Base64 ends in `=`; then the text before it is not a key.
        let is_key = !value.starts_with('=') && !value.trim().is_empty() && key.chars().count() <= 60;
        (is_key && key.chars().all(|c| c.is_ascii_alphanumeric() || " _.-\"'".contains(c))).then_some(key)
    }
}
