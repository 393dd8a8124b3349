//! Claims when Chatwoot did not return what was requested: what to say, what to do
//! about it, and whether it counts as a failure.

use super::{BASE, alive, name_of};
use crate::outcome::finding::Claim;
use crate::probe::http::fix_for;
use crate::service::chatwoot::{ChatwootError, Reason};

/// The claim that fails because Chatwoot did not return what was requested. `problem` begins the sentence: `Chatwoot
/// does not list the account's webhooks`. After too many requests the claim is undecided: that response proves
/// nothing.
pub fn refused(
    code: &str,
    what: &str,
    expected: impl Into<String>,
    problem: &str,
    trouble: &ChatwootError,
) -> Claim {
    let cause = cause(trouble);
    let sentence = format!("{problem}: {cause}");
    let mut claim = Claim::compared(code, what, expected, cause, false).sentence(sentence);
    claim.fix = fix(trouble);
    match trouble {
        ChatwootError::Unreachable(fault) => claim.offline = fault.offline_host().map(str::to_owned),
        ChatwootError::Refused(refusal) if refusal.reason == Reason::TooMany => claim.holds = None,
        ChatwootError::Refused(_) | ChatwootError::Unreadable(_) => {}
    }
    claim
}

/// The same for a claim about something in the response. A dead or broken server fails it. Anything else leaves it
/// undecided, because the check of the response itself reports that failure.
pub fn unanswered(
    code: &str,
    what: &str,
    expected: impl Into<String>,
    problem: &str,
    trouble: &ChatwootError,
) -> Claim {
    let mut claim = refused(code, what, expected, problem, trouble);
    let dead = match trouble {
        ChatwootError::Unreachable(_) => true,
        ChatwootError::Refused(refusal) => refusal.reason == Reason::Broken,
        ChatwootError::Unreadable(_) => false,
    };
    if !dead {
        claim.holds = None;
    }
    claim
}

fn cause(trouble: &ChatwootError) -> String {
    match trouble {
        ChatwootError::Unreachable(fault) => fault.to_string(),
        ChatwootError::Refused(refusal) => name_of(&refusal.in_words()),
        ChatwootError::Unreadable(why) => format!("200, but {why}"),
    }
}

/// What to do about it, where the cause is known better than the check's own fix assumes.
pub fn fix(trouble: &ChatwootError) -> Option<String> {
    match trouble {
        ChatwootError::Unreachable(fault) => fix_for(fault, BASE),
        ChatwootError::Refused(refusal) => refusal.fix().map(str::to_owned),
        ChatwootError::Unreadable(_) => Some(format!(
            "find out what answers at {BASE}, Chatwoot itself or a proxy: curl -sS -i \"${BASE}{}\"",
            alive::API
        )),
    }
}
