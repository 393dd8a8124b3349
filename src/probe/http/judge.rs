//! What an answer proves. Pure: an answer goes in, claims come out.

use super::{Http, Method, Operand};
use crate::outcome::finding::{Claim, Finding};
use crate::service::body;
use crate::service::http::{Answer, MOST_REDIRECTS};
use crate::service::place;
use crate::service::unreachable::Unreachable;
use crate::text::short;

pub(super) fn judge(
    http: &Http,
    finding: Finding,
    seen: &Result<Answer, Unreachable>,
    operands: &[Operand],
) -> Finding {
    let expected = statuses(&http.status);
    let answer = match seen {
        Ok(answer) => answer,
        Err(fault) => {
            let mut claim = Claim::new("http status", expected, fault.to_string(), false);
            claim.offline = fault.offline_host().map(str::to_owned);
            claim.starting = may_be_starting(fault);
            return finding.claim(claim);
        }
    };
    let right = http.status.contains(&answer.status);
    let mut claim = Claim::new("http status", expected, found(answer), right);
    claim.starting = !right && answer.status >= 500;
    let mut finding = finding.claim(claim);
    if !answer.redirects.is_empty() {
        finding = finding.evidence("redirected to", place::bare(&answer.url).unwrap_or_default());
    }
    // A wrong status speaks for itself; what its page lacks besides would only be noise.
    if !right || http.expect.is_empty() || http.method == Method::Head {
        return finding;
    }
    let json = match body::json(answer) {
        Ok(json) => json,
        Err(why) => return finding.claim(Claim::new("body", "JSON", why, false)),
    };
    finding = finding.claim(Claim::new("body", "JSON", "JSON", true));
    match answer.header("content-type") {
        Some(kind) if is_json(kind) => {}
        Some(kind) => {
            finding =
                finding.warn(format!("the body is JSON, but its content type says `{}`", short(kind, 80)));
        }
        None => finding = finding.warn("the body is JSON, but it has no content type"),
    }
    for (expect, operand) in http.expect.iter().zip(operands) {
        finding = finding.claim(match operand {
            Operand::Text(text) => expect.judge(&json, text.as_deref()),
            Operand::Unconfigured(open) => open.clone(),
        });
    }
    finding
}

/// A service that is starting has a name and a route already, and whatever answers for it speaks TLS and HTTP.
fn may_be_starting(fault: &Unreachable) -> bool {
    matches!(
        fault,
        Unreachable::Refused | Unreachable::Reset | Unreachable::Closed | Unreachable::TimedOut { .. }
    )
}

/// `200 or 202`.
pub(super) fn statuses(right: &[u16]) -> String {
    right.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn found(answer: &Answer) -> String {
    let status = answer.status;
    match place::redirect(answer) {
        Some(there) if answer.redirects.len() >= MOST_REDIRECTS => {
            format!("{status}, a redirect to {there} after {MOST_REDIRECTS} others")
        }
        Some(there) => format!("{status}, a redirect to {there}, which is not followed"),
        None => status.to_string(),
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
