//! One HTTP request and its response, bounded in time, size and origin.
//!
//! Redirects are followed only for GET and HEAD, only to the same scheme, host and port, and at most five times; a
//! client that follows them anywhere would send `api_access_token` along. Any other redirect is returned as the
//! response. Every request uses its own connection, so that no response depends on an earlier one. Compressed
//! responses are not requested.

mod answer;
mod proxies;
mod request;

use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, Response};
use tokio::time::{Instant, timeout};
use url::Url;

use super::marker::MarkerSink;
use super::socket;
use super::tls::Roots;
use super::unreachable::Unreachable;

pub use answer::Answer;
pub use proxies::Proxies;
pub use request::Request;

/// The header by which a stand-in identifies itself.
pub const SANDBOX_HEADER: &str = "x-hotdash-ops-sandbox";

/// The maximum number of redirects to follow.
pub const MOST_REDIRECTS: usize = 5;

/// This program's user agent.
pub const USER_AGENT: &str = concat!("hotdash-ops/", env!("CARGO_PKG_VERSION"));

/// The HTTP client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    proxies: Proxies,
    marker: MarkerSink,
}

impl Client {
    /// Creates a client that trusts these roots. Fails only when a proxy's URL is invalid.
    pub fn new(roots: &Roots, proxies: Proxies, marker: MarkerSink) -> Result<Client, Unreachable> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(roots.https())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT)
            .dns_resolver(Names);
        for proxy in proxies.all()? {
            builder = builder.proxy(proxy);
        }
        let http = builder.build().map_err(|e| Unreachable::Other(e.without_url().to_string()))?;
        Ok(Client { http, proxies, marker })
    }

    /// Where it reports that a stand-in answered.
    pub fn marker(&self) -> &MarkerSink {
        &self.marker
    }

    /// Sends a request and reads the response to its end or to the request's limit, within `deadline`. A response that
    /// is cut off is not returned, but an [`Unreachable`] error.
    pub async fn ask(&self, request: Request, deadline: Duration) -> Result<Answer, Unreachable> {
        let url = usable(&request.url)?;
        let headers = request.header_map()?;
        let asked = self.follow(request, url, headers, Instant::now());
        timeout(deadline, asked).await.unwrap_or(Err(Unreachable::TimedOut { after: deadline }))
    }

    async fn follow(
        &self,
        request: Request,
        mut url: Url,
        headers: HeaderMap,
        began: Instant,
    ) -> Result<Answer, Unreachable> {
        let may_follow = request.method == Method::GET || request.method == Method::HEAD;
        let mut redirects = Vec::new();
        loop {
            let mut asking = self.http.request(request.method.clone(), url.clone()).headers(headers.clone());
            if let Some(body) = &request.body {
                asking = asking.body(body.clone());
            }
            let response = asking.send().await.map_err(|e| self.fault(&e, &url, began))?;
            if response.headers().contains_key(SANDBOX_HEADER) {
                self.marker.report();
            }
            if may_follow
                && redirects.len() < MOST_REDIRECTS
                && let Some(next) = next_hop(&url, &response)
            {
                redirects.push(shown(&url));
                url = next;
                continue;
            }
            let (status, headers) = (response.status().as_u16(), text_headers(response.headers()));
            let (body, truncated) = self.read(response, request.limit, &url, began).await?;
            let took = began.elapsed();
            let url = shown(&url);
            return Ok(Answer { status, headers, body, truncated, url, redirects, took });
        }
    }

    /// Reads at most `limit` bytes, so that an endless body cannot fill the memory.
    async fn read(
        &self,
        mut response: Response,
        limit: usize,
        url: &Url,
        began: Instant,
    ) -> Result<(Vec<u8>, bool), Unreachable> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.fault(&e, url, began))? {
            let room = limit - body.len();
            if chunk.len() > room {
                body.extend_from_slice(&chunk[..room]);
                return Ok((body, true));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, false))
    }

    fn fault(&self, error: &reqwest::Error, url: &Url, began: Instant) -> Unreachable {
        let host = url.host_str().unwrap_or_default();
        let fault = Unreachable::from_error(error, host, began.elapsed());
        match (self.proxies.host_for(url), &fault) {
            (Some(proxy), why) if error.is_connect() && !matches!(why, Unreachable::Tls(_)) => {
                Unreachable::Proxy { proxy, why: why.to_string() }
            }
            _ => fault,
        }
    }
}

/// Resolves names in the same way as the other services, so that failures mean the same everywhere.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = socket::resolve(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter().map(|a| (a, 0_u16).into())) as Addrs)
        })
    }
}

/// An absolute http or https URL with a host.
pub(crate) fn usable(text: &str) -> Result<Url, Unreachable> {
    let bad = |why: &str| Unreachable::BadUrl(why.to_owned());
    let url = Url::parse(text).map_err(|e| bad(&format!("{e}; write https://HOST/PATH")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("the scheme is not http or https; write https://HOST/PATH"));
    }
    Ok(url)
}

/// The target of a redirect, if it may be followed.
fn next_hop(url: &Url, response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let next = url.join(location).ok()?;
    let same_user = next.username() == url.username() && next.password() == url.password();
    (next.origin() == url.origin() && same_user).then_some(next)
}

/// The URL without user information.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both calls fail only for URLs that cannot have user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), crate::text::visible(value.as_bytes()))).collect()
}
