//! Judging the success rate from counts: by the checklist's comparison if there are enough deliveries, by statistical proof
//! if there are few; and the rule by which a watch may stop early.

use std::time::Duration;

use super::binomial::tail;
use super::success_rate::{passes, passes_wide};

/// The chance that few deliveries fail a service that is exactly at its threshold.
const ALPHA: f64 = 0.01;

/// Whether few deliveries prove that the success rate is below `t` hundredths of a percent: at least two failed, and a
/// service exactly at the threshold would have that many failures in at most one of a hundred windows. One failure never
/// proves it. Without proof the result is inconclusive, never a pass.
pub fn proved_bad(bad: u64, n: u64, t: u32) -> bool {
    bad >= 2 && bad <= n && tail(bad, n, failing_share(t)) <= ALPHA
}

/// The failure rate at which the success rate is exactly `t`.
fn failing_share(t: u32) -> f64 {
    1.0 - f64::from(t) / 10_000.0
}

/// Whether the success rate holds at the window's end. Below `min_events` deliveries it can only fail. `None` is
/// inconclusive.
pub fn rate_holds(ok: u64, n: u64, t: u32, min_events: u64) -> Option<bool> {
    let bad = n.checked_sub(ok)?;
    if n >= min_events.max(1) { Some(passes(ok, n, t)) } else { proved_bad(bad, n, t).then_some(false) }
}

/// Whether a watch may stop: the window fails now, and would still fail if twice the expected number of deliveries (`rest`,
/// see [`expected_rest`]) followed and all succeeded.
pub fn beyond_rescue(ok: u64, n: u64, rest: u64, t: u32, min_events: u64) -> bool {
    let more = 2 * u128::from(rest);
    rate_holds(ok, n, t, min_events) == Some(false)
        && !passes_wide(u128::from(ok) + more, u128::from(n) + more, t)
}

/// The deliveries to expect in the rest of a window at the same rate. Unlimited if no time has passed.
pub fn expected_rest(n: u64, left: Duration, elapsed: Duration) -> u64 {
    let elapsed = elapsed.as_micros();
    if elapsed == 0 {
        return u64::MAX;
    }
    let rest = u128::from(n).saturating_mul(left.as_micros()).div_ceil(elapsed);
    u64::try_from(rest).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::traffic::stats::binomial::tests::near;

    const T: u32 = 9500;
    const MIN: u64 = 21;

    #[test]
    fn few_deliveries_fail_only_with_proof() {
        for (bad, n, fails, chance) in [
            (1, 1, false, 0.05),
            (2, 2, true, 0.0025),
            (2, 3, true, 0.00725),
            (3, 10, false, 0.011_503_557_379_3),
            (4, 10, true, 0.001_028_498),
        ] {
            assert_eq!(proved_bad(bad, n, T), fails, "{bad} of {n}");
            assert_eq!(rate_holds(n - bad, n, T, MIN), fails.then_some(false), "{bad} of {n}");
            near(tail(bad, n, 0.05), chance, 1e-6);
        }
    }

    #[test]
    fn the_fewest_failures_that_prove_it() {
        let smallest = |n: u64| (0..=n).find(|&bad| proved_bad(bad, n, T));
        for (numbers, smallest_bad) in
            [(0..=1, None), (2..=3, Some(2)), (4..=9, Some(3)), (10..=17, Some(4)), (18..=20, Some(5))]
        {
            for n in numbers {
                assert_eq!(smallest(n), smallest_bad, "{n}");
            }
        }
    }

    #[test]
    fn no_data_never_passes() {
        for min_events in [0, 1, MIN] {
            assert_eq!(rate_holds(0, 0, T, min_events), None);
            assert_eq!(rate_holds(5, 4, T, min_events), None);
        }
        assert_eq!(rate_holds(20, 20, T, MIN), None);
        assert_eq!(rate_holds(21, 21, T, MIN), Some(true));
        assert_eq!(rate_holds(20, 21, T, MIN), Some(true));
        assert_eq!(rate_holds(19, 21, T, MIN), Some(false));
        assert_eq!(rate_holds(58, 58, T, 59), None);
    }

    #[test]
    fn beyond_rescue_means_beyond_twice_the_expected_rest() {
        for (bad, n, rest, stop) in [
            (3, 3, 42, false),
            (5, 10, 20, true),
            (12, 60, 90, true),
            (200, 800, 11_200, false),
            (5, 5, 25, true),
        ] {
            assert_eq!(beyond_rescue(n - bad, n, rest, T, MIN), stop, "{bad} of {n}, {rest} to come");
        }
        // With an unknown rest, or without a delivery, the watch goes on.
        assert!(!beyond_rescue(0, 5, u64::MAX, T, MIN));
        assert!(!beyond_rescue(0, 0, 0, T, MIN));
    }

    #[test]
    fn the_expected_rest_is_proportional() {
        let s = Duration::from_secs;
        for (n, left, elapsed, rest) in [
            (60, s(540), s(360), 90),
            (1, s(899), s(1), 899),
            (1, s(1), s(899), 1),
            (0, s(900), s(1), 0),
            (5, s(0), s(900), 0),
            (0, s(900), s(0), u64::MAX),
        ] {
            assert_eq!(expected_rest(n, left, elapsed), rest, "{n} in {elapsed:?}, {left:?} left");
        }
    }

    proptest! {
        #[test]
        fn one_more_failure_never_turns_a_fail_into_a_pass(
            n in 1..2000u64,
            part in 0.0..1.0f64,
            t in prop_oneof![Just(T), 0..=10_000u32],
            min_events in 0..100u64,
        ) {
            let ok = (n as f64 * part) as u64;
            let (now, then) = (rate_holds(ok, n, t, min_events), rate_holds(ok, n + 1, t, min_events));
            prop_assert!(!(now == Some(false) && then == Some(true)));
            if ok > 0 {
                // A failure in place of a success is never better either, nor less certain.
                let turned = rate_holds(ok - 1, n, t, min_events);
                prop_assert!(now != Some(false) || turned == Some(false));
                prop_assert!(now.is_some() || turned != Some(true));
            }
        }

        #[test]
        fn no_clean_rest_up_to_twice_the_expected_would_pass(
            n in 1..400u64,
            part in 0.0..1.0f64,
            rest in 0..800u64,
            came in 0.0..=2.0f64,
        ) {
            let ok = (n as f64 * part) as u64;
            if beyond_rescue(ok, n, rest, T, MIN) {
                let clean = (rest as f64 * came) as u64;
                prop_assert!(!passes(ok + clean, n + clean, T));
            }
        }
    }
}
