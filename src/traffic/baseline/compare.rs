//! Comparing the last hour with a baseline: which one, and whether the hour is worse.

use super::BaselineError;
use super::quality::BaselineQuality;
use super::row::{Row, captured_at};
use crate::outcome::finding::Claim;
use crate::settings::Traffic;
use crate::traffic::stats::{worse_average, worse_rate};
use crate::traffic::window::WindowData;

/// The baseline to compare with: the pinned one, or the newest good one. `rows` are sorted newest first.
///
/// # Errors
/// Why there is none, and what to do about it.
pub fn choose<'a>(rows: &'a [Row], pinned: Option<&str>, rules: &Traffic) -> Result<&'a Row, BaselineError> {
    let (code, what) = ("baseline-to-compare-with", "baseline to compare with");
    if let Some(wanted) = pinned {
        return captured_at(rows, wanted).map_err(|why| {
            let fix = "correct `baseline` in the target's traffic settings: hotdash-ops baseline list shows the recorded ones";
            let sentence = format!("the pinned baseline cannot be used: {why}");
            BaselineError::new(code, what, format!("the pinned one, {wanted}"), why, fix).sentence(sentence)
        });
    }
    let good = rows.iter().find(|row| BaselineQuality::from_row(row, rules) == BaselineQuality::Good);
    good.ok_or_else(|| {
        let found = match rows.len() {
            0 => "no baseline is recorded".to_owned(),
            1 => "the only baseline is not known to be good".to_owned(),
            n => format!("none of the {n} baselines is known to be good"),
        };
        let fix = "record one in a good hour: hotdash-ops baseline; or pin one: baseline = \"<captured_at>\" in the target's traffic settings";
        BaselineError::new(code, what, "a good one", &found, fix).sentence(&found)
    })
}

/// The claim that the success rate is not worse than the baseline's. With fewer deliveries than the minimum the claim
/// can fail, but not pass.
pub fn rate(now: &WindowData, then: &Row, rules: &Traffic) -> Claim {
    let (code, what) = ("success-rate-against-the-baseline", "success rate against the baseline");
    let (ok, total) = (now.tally.ok, now.tally.total());
    let counted = then.details.as_ref().map(|d| (d.ok, d.total));
    let expected = match counted {
        Some((ok, total)) => format!(
            "less than 0.5 points below {} % ({ok} of {total}), or p above 0.01",
            then.success_rate.shown()
        ),
        None => format!("less than 1 point below {} % (by tolerance only)", then.success_rate.shown()),
    };
    let found = format!("{} % ({ok} of {total})", now.success_rate.as_deref().unwrap_or("NULL"));
    let compared = then.success_rate.rate_bp().and_then(|bp| worse_rate((ok, total), (bp, counted)));
    let open = |found: &str, why: String| Claim::undecided(code, what, &expected, found).sentence(why);
    let Some(compared) = compared else {
        let then = then.success_rate.shown();
        return open(&found, format!("the success rates cannot be compared: now {found}, baseline {then} %"));
    };
    let points = compared.lower_by_bp.unsigned_abs();
    let direction = if compared.lower_by_bp < 0 { "higher" } else { "lower" };
    let mut found = format!("{found}, {}.{:02} points {direction}", points / 100, points % 100);
    if let Some(p) = compared.p {
        found = format!("{found}, p = {p:.4}");
    }
    if !compared.worse && total < rules.min_events {
        let least = rules.min_events;
        return open(
            &found,
            format!("too few deliveries to compare the success rate: {total} of at least {least} ({found})"),
        );
    }
    Claim::compared(code, what, expected, found, !compared.worse)
}

