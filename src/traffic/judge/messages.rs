//! Whether anything arrives at all, and whether messages were lost: one by one, where Chatwoot shows them, and by comparing
//! totals, which can prove a loss but never that there is none. If nothing was recorded, the cause decides: nobody wrote,
//! Chatwoot cannot send, or the app does not receive.

use jiff::SignedDuration;

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::customers::loss::{Judged, Loss, Rule, judge};
use crate::traffic::customers::silence::{self, Shortfall, Silence, silence};
use crate::traffic::customers::{Customers, Unknown};
use crate::traffic::window::Observation;

/// The claim that webhooks are recorded while customers write.
pub fn delivered(observation: &Observation, customers: &Customers, rules: Rules<'_>) -> Finding {
    const CODE: &str = "facts";
    const WHAT: &str = "recorded webhooks";
    const EXPECTED: &str = "at least 1 while customers write";
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
fn patience(rules: Rules<'_>) -> SignedDuration {
    SignedDuration::try_from(rules.traffic.patience.0).unwrap_or(SignedDuration::MAX)
}

/// Adds the fix that belongs to the reason, if there is one.
fn with_fix(claim: Claim, why: Option<&Unknown>) -> Claim {
    match why.and_then(Unknown::fix) {
        Some(fix) => claim.fix(fix),
        None => claim,
    }
}

/// How many lost messages are listed.
const MAX_LOST: usize = 10;

/// The claim that no customer's message was lost.
pub fn no_lost_message(observation: &Observation, customers: &Customers, rules: Rules<'_>) -> Finding {
    const CODE: &str = "lost-messages";
    const WHAT: &str = "lost messages";
    const EXPECTED: &str = "0";
    let dead_letters = match &observation.facts {
        Ok(data) => Ok(data.dead_letter_messages.as_slice()),
        Err(error) => Err(error.why.as_str()),
    };
    let rule = Rule { patience: patience(rules), drafts: rules.traffic.drafts, dead_letters };
    let finding = Finding::about(format!("Chatwoot's conversations of {}", words::window(&customers.window)));
    match judge(customers, rule) {
        Judged::NotAskedFor => finding.claim(
            Claim::undecided(CODE, WHAT, EXPECTED, "unknown")
                .sentence("not checked: the target is configured with `drafts = \"off\"`"),
        ),
        Judged::Unknown(why) => {
            let unknown = customers.messages.as_ref().err().or(customers.now.as_ref().err());
            let why = format!("cannot tell whether a message was lost: {why}");
            let claim = Claim::undecided(CODE, WHAT, EXPECTED, "unknown").sentence(why);
            finding.claim(with_fix(claim, unknown))
        }
        Judged::Known(loss) => {
            let judged = words::count(loss.judged, "message", "messages");
            let found = format!("{} of {judged}", loss.lost.len());
            let open = |why: String| Claim::undecided(CODE, WHAT, EXPECTED, &found).sentence(why);
            let claim = match (loss.none_lost(), preconditions::cut(observation, |_| false)) {
                (Some(false), _) => Claim::compared(CODE, WHAT, EXPECTED, &found, false),
                (None, _) => open("no customer message is old enough to judge".to_owned()),
                (Some(true), Some(cut)) => open(cut),
                (Some(true), None) => Claim::compared(CODE, WHAT, EXPECTED, &found, true),
            };
            preconditions::again(evidence(finding.claim(claim), &loss), observation)
        }
    }
}

fn evidence(mut finding: Finding, loss: &Loss) -> Finding {
    for lost in loss.lost.iter().take(MAX_LOST) {
        let (conversation, message, at) = (lost.conversation, lost.message, words::instant(lost.at));
        finding = finding.evidence("lost", format!("conversation {conversation}, message {message} of {at}"));
    }
    if loss.lost.len() > MAX_LOST {
        finding = finding.evidence("lost", format!("and {} more", loss.lost.len() - MAX_LOST));
    }
    for (name, n) in [
        ("answered", loss.answered),
        ("dead letters", loss.dead_lettered),
        ("waiting", loss.waiting),
        ("deleted", loss.deleted),
    ] {
        if n > 0 {
            finding = finding.evidence(name, words::count(n, "message", "messages"));
        }
    }
    finding
}

/// The claim that there are at least as many facts as messages. If it holds, that only means that no loss shows.
pub fn fewer_facts(observation: &Observation, customers: &Customers) -> Finding {
    const CODE: &str = "facts-and-messages";
    const WHAT: &str = "recorded facts";
    const EXPECTED: &str = "at least as many as messages";
    let finding = preconditions::begin(observation);
    let data = match &observation.facts {
        Ok(data) => data,
        Err(error) => return preconditions::error(finding, CODE, WHAT, EXPECTED, error),
    };
    // A webhook that became a dead letter also has a fact of its failed delivery.
    let compared = silence::fewer_facts(data.tally.total(), &customers.counts);
    let found = compared.describe();
    let open = |why: String| Claim::undecided(CODE, WHAT, EXPECTED, &found).sentence(why);
    let claim = match (&compared, preconditions::cut(observation, |_| false)) {
        (Shortfall::Fewer { .. }, _) => Claim::compared(CODE, WHAT, EXPECTED, &found, false),
        (Shortfall::NoLossProvable { .. }, None) => Claim::compared(CODE, WHAT, EXPECTED, &found, true),
        (_, Some(cut)) => open(cut),
        (Shortfall::Unknown(_), None) => open(format!("the number of messages is unknown: {found}")),
        (Shortfall::Nothing { .. }, None) => {
            open("no message was written, so there is nothing to compare".to_owned())
        }
    };
    preconditions::again(finding.claim(with_fix(claim, customers.counts.as_ref().err())), observation)
}
