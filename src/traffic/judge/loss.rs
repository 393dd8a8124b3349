//! Whether messages were lost on their way: one by one, where Chatwoot shows them, and
//! by numbers, which prove a loss and never that there is none.

use super::delivered::{mended, patience};
use super::{Rules, ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::customers::Customers;
use crate::traffic::loss::{Judged, Loss, Rule, judge};
use crate::traffic::silence::{self, Fewer};
use crate::traffic::watched::Watched;

/// So many lost messages are told.
const TOLD: usize = 10;

/// The claim that no customer's message is lost.
pub fn no_lost_message(watched: &Watched, customers: &Customers, rules: Rules<'_>) -> Finding {
    const WHAT: &str = "lost messages";
    const EXPECTED: &str = "0";
    let dead_letters = match &watched.facts {
        Ok(full) => Ok(full.dead_letter_messages.as_slice()),
        Err(unasked) => Err(unasked.why.as_str()),
    };
    let rule = Rule { patience: patience(rules), drafts: rules.traffic.drafts, dead_letters };
    let finding = Finding::about(format!("Chatwoot's conversations of {}", words::window(&customers.window)));
    match judge(customers, rule) {
        Judged::NotAskedFor => {
            finding.claim(Claim::open(WHAT, EXPECTED, "not asked: the target has `drafts = \"off\"`"))
        }
        Judged::Unknown(why) => {
            let unknown = customers.messages.as_ref().err().or(customers.now.as_ref().err());
            mended(finding.claim(Claim::open(WHAT, EXPECTED, why)), unknown)
        }
        Judged::Known(loss) => {
            let judged = words::count(loss.judged, "message", "messages");
            let lost = u64::try_from(loss.lost.len()).unwrap_or(u64::MAX);
            let claim = match (loss.none_lost(), ground::cut(watched, |_| false)) {
                (Some(false), _) => Claim::new(WHAT, EXPECTED, format!("{lost} of {judged}"), false),
                (None, _) => Claim::open(WHAT, EXPECTED, "no customer's message is old enough to judge"),
                (Some(true), Some(cut)) => Claim::open(WHAT, EXPECTED, format!("0 of {judged}; {cut}")),
                (Some(true), None) => Claim::new(WHAT, EXPECTED, format!("0 of {judged}"), true),
            };
            ground::again(told(finding.claim(claim), &loss), watched)
        }
    }
}

fn told(mut finding: Finding, loss: &Loss) -> Finding {
    for lost in loss.lost.iter().take(TOLD) {
        let (conversation, message, at) = (lost.conversation, lost.message, words::instant(lost.at));
        finding = finding.evidence("lost", format!("conversation {conversation}, message {message} of {at}"));
    }
    if loss.lost.len() > TOLD {
        finding = finding.evidence("lost", format!("and {} more", loss.lost.len() - TOLD));
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

/// The claim that there are not fewer facts than messages. That it holds says only that no loss shows.
pub fn fewer_facts(watched: &Watched, customers: &Customers) -> Finding {
    const WHAT: &str = "facts and messages";
    const EXPECTED: &str = "as many facts as messages, or more";
    let finding = ground::begin(watched);
    let full = match &watched.facts {
        Ok(full) => full,
        Err(unasked) => return ground::unasked(finding, WHAT, EXPECTED, unasked),
    };
    // A webhook that became a dead letter has its fact of failure besides.
    let compared = silence::fewer_facts(full.letter.total, &customers.counts);
    let found = compared.in_words();
    let claim = match (&compared, ground::cut(watched, |_| false)) {
        (Fewer::Fewer { .. }, _) => Claim::new(WHAT, EXPECTED, found, false),
        (Fewer::NoLossProvable { .. }, None) => Claim::new(WHAT, EXPECTED, found, true),
        (_, Some(cut)) => Claim::open(WHAT, EXPECTED, format!("{found}; {cut}")),
        _ => Claim::open(WHAT, EXPECTED, found),
    };
    mended(ground::again(finding.claim(claim), watched), customers.counts.as_ref().err())
}