/// The claim that the average duration is not worse than the baseline's.
pub fn average(now: &WindowData, then: &Row, rules: &Traffic) -> Claim {
    let (code, what) = ("average-against-the-baseline", "average duration against the baseline");
    let baseline = then.avg_response_ms.shown();
    let expected = format!("at most 25 % or 50 ms above {baseline} ms, whichever is more");
    let shown = now.durations.average_ms.as_deref();
    let found = match shown.and_then(|text| text.parse::<f64>().ok()) {
        Some(ms) => format!("{ms:.0} ms over {} deliveries", now.durations.timed),
        None => format!("{} ms", shown.unwrap_or("NULL")),
    };
    let open = |why: String| Claim::undecided(code, what, &expected, &found).sentence(why);
    let ms = shown.and_then(|text| text.parse::<f64>().ok());
    let worse = ms.zip(then.avg_response_ms.quantity()).and_then(|(now, then)| worse_average(now, then));
    match worse {
        None => {
            open(format!("the average durations cannot be compared: now {found}, baseline {baseline} ms"))
        }
        Some(_) if now.durations.too_many_unreadable() => open(format!(
            "{} durations are unreadable, too many to compare the average",
            now.durations.unreadable
        )),
        Some(false) if now.durations.timed < rules.min_events => open(format!(
            "too few durations to compare the average: {} of at least {}",
            now.durations.timed, rules.min_events
        )),
        Some(worse) => Claim::compared(code, what, &expected, &found, !worse),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::window::Window;
    use crate::traffic::baseline::row::{Details, Number};
    use crate::traffic::window::tests::window_data;
    use crate::traffic::window::{Form, Tally};

    fn now(ok: u64, total: u64, average: Option<&str>) -> WindowData {
        let at = "2026-01-01T10:00:00Z".parse().expect("a time");
        let rate = (total > 0).then(|| format!("{:.2}", 100.0 * ok as f64 / total as f64));
        let mut data = window_data(Window { from: at, to: at }, Tally::deliveries(total - ok, total));
        data.success_rate = rate;
        data.durations.average_ms = average.map(str::to_owned);
        data.durations.timed = if average.is_some() { total } else { 0 };
        data
    }

    fn then(rate: &str, average: &str, counts: Option<(u64, u64)>) -> Row {
        let at = "2026-01-01T09:00:00Z".parse().expect("a time");
        Row {
            captured: Some("2026-01-01 09:00:00".to_owned()),
            success_rate: Number::new(rate),
            avg_response_ms: Number::new(average),
            requests_per_minute: Number::new("33.33"),
            daily_dlq_count: Number::new("0"),
            details: counts.map(|(ok, total)| Details {
                ok,
                total,
                timed: total,
                sum_ms: Some("1".to_owned()),
                dead_letters: 0,
                from: at,
                to: at,
                version: None,
            }),
        }
    }

    #[test]
    fn a_rate_is_worse_by_proof_or_by_tolerance() {
        let counted = then("99.50", "160", Some((1990, 2000)));
        let plain = then("99.50", "160", None);
        for (ok, total, row, holds) in [
            (37, 40, &counted, Some(false)),
            (38, 40, &counted, Some(true)),
            (60, 60, &counted, Some(true)),
            (9_850, 10_000, &plain, Some(false)),
            (9_851, 10_000, &plain, Some(true)),
            (20, 20, &counted, None),
            (5, 20, &counted, Some(false)),
            (0, 0, &counted, None),
        ] {
            let claim = rate(&now(ok, total, None), row, &Traffic::default());
            assert_eq!(claim.holds, holds, "{claim:?}");
            assert!(claim.expected.contains("99.50"), "{claim:?}");
            assert_eq!(claim.expected.contains("tolerance only"), row.details.is_none());
        }
        assert_eq!(rate(&now(60, 60, None), &then("NaN", "160", None), &Traffic::default()).holds, None);
    }

    #[test]
    fn an_average_is_worse_by_a_quarter_and_fifty_milliseconds() {
        let row = then("99.50", "200", None);
        for (average, holds) in
            [(Some("250.0"), Some(true)), (Some("250.5"), Some(false)), (Some("NaN"), None), (None, None)]
        {
            assert_eq!(average_of(average, 60, &row), holds, "{average:?}");
        }
        assert_eq!(average_of(Some("150"), 20, &row), None, "few");
        assert_eq!(average_of(Some("900"), 20, &row), Some(false), "few, and worse");
        assert_eq!(average_of(Some("150"), 60, &then("99.50", "NaN", None)), None);
        let mut unreadable = now(60, 60, Some("100"));
        (unreadable.durations.form, unreadable.durations.unreadable) = (Form::Guarded, 2);
        assert_eq!(average(&unreadable, &row, &Traffic::default()).holds, None);
    }

    fn average_of(text: Option<&str>, total: u64, row: &Row) -> Option<bool> {
        average(&now(total, total, text), row, &Traffic::default()).holds
    }

    #[test]
    fn the_pinned_baseline_or_the_newest_good_one_is_chosen() {
        let old = Row { captured: Some("2025-12-31 09:00:00".into()), ..then("99.00", "160", None) };
        let rows = [then("90.00", "160", None), then("NaN", "160", None), old.clone()];
        assert_eq!(choose(&rows, None, &Traffic::default()), Ok(&old));
        assert_eq!(choose(&rows, Some("2025-12-31T09:00:00Z"), &Traffic::default()), Ok(&old));
        for (rows, pinned, says) in [
            (&rows[..0], None, "no baseline is recorded"),
            (&rows[..1], None, "the only baseline"),
            (&rows[..2], None, "none of the 2"),
            (&rows[..], Some("2024-01-01T00:00:00Z"), "no baseline was recorded"),
            (&rows[..], Some("last week"), "is not a valid time"),
        ] {
            let unfit = choose(rows, pinned, &Traffic::default()).expect_err("none");
            assert!(unfit.fails().found.contains(says) && !unfit.fix.is_empty(), "{unfit:?}");
        }
    }

    proptest! {
        #[test]
        fn unusable_numbers_are_undecided(bad in "NaN|-?Infinity|-1|x|", ok in 0..100u64, more in 0..10u64) {
            let hour = now(ok, ok + more, Some("100"));
            let row = Row { success_rate: Number::new(&bad), avg_response_ms: Number::new(&bad), ..then("1", "1", None) };
            prop_assert_eq!(rate(&hour, &row, &Traffic::default()).holds, None);
            prop_assert_eq!(average(&hour, &row, &Traffic::default()).holds, None);
        }

        #[test]
        fn one_more_failure_never_improves_a_comparison(total in 21..500u64, bad in 0..500u64) {
            prop_assume!(bad < total);
            for row in [then("98.00", "160", Some((980, 1000))), then("98.00", "160", None)] {
                let holds = |bad| rate(&now(total - bad, total, None), &row, &Traffic::default()).holds == Some(true);
                prop_assert!(holds(bad) || !holds(bad + 1));
            }
        }
    }
}
