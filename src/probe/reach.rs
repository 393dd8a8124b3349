//! A URL is reached, each phase timed apart.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::codes::codes;
use super::http::{by_hand, our_side, usable};
use crate::context::Asking;
use crate::input::template::Template;
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::service::place::without_user;
use crate::service::reach::{self, Leg, Stopped};
use crate::settings::Settings;

/// A URL is reached: resolve, connect, TLS and first byte, each timed apart.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    pub url: Template,
    /// Instead of whether it answers, judges that its certificate is valid for at least this many days.
    pub certificate_days: Option<i64>,
}

type Way = Result<reach::Reach, Stopped>;

impl Reach {
    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        let cx = asking.cx;
        let url = usable(cx, &self.url)?;
        let finding = Finding::about(format!("GET {}, one step at a time", without_user(&url)));
        if let (Some(days), "http") = (self.days(&cx.settings), url.scheme()) {
            return Ok(finding.claim(Claim::open(
                "certificate",
                at_least(days),
                "none to judge: the URL is plain http",
            )));
        }
        let (text, roots, marker) = (url.to_string(), cx.roots.clone(), cx.marker.clone());
        let (now, deadline) = (cx.now(), asking.deadline);
        let key = format!("reach {}", without_user(&url));
        let take = async move { reach::reach(&text, &roots, &marker, now, deadline).await };
        let way = cx.measure(key, asking.again, take).await;
        if let Err(stopped) = &*way {
            our_side(&stopped.why)?;
        }
        let finding = evidence(finding, &way);
        Ok(match self.days(&cx.settings) {
            Some(days) => certificate(finding, &way, days),
            None => answers(finding, &way),
        })
    }

    /// The days a certificate must be valid: the target's over the check's.
    fn days(&self, settings: &Settings) -> Option<i64> {
        self.certificate_days.map(|days| settings.target.thresholds.certificate_days.unwrap_or(days))
    }

    pub(super) fn explain(&self, settings: &Settings) -> Asked {
        let url = by_hand(&self.url, &settings.target);
        match self.days(settings) {
            Some(days) => Asked {
                question: format!("the certificate of {}", self.url),
                by_hand: vec![format!("curl -sS -o /dev/null -v {url} 2>&1 | grep -i 'expire date'")],
                expectations: vec![format!("certificate: {}", at_least(days))],
            },
            None => Asked {
                question: format!("GET {}, one step at a time", self.url),
                by_hand: vec![format!(
                    "curl -sS -o /dev/null -w 'resolve %{{time_namelookup}} connect %{{time_connect}} tls %{{time_appconnect}} first byte %{{time_starttransfer}} status %{{http_code}}\\n' {url}"
                )],
                expectations: vec![
                    "the name resolves, the port answers, TLS is trusted".to_owned(),
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
                vec![format!("`certificate_days = {days}` would accept one that expires today")]
            }
            _ => Vec::new(),
        }
    }
}

fn at_least(days: i64) -> String {
    format!("valid for at least {days} days")
}

/// One claim per step that was gone. The step at which the way ended fails; what lies behind it was not seen.
fn answers(mut finding: Finding, way: &Way) -> Finding {
    let (reached, stopped) = parts(way);
    if reached.resolve.is_some() {
        let found = reached.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        finding = finding.claim(Claim::new("resolve", "an address", found, true));
    }
    if let Some(peer) = reached.peer {
        finding = finding.claim(Claim::new("connect", "a connection", format!("accepted by {peer}"), true));
    }
    if let Some(tls) = &reached.tls {
        finding = finding.claim(Claim::new(
            "tls",
            "a trusted certificate for this host",
            tls.version.as_str(),
            true,
        ));
    }
    if let Some(stopped) = stopped {
        return finding.claim(broken(&stopped.at.to_string(), expected_at(stopped.at), stopped));
    }
    let expected = "a status below 500";
    finding.claim(match reached.status {
        Some(status) => Claim::new("http status", expected, status.to_string(), status < 500),
        None => Claim::open("http status", expected, "none seen"),
    })
}

fn expected_at(leg: Leg) -> &'static str {
    match leg {
        Leg::Resolve => "an address",
        Leg::Connect => "a connection",
        Leg::Tls => "a trusted certificate for this host",
        Leg::FirstByte => "an answer",
    }
}

/// How long the certificate is valid. It counts as seen when the handshake was done, whatever came after.
fn certificate(finding: Finding, way: &Way, days: i64) -> Finding {
    let (reached, stopped) = parts(way);
    finding.claim(match (&reached.tls, stopped) {
        (Some(tls), _) => {
            let found = format!("valid for {} days, until {}", tls.days_left, tls.certificate.not_after);
            Claim::new("certificate", at_least(days), found, tls.days_left >= days)
        }
        (None, Some(stopped)) => broken("certificate", &at_least(days), stopped),
        (None, None) => Claim::open("certificate", at_least(days), "none seen"),
    })
}

