//! Whether a URL is reachable, with the time of each step, and how long its certificate is valid.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use super::http::{by_hand, fix_for, our_side, usable};
use crate::context::{Attempt, Key};
use crate::input::template::Template;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::place::without_user;
use crate::service::reach::{self, Leg, Stopped};
use crate::settings::Settings;

/// A URL is reachable: name resolution, connection, TLS and first byte, each timed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    pub url: Template,
    /// When set, the check is about the certificate: it must be valid for at least this many more days.
    pub certificate_days: Option<i64>,
}

type Reached = Result<reach::Reach, Stopped>;

/// How far a URL was reached, by the URL.
const REACHED: Key<Reached> = Key::new("the connection to");

impl Reach {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let cx = attempt.cx;
        let url = usable(cx, &self.url)?;
        let finding = Finding::about(format!("GET {}, step by step", without_user(&url)));
        if let (Some(days), "http") = (self.days(&cx.settings), url.scheme()) {
            let claim = Claim::undecided("certificate", "certificate", at_least(days), "none")
                .sentence("there is no certificate to check: the URL uses plain http")
                .fix(format!("set {} to an https:// URL", self.variable()));
            return Ok(finding.claim(claim));
        }
        let (text, roots, marker) = (url.to_string(), cx.roots.clone(), cx.marker.clone());
        let (now, deadline) = (cx.now(), attempt.deadline);
        let key = REACHED.of(without_user(&url));
        let take = async move { reach::reach(&text, &roots, &marker, now, deadline).await };
        let reached = cx.measure(key, attempt.again, take).await;
        if let Err(stopped) = &*reached {
            our_side(&stopped.why)?;
        }
        let finding = evidence(finding, &reached);
        Ok(match self.days(&cx.settings) {
            Some(days) => certificate(finding, &reached, days, self.variable()),
            None => steps(finding, &reached, self.variable()),
        })
    }

    /// How many more days the certificate must be valid. The target's setting takes precedence over the check's.
    fn days(&self, settings: &Settings) -> Option<i64> {
        self.certificate_days.map(|days| settings.target.thresholds.certificate_days.unwrap_or(days))
    }

    /// The environment variable that holds the URL, for a fix.
    fn variable(&self) -> &str {
        self.url.variables().next().unwrap_or("the URL of this check")
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let url = by_hand(&self.url, &settings.target);
        match self.days(settings) {
            Some(days) => Explanation {
                question: format!("the certificate of {}", self.url),
                by_hand: vec![format!("curl -sS -o /dev/null -v {url} 2>&1 | grep -i 'expire date'")],
                expectations: vec![format!("certificate: {}", at_least(days))],
            },
            None => Explanation {
                question: format!("GET {}, step by step", self.url),
                by_hand: vec![format!(
                    "curl -sS -o /dev/null -w 'resolve %{{time_namelookup}} connect %{{time_connect}} tls %{{time_appconnect}} first byte %{{time_starttransfer}} status %{{http_code}}\\n' {url}"
                )],
                expectations: vec![
                    "the name resolves, the port accepts connections, the certificate is trusted".to_owned(),
                    "http status: below 500".to_owned(),
                ],
            },
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match self.certificate_days {
            Some(_) => codes(["certificate"]),
            None => codes(["resolve", "connect", "tls", "first-byte", "http-status"]),
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        self.url.variables().map(str::to_owned).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        match self.certificate_days {
            Some(days) if days < 1 => {
                vec![format!("`certificate_days = {days}` would accept a certificate that expires today")]
            }
            _ => Vec::new(),
        }
    }
}

fn at_least(days: i64) -> String {
    format!("valid for at least {days} more {}", if days == 1 { "day" } else { "days" })
}

fn in_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// One claim per step. The step that went wrong fails; the steps after it have no claim.
fn steps(mut finding: Finding, result: &Reached, variable: &str) -> Finding {
    let (reached, stopped) = parts(result);
    if reached.resolve.is_some() {
        let found = reached.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        finding = finding.claim(Claim::compared("resolve", "name resolution", "an address", found, true));
    }
    if let Some(peer) = reached.peer {
        let found = format!("accepted by {peer}");
        finding = finding.claim(Claim::compared("connect", "connection", "accepted", found, true));
    }
    if let Some(tls) = &reached.tls {
        let found = tls.version.as_str();
        finding = finding.claim(Claim::compared("tls", "TLS", TRUSTED, found, true));
    }
    if let Some(stopped) = stopped {
        return finding.claim(failed_step(stopped, variable));
    }
    let expected = "below 500";
    finding.claim(match reached.status {
        Some(status) => {
            Claim::compared("http-status", "http status", expected, status.to_string(), status < 500)
        }
        None => Claim::undecided("http-status", "http status", expected, "none")
            .sentence("the response had no status"),
    })
}

const TRUSTED: &str = "a trusted certificate for this host";

fn failed_step(stopped: &Stopped, variable: &str) -> Claim {
    let why = &stopped.why;
    let (code, what, expected, sentence) = match stopped.at {
        Leg::Resolve => ("resolve", "name resolution", "an address", why.to_string()),
        Leg::Connect => ("connect", "connection", "accepted", format!("cannot connect: {why}")),
        Leg::Tls => ("tls", "TLS", TRUSTED, format!("cannot establish TLS: {why}")),
        Leg::FirstByte => ("first-byte", "first byte", "a response", format!("no response: {why}")),
    };
    broken(Claim::compared(code, what, expected, "none", false).sentence(sentence), stopped, variable)
}

fn broken(mut claim: Claim, stopped: &Stopped, variable: &str) -> Claim {
    claim.fix = fix_for(&stopped.why, variable);
    claim.offline = stopped.why.offline_host().map(str::to_owned);
    claim
}

/// How long the certificate is valid. It was seen if the handshake was completed, whatever came after.
fn certificate(finding: Finding, result: &Reached, days: i64, variable: &str) -> Finding {
    let (reached, stopped) = parts(result);
    let (code, what, expected) = ("certificate", "certificate", at_least(days));
    finding.claim(match (&reached.tls, stopped) {
        (Some(tls), _) => {
            let left = in_days(tls.days_left);
            let found = format!("valid for {left}, until {}", tls.certificate.not_after);
            Claim::compared(code, what, expected, found, tls.days_left >= days)
        }
        (None, Some(stopped)) => {
            let why = &stopped.why;
            let claim = Claim::compared(code, what, expected, "none that is valid", false);
            if stopped.at == Leg::Tls {
                broken(claim.sentence(why.to_string()), stopped, variable)
            } else {
                let claim = claim.sentence(format!("the certificate cannot be read: {why}"));
                let claim = broken(claim, stopped, variable);
                if claim.fix.is_some() {
                    claim
                } else {
                    claim.fix(format!("make {variable} reachable first"))
                }
            }
        }
        (None, None) => Claim::undecided(code, what, expected, "none").sentence("no certificate was seen"),
    })
}

fn parts(result: &Reached) -> (&reach::Reach, Option<&Stopped>) {
    match result {
        Ok(reached) => (reached, None),
        Err(stopped) => (&stopped.reached, Some(stopped)),
    }
}

fn evidence(mut finding: Finding, result: &Reached) -> Finding {
    let (reached, _) = parts(result);
    let tls = reached.tls.as_ref();
    let steps = [
        ("resolve", reached.resolve),
        ("connect", reached.connect),
        ("tls", tls.map(|tls| tls.took)),
        ("first byte", reached.first_byte),
    ];
    for (name, took) in steps {
        if let Some(took) = took {
            finding = finding.evidence(name, millis(took));
        }
    }
    match tls {
        Some(tls) => finding.evidence(
            "certificate",
            format!(
                "{} left, until {}, issued by {}",
                in_days(tls.days_left),
                tls.certificate.not_after,
                tls.certificate.issuer
            ),
        ),
        None => finding,
    }
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests;
