//! The proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case,
//! as in curl. Services on this machine are never reached through a proxy.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::redact::Secret;
use crate::service::unreachable::{Unreachable, is_loopback};

/// Which proxy to use for which URL. Its `Debug` shows no user information.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Secret>,
    https: Option<Secret>,
    except: String,
    matcher: Option<Arc<Matcher>>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxies(http: {}, https: {})", self.http.is_some(), self.https.is_some())
    }
}

/// Never reached through a proxy, in addition to `NO_PROXY`.
const HERE: &str = "localhost,.localhost,127.0.0.0/8,::1,0.0.0.0";

impl Proxies {
    /// No proxy at all.
    pub fn none() -> Proxies {
        Proxies::default()
    }

    /// The proxies from the environment.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Proxies {
        let either = |upper: &str, lower: &str| {
            [upper, lower]
                .into_iter()
                .filter_map(&variable)
                .map(|v| v.trim().to_owned())
                .find(|v| !v.is_empty())
        };
        let all = either("ALL_PROXY", "all_proxy");
        let http = either("HTTP_PROXY", "http_proxy").or_else(|| all.clone());
        let https = either("HTTPS_PROXY", "https_proxy").or(all);
        if http.is_none() && https.is_none() {
            return Proxies::none();
        }
        let except = format!("{HERE},{}", either("NO_PROXY", "no_proxy").unwrap_or_default());
        let matcher = Matcher::builder()
            .http(http.clone().unwrap_or_default())
            .https(https.clone().unwrap_or_default())
            .no(except.clone())
            .build();
        Proxies {
            http: http.map(Secret::new),
            https: https.map(Secret::new),
            except,
            matcher: Some(Arc::new(matcher)),
        }
    }

    /// The host of the proxy for this URL, if any.
    pub fn host_for(&self, url: &Url) -> Option<String> {
        if is_loopback(url.host_str()?) {
            return None;
        }
        let found = self.matcher.as_ref()?.intercept(&url.as_str().parse().ok()?)?;
        found.uri().host().map(str::to_owned)
    }

    pub(super) fn all(&self) -> Result<Vec<Proxy>, Unreachable> {
        let unusable = |name: &str| Unreachable::Proxy {
            proxy: format!("in {name}"),
            why: "it is not a valid proxy URL".to_owned(),
        };
        let except = || NoProxy::from_string(&self.except);
        let mut proxies = Vec::new();
        if let Some(url) = &self.http {
            let proxy = Proxy::http(url.reveal()).map_err(|_| unusable("HTTP_PROXY"))?;
            proxies.push(proxy.no_proxy(except()));
        }
        if let Some(url) = &self.https {
            let proxy = Proxy::https(url.reveal()).map_err(|_| unusable("HTTPS_PROXY"))?;
            proxies.push(proxy.no_proxy(except()));
        }
        Ok(proxies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Proxies::of(find).host_for(&Url::parse(url).unwrap())
    }

    #[test]
    fn proxies_come_from_the_environment_and_never_apply_to_this_machine() {
        let env =
            [("HTTPS_PROXY", "http://u:pw@proxy.example:3128"), ("no_proxy", "chat.internal,10.0.0.0/8")];
        assert_eq!(of(&env, "https://chat.example/api").as_deref(), Some("proxy.example"));
        assert_eq!(of(&env, "http://chat.example/api"), None);
        for near in [
            "https://localhost:1/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://chat.internal/",
            "https://10.1.2.3/",
        ] {
            assert_eq!(of(&env, near), None, "{near}");
        }
        assert_eq!(of(&[("all_proxy", "proxy:80")], "http://chat.example/").as_deref(), Some("proxy"));
        assert_eq!(of(&[], "http://chat.example/"), None);
    }
}
