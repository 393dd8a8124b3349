//! Whether a baseline is good: its own hour meets the thresholds, with enough deliveries and no dead letter. Unless the
//! configuration pins another, only a good one is used for comparisons.

use super::row::{Details, Row};
use crate::settings::Traffic;
use crate::traffic::stats::average_below;
use crate::traffic::stats::passes;

/// The quality of a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineQuality {
    Good,
    /// Why not, lower-case fragments.
    NotGood(Vec<String>),
    /// What is unknown about it.
    Unknown(String),
}

impl BaselineQuality {
    /// The quality of an hour, by its counts.
    pub fn from_details(hour: &Details, rules: &Traffic) -> BaselineQuality {
        let mut reasons = Vec::new();
        if hour.total < rules.min_events {
            reasons.push(few(hour.total, rules));
        }
        if !passes(hour.ok, hour.total, rules.success_rate.0) {
            reasons.push(format!("its success rate is not above {}", rules.success_rate));
        }
        let below = hour.sum_ms.as_deref().and_then(|sum| average_below(sum, hour.timed, rules.average_ms));
        match below {
            Some(true) => {}
            Some(false) => reasons.push(slow(rules)),
            None => reasons.push("its average is unknown".to_owned()),
        }
        if hour.dead_letters > 0 {
            let plural = if hour.dead_letters == 1 { "" } else { "s" };
            reasons.push(format!("it has {} dead letter{plural} in its hour", hour.dead_letters));
        }
        if reasons.is_empty() { BaselineQuality::Good } else { BaselineQuality::NotGood(reasons) }
    }

    /// The quality of a row of the table. Without counts it is judged by its numbers: sixty times the requests per minute
    /// are the deliveries, and a day without a dead letter had none in the hour.
    pub fn from_row(row: &Row, rules: &Traffic) -> BaselineQuality {
        let numbers = [
            ("success_rate", &row.success_rate, row.success_rate.rate_bp().is_some()),
            ("avg_response_ms", &row.avg_response_ms, row.avg_response_ms.quantity().is_some()),
            ("requests_per_minute", &row.requests_per_minute, row.requests_per_minute.quantity().is_some()),
            ("daily_dlq_count", &row.daily_dlq_count, row.daily_dlq_count.quantity().is_some()),
        ];
        let mut reasons: Vec<String> = numbers
            .iter()
            .filter(|(_, _, usable)| !usable)
            .map(|(name, number, _)| format!("{name} is {}", number.shown()))
            .collect();
        if row.captured_at().is_none() {
            reasons.push(format!("captured_at is {}", row.name()));
        }
        if !reasons.is_empty() {
            return BaselineQuality::NotGood(reasons);
        }
        if let Some(hour) = &row.details {
            return BaselineQuality::from_details(hour, rules);
        }
        // The number is rounded to hundredths, so sixty times it is within 0.3 of the count.
        let total = (row.requests_per_minute.quantity().unwrap_or_default() * 60.0).round();
        if total < rules.min_events as f64 {
            reasons.push(few(total as u64, rules));
        }
        if row.success_rate.rate_bp().is_none_or(|bp| bp <= rules.success_rate.0) {
            reasons.push(format!("its success rate is not above {}", rules.success_rate));
        }
        if row.avg_response_ms.quantity().is_none_or(|ms| ms >= f64::from(rules.average_ms)) {
            reasons.push(slow(rules));
        }
        if !reasons.is_empty() {
            BaselineQuality::NotGood(reasons)
        } else if row.daily_dlq_count.quantity() == Some(0.0) {
            BaselineQuality::Good
        } else {
            BaselineQuality::Unknown(
                "it is unknown whether a dead letter of that day was in its hour".to_owned(),
            )
        }
    }

    /// `good`, `not good` or `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            BaselineQuality::Good => "good",
            BaselineQuality::NotGood(_) => "not good",
            BaselineQuality::Unknown(_) => "unknown",
        }
    }

    /// Why it is not good; empty when it is.
    pub fn why(&self) -> String {
        match self {
            BaselineQuality::Good => String::new(),
            BaselineQuality::NotGood(reasons) => reasons.join("; "),
            BaselineQuality::Unknown(why) => why.clone(),
        }
    }
}

fn few(total: u64, rules: &Traffic) -> String {
    format!("its hour has {total} deliveries, fewer than {}", rules.min_events)
}

