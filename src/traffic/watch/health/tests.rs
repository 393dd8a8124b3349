use std::cell::RefCell;

use jiff::Timestamp;

use super::*;
use crate::settings::Watch;
use crate::traffic::window::{self, ClockReading, Moment};

const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn plan(mode: Mode) -> Arc<WindowPlan> {
    let length = Some(Duration::from_secs(180));
    let watch = Watch { mode, length, budget: Duration::from_secs(400), ..window::default_watch() };
    let moment = Moment { now: START, replayed_to: None };
    let read = ClockReading { at: Instant::now(), ours: START, database: Ok(moment) };
    Arc::new(WindowPlan::new(&watch, read, Err("no deploy".to_owned())))
}

/// Probes a service that is bad (`-`), good (`+`) or starting (`s`); the last sign repeats. Returns the times of the probes
/// in seconds, and their results.
async fn samples(mode: Mode, said: &str, cold_start: u64, over_after: u64) -> (Vec<u64>, String) {
    let plan = plan(mode);
    let began = Instant::now();
    let times = RefCell::new(Vec::new());
    let mut signs = said.chars().cycle().take(said.len()).chain(said.chars().last().into_iter().cycle());
    let schedule =
        Schedule { mode, every: Duration::from_secs(60), cold_start: Duration::from_secs(cold_start) };
    let probe = || {
        let sign = signs.next().expect("a sign");
        times.borrow_mut().push(began.elapsed().as_secs());
        let (at, what) = (plan.now(), sign.to_string());
        async move {
            Ok((HealthSample { at, good: sign == '+', what, throttled: false, offline: None }, sign == 's'))
        }
    };
    let closing = Arc::clone(&plan);
    tokio::spawn(async move {
        sleep(Duration::from_secs(over_after)).await;
        closing.close(closing.planned);
    });
    let samples = probe_over(schedule, plan.ending(), probe).await;
    let seen = samples.into_iter().map(|sample| sample.expect("asked").what).collect();
    (times.into_inner(), seen)
}

#[tokio::test(start_paused = true)]
async fn probes_are_made_at_the_start_every_minute_and_at_the_end() {
    assert_eq!(samples(Mode::Forward, "+", 0, 150).await, (vec![0, 60, 120, 150], "++++".to_owned()));
    assert_eq!(samples(Mode::Forward, "+-+", 0, 150).await.1, "+-++");
    assert_eq!(samples(Mode::Forward, "+", 0, 3).await, (vec![0, 3], "++".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_failed_last_probe_is_repeated_once() {
    assert_eq!(
        samples(Mode::Forward, "+++-+", 0, 150).await,
        (vec![0, 60, 120, 150, 155], "+++-+".to_owned())
    );
    assert_eq!(samples(Mode::Forward, "+-", 0, 10).await.1, "+--");
    assert_eq!(samples(Mode::Past, "-+", 0, 0).await, (vec![0, 5], "-+".to_owned()));
    assert_eq!(samples(Mode::Past, "-", 0, 0).await.1, "--");
    assert_eq!(samples(Mode::Past, "+", 0, 0).await, (vec![0], "+".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn only_the_first_probe_waits_for_a_starting_service() {
    assert_eq!(samples(Mode::Past, "sss+", 20, 0).await, (vec![0, 1, 2, 3], "+".to_owned()));
    assert_eq!(samples(Mode::Past, "s+", 0, 0).await.1, "s+");
    assert_eq!(samples(Mode::Forward, "s+ss+", 20, 70).await.1, "+ss+", "later it is a failed probe");
    let (times, seen) = samples(Mode::Past, "s", 20, 0).await;
    assert_eq!((times.len(), seen.as_str()), (22, "ss"), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_end_is_limited() {
    let (times, _) = samples(Mode::Forward, "+", 0, 1_000_000).await;
    assert_eq!(times.last(), Some(&460), "the budget plus one minute");
}
