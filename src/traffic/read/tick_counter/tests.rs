use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::outcome::window::Window;

/// `micros` microseconds after a fixed time.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_767_261_600_000_000 + micros).expect("a time")
}

fn group(sealed: bool, kind: FactKind, ms: Ms, n: u64) -> Group {
    Group { sealed, kind, ms, n }
}

const S: i64 = 1_000_000;

fn fresh(end: i64, groups: &[Group]) -> TickResult {
    TickResult { now: at(end), end: at(end), upper: at(end), again: false, groups: groups.to_vec() }
}

fn again(end: i64, groups: &[Group]) -> TickResult {
    TickResult { again: true, ..fresh(end, groups) }
}

fn known(seal: i64, read_to: i64, facts: u64) -> TickCursor {
    TickCursor { seal: at(seal), read_to: at(read_to), facts }
}

#[test]
fn old_parts_of_the_tail_are_sealed() {
    let mut counter = TickCounter::new(at(0), SignedDuration::from_secs(20));
    assert_eq!(counter.cursor(), known(1, 1, 0), "the window excludes its start");
    counter.take(&fresh(10 * S, &[group(false, FactKind::Ok, Ms::Read(100), 3)]));
    assert_eq!((counter.cursor(), counter.counts().tally.ok), (known(1, 10 * S, 3), 3));
    counter.take(&fresh(
        20 * S,
        &[
            group(false, FactKind::Bad, Ms::Read(900), 1),
            group(false, FactKind::Bad, Ms::Unreadable, 1),
            group(false, FactKind::Ok, Ms::Untimed, 2),
            group(false, FactKind::DeadLetter, Ms::Untimed, 1),
        ],
    ));
    assert_eq!(counter.cursor(), known(1, 20 * S, 8));
    counter.take(&fresh(30 * S, &[]));
    assert_eq!(counter.cursor(), known(10 * S, 30 * S, 5), "the first part is as old as the overlap");
    let counts = counter.counts();
    assert_eq!((counts.tally.ok, counts.tally.bad, counts.tally.dead_letters), (5, 2, 1));
    assert_eq!((counts.tally.total(), counts.tally.facts()), (7, 8));
    assert_eq!((counts.timed, counts.sum_ms, counts.unreadable, counts.untimed), (4, 1200, 1, 2));
    assert_eq!(
        (counts.mean_ms(), counts.histogram.percentile(99).map(|ms| ms.abs_diff(900) < 81)),
        (Some(300.0), Some(true))
    );
    let sparks: Vec<_> = counter.sparks().collect();
    let spark = |total, bad, mean_ms| Spark { total, bad, mean_ms, hole: false };
    assert_eq!(sparks, [spark(3, 0, Some(100.0)), spark(4, 2, Some(900.0)), spark(0, 0, None)]);
}

#[test]
fn a_tail_that_was_read_again_is_replaced() {
    let mut counter = TickCounter::new(at(0), SignedDuration::from_secs(20));
    counter.take(&fresh(10 * S, &[group(false, FactKind::Ok, Ms::Untimed, 3)]));
    counter.take(&fresh(20 * S, &[group(false, FactKind::Ok, Ms::Untimed, 1)]));
    let groups = [group(true, FactKind::Ok, Ms::Untimed, 4), group(false, FactKind::Bad, Ms::Untimed, 2)];
    counter.take(&again(35 * S, &groups));
    assert_eq!(counter.cursor(), known(15 * S, 35 * S, 2));
    assert_eq!((counter.counts().tally.ok, counter.counts().tally.bad), (4, 2));
    // Facts that were deleted meanwhile leave the tail, but stay in the sealed part.
    counter.take(&again(35 * S, &[]));
    assert_eq!((counter.cursor(), counter.counts().tally.facts()), (known(15 * S, 35 * S, 0), 4));
    assert_eq!(counter.sparks().map(|spark| spark.total).collect::<Vec<_>>(), [4, 0]);
}

#[test]
fn the_seal_never_moves_back() {
    let mut counter = TickCounter::new(at(0), SignedDuration::from_secs(20));
    counter.take(&again(60 * S, &[group(true, FactKind::Ok, Ms::Untimed, 5)]));
    assert_eq!(counter.cursor(), known(40 * S, 60 * S, 0));
    // The clock steps back: facts marked as sealed are not sealed.
    for end in [50, 45, 60] {
        counter.take(&again(end * S, &[group(true, FactKind::Ok, Ms::Untimed, 2)]));
        assert_eq!((counter.cursor(), counter.counts().tally.ok), (known(40 * S, end * S, 2), 7), "{end}");
    }
    for end in [40, 30, 0] {
        counter.take(&again(end * S, &[]));
        assert_eq!((counter.cursor(), counter.counts().tally.ok), (known(40 * S, 40 * S, 0), 5), "{end}");
    }
    counter.take(&fresh(30 * S, &[]));
    counter.take(&fresh(61 * S, &[]));
    assert_eq!((counter.cursor(), counter.counts().tally.ok), (known(40 * S, 61 * S, 0), 5));
    counter.take(&fresh(81 * S, &[]));
    assert_eq!(counter.cursor(), known(61 * S, 81 * S, 0));
}

