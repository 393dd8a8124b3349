//! The success rate as the checklist compares it, `ROUND(100.0 * ok / n, 2) > 95`, in integers. The rounding matters only
//! above a thousand deliveries, where it can decide: 50 failures of 1001 are 95.0049.. %, which PostgreSQL prints as 95.00.

/// How many twenty-thousandths the share of `ok` must reach for the rounded percentage to exceed `t`.
fn least(t: u32) -> u128 {
    2 * u128::from(t) + 1
}

/// Twenty-thousandths in one.
const WHOLE: u128 = 20_000;

/// Whether the rate, rounded to two decimals as PostgreSQL does, is greater than `t` hundredths of a percent. Without a
/// delivery, or with more successes than deliveries, it does not pass.
pub fn passes(ok: u64, n: u64, t: u32) -> bool {
    passes_wide(ok.into(), n.into(), t)
}

/// [`passes`] for sums that may exceed 64 bits.
pub(super) fn passes_wide(ok: u128, n: u128, t: u32) -> bool {
    n > 0 && ok <= n && WHOLE * ok >= least(t) * n
}

/// The rate as PostgreSQL prints it, in hundredths of a percent: 9667 for `96.67`. `None` without a delivery.
pub fn printed_bp(ok: u64, n: u64) -> Option<u32> {
    if n == 0 || ok > n {
        return None;
    }
    let (ok, n) = (u128::from(ok), u128::from(n));
    u32::try_from((WHOLE * ok + n) / (2 * n)).ok()
}

/// The most failures among `n` deliveries that still pass; `None` if even zero failures do not pass.
pub fn allowed_bad(n: u64, t: u32) -> Option<u64> {
    let needed = (least(t) * u128::from(n)).div_ceil(WHOLE);
    let allowed = u128::from(n).checked_sub(needed)?;
    (n > 0).then(|| narrow(allowed))
}

/// How many more failures would turn a pass into a fail. `None` if it does not pass.
pub fn more_failures_to_flip(ok: u64, n: u64, t: u32) -> Option<u64> {
    passes(ok, n, t).then(|| narrow(WHOLE * u128::from(ok) / least(t) + 1 - u128::from(n)))
}

/// How many more successes would turn a fail into a pass. `None` if it passes, or if no number of successes would do.
pub fn clean_to_flip(ok: u64, n: u64, t: u32) -> Option<u64> {
    if passes(ok, n, t) || ok > n {
        return None;
    }
    let each = WHOLE.checked_sub(least(t)).filter(|&each| each > 0)?;
    let short = least(t) * u128::from(n) - WHOLE * u128::from(ok);
    Some(narrow(short.div_ceil(each)).max(1))
}

/// Whether an alert level is triggered: enough deliveries, and a rounded rate below `below` hundredths of a percent.
pub fn tier_fires(ok: u64, n: u64, below: u32, min_events: u64) -> bool {
    let edge = (2 * u128::from(below)).saturating_sub(1);
    n > 0 && n >= min_events && WHOLE * u128::from(ok) < edge * u128::from(n)
}

