//! A row of the table. It may have been written by hand, so every value may be NULL, NaN or absurd, and is shown
//! unchanged.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::traffic::stats::printed_bp;
use crate::traffic::window::WindowData;

/// One baseline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// As PostgreSQL prints it, in UTC.
    pub captured: Option<String>,
    /// Percent.
    pub success_rate: Number,
    pub avg_response_ms: Number,
    pub requests_per_minute: Number,
    /// Dead letters of the 24 hours before.
    pub daily_dlq_count: Number,
    /// The counts behind the numbers, if the table has them and they match the row.
    pub details: Option<Details>,
}

/// A number as PostgreSQL prints it; `None` is NULL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number(pub Option<String>);

/// The counts behind a baseline, which a statistical comparison needs and the checklist's columns do not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Deliveries that succeeded.
    pub ok: u64,
    /// Deliveries.
    pub total: u64,
    /// Deliveries with a duration that could be averaged.
    pub timed: u64,
    /// The sum of those durations in milliseconds, decimal text.
    pub sum_ms: Option<String>,
    /// Dead letters of the hour itself.
    pub dead_letters: u64,
    /// Start of the hour.
    pub from: Timestamp,
    /// End of the hour.
    pub to: Timestamp,
    /// The version of this program that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Details {
    /// The details of an hour that was read.
    pub fn new(data: &WindowData) -> Details {
        Details {
            ok: data.tally.ok,
            total: data.tally.total(),
            timed: data.durations.timed,
            sum_ms: data.durations.sum_ms.clone(),
            dead_letters: data.tally.dead_letters,
            from: data.window.from,
            to: data.window.to,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }
    }
}

impl Number {
    #[cfg(test)]
    pub fn new(text: &str) -> Number {
        Number(Some(text.to_owned()))
    }

    /// The value, if it is finite and not negative.
    pub fn quantity(&self) -> Option<f64> {
        self.finite().filter(|value| *value >= 0.0)
    }

    fn finite(&self) -> Option<f64> {
        let text = self.0.as_deref()?;
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b".+-eE".contains(&b));
        text.parse::<f64>().ok().filter(|value| plain && value.is_finite())
    }

    /// Hundredths of a percent, if it is a percentage.
    pub fn rate_bp(&self) -> Option<u32> {
        let hundredths = (self.quantity()? * 100.0).round();
        // Between 0 and 10,000, so the cast loses nothing.
        (hundredths <= 10_000.0).then_some(hundredths as u32)
    }

    /// The text to show; NULL, NaN and Infinity unchanged.
    pub fn shown(&self) -> &str {
        self.0.as_deref().unwrap_or("NULL")
    }

    /// The JSON value: null for NULL, a number if it is finite, else the text.
    pub fn json(&self) -> serde_json::Value {
        match (&self.0, self.finite()) {
            (None, _) => serde_json::Value::Null,
            (Some(_), Some(value)) => serde_json::json!(value),
            (Some(text), None) => serde_json::json!(text),
        }
    }
}

impl Row {
    /// When it was recorded, if that is a valid time.
    pub fn captured_at(&self) -> Option<Timestamp> {
        time(self.captured.as_deref()?)
    }

    /// Its name for people: `2026-01-01T10:00:00.123456Z`, or the stored text if that is not a time.
    pub fn name(&self) -> String {
        match self.captured_at() {
            Some(at) => at.to_string(),
            None => self.captured.clone().unwrap_or_else(|| "NULL".to_owned()),
        }
    }

    /// The four numbers in one line.
    pub fn numbers(&self) -> String {
        format!(
            "success rate {} %, average {} ms, {} requests per minute, {} dead letters per day",
            self.success_rate.shown(),
            self.avg_response_ms.shown(),
            self.requests_per_minute.shown(),
            self.daily_dlq_count.shown()
        )
    }

    /// Adds the details if they match the row: their rate, as printed, is the row's.
    pub fn with_details(mut self, json: Option<&str>) -> Row {
        self.details = json
            .and_then(|text| serde_json::from_str::<Details>(text).ok())
            .filter(|d| d.timed <= d.total && printed_bp(d.ok, d.total) == self.success_rate.rate_bp())
            .filter(|d| d.total > 0);
        self
    }
}

/// Parses a time as `baseline list` writes it, or as `psql` shows it in UTC.
pub fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zoned = || text.parse::<Timestamp>().ok();
    let plain = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    zoned().or_else(plain)
}

