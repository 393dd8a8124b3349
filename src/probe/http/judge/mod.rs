//! What a response proves. Pure: a response goes in, claims come out.

use super::{Http, Method, Operand, fix_for};
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
            let mut claim = Claim::compared("http-status", "http status", expected, "no response", false)
                .sentence(format!("{} failed: {fault}", finding.asked));
            claim.fix = fix_for(fault, http.variable());
            claim.offline = fault.offline_host().map(str::to_owned);
            claim.starting = may_be_starting(fault);
            return finding.claim(claim);
        }
    };
    let right = http.status.contains(&answer.status);
    let mut claim = Claim::compared("http-status", "http status", expected, found(answer), right);
    claim.starting = !right && answer.status >= 500;
    if !right && place::redirect(answer).is_some() {
        claim.fix = Some(redirect_fix(http));
    }
    let mut finding = finding.claim(claim);
    if !answer.redirects.is_empty() {
        finding = finding.evidence("redirected to", place::bare(&answer.url).unwrap_or_default());
    }
    // The body of a response with a wrong status would only add noise.
    if !right || http.expect.is_empty() || http.method == Method::Head {
        return finding;
    }
    let json = match body::json(answer) {
        Ok(json) => json,
        Err(why) => {
            let sentence = format!("the response is {why}");
            let claim = Claim::compared("body", "body", "JSON", why, false).sentence(sentence);
            return finding.claim(claim.fix(format!(
                "find out what answers at {}: the service itself, or a proxy in its place (curl -sS -i)",
                http.variable()
            )));
        }
    };
    finding = finding.claim(Claim::compared("body", "body", "JSON", "JSON", true));
    match answer.header("content-type") {
        Some(kind) if is_json(kind) => {}
        Some(kind) => {
            finding =
                finding.warn(format!("the body is JSON, but its content type is `{}`", short(kind, 80)));
        }
        None => finding = finding.warn("the body is JSON, but it has no content type"),
    }
    for ((expect, operand), code) in http.expect.iter().zip(operands).zip(http.expectation_codes()) {
        let mut claim = match operand {
            Operand::Text(text) => expect.judge(&json, text.as_deref()),
            Operand::Unconfigured(open) => open.clone(),
        };
        claim.code = code;
        finding = finding.claim(claim);
    }
    finding
}

fn redirect_fix(http: &Http) -> String {
    format!(
        "if the redirect is right, set {} to the address it redirects to; otherwise correct the proxy that redirects",
        http.variable()
    )
}

/// A service that is still starting has a name and a route already, and what answers for it speaks TLS and HTTP.
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
            format!("{status} (redirect to {there} after {MOST_REDIRECTS} others)")
        }
        Some(there) => format!("{status} (redirect to {there}, not followed)"),
        None => status.to_string(),
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

#[cfg(test)]
mod tests;
