//! Whether this machine is offline. If one host name does not resolve, that host has
//! failed. If no remote host of the run can be reached, and there are at least two, this
//! machine is the cause, and the failures become errors.

use std::collections::BTreeMap;

use super::plan::Plan;
use crate::outcome::{Outcome, Verdict};
use crate::probe::{Probe, Traffic};
use crate::service::dsn::Dsn;
use crate::service::unreachable::is_loopback;
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
            && was_reached(outcome)
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

/// True for the kinds of probes that connect to a remote host of the pipeline themselves.
fn goes_out(probe: &Probe) -> bool {
    match probe {
        Probe::Reach(_) | Probe::Http(_) | Probe::Chatwoot(_) | Probe::Database(_) | Probe::Schema(_) => true,
        // Of the checks on a watch only these are about a single host.
        Probe::Health(_) | Probe::Traffic(Traffic::Database) => true,
        _ => false,
    }
}

/// True if something was compared. Claims are all undecided if the expected value is missing, and then the host was
/// not contacted.
fn was_reached(outcome: &Outcome) -> bool {
    outcome.claims.iter().any(|c| c.holds.is_some())
}

/// The remote host that a probe's variables name; `None` for this machine itself.
fn remote_host(probe: &Probe, settings: &Settings) -> Option<String> {
    let host = probe.variables().iter().find_map(|name| host(name, settings.vars.filled(name)?.trim()))?;
    (!is_loopback(&host)).then_some(host)
}

/// The host of a URL, or the first host of a connection string, which is not always a URL.
fn host(name: &str, value: &str) -> Option<String> {
    let host = match name {
        "DATABASE_URL" => Dsn::parse(value).ok()?.servers.into_iter().next().filter(|s| !s.is_socket())?.host,
        _ => url::Url::parse(value).ok()?.host_str()?.to_owned(),
    };
    Some(host.trim_matches(['[', ']']).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_urls_and_connection_strings() {
        for (name, value, expected) in [
            ("CHATWOOT_BASE_URL", "https://Chat.hotrodan.test:8443/", Some("chat.hotrodan.test")),
            ("AGENT_SDK_URL", "https://[fd00::1]/", Some("fd00::1")),
            ("CHATWOOT_API_KEY", "uVWhz1JpMCyK", None),
            ("DATABASE_URL", "postgres://u:p@DB.hotrodan.test/x", Some("db.hotrodan.test")),
            ("DATABASE_URL", "postgres://u:p@db.hotrodan.test,other.test/x", Some("db.hotrodan.test")),
            ("DATABASE_URL", "host=db.hotrodan.test hostaddr=192.0.2.7 user=u", Some("db.hotrodan.test")),
            ("DATABASE_URL", "postgres://u:p@/x?host=/var/run/postgresql", None),
            ("DATABASE_URL", "hunter22", None),
        ] {
            assert_eq!(host(name, value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn checks_on_a_watch_count_as_remote_only_if_they_are_about_one_host() {
        let list = crate::checklist::load().expect("the embedded checklist reads");
        let out = |id: &str| goes_out(&list.get(id).expect(id).entry.probe);
        for id in
            ["database.reachable", "traffic.chatwoot-healthy", "traffic.agent-healthy", "chatwoot.alive"]
        {
            assert!(out(id), "{id}");
        }
        for id in
            ["traffic.success-rate", "traffic.delivered", "traffic.no-errors-in-logs", "success.dashboards"]
        {
            assert!(!out(id), "{id}");
        }
    }
}
