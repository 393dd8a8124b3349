//! The exact tail of the binomial distribution, the basis of proof, bounds and power; what a window proves by it: one-sided
//! 95 % bounds of the failure rate (Clopper and Pearson); and Fisher's exact test of one window against another. The first
//! term is computed with ln-gamma, the others by their ratio, always on the side of the mean where they decrease.

/// The chance of at least `k` failures among `n` independent deliveries that each fail with chance `p`. Accurate to 1e-13
/// below a thousand deliveries, to 2e-11 at forty thousand.
pub fn tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || (p >= 1.0 && k <= n) {
        return 1.0;
    }
    if k > n || p.is_nan() || p <= 0.0 {
        return 0.0;
    }
    let (count, odds) = (n as f64, p / (1.0 - p));
    let chance = if k as f64 > count * p {
        let ratio = |i: f64| (count - i) / (i + 1.0) * odds;
        ln_pmf(k, n, p).exp() * series((k..n).map(|i| ratio(i as f64)))
    } else {
        let ratio = |i: f64| i / (count - i + 1.0) / odds;
        1.0 - ln_pmf(k - 1, n, p).exp() * series((1..k).rev().map(|i| ratio(i as f64)))
    };
    chance.clamp(0.0, 1.0)
}

/// `1 + r1 + r1 r2 + ..` until a term is negligible.
pub(super) fn series(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

/// The logarithm of the number of ways to choose `k` of `n`.
pub(super) fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

pub(super) fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

fn ln_pmf(k: u64, n: u64, p: f64) -> f64 {
    ln_choose(n, k) + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()
}

/// The `p` between 0 and 1 at which an increasing function reaches `wanted`.
pub(super) fn solve(wanted: f64, function: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if function(middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The chance that a bound is wrong.
const ALPHA: f64 = 0.05;

/// The upper bound of the failure rate with 95 % confidence, for `bad` of `n`; 1 without a delivery.
pub fn upper_bound(bad: u64, n: u64) -> f64 {
    if bad >= n {
        return 1.0;
    }
    if bad == 0 {
        return 1.0 - ALPHA.powf(1.0 / n as f64);
    }
    // P(K <= bad) = alpha, which decreases with p.
    solve(1.0 - ALPHA, |p| tail(bad + 1, n, p))
}

/// Fisher's exact test, one-sided: the chance of at least `bad1` failures among the first `n1`, if the failures of both were
/// distributed at random. A small value means that the first is worse. 1 if either is empty.
pub fn fisher(bad1: u64, n1: u64, bad2: u64, n2: u64) -> f64 {
    let (bad1, bad2) = (bad1.min(n1), bad2.min(n2));
    let (all, bad) = (n1.saturating_add(n2), bad1.saturating_add(bad2));
    let (least, most) = (bad.saturating_sub(n2), bad.min(n1));
    if bad1 <= least {
        return 1.0;
    }
    let ln_pmf = |i: u64| ln_choose(n1, i) + ln_choose(n2, bad - i) - ln_choose(all, bad);
    let (first, second, failed) = (n1 as f64, n2 as f64, bad as f64);
    // The chance of i + 1 divided by that of i.
    let ratio = |i: u64| {
        let i = i as f64;
        (first - i) * (failed - i) / ((i + 1.0) * (second - failed + i + 1.0))
    };
    let chance = if bad1 as f64 > first * failed / (first + second) {
        ln_pmf(bad1).exp() * series((bad1..most).map(ratio))
    } else {
        1.0 - ln_pmf(bad1 - 1).exp() * series((least..bad1 - 1).rev().map(|i| 1.0 / ratio(i)))
    };
    chance.clamp(0.0, 1.0)
}

#[cfg(test)]
mod bound_tests {
    use proptest::prelude::*;

    use super::*;
    use crate::traffic::stats::binomial::tests::near;

    #[test]
    fn bounds_match_scipy() {
        for (bad, n, upper) in [
            (0, 21, 0.132_945_911_0),
            (0, 59, 0.049_507_609_9),
            (0, 60, 0.048_702_913_3),
            (3, 60, 0.124_187_210_5),
            (10, 300, 0.055_884_740_5),
            (1500, 37_424, 0.041_788_990_0),
        ] {
            near(upper_bound(bad, n), upper, 5e-9);
        }
    }

    #[test]
    fn without_data_nothing_is_excluded() {
        assert_eq!((upper_bound(0, 0), upper_bound(5, 5), upper_bound(6, 5)), (1.0, 1.0, 1.0));
    }

    #[test]
    fn fisher_matches_scipy() {
        for (bad1, n1, bad2, n2, expected, relative) in [
            (1, 40, 10, 2000, 0.196_172_023_278, 1e-11),
            (2, 40, 10, 2000, 0.021_857_430_0, 5e-9),
            (3, 40, 10, 2000, 0.001_744_207_70, 5e-9),
            (5, 200, 40, 8000, 0.004_542_241_52, 5e-9),
            (3, 60, 0, 60, 0.121_848_739_496, 1e-11),
            (12, 60, 9, 2400, 3.495_331_675_09e-15, 1e-10),
            (0, 50, 3, 400, 1.0, 0.0),
            (3, 0, 5, 60, 1.0, 0.0),
            (3, 60, 5, 0, 1.0, 0.0),
            (60, 60, 60, 60, 1.0, 0.0),
        ] {
            near(fisher(bad1, n1, bad2, n2), expected, relative);
        }
    }

    #[test]
    fn small_tables_match_the_definition() {
        let choose = |n: u64, k: u64| {
            if k <= n { (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64) } else { 0.0 }
        };
        for (n1, n2) in [(1, 1), (3, 8), (8, 3), (10, 10), (2, 20)] {
            for (bad1, bad2) in (0..=n1).flat_map(|a| (0..=n2).map(move |b| (a, b))) {
                let bad = bad1 + bad2;
                let defined: f64 = (bad1..=n1.min(bad))
                    .map(|i| choose(n1, i) * choose(n2, bad - i) / choose(n1 + n2, bad))
                    .sum();
                let found = fisher(bad1, n1, bad2, n2);
                assert!((found - defined).abs() < 1e-12, "{bad1}/{n1} {bad2}/{n2}: {found} {defined}");
            }
        }
    }

    proptest! {
        #[test]
        fn bounds_and_test_agree(n in 1..5000u64, part in 0.0..1.0f64, t in 0.001..0.999f64) {
            let bad = (n as f64 * part) as u64;
            let upper = upper_bound(bad, n);
            // At the very edge both results are right.
            if (upper - t).abs() > 1e-9 {
                prop_assert_eq!(upper < t, 1.0 - tail(bad + 1, n, t) < ALPHA);
            }
            prop_assert!(bad as f64 / n as f64 <= upper);
        }

        #[test]
        fn more_failures_are_never_better(n1 in 1..300u64, n2 in 1..3000u64, a in 0.0..1.0f64, b in 0.0..1.0f64) {
            let (bad1, bad2) = ((n1 as f64 * a) as u64, (n2 as f64 * b) as u64);
            prop_assert!(fisher(bad1 + 1, n1 + 1, bad2, n2) <= fisher(bad1, n1 + 1, bad2, n2) + 1e-10);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Asserts that a value is within a relative error of the expected one.
    #[track_caller]
    pub(in crate::traffic::stats) fn near(found: f64, expected: f64, relative: f64) {
        let error = (found - expected).abs();
        assert!(error <= relative * expected.abs(), "{found} is not {expected}: off by {error:e}");
    }

    #[test]
    fn the_tail_matches_scipy() {
        for (k, n, expected, relative) in [
            (2, 2, 0.0025, 1e-12),
            (3, 10, 0.011_503_557_379_3, 1e-11),
            (2, 21, 0.283_028_155_183, 1e-11),
            (7, 60, 0.029_694_101_954_9, 1e-11),
            (15, 300, 0.536_983_409_255, 1e-11),
            (1950, 37_424, 0.032_258_360_1, 2e-9),
            (400, 5000, 1.492_347_009_28e-19, 1e-11),
        ] {
            near(tail(k, n, 0.05), expected, relative);
        }
    }

    #[test]
    fn the_ends_are_exact() {
        for (k, n, p, expected) in [
            (0, 0, 0.5, 1.0),
            (0, 10, 0.0, 1.0),
            (1, 10, 0.0, 0.0),
            (11, 10, 1.0, 0.0),
            (11, 10, 0.5, 0.0),
            (10, 10, 1.0, 1.0),
            (1, 0, 0.5, 0.0),
            (1, 10, f64::NAN, 0.0),
        ] {
            assert_eq!(tail(k, n, p), expected, "{k} of {n} at {p}");
        }
    }

    #[test]
    fn small_numbers_match_the_definition() {
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64);
        for n in 0..=30u64 {
            for p in [0.001, 0.05, 0.3, 0.5, 0.9, 0.999] {
                let pmf = |i: u64| choose(n, i) * f64::powf(p, i as f64) * f64::powf(1.0 - p, (n - i) as f64);
                for k in 0..=n {
                    let defined: f64 = (k..=n).map(pmf).sum();
                    let found = tail(k, n, p);
                    assert!((found - defined).abs() < 1e-13, "{k} of {n} at {p}: {found} {defined}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn it_decreases_with_k_and_increases_with_p(n in 1..50_000u64, part in 0.0..1.0f64, p in 0.0..1.0f64, q in 0.0..1.0f64) {
            let k = (n as f64 * part) as u64;
            prop_assert!(tail(k, n, p) >= tail(k + 1, n, p) - 1e-10);
            prop_assert!(tail(k, n, p.min(q)) <= tail(k, n, p.max(q)) + 1e-10);
            // Around the mean, where the sum switches sides.
            let mean = (n as f64 * p) as u64;
            prop_assert!(tail(mean, n, p) >= tail(mean + 1, n, p) - 1e-10);
        }
    }
}
