//! Whether this machine is offline. One host whose name does not resolve is that
//! host's failure; when it is so for every remote host of the run, and there are
//! at least two, the fault is ours and the failures become errors.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::outcome::{Outcome, Verdict};
use super::plan::Plan;
use crate::probe::Probe;
use crate::settings::Settings;

/// Turns failures into errors if the machine is offline. Returns the indexes of what changed.
pub(super) fn revise(plan: &Plan, settings: &Settings, outcomes: &mut [Outcome]) -> Vec<usize> {
    let mut hosts: BTreeMap<String, bool> = BTreeMap::new();
    for (step, outcome) in plan.steps.iter().zip(outcomes.iter()) {
        if !outcome.verdict.asked() || !goes_out(&step.check.entry.probe) {
            continue;
        }
        let unreached: Vec<&String> = outcome.claims.iter().filter_map(|c| c.offline.as_ref()).collect();
        if unreached.is_empty()
            && let Some(host) = remote_host(&step.check.entry.probe, settings)
        {
            hosts.insert(host, false);
        }
        for host in unreached {
            hosts.entry(host.to_lowercase()).or_insert(true);
        }
    }
    if hosts.len() < 2 || hosts.values().any(|offline| !offline) {
        return Vec::new();
    }
    let mut changed = Vec::new();
    for (at, outcome) in outcomes.iter_mut().enumerate() {
        let only_offline = outcome.claims.iter().all(|c| c.holds != Some(false) || c.offline.is_some());
        if outcome.verdict == Verdict::Fail && only_offline {
            outcome.verdict = Verdict::Error;
            outcome.reason = format!("this machine is offline: {}", outcome.reason);
            outcome.fix = "connect this machine to the network and run again".to_owned();
            changed.push(at);
        }
    }
    changed
}

/// True for the kinds that talk to a remote host of the pipeline themselves.
fn goes_out(probe: &Probe) -> bool {
    matches!(
        probe,
        Probe::Reach(_) | Probe::Http(_) | Probe::Chatwoot(_) | Probe::Database(_) | Probe::Schema(_)
    )
}

/// The remote host that a probe's variables name; `None` for this machine itself.
fn remote_host(probe: &Probe, settings: &Settings) -> Option<String> {
    let host = probe.variables().iter().find_map(|name| {
        let url = url::Url::parse(settings.vars.filled(name)?).ok()?;
        url.host_str().map(|h| h.trim_matches(['[', ']']).to_lowercase())
    })?;
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (!local).then_some(host)
}
