//! One row of the tick statement: a group of equal facts.

use crate::traffic::window::FactKind;

/// Facts that are equal in everything that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Older than the tick's upper bound minus the overlap. Set only if everything since the seal was read.
    pub sealed: bool,
    pub kind: FactKind,
    pub ms: Ms,
    /// The number of facts.
    pub n: u64,
}

/// The duration of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ms {
    /// Whole milliseconds, without decimals.
    Read(u32),
    /// Present, but not a usable number.
    Unreadable,
    /// Missing: NULL.
    Untimed,
}

/// The statement truncates the text at this length, so a text of this length may have been longer.
const CUT: usize = 12;
/// This many digits always fit the type; more would be over eleven days.
const DIGITS: usize = 9;

impl Ms {
    /// From the statement's text: `durationMs`, truncated at twelve characters. Decimals are removed here, because doing it in
    /// the statement would cost a fifth more.
    pub fn parse(text: Option<&str>) -> Ms {
        let Some(text) = text else {
            return Ms::Untimed;
        };
        let text = text.split_once('.').map_or(text, |(whole, _)| whole);
        let digits = text.trim_ascii();
        let readable = text.chars().count() < CUT
            && (1..=DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(ms) if readable => Ms::Read(ms),
            _ => Ms::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_parsed_or_unreadable() {
        assert_eq!(Ms::parse(None), Ms::Untimed);
        for (text, ms) in [
            ("0", 0),
            ("420", 420),
            (" 420 ", 420),
            ("\t7\n", 7),
            ("007", 7),
            ("999999999", 999_999_999),
            ("        123", 123),
            ("145.7", 145),
            ("123456789.12", 123_456_789),
            ("12.", 12),
        ] {
            assert_eq!(Ms::parse(Some(text)), Ms::Read(ms), "{text:?}");
        }
        for text in [
            "",
            " ",
            "abc",
            "NaN",
            "Infinity",
            "-1",
            "+1",
            "1e3",
            "0x1F",
            "1_000",
            "1 2",
            "[1]",
            "{\"a\": 1}",
            "true",
            "1234567890",
            "000000000001",
            "         123",
            "٣",
            "1,5",
            ".5",
            "-0.5",
            "1234567890.1",
            "null",
        ] {
            assert_eq!(Ms::parse(Some(text)), Ms::Unreadable, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_up_to_nine_digits_is_parsed(ms in 0..=999_999_999u32, before in "[ ]{0,1}", after in "[ ]{0,1}") {
            prop_assert_eq!(Ms::parse(Some(&format!("{before}{ms}{after}"))), Ms::Read(ms));
        }

        #[test]
        fn nothing_else_is_parsed(text in "(?s).{0,12}") {
            match Ms::parse(Some(&text)) {
                Ms::Read(ms) => {
                    let whole = text.split('.').next().unwrap_or_default();
                    prop_assert_eq!(whole.trim().trim_start_matches('0').parse().unwrap_or(0u32), ms);
                }
                read => prop_assert_eq!(read, Ms::Unreadable),
            }
        }
    }
}
