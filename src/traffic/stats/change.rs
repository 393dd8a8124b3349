//! Where in a window the failures lie: a point at which they began or ended, or a burst. A description, never a verdict.

use super::binomial::fisher;

/// A change point or burst is reported if chance would produce it in at most this share of windows.
const SIGNIFICANT: f64 = 0.001;
/// A burst has at least this many tenths of the failures, in at most one tenth of the window.
const SHARE_TENTHS: u64 = 9;

/// How the failures of a window are distributed over its bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing beyond chance.
    None,
    Step {
        /// The first bin of the second part.
        at: usize,
        /// The gain in log-likelihood of two rates over a single one.
        gain: f64,
        /// One-sided Fisher's test of the worse part against the other.
        p: f64,
        /// Whether the second part is the worse one.
        worse_after: bool,
    },
    /// Nearly all failures within a short time.
    Burst {
        /// Its first bin.
        from: usize,
        /// The bin after its last one; the number of bins if it had not ended.
        to: usize,
        /// The share of the window's failures in it.
        share: f64,
    },
}

/// Finds the change over bins of equal length, each (failures, deliveries), oldest first. Bursts take precedence: a short
/// time in the middle is not a change point.
pub fn change_point(bins: &[(u64, u64)]) -> Change {
    let sums = prefixes(bins);
    burst(bins.len(), &sums).or_else(|| split(bins.len(), &sums)).unwrap_or(Change::None)
}

/// Failures and deliveries before each bin, and last the totals.
fn prefixes(bins: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut sums = vec![(0, 0)];
    let (mut bad, mut n) = (0, 0);
    for &(more_bad, more) in bins {
        (bad, n) = (bad + more_bad.min(more), n + more);
        sums.push((bad, n));
    }
    sums
}

/// The shortest burst, and of equally short ones the first with the most failures.
fn burst(bins: usize, sums: &[(u64, u64)]) -> Option<Change> {
    let (bad, n) = sums[bins];
    let within = |from: usize, to: usize| (sums[to].0 - sums[from].0, sums[to].1 - sums[from].1);
    let periods =
        (1..=bins / 10).flat_map(|length| (0..=bins - length).map(move |from| (from, from + length)));
    // Longer periods are tried only if no shorter one has the share.
    let mut best: Option<(usize, usize)> = None;
    for (from, to) in periods {
        if best.is_some_and(|(first, last)| to - from > last - first) {
            break;
        }
        let failures = within(from, to).0;
        let enough = 10 * failures >= SHARE_TENTHS * bad;
        if enough && best.is_none_or(|(first, last)| failures > within(first, last).0) {
            best = Some((from, to));
        }
    }
    let (from, to) = best.filter(|_| bad > 0)?;
    let (in_it, of_it) = within(from, to);
    let p = fisher(in_it, of_it, bad - in_it, n - of_it);
    (p <= SIGNIFICANT).then(|| Change::Burst { from, to, share: in_it as f64 / bad as f64 })
}

/// The split that explains the failures best, unless it may be chance.
fn split(bins: usize, sums: &[(u64, u64)]) -> Option<Change> {
    let (bad, n) = sums[bins];
    let mut best: Option<(usize, f64)> = None;
    for (at, &(bad1, n1)) in sums.iter().enumerate().take(bins).skip(1) {
        let gain = likelihood(bad1, n1) + likelihood(bad - bad1, n - n1) - likelihood(bad, n);
        if best.is_none_or(|(_, most)| gain > most) {
            best = Some((at, gain));
        }
    }
    let (at, gain) = best?;
    let (bad1, n1) = sums[at];
    let (bad2, n2) = (bad - bad1, n - n1);
    let worse_after = u128::from(bad2) * u128::from(n1) > u128::from(bad1) * u128::from(n2);
    let p = if worse_after { fisher(bad2, n2, bad1, n1) } else { fisher(bad1, n1, bad2, n2) };
    (p <= SIGNIFICANT).then_some(Change::Step { at, gain, p, worse_after })
}

