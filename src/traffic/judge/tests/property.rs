//! Properties of every window.

use proptest::prelude::*;

use super::*;
use crate::outcome::tick::LiveStatus;
use crate::traffic::judge::{average, dead_letters, live_status, success_rate};
use crate::traffic::read::TickCounts;
use crate::traffic::stats::passes;

fn ends() -> impl Strategy<Value = Ended> {
    prop_oneof![
        4 => Just(Ended::AtItsEnd),
        1 => Just(Ended::DeadLetter),
        1 => Just(Ended::BeyondRescue("too many".to_owned())),
    ]
}

prop_compose! {
    fn worlds()(
        total in prop_oneof![0..60u64, 0..40_000u64],
        share in prop_oneof![Just(0.0), 0.0..0.12f64, 0.0..=1.0f64],
        dead in prop_oneof![3 => Just(0), 1 => 0..3u64],
        ended in ends(),
        past in any::<bool>(),
        known in any::<bool>(),
        seconds in prop_oneof![Just(0), Just(900), Just(1799), Just(1800), Just(7200)],
        timed_share in 0.0..=1.0f64,
        unreadable in 0..20u64,
        mean in 0..1000u64,
        guarded in any::<bool>(),
    ) -> Observation {
        let bad = (total as f64 * share) as u64;
        let mut world = observation(bad, total);
        world.window = window(0, seconds);
        world.ended = ended;
        world.mode = if past { Mode::Past } else { Mode::Forward };
        if !known {
            world.deploy = Err("unknown".to_owned());
        }
        let data = facts(&mut world);
        data.window = window(0, seconds);
        data.tally.dead_letters = dead;
        let timed = (total as f64 * timed_share) as u64;
        data.durations.unreadable = unreadable.min(total - timed);
        data.durations.untimed = total - timed - data.durations.unreadable;
        (data.durations.timed, data.durations.sum_ms) = (timed, (timed > 0).then(|| (mean * timed).to_string()));
        data.durations.average_ms = (timed > 0).then(|| mean.to_string());
        data.durations.form = if guarded { Form::Guarded } else { Form::Checklist };
        world
    }
}

fn fails(finding: &Finding) -> bool {
    verdict(finding) == Verdict::Fail
}

proptest! {
    #[test]
    fn the_rate_is_judged_as_the_checklist_does(bad in 0..2000u64, ok in 0..40_000u64) {
        let total = bad + ok;
        let finding = success_rate(&observation(bad, total), rules(&Traffic::default()));
        match total {
            21.. => prop_assert_eq!(verdict(&finding) == Verdict::Pass, passes(ok, total, 9500)),
            _ => prop_assert!(verdict(&finding) != Verdict::Pass),
        }
    }

    #[test]
    fn one_more_failure_never_improves_a_verdict(world in worlds(), gate in any::<bool>()) {
        let traffic = Traffic::default();
        let rules = Rules { criteria: gate, ..rules(&traffic) };
        let mut worse = world.clone();
        let data = facts(&mut worse);
        data.tally.bad += 1;
        let judges: [fn(&Observation, Rules<'_>) -> Finding; 2] = [success_rate, dead_letters];
        for judge in judges {
            let (now, then) = (judge(&world, rules), judge(&worse, rules));
            prop_assert!(!(fails(&now) && verdict(&then) == Verdict::Pass), "{:?} {:?}", now.claims, then.claims);
        }
        let mut one_turned = world.clone();
        let tally = &mut facts(&mut one_turned).tally;
        *tally = Tally { dead_letters: tally.dead_letters, ..Tally::deliveries((tally.bad + 1).min(tally.total()), tally.total()) };
        prop_assert!(!fails(&success_rate(&world, rules)) || fails(&success_rate(&one_turned, rules)));
        facts(&mut worse).tally.dead_letters += 1;
        prop_assert!(fails(&dead_letters(&worse, rules)));
    }

    #[test]
    fn a_pass_needs_enough_data_of_a_whole_window(world in worlds(), gate in any::<bool>()) {
        let traffic = Traffic::default();
        let rules = Rules { criteria: gate, ..rules(&traffic) };
        let data = world.facts.as_ref().expect("facts");
        let whole = world.ended == Ended::AtItsEnd
            && !world.window.length().is_zero()
            && (!gate || (world.window.minutes() >= 30.0 && (world.mode == Mode::Forward || world.deploy.is_ok())));
        if verdict(&success_rate(&world, rules)) == Verdict::Pass {
            prop_assert!(whole && data.tally.total() >= 21 && passes(data.tally.ok, data.tally.total(), 9500));
        }
        if verdict(&dead_letters(&world, rules)) == Verdict::Pass {
            prop_assert!(whole && data.tally.total() >= 1 && data.tally.dead_letters == 0);
        }
        if verdict(&average(&world, rules)) == Verdict::Pass {
            prop_assert!(whole && data.durations.timed >= 21);
            let sum: u64 = data.durations.sum_ms.as_ref().expect("a sum").parse().expect("whole");
            prop_assert!(sum < 500 * data.durations.timed);
            if data.durations.form == Form::Guarded {
                prop_assert!(data.durations.unreadable * 100 <= data.durations.unreadable + data.durations.timed);
            }
        }
    }

    #[test]
    fn nulls_never_pass(mut world in worlds()) {
        let traffic = Traffic::default();
        let data = facts(&mut world);
        (data.success_rate, data.durations.sum_ms, data.durations.average_ms) = (None, None, None);
        for finding in [success_rate(&world, rules(&traffic)), average(&world, rules(&traffic))] {
            prop_assert!(verdict(&finding) != Verdict::Pass, "{:?}", finding.claims);
        }
        world.facts = Err(error(true));
        for finding in [success_rate(&world, rules(&traffic)), dead_letters(&world, rules(&traffic)), average(&world, rules(&traffic))] {
            prop_assert_eq!(verdict(&finding), Verdict::Inconclusive);
        }
    }

    #[test]
    fn the_live_status_and_the_verdict_agree(bad in 0..300u64, ok in 0..3000u64) {
        let counts = TickCounts { tally: Tally { ok, bad, dead_letters: 0 }, timed: ok + bad, ..TickCounts::default() };
        let (live_status, _) = live_status(&counts, &Traffic::default());
        let expected = match verdict(&success_rate(&observation(bad, ok + bad), rules(&Traffic::default()))) {
            Verdict::Pass => LiveStatus::Passing,
            Verdict::Fail => LiveStatus::Failing,
            _ => LiveStatus::Thin,
        };
        prop_assert_eq!(live_status, expected);
    }
}