#[test]
fn a_missed_tick_only_leaves_a_hole() {
    let mut counter = TickCounter::new(at(0), SignedDuration::from_secs(20));
    counter.miss();
    counter.take(&fresh(10 * S, &[group(false, FactKind::Ok, Ms::Read(1), 5)]));
    let before = (counter.cursor(), counter.counts());
    counter.miss();
    assert_eq!((counter.cursor(), counter.counts()), before);
    counter.take(&fresh(30 * S, &[group(false, FactKind::Ok, Ms::Read(1), 1)]));
    let holes = |counter: &TickCounter| counter.sparks().map(|spark| spark.hole).collect::<Vec<_>>();
    assert_eq!(holes(&counter), [true, false, true, false]);
    counter.miss();
    counter.take(&again(31 * S, &[]));
    assert_eq!(holes(&counter), [true, false, true, true, false, false], "holes stay");
}

#[test]
fn memory_is_bounded_after_a_week_and_after_an_outage() {
    let mut counter = TickCounter::new(at(0), SignedDuration::from_secs(20));
    for tick in 1..=60_480i64 {
        counter.take(&fresh(tick * 10 * S, &[group(false, FactKind::Ok, Ms::Read(tick as u32), 400)]));
    }
    assert_eq!((counter.sparks().count(), counter.counts().tally.ok), (MAX_SPARKS, 400 * 60_480));
    assert!(counter.sparks.capacity() < 2 * MAX_SPARKS && counter.tail.len() == 2);
    for _ in 0..5000 {
        counter.miss();
    }
    assert_eq!(
        (counter.sparks().filter(|spark| spark.hole).count(), counter.tail.len()),
        (MAX_SPARKS - 2, MAX_SPARKS)
    );
    assert_eq!(counter.counts().tally.ok, 400 * 60_480);
}

/// A fact: its recorded time, how much later it became visible, and its kind.
#[derive(Clone, Debug)]
struct Fact {
    recorded: i64,
    lag: i64,
    kind: FactKind,
}

/// A tick: its real time, and what the database's clock showed.
#[derive(Clone, Copy, Debug)]
struct At {
    really: i64,
    clock: i64,
}

#[derive(Clone, Debug)]
struct Schedule {
    overlap: i64,
    to: i64,
    facts: Vec<Fact>,
    moments: Vec<At>,
}

/// The number of facts that have distinct weights in base four, so that a fact counted up to three times is noticed.
const FACTS: usize = 30;

fn schedule() -> impl Strategy<Value = Schedule> {
    let lag = prop_oneof![5 => 0..3i64, 3 => 0..30i64, 1 => 0..200i64, 1 => Just(20i64)];
    let kind =
        prop_oneof![3 => Just(FactKind::Ok), 2 => Just(FactKind::Bad), 1 => Just(FactKind::DeadLetter)];
    let fact = (-20..140i64, lag, kind).prop_map(|(recorded, lag, kind)| Fact { recorded, lag, kind });
    // Ticks, sleeps and outages; and a clock that is right, or jumps after failovers.
    let pause = prop_oneof![6 => 1..12i64, 1 => 0..90i64];
    let skew = prop_oneof![6 => Just(0i64), 1 => -40..40i64];
    let moments = prop::collection::vec((pause, skew), 1..25);
    (1..40i64, 40..120i64, prop::collection::vec(fact, 0..FACTS), moments).prop_map(
        |(overlap, to, facts, pauses)| {
            let mut really = 0;
            let moments = pauses
                .into_iter()
                .map(|(pause, skew)| {
                    really += pause;
                    At { really, clock: really + skew }
                })
                .collect();
            Schedule { overlap, to, facts, moments }
        },
    )
}

/// Which facts are counted, by index, and how often.
fn held(counts: &TickCounts, kinds: &[FactKind]) -> BTreeMap<usize, u64> {
    let digit = |sum: u64, i: usize| sum >> (2 * i) & 3;
    kinds
        .iter()
        .enumerate()
        .filter_map(|(i, kind)| {
            let times = match kind {
                FactKind::Ok => digit(counts.tally.ok, i),
                FactKind::Bad => digit(counts.tally.bad, i),
                FactKind::DeadLetter => digit(counts.tally.dead_letters, i),
            };
            (times > 0).then_some((i, times))
        })
        .collect()
}

