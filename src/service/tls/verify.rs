//! Verification of a server's certificate in the three levels of PostgreSQL's `sslmode`. HTTPS always uses the
//! strictest.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What to verify about a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing: encrypted, but the server's identity is unknown (`sslmode=require`).
    Nothing,
    /// That a trusted root signed it (`sslmode=verify-ca`).
    Chain,
    /// Additionally, that it was issued for the host's name (`sslmode=verify-full`).
    ChainAndName,
}

#[derive(Debug)]
pub struct Verifier {
    roots: Arc<RootCertStore>,
    named: Arc<[CertificateDer<'static>]>,
    check: Check,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub fn new(
        roots: Arc<RootCertStore>,
        named: Arc<[CertificateDer<'static>]>,
        check: Check,
        provider: &CryptoProvider,
    ) -> Verifier {
        Verifier { roots, named, check, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.check == Check::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if self.named.iter().any(|named| named == end_entity) {
            // The operator named this very certificate. webpki rejects a self-signed authority as an end-entity
            // certificate; libpq and curl accept it, and so does this verifier.
            in_its_time(end_entity, now)?;
        } else {
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.roots,
                intermediates,
                now,
                self.algorithms.all,
            )?;
        }
        if self.check == Check::ChainAndName {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // If the identity is not verified, its proof is not needed; webpki also cannot parse the version 1
        // certificates that old PostgreSQL servers have.
        if self.check == Check::Nothing {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.check == Check::Nothing {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn in_its_time(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let seconds = |t: x509_parser::time::ASN1Time| u64::try_from(t.timestamp()).unwrap_or_default();
    let since_epoch = |s: u64| UnixTime::since_unix_epoch(std::time::Duration::from_secs(s));
    let not_before = seconds(parsed.validity().not_before);
    let not_after = seconds(parsed.validity().not_after);
    if now.as_secs() < not_before {
        let not_before = since_epoch(not_before);
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now.as_secs() > not_after {
        let not_after = since_epoch(not_after);
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(())
}
