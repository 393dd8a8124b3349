//! Exact percentiles from the groups of the whole window.

use std::collections::BTreeMap;

use super::group::{Group, Ms};
use crate::traffic::stats::rank;
use crate::traffic::window::FactKind;
use crate::traffic::window::Percentiles;

/// The 50th, 95th and 99th percentile of the readable durations of all deliveries. `None` without any.
pub fn percentiles(groups: &[Group]) -> Option<Percentiles> {
    let times = times(groups);
    Some(Percentiles { p50: at(&times, 50)?, p95: at(&times, 95)?, p99: at(&times, 99)? })
}

/// One percentile in whole milliseconds, by nearest rank, as in PostgreSQL's `percentile_disc`.
pub fn percentile(groups: &[Group], percent: u32) -> Option<u32> {
    at(&times(groups), percent)
}

fn times(groups: &[Group]) -> BTreeMap<u32, u64> {
    let mut times = BTreeMap::new();
    for group in groups {
        if let (FactKind::Ok | FactKind::Bad, Ms::Read(ms)) = (group.kind, group.ms) {
            *times.entry(ms).or_default() += group.n;
        }
    }
    times.retain(|_, n| *n > 0);
    times
}

fn at(times: &BTreeMap<u32, u64>, percent: u32) -> Option<u32> {
    let rank = rank(times.values().sum(), percent)?;
    let mut up_to = 0;
    times.iter().find_map(|(&ms, &n)| {
        up_to += n;
        (up_to >= rank).then_some(ms)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group(kind: FactKind, ms: Ms, n: u64) -> Group {
        Group { sealed: n.is_multiple_of(2), kind, ms, n }
    }

    #[test]
    fn only_readable_durations_of_deliveries_count() {
        let without = [
            group(FactKind::DeadLetter, Ms::Read(9), 5),
            group(FactKind::Ok, Ms::Unreadable, 5),
            group(FactKind::Bad, Ms::Untimed, 5),
            group(FactKind::Ok, Ms::Read(9), 0),
        ];
        assert_eq!((percentiles(&without), percentiles(&[])), (None, None));
        let with = [
            without.as_slice(),
            &[group(FactKind::Bad, Ms::Read(7), 1), group(FactKind::Ok, Ms::Read(3), 1)],
        ]
        .concat();
        assert_eq!(percentiles(&with), Some(Percentiles { p50: 3, p95: 7, p99: 7 }));
    }

    proptest! {
        #[test]
        fn they_match_a_sorted_list(
            parts in prop::collection::vec((any::<bool>(), 0..60u32, 1..9u64), 1..40),
            percent in 0..=100u32,
        ) {
            let groups: Vec<_> = parts
                .iter()
                .map(|&(ok, ms, n)| group(if ok { FactKind::Ok } else { FactKind::Bad }, Ms::Read(ms), n))
                .collect();
            let mut listed: Vec<_> = parts.iter().flat_map(|&(_, ms, n)| vec![ms; n as usize]).collect();
            listed.sort_unstable();
            // percentile_disc: the first value at which the cumulative share reaches the percentage.
            let naive = |percent: usize| {
                let reaches = |at: &usize| 100 * (at + 1) >= percent * listed.len();
                listed[(0..listed.len()).find(reaches).expect("the last one does")]
            };
            prop_assert_eq!(percentile(&groups, percent), Some(naive(percent as usize)));
            let three = Percentiles { p50: naive(50), p95: naive(95), p99: naive(99) };
            prop_assert_eq!(percentiles(&groups), Some(three));
        }
    }
}