/// Simulates the database's side of a tick.
fn asked(schedule: &Schedule, known: TickCursor, moment: At) -> TickResult {
    let end = at(moment.clock).min(TickCounter::end(at(schedule.to)));
    let sealed = end - SignedDuration::from_micros(schedule.overlap);
    let groups = |from: Timestamp, to: Timestamp| -> Vec<Group> {
        let facts = schedule.facts.iter().enumerate();
        facts
            .filter(|(_, fact)| fact.recorded + fact.lag <= moment.really)
            .map(|(i, fact)| (i, fact.kind, at(fact.recorded)))
            .filter(|&(_, _, recorded)| recorded >= from && recorded < to)
            .map(|(i, kind, recorded)| group(recorded < sealed, kind, Ms::Untimed, 1 << (2 * i)))
            .collect()
    };
    // Every fact has its own weight, so equal sums mean equal sets.
    let sum = |groups: &[Group]| groups.iter().map(|group| group.n).sum::<u64>();
    let again = sum(&groups(known.seal, known.read_to)) != known.facts;
    let groups = groups(if again { known.seal } else { known.read_to }, end);
    TickResult { now: at(moment.clock), end, upper: end, again, groups }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        rng_seed: RngSeed::Fixed(15),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The module's claim, as equality of sets after every tick: a fact of the window is counted if and only if it was
    /// visible at the tick that sealed its time; as long as there is no such tick, at the last one, if that read its time.
    /// Never twice. The seal does not move further than the overlap allows, and no part stays unsealed longer than that.
    #[test]
    fn every_visible_fact_is_counted_exactly_once(schedule in schedule()) {
        let window = Window { from: at(0), to: at(schedule.to) };
        let overlap = SignedDuration::from_micros(schedule.overlap);
        let mut counter = TickCounter::new(window.from, overlap);
        let kinds: Vec<_> = schedule.facts.iter().map(|fact| fact.kind).collect();
        // The tick that sealed the time of each fact.
        let mut sealed_at: Vec<Option<At>> = vec![None; kinds.len()];
        for &moment in &schedule.moments {
            let before = counter.cursor();
            let tick = asked(&schedule, before, moment);
            counter.take(&tick);
            let known = counter.cursor();
            prop_assert!(known.seal >= before.seal && known.seal <= known.read_to);
            prop_assert!(known.seal <= before.seal.max(tick.upper - overlap), "sealed too early");
            prop_assert!(
                known.seal >= before.read_to || before.read_to > tick.upper - overlap,
                "sealed too late"
            );

            let seen = |fact: &Fact, moment: At| fact.recorded + fact.lag <= moment.really;
            let mut expected = BTreeMap::new();
            for (i, fact) in schedule.facts.iter().enumerate().filter(|(_, f)| window.holds(at(f.recorded))) {
                if at(fact.recorded) < known.seal {
                    sealed_at[i].get_or_insert(moment);
                }
                let counted = match sealed_at[i] {
                    Some(sealing) => seen(fact, sealing),
                    None => seen(fact, moment) && at(fact.recorded) < known.read_to,
                };
                if counted {
                    expected.insert(i, 1);
                }
            }
            let counts = counter.counts();
            prop_assert_eq!(held(&counts, &kinds), expected);
            prop_assert_eq!(counts.untimed, counts.tally.total());
        }
    }

    /// With a correct clock, everything that becomes visible within the overlap is counted after a late enough tick.
    #[test]
    fn nothing_within_the_overlap_is_missed(mut schedule in schedule()) {
        schedule.moments.iter_mut().for_each(|moment| moment.clock = moment.really);
        schedule.facts.iter_mut().for_each(|fact| fact.lag = fact.lag.min(schedule.overlap));
        let end = schedule.to + schedule.overlap + 200;
        schedule.moments.push(At { really: end, clock: end });
        let window = Window { from: at(0), to: at(schedule.to) };
        let mut counter = TickCounter::new(window.from, SignedDuration::from_micros(schedule.overlap));
        for &moment in &schedule.moments {
            counter.take(&asked(&schedule, counter.cursor(), moment));
        }
        let kinds: Vec<_> = schedule.facts.iter().map(|fact| fact.kind).collect();
        let all = (0..kinds.len()).filter(|&i| window.holds(at(schedule.facts[i].recorded)));
        prop_assert_eq!(held(&counter.counts(), &kinds), all.map(|i| (i, 1)).collect::<BTreeMap<_, _>>());
    }
}
