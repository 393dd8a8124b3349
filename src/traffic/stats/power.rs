//! What a window can prove, computed before it begins: the chance that it fails a service with a given failure rate, for the live display.

use super::binomial::{ln_factorial, tail};
use super::small_sample::proved_bad;
use super::success_rate::allowed_bad;

/// Above this many expected deliveries their number is treated as fixed: the steps of the comparison, one in twenty, no
/// longer matter.
const STEADY: f64 = 20_000.0;

/// The fewest failures among `n` deliveries at which the verdict is fail; `None` if no number is enough, 0 if even a window
/// without failures fails.
pub fn failures_that_fail(n: u64, t: u32, min_events: u64) -> Option<u64> {
    if n >= min_events.max(1) {
        return Some(allowed_bad(n, t).map_or(0, |allowed| allowed + 1));
    }
    // More failures prove more, so binary search finds the first.
    let (mut low, mut high) = (1, n);
    if !proved_bad(n, n, t) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if proved_bad(middle, n, t) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

/// The chance that the verdict on exactly `n` deliveries is fail when each fails with chance `p`.
pub fn power_at(n: u64, p: f64, t: u32, min_events: u64) -> f64 {
    failures_that_fail(n, t, min_events).map_or(0.0, |least| tail(least, n, p))
}

/// The chance that the verdict is fail when `expected` deliveries are expected (rate times minutes; Poisson) and
/// each fails with chance `p`.
pub fn power(expected: f64, p: f64, t: u32, min_events: u64) -> f64 {
    if !(expected.is_finite() && expected > 0.0) {
        return 0.0;
    }
    if expected > STEADY {
        return power_at(expected.round() as u64, p, t, min_events);
    }
    // Beyond ten standard deviations the terms are negligible.
    let reach = 10.0 * expected.sqrt() + 20.0;
    let (from, to) = ((expected - reach).max(1.0) as u64, (expected + reach) as u64);
    let chance_of = |n: u64| (n as f64 * expected.ln() - expected - ln_factorial(n)).exp();
    (from..=to).map(|n| chance_of(n) * power_at(n, p, t, min_events)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::stats::binomial::tests::near;

    const T: u32 = 9500;
    const MIN: u64 = 21;

    #[test]
    fn the_fewest_failures_that_fail() {
        for (n, least) in [(0, None), (1, None), (2, Some(2)), (9, Some(3)), (20, Some(5)), (21, Some(2))] {
            assert_eq!(failures_that_fail(n, T, MIN), least, "{n}");
        }
        for (n, least) in [(30, 2), (60, 3), (120, 6), (300, 15)] {
            assert_eq!(failures_that_fail(n, T, MIN), Some(least), "{n}");
        }
        // No rate is above 100 %, so even a window without failures fails; for above 0 % one success is enough.
        assert_eq!(
            (failures_that_fail(60, 10_000, MIN), failures_that_fail(60, 0, MIN)),
            (Some(0), Some(60))
        );
        for n in 1..59 {
            let first = (0..=n).find(|&bad| proved_bad(bad, n, T));
            assert_eq!(failures_that_fail(n, T, 59), first, "{n}");
        }
    }

    #[test]
    fn power_at_a_fixed_number_matches_scipy() {
        for (n, p, expected) in [
            (30, 0.02, 0.120_545_69),
            (30, 0.10, 0.816_304_98),
            (60, 0.005, 0.003_458_20),
            (60, 0.02, 0.118_742_03),
            (60, 0.10, 0.946_954_92),
            (120, 0.05, 0.558_451_84),
            (300, 0.03, 0.039_026_84),
        ] {
            let found = power_at(n, p, T, MIN);
            assert!((found - expected).abs() < 6e-9, "{n} at {p}: {found}");
        }
        assert_eq!((power_at(0, 1.0, T, MIN), power_at(1, 1.0, T, MIN)), (0.0, 0.0));
    }

    #[test]
    fn power_at_an_expected_number_matches_scipy() {
        for (expected, p, chance) in [
            (60.0, 0.005, 0.00164),
            (60.0, 0.02, 0.07224),
            (60.0, 0.10, 0.91067),
            (10.0, 0.005, 0.00001),
            (10.0, 0.02, 0.00033),
            (10.0, 0.10, 0.03170),
            (30.0, 0.005, 0.00945),
            (30.0, 0.02, 0.11496),
            (30.0, 0.10, 0.77853),
        ] {
            let found = power(expected, p, T, MIN);
            assert!((found - chance).abs() < 6e-6, "{expected} at {p}: {found}");
        }
    }

    #[test]
    fn the_numbers_shown_before_the_start() {
        // In percent, at failure rates of 0.5, 2 and 10 %.
        for (expected, percents) in [
            (10.0, [0.0, 0.0, 3.0]),
            (30.0, [0.9, 11.5, 77.9]),
            (60.0, [0.2, 7.2, 91.1]),
            (150.0, [0.0, 1.2, 98.6]),
            (600.0, [0.0, 0.0, 100.0]),
        ] {
            for (p, percent) in [0.005, 0.02, 0.10].into_iter().zip(percents) {
                let found = 100.0 * power(expected, p, T, MIN);
                let digits = if expected == 10.0 { 0.5 } else { 0.05 };
                assert!((found - percent).abs() <= digits + 1e-9, "{expected} at {p}: {found}");
            }
        }
    }

    #[test]
    fn power_is_zero_without_traffic_and_continuous() {
        for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(power(nothing, 1.0, T, MIN), 0.0);
        }
        let (below, above) = (power(19_999.0, 0.0505, T, MIN), power(20_001.0, 0.0505, T, MIN));
        assert!((below - above).abs() < 0.01, "{below} {above}");
        near(power(40.0, 1.0, T, MIN), 1.0, 1e-9);
    }
}
