//! The verbs that run checks, as data, and the checks that each of them runs.

use crate::checklist::Checklist;

/// A verb that runs checks.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    pub name: &'static str,
    /// The folders of `checks/` it runs.
    pub phases: &'static [&'static str],
    /// The sections of these phases it runs; empty for all.
    pub sections: &'static [&'static str],
    /// Whether it must run as a whole: its exit code and first line speak for all of its checks.
    pub whole: bool,
    /// The checks it runs, if the verb runs only a few.
    pub only: &'static [&'static str],
    /// Whether its runs leave a journal; a verb that cron runs every few minutes would fill the disk.
    pub journal: bool,
    /// The first line of a verb for cron, when all is well and when not.
    pub headline: Option<(&'static str, &'static str)>,
}

/// `preflight`: the pre-deploy half of the checklist.
pub const PREFLIGHT: Verb = Verb {
    name: "preflight",
    phases: &["preflight"],
    sections: &[],
    whole: false,
    only: &[],
    journal: true,
    headline: None,
};

/// `status`: Chatwoot's health, to replace the app's health check script.
pub const STATUS: Verb = Verb {
    name: "status",
    whole: true,
    only: &["chatwoot.alive", "chatwoot.services", "chatwoot.account"],
    journal: false,
    headline: Some(("Chatwoot health check OK", "Chatwoot health check FAILED")),
    ..PREFLIGHT
};

/// `monitor`: the first traffic after a deploy.
pub const MONITOR: Verb =
    Verb { name: "monitor", phases: &["deploy"], sections: &["database", "traffic"], ..PREFLIGHT };

/// `gate`: the success criteria.
pub const GATE: Verb = Verb { name: "gate", phases: &["success"], whole: true, ..PREFLIGHT };

/// `baseline`: records the last hour.
pub const BASELINE: Verb = Verb {
    name: "baseline",
    phases: &["after"],
    sections: &["baseline"],
    whole: true,
    only: &[
        "baseline.recorded",
        "baseline.success-rate",
        "baseline.average",
        "baseline.requests-per-minute",
        "baseline.dead-letters-per-day",
    ],
    ..PREFLIGHT
};

/// `baseline compare`: the last hour against a recorded baseline.
pub const COMPARE: Verb = Verb {
    name: "baseline compare",
    only: &["baseline.comparable", "baseline.rate-holds", "baseline.average-holds"],
    ..BASELINE
};

/// The checks of a verb: all of its phases, or only certain sections plus the operator's own, or only certain checks.
pub fn asked_by(verb: Verb, list: &Checklist) -> Checklist {
    let mut list = list.phases(verb.phases);
    list.sections.retain(|s| verb.sections.is_empty() || s.own || verb.sections.contains(&s.id.as_str()));
    narrowed(list, verb)
}

/// The list with only the verb's checks and the checks they need, so that such a run is not partial.
fn narrowed(list: Checklist, verb: Verb) -> Checklist {
    if verb.only.is_empty() {
        return list;
    }
    let mut wanted: Vec<String> = verb.only.iter().map(|&id| id.to_owned()).collect();
    let mut at = 0;
    while at < wanted.len() {
        if let Some(check) = list.get(&wanted[at]) {
            let more: Vec<String> =
                check.entry.needs.iter().filter(|n| !wanted.contains(n)).cloned().collect();
            wanted.extend(more);
        }
        at += 1;
    }
    let mut narrow = list;
    for section in &mut narrow.sections {
        section.checks.retain(|c| wanted.contains(&c.id));
    }
    narrow.sections.retain(|s| !s.checks.is_empty());
    narrow
}
