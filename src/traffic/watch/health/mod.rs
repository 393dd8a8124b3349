//! The health of Chatwoot and the Agent SDK over the window: probed at its start, at intervals, and at its end, with the
//! same requests as the preflight checks. Nothing is judged here.

mod prober;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use self::prober::Prober;
use crate::context::Context;
use crate::outcome::finding::ProbeError;
use crate::outcome::window::Mode;
use crate::traffic::window::{Ending, HealthReading, HealthSample, Service, WindowPlan};

/// The pause before a failed last probe is repeated.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// The pause between two probes of a service that may be starting.
const COLD_START_PAUSE: Duration = Duration::from_secs(1);

/// Probes a service until the window is over.
pub(super) async fn take(cx: Arc<Context>, service: Service, plan: Arc<WindowPlan>) -> HealthReading {
    let prober = match Prober::new(&cx, service) {
        Ok(prober) => prober,
        Err(cannot) => return HealthReading { request: service.variable().to_owned(), samples: Err(cannot) },
    };
    let every = cx.settings.target.traffic.health_every.0;
    let schedule = Schedule { mode: plan.mode, every, cold_start: prober.cold_start() };
    let probe = || prober.probe(&plan);
    let samples = probe_over(schedule, plan.ending(), probe).await;
    HealthReading { request: prober.request(), samples: samples.into_iter().collect() }
}

/// When probes are made.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    mode: Mode,
    every: Duration,
    /// How long the first probe may be repeated while the service starts.
    cold_start: Duration,
}

/// The result of a probe, and whether the service may be starting.
type ProbeResult = Result<(HealthSample, bool), ProbeError>;

/// Probes at the start, at intervals, and at the end of the window. A failed last probe is repeated once, so that one lost
/// packet at the end is not mistaken for a service that is down.
async fn probe_over<F, A>(
    schedule: Schedule,
    ending: Ending,
    mut probe: F,
) -> Vec<Result<HealthSample, ProbeError>>
where
    F: FnMut() -> A,
    A: Future<Output = ProbeResult>,
{
    let mut samples = vec![first(schedule.cold_start, &mut probe).await];
    if schedule.mode == Mode::Forward {
        let over = ending.over();
        tokio::pin!(over);
        let mut next = Instant::now() + schedule.every;
        loop {
            tokio::select! {
                biased;
                () = &mut over => break,
                () = sleep_until(next) => {}
            }
            samples.push(probe().await.map(|(sample, _)| sample));
            // Probes missed because of a slow answer or a sleeping machine are not repeated.
            next = (next + schedule.every).max(Instant::now());
        }
        samples.push(probe().await.map(|(sample, _)| sample));
    }
    if samples.last().is_some_and(|last| last.as_ref().is_ok_and(|sample| !sample.good)) {
        sleep(RETRY_PAUSE).await;
        samples.push(probe().await.map(|(sample, _)| sample));
    }
    samples
}

/// The first probe, repeated while the service may be starting.
async fn first<F, A>(patience: Duration, probe: &mut F) -> Result<HealthSample, ProbeError>
where
    F: FnMut() -> A,
    A: Future<Output = ProbeResult>,
{
    let began = Instant::now();
    loop {
        let (sample, starting) = probe().await?;
        if !starting || began.elapsed() >= patience {
            return Ok(sample);
        }
        sleep(COLD_START_PAUSE).await;
    }
}

#[cfg(test)]
mod tests;
