//! Whether anything arrives at all. Silence is told by its cause: nobody writes, the
//! source is mute, or the app is deaf.

use jiff::SignedDuration;

use super::{Rules, ground, words};
use crate::probe::{Claim, Finding};
use crate::traffic::customers::{Customers, Unknown};
use crate::traffic::silence::{Silence, silence};
use crate::traffic::watched::Watched;

const WHAT: &str = "facts";
const EXPECTED: &str = "recorded while customers write";

/// The claim that what customers write is recorded.
pub fn delivered(watched: &Watched, customers: &Customers, rules: Rules<'_>) -> Finding {
    let finding = ground::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return ground::unasked(finding, WHAT, EXPECTED, unasked),
    };
    let facts = full.letter.total.saturating_add(full.dead_letters);
    let heard = customers.heard(patience(rules));
    match silence(facts, &heard, &customers.queue) {
        Silence::Delivered { facts } => {
            let found = words::count(facts, "fact", "facts");
            let finding = finding.claim(match ground::cut(watched, |_| false) {
                Some(cut) => Claim::open(WHAT, EXPECTED, format!("{found}; {cut}")),
                None => Claim::new(WHAT, EXPECTED, found, true),
            });
            ground::again(finding, watched)
        }
        Silence::Deaf { messages } => {
            let written = words::count(messages, "message", "messages");
            let found = format!("deaf: none, though customers wrote {written}");
            finding.claim(Claim::new(WHAT, EXPECTED, found, false))
        }
        Silence::MuteSource => finding
            .claim(Claim::new(
                WHAT,
                EXPECTED,
                "mute source: Chatwoot's queue is failing, so it delivers nothing",
                false,
            ))
            .fix(format!(
                "check Chatwoot's Redis and Sidekiq, and restart what is down: fly status -a {}",
                rules.target.shown("fly_chatwoot_app")
            )),
        Silence::Quiet => finding
            .claim(Claim::open(WHAT, EXPECTED, "quiet: none, and no customer wrote"))
            .fix("write to the inbox as a customer, or watch at a time when customers write"),
        Silence::Unknown(why) => {
            let finding =
                finding.claim(Claim::open(WHAT, EXPECTED, format!("none, and why cannot be told: {why}")));
            mended(finding, heard.as_ref().err())
        }
    }
}

/// How long a message may be on its way.
pub(super) fn patience(rules: Rules<'_>) -> SignedDuration {
    SignedDuration::try_from(rules.traffic.patience.0).unwrap_or(SignedDuration::MAX)
}

/// Adds the repair that the reason itself knows.
pub(super) fn mended(finding: Finding, why: Option<&Unknown>) -> Finding {
    match why.and_then(Unknown::fix) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}