fn narrow(wide: u128) -> u64 {
    u64::try_from(wide).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T: u32 = 9500;

    #[test]
    fn the_comparison_and_its_margins() {
        // bad, n, passes, printed, more failures to fail, more successes to pass
        for (bad, n, pass, printed, more, clean) in [
            (0, 60, true, 10_000, Some(4), None),
            (2, 60, true, 9667, Some(2), None),
            (3, 60, false, 9500, None, Some(1)),
            (9, 60, false, 8500, None, Some(121)),
            (1, 20, false, 9500, None, Some(1)),
            (1, 21, true, 9524, Some(1), None),
            (50, 1001, false, 9500, None, Some(1)),
            (49, 1001, true, 9510, Some(2), None),
            (1870, 37_424, false, 9500, None, Some(14)),
            (1425, 37_424, true, 9619, Some(468), None),
            (1000, 20_000, false, 9500, None, Some(21)),
            (999, 20_000, true, 9501, Some(1), None),
        ] {
            let ok = n - bad;
            assert_eq!(passes(ok, n, T), pass, "{bad} of {n}");
            assert_eq!(printed_bp(ok, n), Some(printed), "{bad} of {n}");
            assert_eq!(more_failures_to_flip(ok, n, T), more, "{bad} of {n}");
            assert_eq!(clean_to_flip(ok, n, T), clean, "{bad} of {n}");
        }
        assert_eq!((allowed_bad(60, T), allowed_bad(37_424, T)), (Some(2), Some(1869)));
    }

    #[test]
    fn empty_and_impossible_counts_never_pass() {
        assert!(!passes(0, 0, T) && !passes(0, 0, 0) && !passes(5, 4, T));
        assert_eq!((printed_bp(0, 0), printed_bp(5, 4)), (None, None));
        assert_eq!((allowed_bad(0, T), more_failures_to_flip(0, 0, T)), (None, None));
        assert_eq!((clean_to_flip(0, 0, T), clean_to_flip(5, 4, T)), (Some(1), None));
        // No rate is greater than 100 %.
        assert!(!passes(60, 60, 10_000));
        assert_eq!((allowed_bad(60, 10_000), clean_to_flip(60, 60, 10_000)), (None, None));
        assert!(passes(u64::MAX, u64::MAX, 9999));
    }

    #[test]
    fn an_alert_level_is_triggered_only_below_its_rounded_threshold() {
        assert!(!tier_fires(4, 5, 8000, 1), "80.00 is not below 80");
        assert!(tier_fires(3, 5, 8000, 1));
        assert!(!tier_fires(3, 5, 8000, 21), "too few");
        assert!(!tier_fires(0, 0, 8000, 0), "nothing");
        assert!(!tier_fires(0, 60, 0, 21), "nothing is below zero");
        // 79.995 is printed as 80.00, 79.994 as 79.99.
        assert!(!tier_fires(15_999, 20_000, 8000, 21));
        assert!(tier_fires(79_994, 100_000, 8000, 21));
    }

    /// PostgreSQL divides to at least sixteen decimals, rounding half away from zero, and then rounds to two.
    fn rounded_by_sql(ok: u64, n: u64) -> u128 {
        let (ok, n) = (u128::from(ok), u128::from(n));
        let divided = (2 * 100 * ok * 10u128.pow(16) + n) / (2 * n);
        (divided + 5 * 10u128.pow(13)) / 10u128.pow(14)
    }

    #[test]
    fn every_small_window_is_judged_as_in_sql() {
        for n in 1..1300 {
            for ok in 0..=n {
                let sql = rounded_by_sql(ok, n);
                assert_eq!(passes(ok, n, T), sql > 9500, "{ok} of {n}");
                assert_eq!(printed_bp(ok, n).map(u128::from), Some(sql), "{ok} of {n}");
                assert!(n > 1000 || passes(ok, n, T) == (20 * (n - ok) < n), "{ok} of {n}");
            }
        }
    }

    fn counted() -> impl Strategy<Value = (u64, u64)> {
        let near_the_edge =
            (1..40_000u64, 0..80u64).prop_map(|(n, off)| (n, (n / 20 + 40).saturating_sub(off).min(n)));
        let any = (1..40_000u64).prop_flat_map(|n| (Just(n), 0..=n));
        prop_oneof![near_the_edge, any].prop_map(|(n, bad)| (n - bad, n))
    }

    proptest! {
        #[test]
        fn passes_matches_the_rounded_sql((ok, n) in counted(), t in prop_oneof![Just(T), 0..=10_000u32]) {
            let sql = rounded_by_sql(ok, n);
            prop_assert_eq!(passes(ok, n, t), sql > u128::from(t));
            prop_assert_eq!(tier_fires(ok, n, t, 1), sql < u128::from(t));
            prop_assert_eq!(printed_bp(ok, n).map(u128::from), Some(sql));
        }

        #[test]
        fn margins_are_exact(
            (ok, n) in counted(),
            t in prop_oneof![Just(T), 0..=10_000u32],
        ) {
            if let Some(more) = more_failures_to_flip(ok, n, t) {
                prop_assert!(!passes(ok, n + more, t) && passes(ok, n + more - 1, t));
            }
            if let Some(clean) = clean_to_flip(ok, n, t) {
                prop_assert!(passes(ok + clean, n + clean, t));
                prop_assert!(!passes(ok + clean - 1, n + clean - 1, t));
            }
            let neither = more_failures_to_flip(ok, n, t).is_none() && clean_to_flip(ok, n, t).is_none();
            prop_assert_eq!(neither, t == 10_000);
        }

        #[test]
        fn allowed_failures_are_the_maximum_that_passes(n in 1..40_000u64, t in prop_oneof![Just(T), 0..=9999u32]) {
            let allowed = allowed_bad(n, t).expect("a clean run passes");
            prop_assert!(passes(n - allowed, n, t));
            prop_assert!(allowed == n || !passes(n - allowed - 1, n, t));
        }
    }
}
