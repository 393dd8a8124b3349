//! Percentiles of durations: exact ones for the whole window, and in constant memory for the live display, from a histogram
//! with logarithmic bins, eight per doubling.

use std::collections::BTreeMap;

/// Whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: u32,
    pub p95: u32,
    pub p99: u32,
}

/// The percentiles of durations in milliseconds, each with its number. `None` without any.
pub fn percentiles(times: &BTreeMap<u32, u64>) -> Option<Percentiles> {
    Some(Percentiles { p50: exact(times, 50)?, p95: exact(times, 95)?, p99: exact(times, 99)? })
}

/// One percentile, by nearest rank, as in PostgreSQL's `percentile_disc`.
fn exact(times: &BTreeMap<u32, u64>, percent: u32) -> Option<u32> {
    let rank = rank(times.values().sum(), percent)?;
    let mut up_to = 0;
    times.iter().find_map(|(&ms, &n)| {
        up_to += n;
        (up_to >= rank).then_some(ms)
    })
}

/// Bin 0 is 0 ms, bin 1 + b begins at 2^(b/8) ms, and the last one has no end.
const BINS: usize = 168;
const PER_DOUBLING: f64 = 8.0;

/// The number of durations per bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    bins: [u64; BINS],
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { bins: [0; BINS] }
    }
}

impl Histogram {
    /// Adds `n` durations of `ms` milliseconds.
    pub fn add(&mut self, ms: u32, n: u64) {
        self.bins[bin(ms)] += n;
    }

    /// Adds all durations of another.
    pub fn merge(&mut self, other: &Histogram) {
        for (own, more) in self.bins.iter_mut().zip(&other.bins) {
            *own += more;
        }
    }

    /// The nearest-rank percentile in milliseconds, accurate to 9 %; from 29 minutes on a lower bound. `None` without a
    /// duration.
    pub fn percentile(&self, percent: u32) -> Option<u32> {
        let n = self.bins.iter().sum();
        let mut before = rank(n, percent)?;
        let holds = self.bins.iter().position(|&n| match before.checked_sub(n) {
            Some(left) if left > 0 => {
                before = left;
                false
            }
            _ => true,
        })?;
        Some(middle(holds))
    }
}

/// Which of `n` sorted values, counted from one, is the percentile, as in PostgreSQL's `percentile_disc`.
fn rank(n: u64, percent: u32) -> Option<u64> {
    let rank = (u128::from(n) * u128::from(percent.min(100))).div_ceil(100).max(1);
    (n > 0).then(|| u64::try_from(rank).unwrap_or(n))
}

fn bin(ms: u32) -> usize {
    match ms {
        0 => 0,
        // At most 8 * 32; log2 is exact at powers of two, the only whole edges.
        _ => (1 + (PER_DOUBLING * f64::from(ms).log2()) as usize).min(BINS - 1),
    }
}

/// The smallest whole number of milliseconds at or above the start of a bin.
fn edge(bin: usize) -> u32 {
    match bin {
        0 => 0,
        _ => ((bin - 1) as f64 / PER_DOUBLING).exp2().ceil() as u32,
    }
}

/// The middle of a bin.
fn middle(bin: usize) -> u32 {
    let least = edge(bin);
    if bin + 1 < BINS { least + (edge(bin + 1) - least).saturating_sub(1) / 2 } else { least }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn there_are_eight_bins_per_doubling() {
        for (ms, expected) in
            [(0, 0), (1, 1), (2, 9), (3, 13), (4, 17), (500, 72), (1 << 20, 161), (u32::MAX, 167)]
        {
            assert_eq!(bin(ms), expected, "{ms} ms");
        }
        for power in 1..=20 {
            let whole = 1u32 << power;
            assert_eq!((bin(whole), edge(bin(whole))), (1 + 8 * power, whole), "2^{power}");
            assert!(power < 4 || bin(whole - 1) == 8 * power, "below 2^{power}");
        }
    }

    #[test]
    fn ranks_are_the_nearest() {
        for (n, percent, nearest) in [
            (0, 50, None),
            (1, 0, Some(1)),
            (1, 99, Some(1)),
            (4, 50, Some(2)),
            (5, 50, Some(3)),
            (20, 95, Some(19)),
            (21, 95, Some(20)),
            (100, 99, Some(99)),
            (101, 99, Some(100)),
            (u64::MAX, 100, Some(u64::MAX)),
        ] {
            assert_eq!(rank(n, percent), nearest, "{percent} of {n}");
        }
    }

    #[test]
    fn without_a_duration_there_are_no_percentiles() {
        assert_eq!(percentiles(&BTreeMap::new()), None);
    }

    #[test]
    fn small_durations_are_exact() {
        assert_eq!(Histogram::default().percentile(50), None);
        for ms in 0..8 {
            let mut histogram = Histogram::default();
            histogram.add(ms, 3);
            assert_eq!([0, 50, 100].map(|percent| histogram.percentile(percent)), [Some(ms); 3]);
        }
        let mut absurd = Histogram::default();
        absurd.add(999_999_999, 1);
        assert!(absurd.percentile(50).is_some_and(|ms| ms > 29 * 60 * 1000 && ms < 1 << 21));
    }

    proptest! {
        #[test]
        fn exact_percentiles_match_a_sorted_list(
            times in prop::collection::btree_map(0..60u32, 1..9u64, 1..40),
            percent in 0..=100u32,
        ) {
            let listed: Vec<u32> = times.iter().flat_map(|(&ms, &n)| vec![ms; n as usize]).collect();
            // percentile_disc: the first value at which the cumulative share reaches the percentage.
            let naive = |percent: usize| {
                let reaches = |at: &usize| 100 * (at + 1) >= percent * listed.len();
                listed[(0..listed.len()).find(reaches).expect("the last one does")]
            };
            prop_assert_eq!(exact(&times, percent), Some(naive(percent as usize)));
            let three = Percentiles { p50: naive(50), p95: naive(95), p99: naive(99) };
            prop_assert_eq!(percentiles(&times), Some(three));
        }

        #[test]
        fn percentiles_are_accurate_to_nine_percent(
            mut times in prop::collection::vec(0..1_700_000u32, 1..200),
            percent in 0..=100u32,
            cut in 0..200usize,
        ) {
            let (mut histogram, mut rest) = (Histogram::default(), Histogram::default());
            for (i, &ms) in times.iter().enumerate() {
                if i < cut { histogram.add(ms, 1) } else { rest.add(ms, 1) }
            }
            histogram.merge(&rest);
            times.sort_unstable();
            let exact = f64::from(times[rank(times.len() as u64, percent).expect("times") as usize - 1]);
            let found = f64::from(histogram.percentile(percent).expect("times"));
            prop_assert!((found - exact).abs() <= 0.09 * exact, "{found} is not {exact}");
        }
    }
}
