//! The exact tail of the binomial distribution, the basis of proof, bounds and power. The first term is computed with
//! ln-gamma, the others by their ratio, always on the side of the mean where they decrease.

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
