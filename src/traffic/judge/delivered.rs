//! Whether anything arrives at all. If nothing was recorded, the cause decides: nobody wrote, Chatwoot cannot send,
//! or the app does not receive.

use jiff::SignedDuration;

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::customers::silence::{Silence, silence};
use crate::traffic::customers::{Customers, Unknown};
use crate::traffic::window::Observation;

const CODE: &str = "facts";
const WHAT: &str = "recorded webhooks";
const EXPECTED: &str = "at least 1 while customers write";

/// The claim that webhooks are recorded while customers write.
pub fn delivered(observation: &Observation, customers: &Customers, rules: Rules<'_>) -> Finding {
    let finding = preconditions::begin(observation);
    let data = match &observation.facts {
        Ok(data) => data,
        Err(error) => return preconditions::error(finding, CODE, WHAT, EXPECTED, error),
    };
    let facts = data.tally.total().saturating_add(data.tally.dead_letters);
    let ages = customers.message_ages(patience(rules));
    match silence(facts, &ages, &customers.queue) {
        Silence::Delivered { facts } => {
            let finding = finding.claim(match preconditions::cut(observation, |_| false) {
                Some(cut) => Claim::undecided(CODE, WHAT, EXPECTED, facts.to_string()).sentence(cut),
                None => Claim::compared(CODE, WHAT, EXPECTED, facts.to_string(), true),
            });
            preconditions::again(finding, observation)
        }
        Silence::NotReceived { messages } => {
            let written = words::count(messages, "message", "messages");
            let why = format!("no webhook was recorded although customers wrote {written}");
            finding.claim(Claim::compared(CODE, WHAT, EXPECTED, "0", false).sentence(why))
        }
        Silence::QueueFailing => finding.claim(
            Claim::compared(CODE, WHAT, EXPECTED, facts.to_string(), false)
                .sentence("Chatwoot's queue is failing, so it sends nothing")
                .fix(format!(
                    "check Chatwoot's Redis and Sidekiq, and restart what is down: fly status -a {}",
                    rules.target.shown("fly_chatwoot_app")
                )),
        ),
        Silence::NoMessages => finding.claim(
            Claim::undecided(CODE, WHAT, EXPECTED, "0")
                .sentence("no webhook was recorded, and no customer wrote")
                .fix("write to the inbox as a customer, or watch while customers write"),
        ),
        Silence::Unknown(why) => {
            let why = format!("no webhook was recorded, and the cause is unknown: {why}");
            let claim = Claim::undecided(CODE, WHAT, EXPECTED, "0").sentence(why);
            finding.claim(with_fix(claim, ages.as_ref().err()))
        }
    }
}

/// How long a message may be on its way.
pub(super) fn patience(rules: Rules<'_>) -> SignedDuration {
    SignedDuration::try_from(rules.traffic.patience.0).unwrap_or(SignedDuration::MAX)
}

/// Adds the fix that belongs to the reason, if there is one.
pub(super) fn with_fix(claim: Claim, why: Option<&Unknown>) -> Claim {
    match why.and_then(Unknown::fix) {
        Some(fix) => claim.fix(fix),
        None => claim,
    }
}
