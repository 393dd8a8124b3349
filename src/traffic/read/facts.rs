//! Parsing the values of a result. Anything unexpected is an error, and a group of equal facts is one row.

use jiff::Timestamp;

use crate::service::postgres::{PgError, Row};
use crate::traffic::sql::{MAX_MS_CHARS, SEALED};
use crate::traffic::window::FactKind;

/// The database's clock, and the time up to which a standby has replayed.
pub(super) fn clock(row: &Row) -> Result<(Timestamp, Option<Timestamp>), PgError> {
    let now = row.time("now")?.ok_or_else(|| PgError::unexpected("now is NULL"))?;
    Ok((now, row.time("replayed_to")?))
}

pub(super) fn kind(row: &Row) -> Result<FactKind, PgError> {
    kind_of(row.count("kind")?)
}

fn kind_of(number: u64) -> Result<FactKind, PgError> {
    FactKind::from_number(number).ok_or_else(|| PgError::unexpected("a fact has an unknown kind"))
}

pub(super) fn group(row: &Row) -> Result<Group, PgError> {
    let number = row.count("kind")?;
    let (sealed, kind) = if number >= SEALED { (true, number - SEALED) } else { (false, number) };
    Ok(Group { sealed, kind: kind_of(kind)?, ms: Ms::parse(row.get("ms")), n: row.count("n")? })
}

/// Adds deliveries that have a number of attempts. More than three digits are ignored: nothing retries that often, and the
/// text may have been truncated.
pub(super) fn add_attempts(sum: &mut (u64, u64), attempts: Option<&str>, n: u64) {
    let digits = attempts.filter(|t| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()));
    if let Some(attempts) = digits.and_then(|t| t.parse::<u64>().ok()) {
        *sum = (sum.0 + attempts * n, sum.1 + n);
    }
}

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

/// This many digits always fit the type; more would be over eleven days.
const MAX_DIGITS: usize = 9;

impl Ms {
    /// From the statement's text: `durationMs`, truncated at twelve characters. Decimals are removed here, because doing it in
    /// the statement would cost a fifth more.
    pub fn parse(text: Option<&str>) -> Ms {
        let Some(text) = text else {
            return Ms::Untimed;
        };
        let text = text.split_once('.').map_or(text, |(whole, _)| whole);
        let digits = text.trim_ascii();
        // A text of that length may have been longer.
        let readable = text.chars().count() < MAX_MS_CHARS
            && (1..=MAX_DIGITS).contains(&digits.len())
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
