//! Requests to stand-ins through real sockets.

use std::sync::Arc;

use serde_json::Value;

pub const JSON: &str = "application/json; charset=utf-8";

/// A client that trusts one authority, or none, and follows nothing.
pub fn client(ca_pem: Option<&str>) -> reqwest::Client {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = ca_pem {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let builder = reqwest::Client::builder().tls_backend_preconfigured(config).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub marked: bool,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Reply {
    pub async fn to(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        Reply {
            status: response.status().as_u16(),
            content_type: text("content-type").unwrap_or_default(),
            marked: text("x-hotdash-ops-sandbox").as_deref() == Some("1"),
            headers,
            body: response.text().await.unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
