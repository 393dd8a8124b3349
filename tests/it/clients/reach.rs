//! The way to a server, part by part.

use std::time::Duration;

use hotdash_ops::testing::rehearsal::http::Transport;
use hotdash_ops::testing::rehearsal::http::tls::{Authority, CertificateSpec};
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::reach::{Leg, reach};
use hotdash_ops::testing::service::tls::{Roots, TlsError};
use jiff::{Timestamp, ToSpan};

use super::{Manner, Site, TIMEOUT, closed_port, ok, redirect, sendable};

async fn chatwoot(authority: &Authority, spec: CertificateSpec) -> Chatwoot {
    Chatwoot::start(State::default(), Transport::Tls(authority.clone(), spec)).await.unwrap()
}

fn trusting(authority: &Authority) -> Roots {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.ca_pem()).unwrap();
    Roots::only(file.path()).unwrap()
}

#[tokio::test]
async fn every_phase_of_a_connection_is_timed() {
    let authority = Authority::new().unwrap();
    let chatwoot = chatwoot(&authority, CertificateSpec::default()).await;
    let now = Timestamp::now();
    let url = format!("{}/api", chatwoot.url_at("localhost"));
    let marker = MarkerSink::default();
    let way = sendable(reach(&url, &trusting(&authority), &marker, now, TIMEOUT)).await.unwrap();
    assert!(way.resolve.is_some() && way.connect.is_some() && way.first_byte.is_some(), "{way:?}");
    assert!(way.addresses.iter().any(|a| a.to_string() == "127.0.0.1"), "{way:?}");
    assert_eq!(way.peer.unwrap().ip().to_string(), "127.0.0.1");
    assert_eq!((way.status, marker.seen()), (Some(200), true));
    let tls = way.tls.unwrap();
    assert_eq!(tls.version, "TLSv1.3");
    assert!((89..=90).contains(&tls.days_left), "{}", tls.days_left);
    assert!(tls.certificate.not_after > now && tls.certificate.not_before < now);
    assert!(tls.certificate.issuer.contains("rehearsal authority"), "{}", tls.certificate.issuer);
    assert_eq!(tls.certificate.names, ["localhost", "127.0.0.1"]);

    let later = now + (24 * 80).hours();
    let tls = reach(&url, &trusting(&authority), &marker, later, TIMEOUT).await.unwrap().tls.unwrap();
    assert!((9..=10).contains(&tls.days_left), "{}", tls.days_left);
}

#[tokio::test]
async fn a_plain_site_has_no_tls_and_redirects_are_not_followed() {
    let site = Site::always(redirect(302, "/login")).await;
    let marker = MarkerSink::default();
    let way = reach(&site.url(""), &Roots::none(), &marker, Timestamp::now(), TIMEOUT).await.unwrap();
    assert_eq!((way.tls.is_none(), way.resolve, way.status, marker.seen()), (true, None, Some(302), true));
    let seen = &site.seen()[0];
    assert!(seen.starts_with("get / http/1.1") && seen.contains(&format!("host: 127.0.0.1:{}", site.port)));
}

#[tokio::test]
async fn a_failed_connection_names_the_phase_that_failed() {
    let authority = Authority::new().unwrap();
    let roots = trusting(&authority);
    let stop = async |url: &str| {
        reach(url, &roots, &MarkerSink::default(), Timestamp::now(), Duration::from_millis(700))
            .await
            .unwrap_err()
    };

    let end = stop("https://chat.invalid/").await;
    assert_eq!((end.at, end.why.offline_host()), (Leg::Resolve, Some("chat.invalid")));
    assert!(end.to_string().starts_with("resolve: the name chat.invalid"), "{end}");

    let end = stop(&format!("https://localhost:{}/", closed_port().await)).await;
    assert_eq!((end.at, end.why), (Leg::Connect, Unreachable::Refused));
    assert!(end.reached.resolve.is_some() && end.reached.connect.is_none());

    let plain = Site::always(ok("plain")).await;
    let end = stop(&plain.url("/").replace("http:", "https:")).await;
    assert_eq!((end.at, end.why), (Leg::Tls, Unreachable::Tls(TlsError::NotTls)));
    assert!(end.reached.connect.is_some());

    let expired = chatwoot(&authority, CertificateSpec { days_left: -1, ..Default::default() }).await;
    let end = stop(&expired.url()).await;
    assert_eq!(end.at, Leg::Tls);
    assert!(matches!(end.why, Unreachable::Tls(TlsError::Expired { .. })), "{:?}", end.why);

    let silent = Site::always(Manner::Silent).await;
    let end = stop(&silent.url("/")).await;
    assert_eq!(
        (end.at, end.why),
        (Leg::FirstByte, Unreachable::TimedOut { after: Duration::from_millis(700) })
    );
    assert!(end.reached.connect.is_some() && end.reached.first_byte.is_none());

    let hung = Site::always(Manner::HangUp).await;
    assert_eq!(stop(&hung.url("/")).await.why, Unreachable::Closed);
    let reset = Site::always(Manner::Reset).await;
    assert_eq!(stop(&reset.url("/")).await.why, Unreachable::Reset);
    assert!(matches!(stop("postgres://h/").await.why, Unreachable::BadUrl(_)));
}
