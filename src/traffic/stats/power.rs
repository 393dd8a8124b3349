//! What a window can prove, computed before it begins: the chance that it fails a service with a given failure rate, which
//! rate it detects, and how many successes prove a rate.

use super::binomial::{ln_factorial, solve, tail};
use super::small_sample::proved_bad;
use super::success_rate::allowed_bad;

/// The chance at which a rate counts as detectable.
const DETECTED: f64 = 0.8;
/// The chance that a proof is wrong.
const ALPHA: f64 = 0.05;
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

/// The failure rate at which the verdict on `n` deliveries is fail with a chance of 80 %; `None` if it never is.
pub fn detectable(n: u64, t: u32, min_events: u64) -> Option<f64> {
    let least = failures_that_fail(n, t, min_events).filter(|&least| least > 0)?;
    Some(solve(DETECTED, |p| tail(least, n, p)))
}

/// How many successes without a failure prove, with 95 % confidence, a failure rate below `share`. `None` if no number
/// does.
pub fn clean_to_prove(share: f64) -> Option<u64> {
    if share.is_nan() || share <= 0.0 {
        return None;
    }
    if share >= 1.0 {
        return Some(1);
    }
    Some((ALPHA.ln() / (-share).ln_1p()).ceil() as u64)
}

/// The chance of no delivery for this long at this rate. Evidence only; no verdict depends on it.
pub fn silence(per_minute: f64, minutes: f64) -> f64 {
    (-per_minute * minutes).exp().clamp(0.0, 1.0)
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

    #[test]
    fn detectable_matches_scipy() {
        for (n, p) in [
            (21, 0.135_972_50),
            (30, 0.096_546_93),
            (60, 0.069_971_74),
            (120, 0.065_085_49),
            (300, 0.059_999_37),
            (600, 0.057_211_91),
        ] {
            let found = detectable(n, T, MIN).expect("a rate");
            assert!((found - p).abs() < 6e-9, "{n}: {found}");
        }
        assert_eq!((detectable(0, T, MIN), detectable(1, T, MIN)), (None, None));
    }

    #[test]
    fn successes_prove_a_rate() {
        for (share, n) in [(0.005, 598), (0.01, 299), (0.02, 149), (0.05, 59), (0.10, 29), (1.0, 1)] {
            assert_eq!(clean_to_prove(share), Some(n), "{share}");
        }
        for n in [59, 149] {
            assert!(crate::traffic::stats::upper_bound(0, n) < 3.0 / n as f64);
        }
        assert_eq!((clean_to_prove(0.0), clean_to_prove(-1.0), clean_to_prove(f64::NAN)), (None, None, None));
    }

    #[test]
    fn silence_becomes_unlikely() {
        near(silence(2.0, 1.5), (-3.0f64).exp(), 1e-15);
        assert_eq!((silence(0.0, 15.0), silence(2.0, 0.0)), (1.0, 1.0));
    }
}
