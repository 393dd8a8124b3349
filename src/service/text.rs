//! External bytes as text that is safe to display: nothing in it can move a cursor, end a string early or disappear.

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

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn control_characters_become_symbols() {
        assert_eq!(
            visible(b"a\0b\x1b[31m\x7f\xff\r\n\t\xc3\xa9"),
            "a\u{2400}b\u{241b}[31m\u{2421}\u{fffd}\r\n\té"
        );
    }
}
