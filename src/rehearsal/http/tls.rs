//! A certificate authority for one rehearsal: created at the start, and trusted only by programs that are given its
//! certificate.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};

/// The certificate that a stand-in presents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateSpec {
    /// The host names and IP addresses it is good for.
    pub names: Vec<String>,
    /// Days until it ends, to the second; negative for one that has expired.
    pub days_left: i64,
    /// Days since it began; negative for one that is not valid yet.
    pub days_old: i64,
    /// Signed by itself, so that no authority vouches for it.
    pub self_signed: bool,
}

impl Default for CertificateSpec {
    /// Valid for this machine's loopback names, for 90 days.
    fn default() -> CertificateSpec {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        CertificateSpec { names, days_left: 90, days_old: 1, self_signed: false }
    }
}

/// The authority. Clones refer to the same one.
#[derive(Clone)]
pub struct Authority {
    issuer: Arc<CertifiedIssuer<'static, KeyPair>>,
}

impl Authority {
    /// Creates an authority with its own key.
    pub fn new() -> anyhow::Result<Authority> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "hotdash-ops rehearsal authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        set_validity(&mut params, -3650, 3650)?;
        let key = KeyPair::generate().context("cannot generate the key of the rehearsal's authority")?;
        let issuer =
            CertifiedIssuer::self_signed(params, key).context("cannot create the rehearsal's authority")?;
        Ok(Authority { issuer: Arc::new(issuer) })
    }

    /// The authority's certificate as PEM, for `--ca-file`.
    pub fn ca_pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate and its private key as PEM, chain first, for a server that reads files.
    pub fn issue_pem(&self, spec: &CertificateSpec) -> anyhow::Result<(String, String)> {
        let (certificate, key) = self.make(spec)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// A server configuration with a certificate as described, offering HTTP/1.1.
    pub fn issue(&self, spec: &CertificateSpec) -> anyhow::Result<Arc<ServerConfig>> {
        let (certificate, key) = self.make(spec)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("ring supports no common TLS version")?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .context("the certificate does not match its key")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn make(&self, spec: &CertificateSpec) -> anyhow::Result<(rcgen::Certificate, KeyPair)> {
        let mut params =
            CertificateParams::new(spec.names.clone()).context("a name in the certificate is not valid")?;
        let common = spec.names.first().map_or("stand-in", String::as_str);
        params.distinguished_name.push(DnType::CommonName, common);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let begin = (-spec.days_old).min(spec.days_left - 1);
        set_validity(&mut params, begin, spec.days_left)?;
        let key = KeyPair::generate().context("cannot generate the certificate's key")?;
        let made = if spec.self_signed {
            params.self_signed(&key)
        } else {
            params.use_authority_key_identifier_extension = true;
            params.signed_by(&key, &self.issuer)
        };
        Ok((made.context("cannot sign the certificate")?, key))
    }
}

fn set_validity(params: &mut CertificateParams, from_days: i64, to_days: i64) -> anyhow::Result<()> {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |days: i64| -> anyhow::Result<_> {
        let hours = days.checked_mul(24).context("a certificate's days are out of range")?;
        let span = Span::new().try_hours(hours).context("a certificate's days are out of range")?;
        let then = Timestamp::now().checked_add(span).context("a certificate's days are out of range")?;
        let seconds = u64::try_from(then.as_second()).context("a certificate's days are before 1970")?;
        Ok(epoch + Duration::from_secs(seconds))
    };
    params.not_before = at(from_days)?;
    params.not_after = at(to_days)?;
    Ok(())
}
