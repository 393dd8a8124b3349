//! Makes text safe to show. Values found on servers and in command output can contain
//! escape sequences, line breaks or characters that change the reading direction; here
//! they become visible, harmless and short.

use crate::run::outcome::Partial;

/// The text on one line, with control and format characters as readable escapes: `\n`, `\x1b`, `\u{202e}`.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{7f}' if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            _ if hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// Invisible characters that change how their neighbours are drawn, and those that XML does not allow.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The lines of a text, each [`plain`]. A trailing line break does not add an empty line.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| plain(line.trim_end())).collect()
}

/// At most `max` characters of `text`, and how many more there are.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}… ({more} more characters)", text[..end].trim_end())
        }
    }
}

/// [`plain`], then [`cut`], for a table cell.
pub fn cell(text: &str, max: usize) -> String {
    cut(&plain(text), max)
}

/// A duration for people, from milliseconds: `87 ms`, `1.4 s`, `2 m 05 s`.
pub fn took(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..59_950 => format!("{}.{} s", (ms + 50) / 1_000, (ms + 50) % 1_000 / 100),
        _ => {
            let seconds = (ms + 500) / 1_000;
            format!("{} m {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// How many of `labels` there are of each kind, in words: `45 passed`, `2 failed`, `3 warnings`. Kinds that do not occur
/// are left out.
pub fn counts(labels: impl Iterator<Item = &'static str>) -> Vec<String> {
    let labels: Vec<&str> = labels.collect();
    let words = [
        ("pass", "passed"),
        ("fail", "failed"),
        ("error", "could not run"),
        ("inconclusive", "undecided"),
        ("blocked", "blocked"),
        ("warn", "warning"),
        ("waived", "waived"),
        ("skipped", "skipped"),
    ];
    let counted =
        words.into_iter().map(|(label, word)| (labels.iter().filter(|l| **l == label).count(), word));
    counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| match word {
            "warning" => format!("{count} {}", plural(count, word)),
            _ => format!("{count} {word}"),
        })
        .collect()
}

/// `1 check`, `52 checks`.
pub fn checks(count: usize) -> String {
    format!("{count} {}", plural(count, "check"))
}

/// `warning` or `warnings`.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// The mark of a partial run in every format: `PARTIAL 7 of 52`.
pub fn partial(partial: &Partial) -> String {
    format!("PARTIAL {} of {}", partial.planned, partial.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_escapes_control_and_invisible_characters() {
        assert_eq!(plain("a\tb\r\nc\0\u{1b}[0m\u{7f}\u{9b}"), "a b\\r\\nc\\x00\\x1b[0m\\x7f\\u{9b}");
        assert_eq!(plain("\u{202e}\u{feff}\u{2028}\u{fffe}"), "\\u{202e}\\u{feff}\\u{2028}\\u{fffe}");
        assert_eq!(plain("Grüße, 日本 👩‍👧 C:\\x"), "Grüße, 日本 👩‍👧 C:\\x");
        for c in (0..=0x10ffff_u32).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(!plain(&c.to_string()).contains(char::is_control), "{c:?}");
        }
    }

    #[test]
    fn each_line_is_made_plain() {
        assert_eq!(lines("one\r\n\n  two\u{1b} \n"), ["one", "", "  two\\x1b"]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn a_cut_text_says_how_many_characters_are_missing() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äö üx", 3), "äö… (2 more characters)");
    }

    #[test]
    fn durations_are_rounded_in_order() {
        let shown = [0, 999, 1_000, 1_449, 59_949, 59_950, 125_300].map(took);
        assert_eq!(shown, ["0 ms", "999 ms", "1.0 s", "1.4 s", "59.9 s", "1 m 00 s", "2 m 05 s"]);
    }

    #[test]
    fn counts_leave_out_zeros_and_have_the_right_plural() {
        assert_eq!(
            counts(["warn", "pass", "warn", "error"].into_iter()),
            ["1 passed", "1 could not run", "2 warnings"]
        );
        assert_eq!(counts(["warn"].into_iter()), ["1 warning"]);
        assert_eq!(partial(&Partial { planned: 7, of: 52 }), "PARTIAL 7 of 52");
    }
}
