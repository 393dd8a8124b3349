//! Encryption: every `sslmode`, against a server with TLS and one without.

use hotdash_ops::testing::rehearsal::http::tls::{Authority, CertificateSpec};
use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, Options, READER, Tls};
use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::postgres::{PgError, Protection, Task, connect};
use hotdash_ops::testing::service::tls::{Roots, TlsError};

use super::{TIMEOUT, open};
use crate::support::server;

#[tokio::test]
async fn ssl_modes_mean_what_libpq_means() {
    let authority = Authority::new().unwrap();
    let (certificate, key) = authority
        .issue_pem(&CertificateSpec { names: vec!["localhost".into()], ..Default::default() })
        .unwrap();
    let required = Some(Tls { certificate, key, required: true });
    let server = Native::start(&Options { tls: required, empty: true, ..Default::default() }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ca, stranger) = (folder.path().join("ca.pem"), folder.path().join("stranger.pem"));
    std::fs::write(&ca, authority.ca_pem()).unwrap();
    std::fs::write(&stranger, Authority::new().unwrap().ca_pem()).unwrap();
    let trusting = Roots::only(&ca).unwrap();
    let login = server.login(READER, DATABASE);
    let named = login.replace("127.0.0.1", "localhost");
    let with = async |login: &str, query: &str, roots: &Roots| {
        let dsn = Dsn::parse(&format!("{login}?{query}")).unwrap();
        connect(&dsn, roots, &MarkerSink::default(), TIMEOUT)
            .await
            .map(|s| (s.encrypted(), s.verified(), s.protection()))
    };
    let tls = |fault: Result<_, PgError>| match fault {
        Err(PgError::Unreachable(Unreachable::Tls(fault))) => fault,
        other => panic!("not a TLS fault: {other:?}"),
    };
    let (ca, stranger) = (ca.display(), stranger.display());

    for query in ["", "sslmode=allow", "sslmode=prefer", "sslmode=require", "sslmode=no-verify"] {
        let protection = with(&login, query, &trusting).await;
        assert_eq!(protection, Ok((true, false, Protection::Encrypted)), "{query}");
    }
    let plain = with(&login, "sslmode=disable", &trusting).await.unwrap_err();
    assert_eq!(plain.sqlstate(), Some("28000"));
    assert!(plain.advice(Task::Connect).fix.contains("add sslmode=require"), "{plain:?}");
    for (query, roots) in [
        ("sslmode=verify-ca".to_owned(), &trusting),
        (format!("sslmode=verify-ca&sslrootcert={ca}"), &Roots::none()),
        (format!("sslmode=require&sslrootcert={ca}"), &Roots::none()),
    ] {
        assert_eq!(with(&login, &query, roots).await, Ok((true, true, Protection::Chain)), "{query}");
    }
    for (query, roots) in [
        ("sslmode=verify-full".to_owned(), &trusting),
        ("sslrootcert=system".to_owned(), &trusting),
        (format!("sslmode=verify-full&sslrootcert={ca}"), &Roots::none()),
    ] {
        assert_eq!(with(&named, &query, roots).await, Ok((true, true, Protection::ChainAndName)), "{query}");
        assert!(matches!(tls(with(&login, &query, roots).await), TlsError::WrongName { .. }), "{query}");
    }
    for query in
        ["verify-ca", "verify-full", "require"].map(|m| format!("sslmode={m}&sslrootcert={stranger}"))
    {
        assert_eq!(tls(with(&named, &query, &trusting).await), TlsError::UnknownIssuer, "{query}");
    }
    let pinned = format!(
        "host=localhost hostaddr=127.0.0.1 port={} user={READER} password={} dbname={DATABASE} sslmode=verify-full",
        server.port(),
        server.password(READER)
    );
    let session =
        connect(&Dsn::parse(&pinned).unwrap(), &trusting, &MarkerSink::default(), TIMEOUT).await.unwrap();
    assert_eq!(
        session.protection(),
        Protection::ChainAndName,
        "host names the certificate, hostaddr the peer"
    );
    let missing = with(&named, "sslmode=verify-full&sslrootcert=/no/such.pem", &trusting).await.unwrap_err();
    assert!(missing.is_ours() && missing.to_string().contains("/no/such.pem"), "{missing}");
}

#[tokio::test]
async fn a_server_without_tls_is_accepted_only_when_tls_is_optional() {
    let login = server().login(READER, DATABASE);
    for mode in ["disable", "allow", "prefer"] {
        let session = open(&format!("{login}?sslmode={mode}")).await.unwrap();
        assert_eq!((session.encrypted(), session.protection()), (false, Protection::Plain), "{mode}");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let fault = open(&format!("{login}?sslmode={mode}")).await.unwrap_err();
        assert_eq!(fault, PgError::Unreachable(Unreachable::Tls(TlsError::NotOffered)), "{mode}");
    }
}
