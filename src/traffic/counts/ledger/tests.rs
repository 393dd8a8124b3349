use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::traffic::window::Window;

/// So many microseconds after some instant.
fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_767_261_600_000_000 + micros).expect("a time")
}

fn group(sealed: bool, kind: Kind, ms: Ms, n: u64) -> Group {
    Group { sealed, kind, ms, n }
}

const S: i64 = 1_000_000;

#[test]
fn a_tail_is_replaced_and_what_is_sealed_stays() {
    let mut ledger = Ledger::new(at(0), SignedDuration::from_secs(20));
    assert_eq!(ledger.seal(), at(1), "the window's beginning is not in it");
    ledger.take(&[group(false, Kind::Ok, Ms::Read(100), 3)], at(10 * S));
    assert_eq!((ledger.seal(), ledger.counts().ok), (at(1), 3));
    ledger.take(
        &[
            group(true, Kind::Ok, Ms::Read(100), 3),
            group(true, Kind::Bad, Ms::Read(900), 1),
            group(false, Kind::Bad, Ms::Unreadable, 1),
            group(false, Kind::Ok, Ms::Untimed, 2),
            group(false, Kind::DeadLetter, Ms::Untimed, 1),
        ],
        at(30 * S),
    );
    let counts = ledger.counts();
    assert_eq!(ledger.seal(), at(10 * S));
    assert_eq!((counts.ok, counts.bad, counts.dead_letters), (5, 2, 1));
    assert_eq!((counts.total(), counts.facts()), (7, 8));
    assert_eq!((counts.timed, counts.sum_ms, counts.unreadable, counts.untimed), (4, 1200, 1, 2));
    assert_eq!(
        (counts.mean_ms(), counts.histogram.percentile(99).map(|ms| ms.abs_diff(900) < 81)),
        (Some(300.0), Some(true))
    );
    // Facts that were deleted since leave the tail, and stay in what is sealed.
    ledger.take(&[], at(30 * S));
    assert_eq!(ledger.counts().facts(), 4);
    let sparks: Vec<_> = ledger.sparks().copied().collect();
    let none = Spark::default();
    assert_eq!(sparks, [none, Spark { total: 4, bad: 1, mean_ms: Some(300.0), hole: false }, none]);
}

#[test]
fn the_seal_never_moves_back() {
    let mut ledger = Ledger::new(at(0), SignedDuration::from_secs(20));
    ledger.take(&[group(true, Kind::Ok, Ms::Untimed, 5)], at(60 * S));
    assert_eq!(ledger.seal(), at(40 * S));
    // The clock steps back: nothing that is called sealed there is booked for good.
    for upper in [at(50 * S), at(30 * S), at(60 * S), Timestamp::MIN] {
        ledger.take(&[group(true, Kind::Ok, Ms::Untimed, 2)], upper);
        assert_eq!((ledger.seal(), ledger.counts().ok), (at(40 * S), 7), "{upper}");
    }
    ledger.take(&[], at(61 * S));
    assert_eq!((ledger.seal(), ledger.counts().ok), (at(41 * S), 5));
}