/// The row recorded at this time: exactly, or the only one within that second.
///
/// # Errors
/// Why there is none, as a lower-case fragment.
pub fn captured_at<'a>(rows: &'a [Row], wanted: &str) -> Result<&'a Row, String> {
    let Some(at) = time(wanted) else {
        return Err(format!("`{wanted}` is not a valid time; copy one from `hotdash-ops baseline list`"));
    };
    if let Some(row) = rows.iter().find(|row| row.captured_at() == Some(at)) {
        return Ok(row);
    }
    let whole = at.subsec_nanosecond() == 0;
    let mut within = rows
        .iter()
        .filter(|row| whole && row.captured_at().is_some_and(|t| t.as_second() == at.as_second() && t >= at));
    match (within.next(), within.next()) {
        (Some(row), None) => Ok(row),
        (Some(_), Some(_)) => {
            Err(format!("more than one baseline was recorded at {at}; add the fraction of the second"))
        }
        (None, _) => Err(format!("no baseline was recorded at {at}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn captured(text: &str) -> Row {
        Row { captured: Some(text.to_owned()), ..Row::default() }
    }

    #[test]
    fn invalid_numbers_are_none_and_shown_unchanged() {
        for text in ["NaN", "Infinity", "-Infinity", "-1", "", "nan", "inf", "0x1F", "1_000"] {
            assert_eq!(Number::new(text).quantity(), None, "{text}");
            assert_eq!(Number::new(text).rate_bp(), None, "{text}");
            assert_eq!(Number::new(text).shown(), text);
        }
        assert_eq!((Number(None).quantity(), Number(None).shown()), (None, "NULL"));
        assert_eq!((Number::new("96.67").rate_bp(), Number::new("100.01").rate_bp()), (Some(9667), None));
        assert_eq!(Number::new("NaN").json(), serde_json::json!("NaN"));
        assert_eq!(Number::new("1.5").json(), serde_json::json!(1.5));
    }

    #[test]
    fn times_of_list_and_of_psql_are_parsed() {
        let at: Timestamp = "2026-01-01T10:00:00.5Z".parse().expect("a time");
        for text in ["2026-01-01T10:00:00.5Z", "2026-01-01 10:00:00.5", "2026-01-01 10:00:00.5+00"] {
            assert_eq!(time(text), Some(at), "{text}");
        }
        for text in ["infinity", "", "yesterday", "10:00"] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(captured("infinity").name(), "infinity");
    }

    #[test]
    fn a_pinned_time_finds_one_row_or_the_reason_why_not() {
        let rows = [
            captured("2026-01-01 10:00:00.25"),
            captured("2026-01-01 11:00:00.25"),
            captured("2026-01-01 11:00:00.75"),
            Row::default(),
        ];
        assert_eq!(captured_at(&rows, "2026-01-01T10:00:00Z"), Ok(&rows[0]));
        assert_eq!(captured_at(&rows, "2026-01-01T11:00:00.75Z"), Ok(&rows[2]));
        for (wanted, says) in [
            ("2026-01-01T11:00:00Z", "more than one"),
            ("2026-01-01T12:00:00Z", "no baseline was recorded"),
            ("2026-01-01T10:00:00.2Z", "no baseline was recorded"),
            ("newest", "is not a valid time"),
        ] {
            let why = captured_at(&rows, wanted).expect_err("none");
            assert!(why.contains(says), "{wanted}: {why}");
        }
    }

    #[test]
    fn details_that_do_not_match_the_row_are_ignored() {
        let row = || Row { success_rate: Number::new("95.00"), ..Row::default() };
        let json = |ok: u64, total: u64, timed: u64| {
            format!(
                r#"{{"ok":{ok},"total":{total},"timed":{timed},"sum_ms":"1","dead_letters":0,
                    "from":"2026-01-01T09:00:00Z","to":"2026-01-01T10:00:00Z"}}"#
            )
        };
        assert!(row().with_details(Some(&json(95, 100, 100))).details.is_some());
        for bad in [json(96, 100, 100), json(95, 100, 101), json(0, 0, 0), "{}".to_owned(), "[".to_owned()] {
            assert_eq!(row().with_details(Some(&bad)).details, None, "{bad}");
        }
        assert_eq!(row().with_details(None).details, None);
    }

    proptest! {
        #[test]
        fn every_row_is_found_by_its_name(micros in 0..4_000_000_000_000_000i64) {
            let at = Timestamp::from_microsecond(micros).expect("in range");
            let rows = [captured(&at.to_string())];
            prop_assert_eq!(captured_at(&rows, &rows[0].name()), Ok(&rows[0]));
        }

        #[test]
        fn no_text_breaks_a_number(text in ".*") {
            let number = Number::new(&text);
            prop_assert!(number.quantity().is_none_or(|value| value.is_finite() && value >= 0.0));
            prop_assert!(number.rate_bp().is_none_or(|bp| bp <= 10_000));
        }
    }
}