fn slow(rules: &Traffic) -> String {
    format!("its average is not below {} ms", rules.average_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::traffic::baseline::row::Number;

    fn hour(ok: u64, total: u64, sum: &str, dead_letters: u64) -> Details {
        Details {
            ok,
            total,
            timed: total,
            sum_ms: Some(sum.to_owned()),
            dead_letters,
            from: "2026-01-01T09:00:00Z".parse().expect("a time"),
            to: "2026-01-01T10:00:00Z".parse().expect("a time"),
            version: None,
        }
    }

    fn row(rate: &str, average: &str, rpm: &str, dead: &str) -> Row {
        let number = |text: &str| Number((text != "NULL").then(|| text.to_owned()));
        Row {
            captured: Some("2026-01-01 10:00:00".to_owned()),
            success_rate: number(rate),
            avg_response_ms: number(average),
            requests_per_minute: number(rpm),
            daily_dlq_count: number(dead),
            details: None,
        }
    }

    #[test]
    fn a_good_hour_has_enough_good_deliveries_and_no_dead_letter() {
        assert_eq!(
            BaselineQuality::from_details(&hour(21, 21, "2100", 0), &Traffic::default()),
            BaselineQuality::Good
        );
        assert_eq!(
            BaselineQuality::from_details(&hour(20, 21, "2100", 0), &Traffic::default()),
            BaselineQuality::Good
        );
        for (bad, says) in [
            (hour(20, 20, "2000", 0), "20 deliveries"),
            (hour(57, 60, "6000", 0), "success rate"),
            (hour(60, 60, "30000", 0), "average is not below"),
            (hour(60, 60, "6000", 1), "1 dead letter in"),
            (hour(60, 60, "NaN", 0), "unknown"),
            (Details { sum_ms: None, timed: 0, ..hour(60, 60, "0", 0) }, "unknown"),
        ] {
            let quality = BaselineQuality::from_details(&bad, &Traffic::default());
            assert!(
                matches!(quality, BaselineQuality::NotGood(_)) && quality.why().contains(says),
                "{quality:?}"
            );
        }
    }

    #[test]
    fn a_row_without_counts_is_good_only_if_its_numbers_prove_it() {
        assert_eq!(
            BaselineQuality::from_row(&row("98.33", "160", "1.00", "0"), &Traffic::default()),
            BaselineQuality::Good
        );
        assert_eq!(
            BaselineQuality::from_row(&row("98.33", "160", "0.35", "0"), &Traffic::default()),
            BaselineQuality::Good,
            "21 an hour"
        );
        assert_eq!(
            BaselineQuality::from_row(&row("98.33", "160", "1.00", "2"), &Traffic::default()).word(),
            "unknown"
        );
        for (bad, says) in [
            (row("98.33", "160", "0.33", "0"), "20 deliveries"),
            (row("95.00", "160", "1.00", "0"), "success rate"),
            (row("98.33", "500", "1.00", "0"), "average"),
            (row("NULL", "160", "1.00", "0"), "success_rate is NULL"),
            (row("NaN", "160", "1.00", "0"), "success_rate is NaN"),
            (row("98.33", "Infinity", "1.00", "0"), "avg_response_ms is Infinity"),
            (row("98.33", "160", "NULL", "0"), "requests_per_minute is NULL"),
            (row("98.33", "160", "1.00", "NULL"), "daily_dlq_count is NULL"),
            (row("198.33", "160", "1.00", "0"), "success_rate is 198.33"),
            (
                Row { captured: Some("infinity".to_owned()), ..row("98.33", "160", "1.00", "0") },
                "captured_at",
            ),
        ] {
            let quality = BaselineQuality::from_row(&bad, &Traffic::default());
            assert!(
                matches!(quality, BaselineQuality::NotGood(_)) && quality.why().contains(says),
                "{quality:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_invalid_number_is_never_good(at in 0..4usize, bad in "NULL|NaN|-?Infinity|-1|abc|") {
            let mut texts = ["98.33", "160", "1.00", "0"];
            texts[at] = &bad;
            let row = row(texts[0], texts[1], texts[2], texts[3]);
            let with_counts = Row { details: Some(hour(60, 60, "6000", 0)), ..row.clone() };
            prop_assert_eq!(BaselineQuality::from_row(&row, &Traffic::default()).word(), "not good");
            prop_assert_eq!(BaselineQuality::from_row(&with_counts, &Traffic::default()).word(), "not good");
        }

        #[test]
        fn one_more_failure_or_dead_letter_never_makes_an_hour_good(
            ok in 0..200u64, bad in 0..20u64, dead in 0..3u64,
        ) {
            let good = |ok, bad, dead| BaselineQuality::from_details(&hour(ok, ok + bad, "100", dead), &Traffic::default()) == BaselineQuality::Good;
            // One more failure may reach the minimum number of deliveries, but improves nothing else.
            prop_assume!(ok + bad >= Traffic::default().min_events);
            prop_assert!(good(ok, bad, dead) || !good(ok, bad + 1, dead));
            prop_assert!(good(ok, bad, dead) || !good(ok, bad, dead + 1));
        }

        #[test]
        fn counts_can_be_derived_from_the_requests_per_minute(total in 0..100_000u64) {
            let printed = format!("{:.2}", (total as f64 / 60.0 * 100.0).round() / 100.0);
            let few = BaselineQuality::from_row(&row("98.33", "160", &printed, "0"), &Traffic::default()) != BaselineQuality::Good;
            prop_assert_eq!(few, total < Traffic::default().min_events);
        }
    }
}