#[test]
fn a_missed_tick_is_a_hole_and_nothing_else() {
    let mut ledger = Ledger::new(at(0), SignedDuration::from_secs(20));
    ledger.take(&[group(true, Kind::Ok, Ms::Read(1), 5), group(false, Kind::Ok, Ms::Read(1), 1)], at(60 * S));
    let before = (ledger.seal(), ledger.counts());
    ledger.miss();
    assert_eq!((ledger.seal(), ledger.counts()), before);
    assert_eq!(ledger.sparks().map(|spark| spark.hole).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn memory_is_the_same_after_a_week() {
    let mut ledger = Ledger::new(at(0), SignedDuration::from_secs(20));
    for tick in 1..=60_480i64 {
        ledger.take(&[group(true, Kind::Ok, Ms::Read(tick as u32), 400)], at(tick * 10 * S));
    }
    assert_eq!(ledger.sparks().len(), SPARKS);
    assert!(ledger.sparks.capacity() < 2 * SPARKS);
    assert_eq!(
        ledger.counts().ok,
        400 * (60_480 - 2),
        "until the first two are older than the overlap, they are tail"
    );
}

/// A fact: when it says it was, how long after that it could be seen, and what it is.
#[derive(Clone, Debug)]
struct Fact {
    recorded: i64,
    lag: i64,
    kind: Kind,
}

/// A look: when it really was, and what the database's clock said then.
#[derive(Clone, Copy, Debug)]
struct Look {
    really: i64,
    clock: i64,
}

#[derive(Clone, Debug)]
struct Schedule {
    overlap: i64,
    to: i64,
    facts: Vec<Fact>,
    looks: Vec<Look>,
}

/// As many facts as have weights in base four, so that counting one up to three times could be told.
const FACTS: usize = 30;

fn schedule() -> impl Strategy<Value = Schedule> {
    let lag = prop_oneof![5 => 0..3i64, 3 => 0..30i64, 1 => 0..200i64, 1 => Just(20i64)];
    let kind = prop_oneof![3 => Just(Kind::Ok), 2 => Just(Kind::Bad), 1 => Just(Kind::DeadLetter)];
    let fact = (-20..140i64, lag, kind).prop_map(|(recorded, lag, kind)| Fact { recorded, lag, kind });
    // Ticks, sleeps and outages; and a clock that is right, or jumps about after failovers.
    let pause = prop_oneof![6 => 1..12i64, 1 => 0..90i64];
    let skew = prop_oneof![6 => Just(0i64), 1 => -40..40i64];
    let looks = prop::collection::vec((pause, skew), 1..25);
    (1..40i64, 40..120i64, prop::collection::vec(fact, 0..FACTS), looks).prop_map(
        |(overlap, to, facts, pauses)| {
            let mut really = 0;
            let looks = pauses
                .into_iter()
                .map(|(pause, skew)| {
                    really += pause;
                    Look { really, clock: really + skew }
                })
                .collect();
            Schedule { overlap, to, facts, looks }
        },
    )
}

/// Which facts the ledger holds, by index, and how often.
fn held(counts: &Counts, kinds: &[Kind]) -> BTreeMap<usize, u64> {
    let digit = |sum: u64, i: usize| sum >> (2 * i) & 3;
    kinds
        .iter()
        .enumerate()
        .filter_map(|(i, kind)| {
            let times = match kind {
                Kind::Ok => digit(counts.ok, i),
                Kind::Bad => digit(counts.bad, i),
                Kind::DeadLetter => digit(counts.dead_letters, i),
            };
            (times > 0).then_some((i, times))
        })
        .collect()
}

/// The database's side of a tick: what can be seen, from the seal on and below the upper bound.
fn asked(schedule: &Schedule, seal: Timestamp, look: Look, upper: Timestamp) -> Vec<Group> {
    let overlap = SignedDuration::from_micros(schedule.overlap);
    schedule
        .facts
        .iter()
        .enumerate()
        .filter(|(_, fact)| fact.recorded + fact.lag <= look.really)
        .map(|(i, fact)| (i, fact.kind, at(fact.recorded)))
        .filter(|&(_, _, recorded)| recorded >= seal && recorded < upper)
        .map(|(i, kind, recorded)| group(recorded < upper - overlap, kind, Ms::Untimed, 1 << (2 * i)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        rng_seed: RngSeed::Fixed(15),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The theorem, as equality of sets after every tick: a fact of the window is counted if and only if it could
    /// be seen at the first tick whose upper bound exceeds its time by more than the overlap; where there was no
    /// such tick yet, at the last one, if that read so far. And never twice.
    #[test]
    fn what_is_counted_is_what_the_theorem_says(schedule in schedule()) {
        let window = Window { from: at(0), to: at(schedule.to) };
        let mut ledger = Ledger::new(window.from, SignedDuration::from_micros(schedule.overlap));
        let kinds: Vec<_> = schedule.facts.iter().map(|fact| fact.kind).collect();
        let upper = |look: Look| at(look.clock).min(Ledger::end(window.to));
        let mut seal = ledger.seal();
        for done in 1..=schedule.looks.len() {
            let looks = &schedule.looks[..done];
            let look = looks[done - 1];
            ledger.take(&asked(&schedule, ledger.seal(), look, upper(look)), upper(look));
            prop_assert!(ledger.seal() >= seal);
            seal = ledger.seal();

            let seen = |fact: &Fact, look: Look| fact.recorded + fact.lag <= look.really;
            let expected: BTreeMap<usize, u64> = schedule
                .facts
                .iter()
                .enumerate()
                .filter(|(_, fact)| window.holds(at(fact.recorded)))
                .filter(|(_, fact)| {
                    let exceeds = |look: &&Look| upper(**look) > at(fact.recorded + schedule.overlap);
                    match looks.iter().find(exceeds) {
                        Some(&first) => seen(fact, first),
                        None => seen(fact, look) && upper(look) > at(fact.recorded),
                    }
                })
                .map(|(i, _)| (i, 1))
                .collect();
            let counts = ledger.counts();
            prop_assert_eq!(held(&counts, &kinds), expected);
            prop_assert_eq!(counts.untimed, counts.total());
        }
    }

    /// With a right clock, what becomes visible within the overlap is all there after a tick that is late enough.
    #[test]
    fn nothing_in_time_is_missed(mut schedule in schedule()) {
        schedule.looks.iter_mut().for_each(|look| look.clock = look.really);
        schedule.facts.iter_mut().for_each(|fact| fact.lag = fact.lag.min(schedule.overlap));
        let end = schedule.to + schedule.overlap + 200;
        schedule.looks.push(Look { really: end, clock: end });
        let window = Window { from: at(0), to: at(schedule.to) };
        let mut ledger = Ledger::new(window.from, SignedDuration::from_micros(schedule.overlap));
        for &look in &schedule.looks {
            let upper = at(look.clock).min(Ledger::end(window.to));
            ledger.take(&asked(&schedule, ledger.seal(), look, upper), upper);
        }
        let kinds: Vec<_> = schedule.facts.iter().map(|fact| fact.kind).collect();
        let all = (0..kinds.len()).filter(|&i| window.holds(at(schedule.facts[i].recorded)));
        prop_assert_eq!(held(&ledger.counts(), &kinds), all.map(|i| (i, 1)).collect::<BTreeMap<_, _>>());
    }
}
