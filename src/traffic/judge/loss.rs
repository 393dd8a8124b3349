//! Whether messages were lost: one by one, where Chatwoot shows them, and by comparing totals, which can prove a loss
//! but never that there is none.

use super::delivered::{patience, with_fix};
use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::customers::Customers;
use crate::traffic::customers::loss::{Judged, Loss, Rule, judge};
use crate::traffic::customers::silence::{self, Fewer};
use crate::traffic::window::Observation;

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
        (Fewer::Fewer { .. }, _) => Claim::compared(CODE, WHAT, EXPECTED, &found, false),
        (Fewer::NoLossProvable { .. }, None) => Claim::compared(CODE, WHAT, EXPECTED, &found, true),
        (_, Some(cut)) => open(cut),
        (Fewer::Unknown(_), None) => open(format!("the number of messages is unknown: {found}")),
        (Fewer::Nothing { .. }, None) => {
            open("no message was written, so there is nothing to compare".to_owned())
        }
    };
    preconditions::again(finding.claim(with_fix(claim, customers.counts.as_ref().err())), observation)
}
