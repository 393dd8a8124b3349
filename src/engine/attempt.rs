//! Runs one check: attempts, deadline, retries, and the outcome. Redaction happens here,
//! where the outcome is made, so that no format can forget it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::plan::Step;
use crate::context::{Attempt, Context};
use crate::outcome::event::Event;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::outcome::waived::Waiver;
use crate::outcome::{Outcome, Verdict, Why};

/// Added to the check's timeout, so that the time-out of the service itself is reported.
const SLACK: Duration = Duration::from_millis(1500);

/// The pause between two attempts at a service that may be starting.
const COLD_START_PAUSE: Duration = Duration::from_secs(1);

/// Runs the check until it has a final outcome.
pub(super) async fn ask(cx: &Arc<Context>, step: &Step, retries: &mpsc::UnboundedSender<Event>) -> Outcome {
    let entry = &step.check.entry;
    let began = Instant::now();
    let mut outcome = blank(cx, step, Verdict::Error);
    outcome.started = Some(cx.now());
    let mut left = entry.retry.map_or(0, |r| r.times);
    let mut needed_retry = false;
    loop {
        outcome.attempts += 1;
        let attempt = Attempt {
            cx,
            id: &step.check.id,
            folder: step.check.folder.as_deref(),
            deadline: entry.timeout.0,
            again: outcome.attempts > 1,
        };
        entry.probe.prepare(&attempt).await;
        match timeout(entry.timeout.0 + SLACK, entry.probe.ask(&attempt)).await {
            Ok(Ok(finding)) => judge(&mut outcome, finding, fix(cx, step)),
            Ok(Err(cannot)) => give_up(&mut outcome, cannot, blank(cx, step, Verdict::Error)),
            Err(_) => give_up(&mut outcome, slow(step), blank(cx, step, Verdict::Error)),
        }
        if outcome.verdict != Verdict::Fail {
            break;
        }
        let patience = entry.cold_start.filter(|_| outcome.claims.iter().any(|claim| claim.starting));
        let pause = if patience.is_some_and(|patience| began.elapsed() < patience.0) {
            COLD_START_PAUSE
        } else if let (Some(retry), true) = (entry.retry, left > 0) {
            left -= 1;
            needed_retry = true;
            retry.every.0
        } else {
            break;
        };
        let reason = cx.redactor.apply(&outcome.reason).into_owned();
        // The run may be over; then there is no receiver.
        let _ = retries.send(Event::Retrying {
            id: step.check.id.clone(),
            attempt: outcome.attempts,
            reason,
            at: cx.now(),
        });
        sleep(pause).await;
    }
    if needed_retry && outcome.verdict == Verdict::Pass {
        outcome.warnings.push(format!("passed only on attempt {}", outcome.attempts));
    } else if outcome.attempts > 1 && outcome.verdict == Verdict::Pass {
        let value = format!("answered on attempt {} after {} ms", outcome.attempts, millis(began.elapsed()));
        outcome.evidence.push(crate::outcome::finding::Evidence { name: "cold start".to_owned(), value });
    }
    outcome.took_ms = millis(began.elapsed());
    finish(cx, outcome, step)
}

/// The outcome of a check that was not run, with its reason.
pub(super) fn unasked(cx: &Context, step: &Step, verdict: Verdict) -> Outcome {
    let mut outcome = blank(cx, step, verdict);
    if let Verdict::Skipped(why) = &outcome.verdict {
        outcome.reason = why.to_string();
        if let Why::Blocked(parent) = why {
            outcome.fix = format!("fix {parent} first");
        }
    }
    finish(cx, outcome, step)
}

/// An outcome with only what the checklist provides.
fn blank(cx: &Context, step: &Step, verdict: Verdict) -> Outcome {
    let (check, entry) = (&step.check, &step.check.entry);
    Outcome {
        id: check.id.clone(),
        title: entry.title.clone(),
        severity: entry.severity,
        effect: entry.effect,
        verdict,
        asked: String::new(),
        claims: Vec::new(),
        evidence: Vec::new(),
        warnings: Vec::new(),
        reason: String::new(),
        fix: fix(cx, step),
        runbook: check.runbook.clone(),
        attempts: 0,
        started: None,
        took_ms: 0,
        waiver: check.waiver.clone(),
        sign_off: None,
        origin: check.origin.clone(),
        replaces: check.replaces.clone(),
    }
}

/// The outcome of a check that the engine itself could not finish.
pub(super) fn broken(cx: &Context, step: &Step, reason: impl Into<String>, fix: &str) -> Outcome {
    let mut outcome = blank(cx, step, Verdict::Error);
    outcome.reason = reason.into();
    fix.clone_into(&mut outcome.fix);
    finish(cx, outcome, step)
}

/// A duration in whole milliseconds, the unit of reports.
pub(super) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

/// The check's fix, filled from the target.
fn fix(cx: &Context, step: &Step) -> String {
    cx.settings.target.fill(&step.check.entry.fix)
}

fn judge(outcome: &mut Outcome, finding: Finding, fix: String) {
    // Texts of an earlier attempt must not remain.
    outcome.warnings.clear();
    outcome.fix = fix;
    outcome.judge(finding);
}

fn give_up(outcome: &mut Outcome, cannot: ProbeError, blank: Outcome) {
    let attempts = outcome.attempts;
    let started = outcome.started;
    *outcome = blank;
    (outcome.attempts, outcome.started) = (attempts, started);
    outcome.reason = cannot.why;
    outcome.evidence = cannot.evidence;
    if let Some(hint) = cannot.hint {
        outcome.fix = hint;
    }
}

fn slow(step: &Step) -> ProbeError {
    ProbeError::because(format!("no result within the check's timeout of {}", step.check.entry.timeout))
        .hint("run it alone with --only, and find out what else this machine is busy with")
}

fn finish(cx: &Context, mut outcome: Outcome, step: &Step) -> Outcome {
    outcome.sign_off = cx.settings.attest.get(&outcome.id).cloned();
    let helper = step.check.contact.as_ref().and_then(|topic| cx.settings.target.contacts.get(topic));
    if let Some(helper) = helper
        && outcome.is_problem()
    {
        outcome.fix = format!("{} (contact: {helper})", outcome.fix);
    }
    outcome.tell_expiry();
    redact(&mut outcome, cx);
    outcome
}

fn redact(outcome: &mut Outcome, cx: &Context) {
    let clean = |text: &mut String| *text = cx.redactor.apply(text).into_owned();
    [&mut outcome.title, &mut outcome.asked, &mut outcome.reason, &mut outcome.fix, &mut outcome.origin]
        .into_iter()
        .for_each(clean);
    if let Some(Waiver { reason, owner, origin, .. }) = &mut outcome.waiver {
        [reason, owner, origin].into_iter().for_each(clean);
    }
    outcome.warnings.iter_mut().for_each(clean);
    outcome.runbook.iter_mut().for_each(clean);
    outcome.sign_off.iter_mut().for_each(clean);
    for Claim { code, what, expected, found, sentence, fix, .. } in &mut outcome.claims {
        [code, what, expected, found].into_iter().chain(sentence).chain(fix).for_each(clean);
    }
    for evidence in &mut outcome.evidence {
        [&mut evidence.name, &mut evidence.value].into_iter().for_each(clean);
    }
    if let Verdict::Skipped(Why::Excluded(by)) = &mut outcome.verdict {
        clean(by);
    }
}
