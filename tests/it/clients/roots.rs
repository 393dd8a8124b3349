//! Files of certificates, good and bad.

use std::path::Path;

use hotdash_ops::testing::rehearsal::http::tls::{Authority, CertificateSpec};
use std::sync::Arc;

use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::reach::{Leg, reach};
use hotdash_ops::testing::service::tls::{Roots, TlsError};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;

use super::TIMEOUT;

#[test]
fn a_file_adds_its_roots() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let (one, two) = (Authority::new().unwrap(), Authority::new().unwrap());
    std::fs::write(&path, format!("a comment\n{}\n{}", one.ca_pem(), two.ca_pem())).unwrap();
    assert_eq!(Roots::only(&path).unwrap().count(), 2);
    let system = Roots::load(None).unwrap().count();
    assert_eq!(Roots::load(Some(&path)).unwrap().count(), system + 2);
    assert_eq!(Roots::none().count(), 0);
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (_, key) = Authority::new().unwrap().issue_pem(&CertificateSpec::default()).unwrap();
    let pem =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes();
    let why = |path: &Path| Roots::load(Some(path)).unwrap_err().to_string();
    for (path, reason) in [
        (folder.path().join("none.pem"), "does not exist"),
        (folder.path().to_owned(), "is a directory"),
        ("/dev/zero".into(), "not a regular file"),
        (write("empty", b""), "contains no certificate"),
        (write("key", key.as_bytes()), "contains no certificate"),
        (write("binary", b"\0\xff\xfe"), "contains no certificate"),
        (write("broken", &pem("not base64!")), "not valid PEM"),
        (write("nonsense", &pem("aGVsbG8=")), "contains an invalid certificate"),
    ] {
        let said = why(&path);
        assert!(said.contains(reason) && said.contains(path.to_str().unwrap()), "{said}");
    }
}

/// A server whose own certificate is a self-signed authority, as `openssl req -x509` makes them: its
/// URL's port and the certificate as PEM.
async fn own_authority(name: &str, ends: i32) -> (u16, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(ends, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (port, certificate.pem())
}

#[tokio::test]
async fn a_certificate_named_by_the_operator_is_trusted_as_it_is_and_still_judged() {
    let way = async |name: &str, ends: i32, named: bool| {
        let (port, pem) = own_authority(name, ends).await;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pem).unwrap();
        let roots = if named { Roots::only(file.path()).unwrap() } else { Roots::none() };
        let url = format!("https://localhost:{port}/");
        reach(&url, &roots, &MarkerSink::default(), Timestamp::now(), TIMEOUT)
            .await
            .map(|w| w.status)
            .map_err(|e| {
                assert_eq!(e.at, Leg::Tls);
                e.why
            })
    };
    assert_eq!(way("localhost", 2100, true).await, Ok(Some(204)));
    for (name, ends, named) in
        [("localhost", 2100, false), ("localhost", 2020, true), ("db.example", 2100, true)]
    {
        let Err(Unreachable::Tls(fault)) = way(name, ends, named).await else { panic!("{name} {ends}") };
        match (named, ends) {
            // webpki gives a more exact reason than an unknown issuer.
            (false, _) => assert!(matches!(fault, TlsError::UnknownIssuer | TlsError::Other(_)), "{fault:?}"),
            (_, 2020) => assert!(matches!(fault, TlsError::Expired { since: Some(_) }), "{fault:?}"),
            _ => assert_eq!(fault, TlsError::WrongName { names: vec!["db.example".into()] }),
        }
    }
}