/// The log-likelihood of `bad` of `n` at their own rate.
fn likelihood(bad: u64, n: u64) -> f64 {
    let part = |k: u64| if k == 0 { 0.0 } else { k as f64 * (k as f64 / n as f64).ln() };
    part(bad) + part(n - bad)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::traffic::stats::binomial::tests::near;

    fn bins(parts: &[(usize, (u64, u64))]) -> Vec<(u64, u64)> {
        parts.iter().flat_map(|&(times, bin)| vec![bin; times]).collect()
    }

    #[test]
    fn a_change_is_found_at_its_place() {
        let Change::Step { at, gain, p, worse_after } = change_point(&bins(&[(5, (0, 10)), (10, (3, 10))]))
        else {
            panic!("no change");
        };
        assert_eq!((at, worse_after), (5, true));
        near(gain, 13.973_933, 5e-8);
        near(p, 9.12e-7, 1e-3);
        let Change::Step { at, worse_after, .. } = change_point(&bins(&[(10, (3, 10)), (5, (0, 10))])) else {
            panic!("no change");
        };
        assert_eq!((at, worse_after), (10, false));
    }

    #[test]
    fn chance_is_not_reported() {
        let alternating: Vec<_> = [(0, 10), (1, 10)].repeat(7);
        assert_eq!(change_point(&alternating), Change::None);
        // The best split has a p-value of 0.588.
        let sums = prefixes(&alternating);
        let (best, _) = (1..14).fold((0, f64::MIN), |(best, most), at| {
            let (bad, n) = sums[at];
            let gain = likelihood(bad, n) + likelihood(7 - bad, 140 - n);
            if gain > most { (at, gain) } else { (best, most) }
        });
        let (bad, n) = sums[best];
        let p = fisher(bad, n, 7 - bad, 140 - n).min(fisher(7 - bad, 140 - n, bad, n));
        near(p, 0.588, 2e-3);
        for quiet in
            [vec![], vec![(0, 10)], bins(&[(20, (0, 10))]), bins(&[(20, (0, 0))]), bins(&[(20, (3, 10))])]
        {
            assert_eq!(change_point(&quiet), Change::None, "{quiet:?}");
        }
        // One failure is not a burst.
        assert_eq!(change_point(&bins(&[(9, (0, 10)), (1, (1, 10)), (20, (0, 10))])), Change::None);
    }

    #[test]
    fn a_short_time_with_nearly_all_failures_is_a_burst() {
        let restart = bins(&[(12, (0, 10)), (2, (8, 10)), (16, (0, 10))]);
        assert_eq!(change_point(&restart), Change::Burst { from: 12, to: 14, share: 1.0 });
        let mut noisy = restart.clone();
        noisy[25].0 = 1;
        assert_eq!(change_point(&noisy), Change::Burst { from: 12, to: 14, share: 16.0 / 17.0 });
        // A tenth of twelve bins is one, but this burst has two.
        let wide = bins(&[(4, (0, 10)), (2, (8, 10)), (6, (0, 10))]);
        assert!(matches!(change_point(&wide), Change::Step { .. }), "{:?}", change_point(&wide));
        // Of equally short ones, the one with the most failures.
        let uneven =
            [bins(&[(5, (0, 10))]), vec![(1, 10), (9, 10), (9, 10), (1, 10)], bins(&[(21, (0, 10))])]
                .concat();
        assert_eq!(change_point(&uneven), Change::Burst { from: 6, to: 8, share: 0.9 });
    }

    #[test]
    fn a_time_with_all_the_traffic_is_not_a_burst() {
        assert_eq!(change_point(&bins(&[(12, (0, 0)), (1, (9, 10)), (17, (0, 0))])), Change::None);
    }

    proptest! {
        #[test]
        fn what_is_reported_is_significant(raw in prop::collection::vec((0..12u64, 0..12u64), 0..60)) {
            let total = |range: std::ops::Range<usize>| raw[range].iter().fold((0, 0), |(bad, n), bin| (bad + bin.0.min(bin.1), n + bin.1));
            let all = total(0..raw.len());
            match change_point(&raw) {
                Change::None => {}
                Change::Step { at, gain, p, worse_after } => {
                    prop_assert!(at > 0 && at < raw.len() && gain > 0.0 && p <= SIGNIFICANT);
                    let (before, after) = (total(0..at), total(at..raw.len()));
                    prop_assert_eq!(worse_after, after.0 * before.1 > before.0 * after.1);
                }
                Change::Burst { from, to, share } => {
                    prop_assert!(from < to && to <= raw.len() && 10 * (to - from) <= raw.len());
                    let within = total(from..to);
                    prop_assert!(share >= 0.9 && (share - within.0 as f64 / all.0 as f64).abs() < 1e-12);
                    prop_assert!(fisher(within.0, within.1, all.0 - within.0, all.1 - within.1) <= SIGNIFICANT);
                }
            }
        }
    }
}