fn broken(what: &str, expected: &str, stopped: &Stopped) -> Claim {
    let mut claim = Claim::new(what, expected, stopped.why.to_string(), false);
    claim.offline = stopped.why.offline_host().map(str::to_owned);
    claim
}

fn parts(way: &Way) -> (&reach::Reach, Option<&Stopped>) {
    match way {
        Ok(reached) => (reached, None),
        Err(stopped) => (&stopped.reached, Some(stopped)),
    }
}

fn evidence(mut finding: Finding, way: &Way) -> Finding {
    let (reached, _) = parts(way);
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
                "{} days left, until {}, issued by {}",
                tls.days_left, tls.certificate.not_after, tls.certificate.issuer
            ),
        ),
        None => finding,
    }
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::outcome::Verdict;
    use crate::service::tls::{Certificate, TlsFault};
    use crate::service::unreachable::Unreachable;

    fn reached(status: u16, days_left: i64) -> reach::Reach {
        let certificate = Certificate {
            subject: "CN=chat.example".to_owned(),
            issuer: "CN=R3".to_owned(),
            names: vec!["chat.example".to_owned()],
            not_before: jiff::Timestamp::UNIX_EPOCH,
            not_after: "2026-02-01T00:00:00Z".parse().expect("a good time"),
        };
        let address: IpAddr = [192, 0, 2, 7].into();
        reach::Reach {
            resolve: Some(Duration::from_millis(3)),
            addresses: vec![address],
            connect: Some(Duration::from_millis(9)),
            peer: Some((address, 443).into()),
            tls: Some(reach::Tls {
                took: Duration::from_millis(21),
                version: "TLSv1.3".to_owned(),
                certificate,
                days_left,
            }),
            first_byte: Some(Duration::from_millis(40)),
            status: Some(status),
        }
    }

    fn stopped(at: Leg, why: Unreachable, reached: reach::Reach) -> Stopped {
        Stopped { at, why, reached }
    }

    fn judged(way: &Way) -> (Verdict, Finding) {
        let finding = answers(evidence(Finding::about("x"), way), way);
        (Verdict::of(&finding.claims), finding)
    }

    #[test]
    fn any_answer_below_500_is_one() {
        for status in [200, 204, 302, 401, 404, 429] {
            assert_eq!(judged(&Ok(reached(status, 80))).0, Verdict::Pass, "{status}");
        }
        for status in [500, 502, 503] {
            assert_eq!(judged(&Ok(reached(status, 80))).0, Verdict::Fail, "{status}");
        }
        let (_, finding) = judged(&Ok(reached(200, 80)));
        let names: Vec<&str> = finding.evidence.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["resolve", "connect", "tls", "first byte", "certificate"]);
        assert_eq!(finding.claims.len(), 4);
    }

    #[test]
    fn the_step_that_broke_is_named_after_those_that_held() {
        let lost = Unreachable::Unresolvable { host: "chat.example".to_owned() };
        let (verdict, finding) = judged(&Err(stopped(Leg::Resolve, lost, reach::Reach::default())));
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(finding.claims.len(), 1);
        assert_eq!(finding.claims[0].offline.as_deref(), Some("chat.example"));

        let connected = reach::Reach { tls: None, first_byte: None, status: None, ..reached(200, 1) };
        let way = stopped(Leg::Tls, Unreachable::Tls(TlsFault::UnknownIssuer), connected);
        let (verdict, finding) = judged(&Err(way));
        assert_eq!(verdict, Verdict::Fail);
        let whats: Vec<(&str, Option<bool>)> =
            finding.claims.iter().map(|c| (c.what.as_str(), c.holds)).collect();
        assert_eq!(whats, [("resolve", Some(true)), ("connect", Some(true)), ("tls", Some(false))]);
        assert_eq!(finding.claims[2].offline, None);
    }

    #[test]
    fn a_certificate_is_judged_by_its_days_and_only_when_seen() {
        let judge = |way: &Way| Verdict::of(&certificate(Finding::about("x"), way, 14).claims);
        assert_eq!(judge(&Ok(reached(200, 14))), Verdict::Pass);
        assert_eq!(judge(&Ok(reached(200, 13))), Verdict::Fail);
        assert_eq!(judge(&Ok(reached(503, 80))), Verdict::Pass);
        let silent =
            stopped(Leg::FirstByte, Unreachable::Closed, reach::Reach { status: None, ..reached(200, 80) });
        assert_eq!(judge(&Err(silent)), Verdict::Pass);
        let expired = Unreachable::Tls(TlsFault::Expired { since: None });
        assert_eq!(judge(&Err(stopped(Leg::Tls, expired, reach::Reach::default()))), Verdict::Fail);
        assert_eq!(
            judge(&Err(stopped(Leg::Connect, Unreachable::Refused, reach::Reach::default()))),
            Verdict::Fail
        );
        assert_eq!(judge(&Ok(reach::Reach { tls: None, ..reached(200, 1) })), Verdict::Inconclusive);
    }
}
