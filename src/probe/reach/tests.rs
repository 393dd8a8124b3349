//! Each step on the way to a URL, and certificates.

use std::net::IpAddr;

use super::*;
use crate::outcome::Verdict;
use crate::service::tls::{Certificate, TlsError};
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

fn judged(result: &Reached) -> (Verdict, Finding) {
    let finding = steps(evidence(Finding::about("x"), result), result, "CHATWOOT_BASE_URL");
    (Verdict::of(&finding.claims), finding)
}

#[test]
fn any_status_below_500_counts_as_reachable() {
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
fn the_failed_step_follows_the_steps_that_worked() {
    let lost = Unreachable::Unresolvable { host: "chat.example".to_owned() };
    let (verdict, finding) = judged(&Err(stopped(Leg::Resolve, lost, reach::Reach::default())));
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(finding.claims.len(), 1);
    assert_eq!(finding.claims[0].offline.as_deref(), Some("chat.example"));
    assert!(finding.claims[0].fix.as_deref().is_some_and(|fix| fix.contains("CHATWOOT_BASE_URL")));

    let connected = reach::Reach { tls: None, first_byte: None, status: None, ..reached(200, 1) };
    let untrusted = stopped(Leg::Tls, Unreachable::Tls(TlsError::UnknownIssuer), connected);
    let (verdict, finding) = judged(&Err(untrusted));
    assert_eq!(verdict, Verdict::Fail);
    let codes: Vec<(&str, Option<bool>)> =
        finding.claims.iter().map(|c| (c.code.as_str(), c.holds)).collect();
    assert_eq!(codes, [("resolve", Some(true)), ("connect", Some(true)), ("tls", Some(false))]);
    assert_eq!(finding.claims[2].offline, None);
    let reason = finding.claims[2].reason();
    assert!(reason.starts_with("cannot establish TLS: the certificate"), "{reason}");
}

#[test]
fn a_certificate_is_judged_by_its_remaining_days_when_it_was_seen() {
    let judge = |result: &Reached| {
        Verdict::of(&certificate(Finding::about("x"), result, 14, "CHATWOOT_BASE_URL").claims)
    };
    assert_eq!(judge(&Ok(reached(200, 14))), Verdict::Pass);
    assert_eq!(judge(&Ok(reached(200, 13))), Verdict::Fail);
    assert_eq!(judge(&Ok(reached(503, 80))), Verdict::Pass);
    let silent =
        stopped(Leg::FirstByte, Unreachable::Closed, reach::Reach { status: None, ..reached(200, 80) });
    assert_eq!(judge(&Err(silent)), Verdict::Pass);
    let expired = Unreachable::Tls(TlsError::Expired { since: None });
    assert_eq!(judge(&Err(stopped(Leg::Tls, expired, reach::Reach::default()))), Verdict::Fail);
    assert_eq!(
        judge(&Err(stopped(Leg::Connect, Unreachable::Refused, reach::Reach::default()))),
        Verdict::Fail
    );
    assert_eq!(judge(&Ok(reach::Reach { tls: None, ..reached(200, 1) })), Verdict::Inconclusive);
}
