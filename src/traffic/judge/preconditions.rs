//! What every claim on a watch depends on: that the facts were read, and that the window is one that may pass.

use super::Rules;
use super::words;
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::{Ended, Mode};
use crate::traffic::window::{Observation, ReadError};
use crate::traffic::window::{OpenTransactions, WindowData};

/// What to do when nothing was delivered.
pub(super) const NO_DELIVERY_FIX: &str = "see the check `traffic.delivered`: it shows whether customers write; if they do, check the webhook in Chatwoot (Settings, Integrations, Webhooks)";

/// The minimum length of the success criteria's window, in minutes.
const MIN_CRITERIA_MINUTES: f64 = 30.0;
/// If a standby has not yet replayed this share of the window, the window stays undecided.
const MAX_UNSEEN_SHARE: f64 = 0.1;

/// Begins a finding: what was read, and the window.
pub(super) fn begin(observation: &Observation) -> Finding {
    let finding = Finding::about(format!("the facts of {}", words::window(&observation.window)));
    match &observation.facts {
        Ok(data) => finding.evidence(
            "window",
            format!(
                "{}, {}",
                words::window(&observation.window),
                per_minute(observation, data.tally.total())
            ),
        ),
        Err(_) => finding.evidence("window", words::window(&observation.window)),
    }
}

fn per_minute(observation: &Observation, total: u64) -> String {
    let minutes = observation.window.minutes();
    let deliveries = words::deliveries(total);
    if minutes > 0.0 && total > 0 {
        format!("{deliveries}, {:.1} per minute", total as f64 / minutes)
    } else {
        deliveries
    }
}

/// The claim that stays undecided because the facts could not be read.
pub(super) fn error(finding: Finding, code: &str, what: &str, expected: &str, error: &ReadError) -> Finding {
    let why = format!("the facts could not be read: {}", error.why);
    let mut claim = Claim::undecided(code, what, expected, "unknown").sentence(why);
    claim.fix.clone_from(&error.fix);
    finding.claim(claim)
}

/// Why a window that ended early proves nothing about a claim, unless it was this claim that ended it.
pub(super) fn cut(observation: &Observation, ended_by: fn(&Ended) -> bool) -> Option<String> {
    if !observation.ended.early() || ended_by(&observation.ended) {
        return None;
    }
    let after = words::minutes(observation.window.minutes());
    Some(match &observation.ended {
        Ended::DeadLetter => format!("not enough data: a dead letter ended the watch after {after}"),
        _ => format!("not enough data: too many failures ended the watch after {after}"),
    })
}

/// Adds that a window which ended early cannot show everything.
pub(super) fn whole(finding: Finding, observation: &Observation) -> Finding {
    match cut(observation, |_| false) {
        Some(cut) => {
            let found = words::minutes(observation.window.minutes());
            let claim = Claim::undecided("window", "window", "watched to its end", found).sentence(cut);
            again(finding.claim(claim), observation)
        }
        None => finding,
    }
}

/// What to do about a claim that is undecided only because the watch ended early.
pub(super) fn again(finding: Finding, observation: &Observation) -> Finding {
    let open = finding.claims.iter().all(|claim| claim.holds != Some(false));
    if observation.ended.early() && open {
        finding.fix(
            "fix what ended the watch, then run hotdash-ops monitor again (--full keeps watching after a failure)",
        )
    } else {
        finding
    }
}

/// One undecided claim for each reason why this window cannot pass. Claims that fail in it still fail.
pub(super) fn fitness(observation: &Observation, rules: Rules<'_>) -> Vec<Claim> {
    let mut open = Vec::new();
    let minutes = observation.window.minutes();
    let early = observation.ended.early();
    if observation.window.length().is_zero() {
        let claim = Claim::undecided("window", "window", "longer than 0 s", "0 s");
        open.push(claim.sentence("the window is empty"));
    } else if rules.criteria && !rules.sandbox && minutes < MIN_CRITERIA_MINUTES && !early {
        let expected = format!("at least {MIN_CRITERIA_MINUTES} minutes after the deploy");
        open.push(Claim::undecided("window", "window", expected, words::minutes(minutes)));
    }
    if let (true, Mode::Past, Err(why)) = (rules.criteria, observation.mode, &observation.deploy) {
        let claim = Claim::undecided("deploy", "start of the deploy", "known", "unknown");
        open.push(claim.sentence(format!("the start of the deploy is unknown: {why}")));
    }
    if let Some((unseen, text)) = observation.facts.as_ref().ok().and_then(behind)
        && unseen > observation.window.length().as_secs_f64() * MAX_UNSEEN_SHARE
    {
        let claim = Claim::undecided("standby", "standby", "the whole window replayed", "part of it");
        open.push(claim.sentence(text));
    }
    open
}

/// Warnings about the window itself, for claims that pass.
pub(super) fn warnings(observation: &Observation, rules: Rules<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    match &observation.deploy {
        Err(why) if observation.mode == Mode::Past && !rules.criteria => {
            warnings.push(format!(
                "the start of the deploy is unknown, so the window may include traffic of an earlier version: {why}"
            ));
        }
        Err(_) => {}
        Ok(deploy) => {
            if deploy.at > observation.window.from && observation.window.holds(deploy.at) {
                let at = words::clock(deploy.at);
                warnings.push(format!(
                    "{} was deployed at {at}, inside the window, so two versions served in it",
                    deploy.source
                ));
            }
            if deploy.running {
                warnings.push(format!(
                    "{} is still being deployed, so some machines may not run it yet",
                    deploy.source
                ));
            }
        }
    }
    for gap in &observation.gaps {
        let (from, to) = (words::clock(gap.from), words::clock(gap.to));
        warnings.push(format!(
            "the database did not answer from {from} to {to} ({}), so the app could not record anything in that time",
            gap.why
        ));
    }
    if let Ok(data) = &observation.facts {
        warnings.extend(of_facts(data));
    }
    warnings
}

fn of_facts(data: &WindowData) -> Vec<String> {
    let mut warnings = Vec::new();
    if let OpenTransactions::Open(since) = &data.open_transactions {
        warnings.push(format!(
            "a transaction open since {} may still add facts to the window",
            words::instant(*since)
        ));
    }
    if data.future > 0 {
        let facts = words::count(data.future, "fact is", "facts are");
        warnings.push(format!(
            "{facts} dated after the database's current time and not counted: the app's clock is ahead"
        ));
    }
    warnings.extend(behind(data).map(|(_, text)| text));
    warnings
}

/// How many seconds of the window a standby has not replayed, and a sentence with them.
fn behind(data: &WindowData) -> Option<(f64, String)> {
    let replayed = data.replayed_to?;
    let unseen = data.window.to.duration_since(replayed).as_secs_f64();
    (unseen > 0.0).then(|| {
        (
            unseen,
            format!(
                "the standby has replayed up to {}, {unseen:.0} s before the window's end",
                words::clock(replayed)
            ),
        )
    })
}
