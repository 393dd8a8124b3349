//! What every claim on a watch stands on: that the facts were read, and that the
//! window they are of is one that may pass.

use super::Rules;
use super::words;
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::{Ended, Mode};
use crate::traffic::full::{Full, Horizon};
use crate::traffic::watched::{Unasked, Watched};

/// The window of the success criteria, in minutes.
const CRITERIA_MINUTES: f64 = 30.0;
/// What a standby may not have replayed of the window yet: a part of it this large leaves it open.
const UNSEEN: f64 = 0.1;

/// Begins a finding: what was asked, and the window.
pub(super) fn begin(watched: &Watched) -> Finding {
    let finding = Finding::about(format!("the facts of {}", words::window(&watched.window)));
    let traffic = watched.facts.as_ref().map(|full| (full.letter.total, full.dead_letters));
    match traffic {
        Ok((total, _)) => finding.evidence(
            "window",
            format!("{}, {}", words::window(&watched.window), per_minute(watched, total)),
        ),
        Err(_) => finding.evidence("window", words::window(&watched.window)),
    }
}

fn per_minute(watched: &Watched, total: u64) -> String {
    let minutes = watched.window.minutes();
    let deliveries = words::deliveries(total);
    // A count, not an identity: precision beyond one digit is not shown.
    if minutes > 0.0 && total > 0 {
        format!("{deliveries}, {:.1} a minute", total as f64 / minutes)
    } else {
        deliveries
    }
}

/// The claim that stays open because the facts could not be read.
pub(super) fn unasked(finding: Finding, what: &str, expected: &str, unasked: &Unasked) -> Finding {
    let finding =
        finding.claim(Claim::open(what, expected, format!("the facts could not be read: {}", unasked.why)));
    match &unasked.fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

/// Why a window that ended early says nothing about a claim, unless it was this claim that ended it.
pub(super) fn cut(watched: &Watched, ended_by: fn(&Ended) -> bool) -> Option<String> {
    if !watched.ended.early() || ended_by(&watched.ended) {
        return None;
    }
    let at = words::clock(watched.window.to);
    Some(match &watched.ended {
        Ended::DeadLetter => format!("window cut at {at}: a dead letter ended the watch"),
        _ => format!("window cut at {at}: too many failures ended the watch"),
    })
}

/// Leaves open what a window that ended early cannot show, beside what it did show.
pub(super) fn whole(finding: Finding, watched: &Watched) -> Finding {
    match cut(watched, |_| false) {
        Some(cut) => again(finding.claim(Claim::open("window", "watched to its end", cut)), watched),
        None => finding,
    }
}

/// What to do about a claim that only the watch's early end left open.
pub(super) fn again(finding: Finding, watched: &Watched) -> Finding {
    let open = finding.claims.iter().all(|claim| claim.holds != Some(false));
    match watched.ended.early() && open {
        true => {
            finding.fix("mend what ended the watch, and watch again; `hotdash-ops monitor --full` watches on")
        }
        false => finding,
    }
}

/// One open claim for each reason why this window cannot pass. What does not hold in it does not hold all the
/// same: half a window of failures is half a window of failures.
pub(super) fn fitness(watched: &Watched, rules: Rules<'_>) -> Vec<Claim> {
    let mut open = Vec::new();
    let minutes = watched.window.minutes();
    if watched.window.length().is_zero() {
        open.push(Claim::open("window", "a stretch of time", "it is empty"));
    }
    if rules.criteria && !rules.sandbox && minutes < CRITERIA_MINUTES && !watched.ended.early() {
        let expected = format!("{CRITERIA_MINUTES} minutes or more after the deploy");
        open.push(Claim::open("window", expected, format!("only {}", words::minutes(minutes))));
    }
    if let (true, Mode::Past, Err(why)) = (rules.criteria, watched.mode, &watched.deploy) {
        open.push(Claim::open("deploy", "a known time, at which a past window begins", why));
    }
    if let Some((unseen, text)) = watched.facts.as_ref().ok().and_then(behind)
        && unseen > watched.window.length().as_secs_f64() * UNSEEN
    {
        open.push(Claim::open("standby", "all of the window replayed", text));
    }
    open
}

/// What a pass of this window carries with it.
pub(super) fn warnings(watched: &Watched, rules: Rules<'_>) -> Vec<String> {
    let mut said = Vec::new();
    match &watched.deploy {
        Err(why) if watched.mode == Mode::Past && !rules.criteria => {
            said.push(format!(
                "the deploy's time is not known, so the window may hold an earlier version's traffic: {why}"
            ));
        }
        Err(_) => {}
        Ok(deploy) => {
            if deploy.at > watched.window.from && watched.window.holds(deploy.at) {
                let at = words::clock(deploy.at);
                said.push(format!(
                    "{} went out at {at}, inside the window: two versions served in it",
                    deploy.source
                ));
            }
            if deploy.running {
                said.push(format!("{} is still running: not every machine need have it yet", deploy.source));
            }
        }
    }
    for gap in &watched.gaps {
        let (from, to) = (words::clock(gap.from), words::clock(gap.to));
        said.push(format!(
            "the database did not answer from {from} to {to} ({}): what the app did then it could not record",
            gap.why
        ));
    }
    if let Ok(full) = &watched.facts {
        said.extend(of_facts(full));
    }
    said
}

fn of_facts(full: &Full) -> Vec<String> {
    let mut said = Vec::new();
    if let Horizon::Open(since) = &full.horizon {
        said.push(format!(
            "a transaction open since {} may still add facts to the window",
            words::instant(*since)
        ));
    }
    if full.future > 0 {
        let facts = words::count(full.future, "fact is", "facts are");
        said.push(format!(
            "{facts} dated after the database's clock, and not counted: the app's clock is ahead"
        ));
    }
    said.extend(behind(full).map(|(_, text)| text));
    said
}

/// Seconds of the window that a standby has not replayed, and the same in words.
fn behind(full: &Full) -> Option<(f64, String)> {
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
