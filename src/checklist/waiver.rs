//! `[[waive]]`: a named, dated permission to continue although a check does not pass. The caller passes the current
//! day: nothing here reads a clock.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::outcome::waived::Waiver;

/// A waiver, as written in a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiveEntry {
    /// The full id of the check: `section.check`.
    pub id: String,
    /// The reason, one line.
    pub reason: String,
    /// The person responsible for it.
    pub owner: String,
    /// The last day on which it is valid, in UTC.
    pub expires: Day,
}

impl WaiveEntry {
    /// The waiver on the day `today`.
    pub(super) fn on(&self, today: Date, origin: String) -> Waiver {
        Waiver {
            reason: self.reason.trim().to_owned(),
            owner: self.owner.trim().to_owned(),
            expires: self.expires.to_string(),
            valid: today <= self.expires.0,
            origin,
        }
    }

    /// Its problems beyond those of its types, as lower-case fragments.
    pub(super) fn lint(&self) -> Vec<String> {
        // The waiver is displayed next to the check's own reason, where there is little room.
        const MAX_REASON_CHARS: usize = 200;
        let unfit = |text: &str| {
            let text = text.trim();
            text.is_empty() || text.contains(['\n', '\r']) || text.chars().count() > MAX_REASON_CHARS
        };
        [("reason", &self.reason, "gives the reason"), ("owner", &self.owner, "names the person responsible")]
            .into_iter()
            .filter(|(_, text, _)| unfit(text))
            .map(|(key, _, says)| {
                format!("`{key}` must be one line of at most {MAX_REASON_CHARS} characters that {says}")
            })
            .collect()
    }
}

/// A day as `YYYY-MM-DD` and in no other form, because a waiver must not be valid for another day than its reader
/// believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Day, String> {
        match text.parse::<Date>() {
            Ok(date) if date.to_string() == text => Ok(Day(date)),
            _ => Err(format!("`{text}` is not a valid day; write it like \"2026-01-31\"")),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        struct Quoted;
        impl<'de> Visitor<'de> for Quoted {
            type Value = Day;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a day in quotes, like \"2026-01-31\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Day, E> {
                text.parse().map_err(E::custom)
            }

            // A day without quotes is a TOML date, which is deserialised as a map.
            fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Day, A::Error> {
                Err(serde::de::Error::custom("write the day in quotes, like \"2026-01-31\""))
            }
        }
        deserializer.deserialize_any(Quoted)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A day, `YYYY-MM-DD`.",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(expires: &str) -> WaiveEntry {
        WaiveEntry {
            id: "a.b".to_owned(),
            reason: " ordered ".to_owned(),
            owner: "Ada".to_owned(),
            expires: expires.parse().expect("a day"),
        }
    }

    #[test]
    fn a_waiver_is_valid_to_the_end_of_its_last_day() {
        let today: Date = "2026-01-31".parse().expect("a day");
        for (expires, valid) in [("2026-02-01", true), ("2026-01-31", true), ("2026-01-30", false)] {
            let waiver = entry(expires).on(today, "w.toml:1".to_owned());
            assert_eq!((waiver.valid, waiver.expires.as_str()), (valid, expires));
            assert_eq!((waiver.reason.as_str(), waiver.origin.as_str()), ("ordered", "w.toml:1"));
        }
    }

    #[test]
    fn a_day_has_only_one_form() {
        for text in
            ["2026-1-31", "2026-02-30", "31.01.2026", "2026-01-31T10:00:00", " 2026-01-31", "", "soon"]
        {
            let why = text.parse::<Day>().expect_err(text);
            assert!(why.contains("write it like"), "{why}");
        }
    }

    #[test]
    fn reason_and_owner_must_be_single_lines() {
        assert!(entry("2026-01-31").lint().is_empty());
        for blank in ["", " \t", "one\ntwo", &"x".repeat(201)] {
            let (mut reason, mut owner) = (entry("2026-01-31"), entry("2026-01-31"));
            blank.clone_into(&mut reason.reason);
            blank.clone_into(&mut owner.owner);
            assert!(reason.lint()[0].contains("`reason`"), "{blank:?}");
            assert!(owner.lint()[0].contains("`owner`"), "{blank:?}");
        }
    }
}
