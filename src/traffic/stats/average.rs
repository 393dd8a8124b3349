//! The average duration as the checklist compares it: `AVG(..) < 500`, computed from the sum as PostgreSQL printed it,
//! which may have more digits than any number type. The mean is below a whole limit exactly if the sum is below a whole
//! product, so the decimals are never divided, and only matter if they are not all zero.

/// Whether the mean of `n_timed` durations with this sum is less than `limit_ms`. The sum is a numeric as PostgreSQL prints
/// it, `7529351.2122434801197093`. `None`, never a pass, without a duration, and for NaN, Infinity and anything else that
/// is not a decimal.
pub fn average_below(sum: &str, n_timed: u64, limit_ms: u32) -> Option<bool> {
    let sum = Decimal::parse(sum).filter(|_| n_timed > 0)?;
    Some(sum.floor() < limit(n_timed, limit_ms))
}

/// The smallest duration in whole milliseconds that would make a passing average fail if it were added. `None` if the
/// average does not pass.
pub fn next_single_event_flips_at(sum: &str, n_timed: u64, limit_ms: u32) -> Option<u64> {
    if average_below(sum, n_timed, limit_ms) != Some(true) {
        return None;
    }
    // The smallest whole number not less than limit - sum is limit - floor(sum).
    let needed = limit(n_timed.saturating_add(1), limit_ms).saturating_sub(Decimal::parse(sum)?.floor());
    u64::try_from(needed).ok()
}

/// Below 2^96, so it does not overflow.
fn limit(n: u64, limit_ms: u32) -> i128 {
    i128::from(n) * i128::from(limit_ms)
}

struct Decimal {
    negative: bool,
    /// The digits before the point; saturated at the type's maximum, far above every limit.
    whole: i128,
    /// Whether a decimal is not zero.
    broken: bool,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, part) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        let ascii = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !ascii(whole) || !ascii(part) {
            return None;
        }
        Some(Decimal {
            negative,
            whole: whole.parse().unwrap_or(i128::MAX),
            broken: part.bytes().any(|digit| digit != b'0'),
        })
    }

    fn floor(&self) -> i128 {
        match (self.negative, self.broken) {
            (false, _) => self.whole,
            (true, false) => -self.whole,
            (true, true) => (-self.whole).saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_average_and_its_margin() {
        for (sum, n, passes, flips) in [
            ("29999", 60, true, Some(501)),
            ("30000", 60, false, None),
            ("10080", 21, true, Some(920)),
            ("29999.3", 60, true, Some(501)),
            ("29999.9999999999999999999999999999999999999999", 60, true, Some(501)),
            ("30000.0000000000000000000000000000000000000001", 60, false, None),
            ("30000.000", 60, false, None),
            ("7529351.2122434801197093", 37_424, true, Some(18_712_500 - 7_529_351)),
            ("0", 1, true, Some(1000)),
            ("-0.0", 1, true, Some(1000)),
            ("-0.5", 1, true, Some(1001)),
            ("-12", 1, true, Some(1012)),
        ] {
            assert_eq!(average_below(sum, n, 500), Some(passes), "{sum} of {n}");
            assert_eq!(next_single_event_flips_at(sum, n, 500), flips, "{sum} of {n}");
        }
    }

    #[test]
    fn a_sum_larger_than_any_number_type_is_compared() {
        let vast = "9".repeat(5000);
        assert_eq!(average_below(&vast, u64::MAX, u32::MAX), Some(false));
        assert_eq!(average_below(&format!("-{vast}.5"), 1, 500), Some(true));
        assert_eq!(average_below(&format!("{}1.5", "0".repeat(5000)), 1, 2), Some(true));
    }

    #[test]
    fn what_is_not_a_number_has_no_result() {
        for text in [
            "",
            "-",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e3",
            "+1",
            " 1",
            "1 ",
            ".5",
            "1.",
            "1.2.3",
            "--1",
            "0x1F",
            "1_000",
            "١",
        ] {
            assert_eq!(average_below(text, 60, 500), None, "{text:?}");
            assert_eq!(next_single_event_flips_at(text, 60, 500), None, "{text:?}");
        }
        assert_eq!(average_below("0", 0, 500), None);
        assert_eq!(average_below("0", 60, 0), Some(false), "nothing is faster than 0 ms");
    }

    proptest! {
        #[test]
        fn the_margin_is_exact(
            sum in -40_000..40_000i64,
            part in "([.][0-9]{1,24})?",
            n in 1..80u64,
        ) {
            let text = |whole: i64| format!("{whole}{part}");
            prop_assume!(sum != 0);
            if let Some(flips) = next_single_event_flips_at(&text(sum), n, 500) {
                let flips = i64::try_from(flips).expect("small");
                // Adding a whole number to a decimal of the same sign keeps its decimals.
                if sum > 0 {
                    prop_assert_eq!(average_below(&text(sum + flips), n + 1, 500), Some(false));
                    prop_assert_eq!(average_below(&text(sum + flips - 1), n + 1, 500), Some(true));
                }
            } else {
                prop_assert_eq!(average_below(&text(sum), n, 500), Some(false));
            }
        }

        #[test]
        fn no_input_panics(text in "(?s).{0,60}", digits in "-?[0-9]{0,60}[.]?[0-9]{0,30}") {
            for text in [text, digits] {
                let _either = (average_below(&text, 3, 500), next_single_event_flips_at(&text, 3, 500));
            }
        }
    }
}
