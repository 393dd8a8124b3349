//! Trusted roots: those of the system and of `--ca-file`. Also creates the rustls configurations for HTTP, for the
//! timed handshake and for the modes of PostgreSQL.

mod certificate;
mod fault;
mod verify;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

pub use certificate::Certificate;
pub use fault::TlsError;
pub use verify::Check;

/// Larger than any bundle of roots; stops reading a device or a pipe given by mistake.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The trusted roots. Cheap to clone.
#[derive(Clone)]
pub struct Roots {
    store: Arc<RootCertStore>,
    /// Certificates that the operator named; they are also trusted as end-entity certificates.
    named: Arc<[CertificateDer<'static>]>,
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({} trusted)", self.store.len())
    }
}

/// Why a file of certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, a lower-case fragment that says what to do.
    pub why: String,
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for RootsError {}

impl Roots {
    /// Loads the system's roots (or those of `SSL_CERT_FILE` or `SSL_CERT_DIR`) and the certificates of `ca_file`. A
    /// system without roots is not an error here: connections that need them will report an untrusted issuer. Reads
    /// files, so call it once.
    pub fn load(ca_file: Option<&Path>) -> Result<Roots, RootsError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Roots { store: Arc::new(store), named: Arc::new([]) }.and(ca_file)
    }

    /// Only the certificates in this file, as libpq interprets `sslrootcert`.
    pub fn only(file: &Path) -> Result<Roots, RootsError> {
        Roots::none().and(Some(file))
    }

    /// No roots at all.
    pub fn none() -> Roots {
        Roots { store: Arc::new(RootCertStore::empty()), named: Arc::new([]) }
    }

    fn and(self, file: Option<&Path>) -> Result<Roots, RootsError> {
        let Some(path) = file else { return Ok(self) };
        let fault = |why: &str| RootsError { path: path.to_owned(), why: why.to_owned() };
        let named = read(path).map_err(|why| fault(&why))?;
        if named.is_empty() {
            return Err(fault("contains no certificate; use a PEM file with -----BEGIN CERTIFICATE-----"));
        }
        let mut store = RootCertStore::clone(&self.store);
        for certificate in &named {
            store
                .add(certificate.clone())
                .map_err(|e| fault(&format!("contains an invalid certificate ({e}); export it again")))?;
        }
        Ok(Roots { store: Arc::new(store), named: named.into() })
    }

    /// The number of trusted roots.
    pub fn count(&self) -> usize {
        self.store.len()
    }

    /// The configuration for HTTPS: verifies chain and name; HTTP/1.1 only, because a single request on its own
    /// connection gains nothing from HTTP/2.
    pub fn https(&self) -> ClientConfig {
        let mut config = self.config(Check::ChainAndName);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    /// A configuration that verifies according to `check`.
    pub fn config(&self, check: Check) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            verify::Verifier::new(Arc::clone(&self.store), Arc::clone(&self.named), check, &provider);
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the protocol versions rustls takes by default")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()
    }
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => "does not exist; correct the path".to_owned(),
        std::io::ErrorKind::PermissionDenied => {
            "cannot be read by this user; change its permissions".to_owned()
        }
        std::io::ErrorKind::IsADirectory => "is a directory; use a PEM file".to_owned(),
        _ => format!("cannot be read: {e}"),
    };
    let kind = std::fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return Err("is a directory; use a PEM file".to_owned());
    }
    if !kind.is_file() {
        return Err("is not a regular file; use a PEM file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|f| f.take(LARGEST).read_to_end(&mut bytes)).map_err(unreadable)?;
    CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| "is not valid PEM; export the certificate again".to_owned())
}
