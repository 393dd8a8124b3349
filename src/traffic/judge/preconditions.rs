//! What every claim on a watch depends on: that the facts were read, and that the window is one that may pass.

use super::Rules;
use super::words;
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::{Ended, Mode};
use crate::traffic::window::{Observation, ReadError};
use crate::traffic::window::{OpenTransactions, WindowData};

/// The minimum length of the success criteria's window, in minutes.
const CRITERIA_MINUTES: f64 = 30.0;
/// If a standby has not yet replayed this share of the window, the window stays undecided.
const UNSEEN: f64 = 0.1;

/// Begins a finding: what was read, and the window.
pub(super) fn begin(watched: &Observation) -> Finding {
    let finding = Finding::about(format!("the facts of {}", words::window(&watched.window)));
    match &watched.facts {
        Ok(full) => finding.evidence(
            "window",
            format!("{}, {}", words::window(&watched.window), per_minute(watched, full.letter.total)),
        ),
        Err(_) => finding.evidence("window", words::window(&watched.window)),
    }
}

fn per_minute(watched: &Observation, total: u64) -> String {
    let minutes = watched.window.minutes();
    let deliveries = words::deliveries(total);
    if minutes > 0.0 && total > 0 {
        format!("{deliveries}, {:.1} per minute", total as f64 / minutes)
    } else {
        deliveries
    }
}

/// The claim that stays undecided because the facts could not be read.
pub(super) fn unasked(
    finding: Finding,
    code: &str,
    what: &str,
    expected: &str,
    unasked: &ReadError,
) -> Finding {
    let why = format!("the facts could not be read: {}", unasked.why);
    let mut claim = Claim::undecided(code, what, expected, "unknown").sentence(why);
    claim.fix.clone_from(&unasked.fix);
    finding.claim(claim)
}

/// Why a window that ended early proves nothing about a claim, unless it was this claim that ended it.
pub(super) fn cut(watched: &Observation, ended_by: fn(&Ended) -> bool) -> Option<String> {
    if !watched.ended.early() || ended_by(&watched.ended) {
        return None;
    }
    let after = words::minutes(watched.window.minutes());
    Some(match &watched.ended {
        Ended::DeadLetter => format!("not enough data: a dead letter ended the watch after {after}"),
        _ => format!("not enough data: too many failures ended the watch after {after}"),
    })
}

/// Adds that a window which ended early cannot show everything.
pub(super) fn whole(finding: Finding, watched: &Observation) -> Finding {
    match cut(watched, |_| false) {
        Some(cut) => {
            let found = words::minutes(watched.window.minutes());
            let claim = Claim::undecided("window", "window", "watched to its end", found).sentence(cut);
            again(finding.claim(claim), watched)
        }
        None => finding,
    }
}

/// What to do about a claim that is undecided only because the watch ended early.
pub(super) fn again(finding: Finding, watched: &Observation) -> Finding {
    let open = finding.claims.iter().all(|claim| claim.holds != Some(false));
    if watched.ended.early() && open {
        finding.fix(
            "fix what ended the watch, then run hotdash-ops monitor again (--full keeps watching after a failure)",
        )
    } else {
        finding
    }
}

/// One undecided claim for each reason why this window cannot pass. Claims that fail in it still fail.
pub(super) fn fitness(watched: &Observation, rules: Rules<'_>) -> Vec<Claim> {
    let mut open = Vec::new();
    let minutes = watched.window.minutes();
    let early = watched.ended.early();
    if watched.window.length().is_zero() {
        let claim = Claim::undecided("window", "window", "longer than 0 s", "0 s");
        open.push(claim.sentence("the window is empty"));
    } else if rules.criteria && !rules.sandbox && minutes < CRITERIA_MINUTES && !early {
        let expected = format!("at least {CRITERIA_MINUTES} minutes after the deploy");
        open.push(Claim::undecided("window", "window", expected, words::minutes(minutes)));
    }
    if let (true, Mode::Past, Err(why)) = (rules.criteria, watched.mode, &watched.deploy) {
        let claim = Claim::undecided("deploy", "start of the deploy", "known", "unknown");
        open.push(claim.sentence(format!("the start of the deploy is unknown: {why}")));
    }
    if let Some((unseen, text)) = watched.facts.as_ref().ok().and_then(behind)
        && unseen > watched.window.length().as_secs_f64() * UNSEEN
    {
        let claim = Claim::undecided("standby", "standby", "the whole window replayed", "part of it");
        open.push(claim.sentence(text));
    }
    open
}

/// Warnings about the window itself, for claims that pass.
pub(super) fn warnings(watched: &Observation, rules: Rules<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    match &watched.deploy {
        Err(why) if watched.mode == Mode::Past && !rules.criteria => {
            warnings.push(format!(
                "the start of the deploy is unknown, so the window may include traffic of an earlier version: {why}"
            ));
        }
        Err(_) => {}
        Ok(deploy) => {
            if deploy.at > watched.window.from && watched.window.holds(deploy.at) {
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
    for gap in &watched.gaps {
        let (from, to) = (words::clock(gap.from), words::clock(gap.to));
        warnings.push(format!(
            "the database did not answer from {from} to {to} ({}), so the app could not record anything in that time",
            gap.why
        ));
    }
    if let Ok(full) = &watched.facts {
        warnings.extend(of_facts(full));
    }
    warnings
}

fn of_facts(full: &WindowData) -> Vec<String> {
    let mut warnings = Vec::new();
    if let OpenTransactions::Open(since) = &full.horizon {
        warnings.push(format!(
            "a transaction open since {} may still add facts to the window",
            words::instant(*since)
        ));
    }
    if full.future > 0 {
        let facts = words::count(full.future, "fact is", "facts are");
        warnings.push(format!(
            "{facts} dated after the database's current time and not counted: the app's clock is ahead"
        ));
    }
    warnings.extend(behind(full).map(|(_, text)| text));
    warnings
}

/// How many seconds of the window a standby has not replayed, and a sentence with them.
fn behind(full: &WindowData) -> Option<(f64, String)> {
    let replayed = full.replayed_to?;
    let unseen = full.window.to.duration_since(replayed).as_secs_f64();
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
