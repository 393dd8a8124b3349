//! Parses `--env-file`: lines of `NAME=value` as written for dotenv and shells, parsed strictly. Nothing is
//! interpolated. An error names its line and never shows the value, because every value may be a secret.

use std::collections::BTreeMap;

use crate::input::source::{Problem, Problems};

/// Parses the whole file: variables by name, or every malformed line. A variable that is set twice to different
/// values is an error, because parsers of such files disagree on which one counts.
///
/// # Errors
/// Every malformed line, and a file that sets nothing.
pub fn parse(file: &str, text: &str) -> Result<BTreeMap<String, String>, Problems> {
    let mut problems = Problems::default();
    let mut values: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (at, line) in text.split('\n').enumerate() {
        let number = at + 1;
        let mut problem = |message: String| {
            problems.push(Problem { file: file.to_owned(), line: number, message, excerpt: String::new() });
        };
        match assignment(line.trim()) {
            Ok(None) => {}
            Ok(Some((name, value))) => match values.get(name) {
                Some((first, known)) if *known != value => {
                    problem(format!("{name} differs from its value in line {first}; keep one of them"));
                }
                Some(_) => {}
                None => {
                    values.insert(name.to_owned(), (number, value));
                }
            },
            Err(why) => problem(why.to_owned()),
        }
    }
    if values.is_empty() && problems.0.is_empty() {
        problems.push(Problem::of_file(file, "sets no variable; write lines of NAME=value"));
    }
    problems.or(values.into_iter().map(|(name, (_, value))| (name, value)).collect())
}

/// Parses one trimmed line: nothing, or a name and its value.
fn assignment(line: &str) -> Result<Option<(&str, String)>, &'static str> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let (name, value) = line.split_once('=').ok_or("has no `=`; write NAME=value")?;
    let name = name.trim_end();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return Err("the text before `=` is not a variable name; write NAME=value");
    }
    let value = value.trim();
    let value = match value.chars().next() {
        Some('"') => quoted(&value[1..])?,
        Some('\'') => literal(&value[1..])?,
        _ => unquoted(value).to_owned(),
    };
    if value.contains('\0') {
        return Err("the value contains a NUL, which a variable cannot hold");
    }
    Ok(Some((name, value)))
}

/// A value without quotes ends at a comment. A comment needs whitespace before it, because `#` is common in passwords.
fn unquoted(value: &str) -> &str {
    if value.starts_with('#') {
        return "";
    }
    let comment = value
        .char_indices()
        .zip(value.chars().skip(1))
        .find(|((_, c), next)| c.is_whitespace() && *next == '#');
    comment.map_or(value, |((at, _), _)| &value[..at]).trim_end()
}

/// Parses the text after an opening `"`.
fn quoted(rest: &str) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return nothing_more(chars.as_str()).map(|()| value),
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(same @ ('"' | '\\' | '$' | '\'' | '`')) => value.push(same),
                Some(other) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err("the double quote is not closed on this line; write line breaks in a value as \\n")
}

/// Parses the text after an opening `'`. The only escape is `'\''`, which is how shells write a single quote.
fn literal(rest: &str) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut rest = rest;
    loop {
        let (part, after) = rest.split_once('\'').ok_or("the single quote is not closed on this line")?;
        value.push_str(part);
        match after.strip_prefix("\\''") {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return nothing_more(after).map(|()| value),
        }
    }
}

fn nothing_more(after: &str) -> Result<(), &'static str> {
    let comment = after.trim_start();
    if comment.is_empty() || (comment.starts_with('#') && comment.len() < after.len()) {
        Ok(())
    } else {
        Err("there is text after the closing quote; quote the whole value")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(line: &str) -> String {
        let values = parse("f", line).unwrap_or_else(|p| panic!("{line}: {p}"));
        values.get("A").unwrap_or_else(|| panic!("{line} sets A")).clone()
    }

    #[test]
    fn every_form_of_a_value_is_parsed() {
        for (line, value) in [
            ("A=b", "b"),
            ("  export  A = b  ", "b"),
            ("export\tA=b", "b"),
            ("A=", ""),
            ("A=b # c", "b"),
            ("A=b#c", "b#c"),
            ("A=# c", ""),
            ("A=b=c==", "b=c=="),
            ("A=b\r", "b"),
            ("\u{feff}A=b\r\n", "b"),
            ("A=\"b # c\" # d", "b # c"),
            (r#"A="b\"\\\n\$x\q""#, "b\"\\\n$x\\q"),
            (r"A='b\n$x'", r"b\n$x"),
            (r"A='it'\''s'", "it's"),
            ("A=$HOME/x", "$HOME/x"),
            ("A=\"\"", ""),
            ("# c\n\n\tA='b' # d\n", "b"),
            ("A=b\nA=b\n", "b"),
        ] {
            assert_eq!(one(line), value, "{line}");
        }
    }

    #[test]
    fn every_malformed_line_is_reported_and_never_shown() {
        let text = "hunter2-a\nOK=1\nB-AD=hunter2\nC=\"hunter2\nD='hunter2\nE=\"a\"hunter2\nOK=hunter2\n=hunter2\nF=\"a\"#hunter2\nG=a\0hunter2";
        let problems = parse("secrets.env", text).expect_err("the file is malformed");
        let lines: Vec<usize> = problems.0.iter().map(|p| p.line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
        assert!(problems.to_string().starts_with("secrets.env:1: has no `=`"), "{problems}");
    }

    #[test]
    fn a_file_without_variables_is_an_error() {
        for text in ["", "\n\n", "# A=b\n", "\u{feff}"] {
            assert!(parse("f", text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "(?s).{0,200}") {
            let _either = parse("f", &text);
        }

        #[test]
        fn no_line_causes_a_panic(text in r#"(export )?[A-Z_=]{0,4}["'\\ #\r\nä=a]{0,20}"#) {
            let _either = parse("f", &text);
        }

        #[test]
        fn a_value_quoted_for_a_shell_is_restored(value in "[^\0\n\r]{0,40}") {
            let line = format!("export A='{}'\n", value.replace('\'', r"'\''"));
            prop_assert_eq!(one(&line), value);
        }
    }
}
