//! Texts that are safe to show. Found values come from servers and commands, and
//! may carry escape sequences, line breaks or characters that turn the reading
//! direction; here they become visible, harmless and short.

use crate::run::outcome::{Partial, Tally};

/// One line of text in which nothing moves a cursor, breaks a line or hides.
///
/// Control and format characters become escapes that can be read: `\n`, `\x1b`, `\u{202e}`.
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

/// Characters that are not drawn but change how their neighbours are drawn, and those that XML
/// does not know.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The lines of a text, each of them [`plain`]. A trailing line break makes no empty line.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| plain(line.trim_end())).collect()
}

/// At most `max` characters of `text`, and how many more there were.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}… ({more} more characters)", text[..end].trim_end())
        }
    }
}

/// [`plain`], then [`cut`]: what stands in a cell.
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

/// The counts of a run in one line: `52 checks: 45 pass, 2 fail, 3 blocked, 2 skipped; 3 warnings`.
/// `blocked` are those of the skipped that wait for another check.
pub fn counts(tally: &Tally, blocked: usize) -> String {
    let named = [
        (tally.pass, "pass"),
        (tally.fail, "fail"),
        (tally.inconclusive, "inconclusive"),
        (tally.error, "error"),
        (blocked, "blocked"),
        (tally.skipped.saturating_sub(blocked), "skipped"),
    ];
    let parts: Vec<String> =
        named.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    let mut line = checks(tally.planned);
    if !parts.is_empty() {
        line.push_str(": ");
        line.push_str(&parts.join(", "));
    }
    if tally.warnings > 0 {
        line.push_str(&format!("; {} {}", tally.warnings, plural(tally.warnings, "warning")));
    }
    line
}

/// `1 check`, `52 checks`.
pub fn checks(count: usize) -> String {
    format!("{count} {}", plural(count, "check"))
}

/// `warning` or `warnings`.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// What every format says of a run that was not the whole: `PARTIAL 7 of 52`.
pub fn partial(partial: &Partial) -> String {
    format!("PARTIAL {} of {}", partial.planned, partial.of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_plain_text_moves_a_cursor_or_hides() {
        assert_eq!(plain("a\tb\r\nc\0\u{1b}[0m\u{7f}\u{9b}"), "a b\\r\\nc\\x00\\x1b[0m\\x7f\\u{9b}");
        assert_eq!(plain("\u{202e}\u{feff}\u{2028}\u{fffe}"), "\\u{202e}\\u{feff}\\u{2028}\\u{fffe}");
        assert_eq!(plain("Grüße, 日本 👩‍👧 C:\\x"), "Grüße, 日本 👩‍👧 C:\\x");
        for c in (0..=0x10ffff_u32).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(!plain(&c.to_string()).contains(char::is_control), "{c:?}");
        }
    }

    #[test]
    fn lines_are_apart_and_each_plain() {
        assert_eq!(lines("one\r\n\n  two\u{1b} \n"), ["one", "", "  two\\x1b"]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn a_cut_says_how_much_is_gone() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äö üx", 3), "äö… (2 more characters)");
    }

    #[test]
    fn durations_round_without_going_back() {
        let told = [0, 999, 1_000, 1_449, 59_949, 59_950, 125_300].map(took);
        assert_eq!(told, ["0 ms", "999 ms", "1.0 s", "1.4 s", "59.9 s", "1 m 00 s", "2 m 05 s"]);
    }

    #[test]
    fn counts_name_only_what_there_is() {
        let tally = Tally { planned: 5, pass: 2, skipped: 3, warnings: 1, ..Tally::default() };
        assert_eq!(counts(&tally, 0), "5 checks: 2 pass, 3 skipped; 1 warning");
        assert_eq!(counts(&tally, 2), "5 checks: 2 pass, 2 blocked, 1 skipped; 1 warning");
        assert_eq!(counts(&Tally::default(), 0), "0 checks");
        assert_eq!(partial(&Partial { planned: 7, of: 52 }), "PARTIAL 7 of 52");
    }
}
