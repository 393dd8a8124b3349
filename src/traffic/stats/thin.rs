//! From counts to a judgement of the success rate: the letter where there are
//! enough deliveries, proof where there are few, and the rule by which a watch may
//! stop before its end.

use std::time::Duration;

use super::letter::{passes, passes_wide};
use super::tail::tail;

/// The chance of failing a service that is as good as its threshold on few deliveries.
const ALPHA: f64 = 0.01;

/// Whether so few deliveries prove that the failure rate exceeds what `t` hundredths of a percent allow: at
/// least two failed, and so many would at a rate just good enough in one of a hundred windows at most. One
/// failure never does. What is not proved is inconclusive, and never a pass.
pub fn proved_bad(bad: u64, n: u64, t: u32) -> bool {
    bad >= 2 && bad <= n && tail(bad, n, failing_share(t)) <= ALPHA
}

/// The share of failures at which the rate is exactly `t`.
fn failing_share(t: u32) -> f64 {
    1.0 - f64::from(t) / 10_000.0
}

/// Whether the success rate holds at the window's end: by the letter from `min_events` deliveries on, below that
/// only its failing can be told. `None` is inconclusive.
pub fn rate_holds(ok: u64, n: u64, t: u32, min_events: u64) -> Option<bool> {
    let bad = n.checked_sub(ok)?;
    match n >= min_events.max(1) {
        true => Some(passes(ok, n, t)),
        false => proved_bad(bad, n, t).then_some(false),
    }
}

/// Whether a watch may stop: the window fails now, and still would if twice the deliveries that are expected of
/// its rest (`rest`, see [`expected_rest`]) came and all were clean.
pub fn beyond_rescue(ok: u64, n: u64, rest: u64, t: u32, min_events: u64) -> bool {
    let more = 2 * u128::from(rest);
    rate_holds(ok, n, t, min_events) == Some(false)
        && !passes_wide(u128::from(ok) + more, u128::from(n) + more, t)
}

/// The deliveries to expect in the rest of a window, were they to go on coming as they came. Without any time
/// elapsed nothing bounds them.
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
    use crate::traffic::stats::tail::tests::near;

    const T: u32 = 9500;
    const MIN: u64 = 21;

    #[test]
    fn few_deliveries_fail_only_where_it_is_proved() {
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
    fn nothing_is_never_a_pass() {
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
    fn beyond_rescue_is_beyond_twice_what_is_expected() {
        for (bad, n, rest, stop) in [
            (3, 3, 42, false),
            (5, 10, 20, true),
            (12, 60, 90, true),
            (200, 800, 11_200, false),
            (5, 5, 25, true),
        ] {
            assert_eq!(beyond_rescue(n - bad, n, rest, T, MIN), stop, "{bad} of {n}, {rest} to come");
        }
        // The rest is not known, or nothing has come: no stop.
        assert!(!beyond_rescue(0, 5, u64::MAX, T, MIN));
        assert!(!beyond_rescue(0, 0, 0, T, MIN));
    }

    #[test]
    fn the_rest_goes_on_as_it_began() {
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
                // One that failed instead of succeeding is never better either, nor less certain.
                let turned = rate_holds(ok - 1, n, t, min_events);
                prop_assert!(now != Some(false) || turned == Some(false));
                prop_assert!(now.is_some() || turned != Some(true));
            }
        }

        #[test]
        fn a_stop_agrees_with_every_clean_rest_up_to_twice_the_expected(
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
