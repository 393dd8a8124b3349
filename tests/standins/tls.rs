//! Certificates: good, wrong, out of date, and changed while the stand-in runs.

use hotdash_ops::testing::rehearsal::http::Transport;
use hotdash_ops::testing::rehearsal::http::tls::{Authority, CertificateSpec};
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use serde_json::json;

use crate::requests::{Reply, client};

async fn start(authority: &Authority) -> Chatwoot {
    let transport = Transport::Tls(authority.clone(), CertificateSpec::default());
    Chatwoot::start(State::default(), transport).await.unwrap()
}

/// Every cause of an error in one line.
fn causes(error: reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn https_works_for_clients_that_trust_the_authority() {
    let authority = Authority::new().unwrap();
    let chatwoot = start(&authority).await;
    let trusting = client(Some(&authority.ca_pem()));
    for host in ["127.0.0.1", "localhost"] {
        let back = Reply::to(trusting.get(format!("{}/api", chatwoot.url_at(host)))).await;
        assert_eq!((back.status, back.marked), (200, true), "{host}");
    }
    assert!(chatwoot.url().starts_with("https://127.0.0.1:"));
    let error = client(None).get(format!("{}/api", chatwoot.url())).send().await.unwrap_err();
    assert!(causes(error).contains("UnknownIssuer"));
}

#[tokio::test]
async fn a_certificate_is_changed_while_kept_connections_exist() {
    let authority = Authority::new().unwrap();
    let chatwoot = start(&authority).await;
    let client = client(Some(&authority.ca_pem()));
    let url = format!("{}/api", chatwoot.url());
    for (certificate, says) in [
        (json!({"days_left": -1}), "expired"),
        (json!({"days_old": -5}), "not valid yet"),
        (json!({"names": ["elsewhere.example"]}), "not valid for name"),
        (json!({"self_signed": true}), "unknownissuer"),
    ] {
        assert_eq!(Reply::to(client.get(&url)).await.status, 200);
        chatwoot.control(json!({"certificate": certificate})).await.unwrap();
        let said = causes(client.get(&url).send().await.unwrap_err()).to_lowercase();
        assert!(said.contains(says), "{certificate}: {said}");
        chatwoot.control(json!({"certificate": {}})).await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_has_the_requested_days_left() {
    use x509_parser::prelude::{FromDer, X509Certificate};
    let authority = Authority::new().unwrap();
    for days in [-3, 1, 10, 400] {
        let spec = CertificateSpec { days_left: days, ..Default::default() };
        let (pem, _) = authority.issue_pem(&spec).unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        let (_, certificate) = X509Certificate::from_der(&pem.contents).unwrap();
        let left = certificate.validity().not_after.timestamp() - jiff::Timestamp::now().as_second();
        assert!((left - days * 86_400).abs() < 60, "{days}: {left}");
    }
}

#[tokio::test]
async fn faults_work_behind_tls_too() {
    let authority = Authority::new().unwrap();
    let chatwoot = start(&authority).await;
    let client = client(Some(&authority.ca_pem()));
    for behaviour in ["close", "reset", "garbage"] {
        chatwoot.control(json!({"set": {"GET /api": {"behaviour": behaviour}}})).await.unwrap();
        let error = client.get(format!("{}/api", chatwoot.url())).send().await.unwrap_err();
        assert!(!error.is_connect(), "{behaviour}: the handshake itself succeeds: {}", causes(error));
    }
}
