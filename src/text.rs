//! Makes text safe to show. Values found on servers and in command output can contain
//! escape sequences, line breaks or characters that change the reading direction; here
//! they become visible, harmless and short.

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

/// `1 check`, `52 checks`.
pub fn checks(count: usize) -> String {
    format!("{count} {}", plural(count, "check"))
}

/// `warning` or `warnings`.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// Decodes UTF-8, replaces invalid bytes, and shows control characters other than line breaks and tabs as symbols
/// (NUL as `␀`, ESC as `␛`).
pub fn visible(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(picture).collect()
}

fn picture(c: char) -> char {
    match u32::from(c) {
        9 | 10 | 13 => c,
        code @ 0..32 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        127 => '\u{2421}',
        128..160 => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// A text of the other side on one harmless line, or how long it is. Nothing is cut, because redaction
/// would not recognise half a secret.
pub fn short(text: &str, most: usize) -> String {
    match text.chars().count() {
        length if length > most => format!("a text of {length} characters"),
        _ => harmless(text),
    }
}

/// The first `most` characters of a text that has been redacted, on one harmless line.
pub fn excerpt(redacted: &str, most: usize) -> String {
    let shown: String = redacted.trim().chars().take(most).collect();
    let more = if redacted.trim().chars().nth(most).is_some() { " ..." } else { "" };
    format!("{}{more}", harmless(&shown))
}

/// What a terminal would obey (control characters, marks that turn the writing direction) becomes a
/// visible escape.
fn harmless(text: &str) -> String {
    let mut shown = String::new();
    for character in text.trim().chars() {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if c.is_control() || is_direction_mark(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// An argument list as a line for a shell.
pub fn shell_line(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    let quoted = |word: &String| match word.is_empty() || !word.chars().all(plain) {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.clone(),
    };
    argv.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_symbols() {
        assert_eq!(
            visible(b"a\0b\x1b[31m\x7f\xff\r\n\t\xc3\xa9"),
            "a\u{2400}b\u{241b}[31m\u{2421}\u{fffd}\r\n\té"
        );
    }

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
    fn an_excerpt_is_one_harmless_line() {
        assert_eq!(excerpt("a\nb\tc", 10), "a b c");
        assert_eq!(excerpt("\u{1b}[2Jgone", 20), "\\u{1b}[2Jgone");
        assert_eq!(excerpt("x\u{202e}y\u{0}", 20), "x\\u{202e}y\\u{0}");
        assert_eq!(excerpt("äöü", 2), "äö ...");
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(short("äöü", 3), "äöü");
        assert_eq!(short("äöü", 2), "a text of 3 characters");
    }
}
