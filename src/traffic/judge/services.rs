//! What the services report over the window: health probes and log lines. A single failed probe among good ones is only a
//! warning, because a packet can be lost; two in a row fail. An error line fails its claim even if parts of the log are
//! missing; that there is none is proved only if the whole window was read.

use std::time::Duration;

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Mode;
use crate::traffic::logs::LogJudgement;
use crate::traffic::window::{HealthSample, Observation};

/// A probe may take this long, and probes do not overlap.
const MAX_PROBE_TIME: Duration = Duration::from_secs(10);
/// How many failed probes are listed with their times.
const MAX_FAILED: usize = 5;

/// The claim that a service stayed healthy. `samples` are all probes that were made, oldest first; `observation` is the
/// watch during which they were made, if there was one.
pub fn health(
    request: &str,
    samples: &[HealthSample],
    observation: Option<&Observation>,
    rules: Rules<'_>,
) -> Finding {
    // A rate-limited probe (429) shows nothing about the service's health.
    let usable: Vec<&HealthSample> = samples.iter().filter(|sample| !sample.throttled).collect();
    let failed: Vec<&HealthSample> = usable.iter().copied().filter(|sample| !sample.good).collect();
    let finding = evidence(Finding::about(request), samples, &failed);
    let due = observation.map_or(0, |observation| due(observation, rules));
    let finding = finding.claim(health_claim(samples, &usable, due));
    let finding = match observation {
        Some(observation) => preconditions::whole(finding, observation),
        None => finding,
    };
    match failed.first() {
        Some(probe) => {
            finding.warn(format!("the probe at {} failed: {}", words::clock(probe.at), probe.what))
        }
        None => finding,
    }
}

/// How many probes a window has that is watched while it passes. Of a past window only the present can be probed.
fn due(observation: &Observation, rules: Rules<'_>) -> usize {
    let every = rules.traffic.health_every.0.max(MAX_PROBE_TIME);
    match observation.mode {
        Mode::Forward => (observation.window.length().as_secs_f64() / every.as_secs_f64()) as usize,
        Mode::Past => 0,
    }
}

fn health_claim(samples: &[HealthSample], usable: &[&HealthSample], due: usize) -> Claim {
    const CODE: &str = "health";
    const WHAT: &str = "health probes";
    const EXPECTED: &str = "never two failed in a row";
    let good = usable.iter().filter(|sample| sample.good).count();
    let succeeded = format!("{good} of {} succeeded", samples.len());
    if let Some(pair) = usable.windows(2).find(|pair| !pair[0].good && !pair[1].good) {
        let (first, second) = (pair[0], pair[1]);
        let (at, again) = (words::clock(first.at), words::clock(second.at));
        let found = format!("{} at {at}, {} at {again}", first.what, second.what);
        let why = format!("two probes in a row failed: {found}");
        let mut claim = Claim::compared(CODE, WHAT, EXPECTED, found, false).sentence(why);
        let lost: Vec<&Option<String>> =
            usable.iter().filter(|sample| !sample.good).map(|sample| &sample.offline).collect();
        // This machine can be what is offline only if every failure is one of its own network.
        if lost.iter().all(|host| host.is_some()) {
            claim.offline.clone_from(lost[0]);
        }
        return claim;
    }
    let open = |why: String| Claim::undecided(CODE, WHAT, EXPECTED, &succeeded).sentence(why);
    if samples.is_empty() {
        return open("no health probe was made".to_owned());
    }
    if usable.is_empty() {
        return open("every health probe was rate limited (429)".to_owned());
    }
    if good == 0 || usable.len() * 2 < samples.len() {
        return open(format!("too few usable health probes to judge: {succeeded}"));
    }
    // A machine that slept probed before and after, and knows nothing about the time between.
    if usable.len() * 2 < due {
        let made = words::ratio(usable.len() as u64, due as u64);
        return open(format!("only {made} scheduled health probes were made: this machine probably slept"));
    }
    // Without a later probe, a failed last one looks the same as an outage.
    match usable.last() {
        Some(last) if !last.good => {
            open(format!("the last health probe failed: {} ({succeeded})", last.what))
        }
        _ => Claim::compared(CODE, WHAT, EXPECTED, &succeeded, true),
    }
}

fn evidence(mut finding: Finding, samples: &[HealthSample], failed: &[&HealthSample]) -> Finding {
    for probe in failed.iter().take(MAX_FAILED) {
        finding = finding.evidence("failed probe", format!("{}: {}", words::instant(probe.at), probe.what));
    }
    if failed.len() > MAX_FAILED {
        finding = finding.evidence("failed probe", format!("and {} more", failed.len() - MAX_FAILED));
    }
    let throttled = samples.iter().filter(|sample| sample.throttled).count();
    if throttled > 0 {
        finding = finding.evidence("rate limited", format!("{throttled} of {} probes (429)", samples.len()));
    }
    finding
}

/// How many different messages are listed.
const MAX_MESSAGES: usize = 10;

/// The claim that no error was logged.
pub fn log_errors(asked: &str, log: &LogJudgement, observation: &Observation, rules: Rules<'_>) -> Finding {
    let claim = log_claim("error-lines", "error lines", log.error_lines(), log, rules);
    let mut finding = Finding::about(asked).claim(claim);
    for group in log.errors.iter().take(MAX_MESSAGES) {
        let first = words::clock(group.first);
        finding = finding.evidence(
            "error",
            format!("{} ×, first at {first}: {}", group.count, words::quoted(Some(&group.message))),
        );
    }
    if log.errors.len() > MAX_MESSAGES {
        let more = words::count((log.errors.len() - MAX_MESSAGES) as u64, "other message", "other messages");
        finding = finding.evidence("error", format!("and {more}"));
    }
    with_preconditions(finding, observation, rules)
}

/// The claim that no delivery attempt was logged as failed; a later attempt may have succeeded.
pub fn log_warnings(asked: &str, log: &LogJudgement, observation: &Observation, rules: Rules<'_>) -> Finding {
    let claim = log_claim("failed-attempts", "failed attempts", log.warned, log, rules);
    with_preconditions(Finding::about(asked).claim(claim), observation, rules)
}

fn log_claim(code: &str, what: &str, seen: u64, log: &LogJudgement, rules: Rules<'_>) -> Claim {
    let app = rules.target.fly_app.as_deref().unwrap_or("<fly_app>");
    let found = format!("{seen} in {}", words::count(log.lines_inside, "line", "lines"));
    match &log.covered {
        _ if seen > 0 => Claim::compared(code, what, "0", found, false),
        Err(why) => Claim::undecided(code, what, "0", found).sentence(why).fix(format!(
            "read the log by hand: fly logs -a {app}; if the window lies in the past, watch one instead: hotdash-ops monitor"
        )),
        Ok(()) if log.lines_inside == 0 => {
            Claim::undecided(code, what, "0", found).sentence("the log has no line in this window")
        }
        Ok(()) => Claim::compared(code, what, "0", found, true),
    }
}

fn with_preconditions(finding: Finding, observation: &Observation, rules: Rules<'_>) -> Finding {
    preconditions::fitness(observation, rules)
        .into_iter()
        .fold(preconditions::whole(finding, observation), Finding::claim)
}
