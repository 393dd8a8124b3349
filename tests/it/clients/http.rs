//! One request, one answer, within bounds of time, size and origin.

use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::http::Transport;
use hotdash_ops::testing::rehearsal::http::tls::{Authority, CertificateSpec};
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, State};
use hotdash_ops::testing::service::Unreachable;
use hotdash_ops::testing::service::http::{Answer, Client, Proxies, Request};
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::tls::{Roots, TlsError};
use reqwest::Method;

use super::{Manner, Site, TIMEOUT, closed_port, ok, redirect, sendable};

fn client() -> Client {
    marking().0
}

/// A client, and where it reports a stand-in's marker.
fn marking() -> (Client, MarkerSink) {
    let marker = MarkerSink::default();
    (Client::new(&Roots::none(), Proxies::none(), marker.clone()).unwrap(), marker)
}

async fn ask(request: Request) -> Result<Answer, Unreachable> {
    sendable(client().ask(request, TIMEOUT)).await
}

fn say(text: &str) -> Manner {
    Manner::Say(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_response_is_returned_completely() {
    let site = Site::always(say(
        "HTTP/1.1 503 No\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\na\0b\x1bc",
    ))
    .await;
    let (client, marker) = marking();
    let answer = sendable(client.ask(Request::get(site.url("/x?y=1")), TIMEOUT)).await.unwrap();
    assert_eq!((answer.status, answer.is_success(), marker.seen()), (503, false, false));
    assert_eq!(answer.header("X-A"), Some("1"));
    assert_eq!(answer.text(), "a␀b␛c");
    assert_eq!(answer.url, site.url("/x?y=1"));
    let why = answer.json().unwrap_err();
    assert!(why.contains("text/html") && why.contains("not JSON"), "{why}");
    let seen = &site.seen()[0];
    assert!(
        seen.starts_with("get /x?y=1 http/1.1\r\n") && seen.contains("user-agent: hotdash-ops/"),
        "{seen}"
    );
    assert!(!seen.contains("accept-encoding") && !seen.contains("referer"), "{seen}");
}

#[tokio::test]
async fn a_post_sends_its_bytes_and_head_has_no_body() {
    let site = Site::always(say("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")).await;
    let answer = ask(Request::head(site.url("/"))).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let site = Site::always(ok("{\"id\":1}")).await;
    let answer = ask(Request::post_json(site.url("/hook"), "{ }").header("X-B", "c")).await.unwrap();
    assert_eq!(answer.json().unwrap()["id"], 1);
    let seen = &site.seen()[0];
    for part in ["post /hook", "content-type: application/json", "content-length: 3", "x-b: c"] {
        assert!(seen.contains(part), "{seen}");
    }
}

#[tokio::test]
async fn an_endless_body_ends_at_the_limit_and_a_slow_one_at_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let flood = Site::always(Manner::Endless(head.clone(), vec![b'x'; 8192], Duration::ZERO)).await;
    let answer = ask(Request::get(flood.url("/")).limit(10_000)).await.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (10_000, true));
    assert!(answer.json().unwrap_err().contains("longer than"));
    assert_eq!(ask(Request::get(flood.url("/"))).await.unwrap().body.len(), 1024 * 1024);

    let drip = Site::always(Manner::Endless(head, b"x".to_vec(), Duration::from_millis(20))).await;
    let (began, bound) = (Instant::now(), Duration::from_millis(400));
    let late = client().ask(Request::get(drip.url("/")), bound).await.unwrap_err();
    assert_eq!(late, Unreachable::TimedOut { after: bound });
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_not_truncated() {
    let site = Site::always(ok("12345")).await;
    let answer = ask(Request::get(site.url("/")).limit(5)).await.unwrap();
    assert_eq!((answer.text().as_str(), answer.truncated), ("12345", false));
}

#[tokio::test]
async fn each_way_not_to_answer_is_reported_as_its_own() {
    let of = async |manner: Manner| {
        let site = Site::always(manner).await;
        client().ask(Request::get(site.url("/")), Duration::from_millis(500)).await.unwrap_err()
    };
    assert_eq!(of(Manner::Silent).await, Unreachable::TimedOut { after: Duration::from_millis(500) });
    assert_eq!(of(Manner::HangUp).await, Unreachable::Closed);
    assert_eq!(of(Manner::Reset).await, Unreachable::Reset);
    assert_eq!(of(say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut")).await, Unreachable::Closed);
    let smtp = of(say("220 mail.example ESMTP\r\n")).await;
    assert!(matches!(&smtp, Unreachable::Other(why) if why.contains("not HTTP")), "{smtp:?}");

    let refused = ask(Request::get(format!("http://127.0.0.1:{}/", closed_port().await))).await;
    assert_eq!(refused.unwrap_err(), Unreachable::Refused);
    let gone = ask(Request::get("http://chat.invalid/")).await.unwrap_err();
    assert_eq!(gone, Unreachable::Unresolvable { host: "chat.invalid".into() });
    assert_eq!(gone.offline_host(), Some("chat.invalid"));
}

#[tokio::test]
async fn a_value_that_cannot_be_sent_is_not_shown() {
    for url in ["", "chat.example", "ftp://chat.example/", "http://", "https://hunter2 hunter2/"] {
        let fault = ask(Request::get(url)).await.unwrap_err();
        assert!(matches!(fault, Unreachable::BadUrl(_)), "{url}: {fault:?}");
        assert!(!fault.to_string().contains("hunter2"), "{fault}");
    }
    let fault =
        ask(Request::get("http://127.0.0.1/").secret("api_access_token", "hunter2\n")).await.unwrap_err();
    assert_eq!(fault, Unreachable::BadHeader("api_access_token".into()));
    assert!(!fault.to_string().contains("hunter2"));
    let request = Request::get("http://u:hunter2@h/").secret("api_access_token", "hunter2");
    assert!(!format!("{request:?}").contains("hunter2"), "{request:?}");
}

#[tokio::test]
async fn redirects_of_the_same_origin_are_followed_with_the_token_and_keep_the_marker() {
    let site = Site::start(|path| match path {
        "/a" => redirect(301, "/b?x=1"),
        "/b?x=1" => redirect(307, "c"),
        _ => ok("here"),
    })
    .await;
    let (client, marker) = marking();
    let request = Request::get(site.url("/a")).secret("api_access_token", "tok-123");
    let answer = client.ask(request, TIMEOUT).await.unwrap();
    assert_eq!((answer.status, answer.text().as_str(), marker.seen()), (200, "here", true));
    assert_eq!(answer.redirects, [site.url("/a"), site.url("/b?x=1")]);
    assert_eq!(answer.url, site.url("/c"));
    assert_eq!(site.seen().iter().filter(|s| s.contains("api_access_token: tok-123")).count(), 3);
}

#[tokio::test]
async fn the_token_reaches_no_other_origin() {
    let other = Site::always(ok("stolen")).await;
    let elsewhere = other.url("/take");
    let port = other.port;
    let site = Site::start(move |path| match path {
        "/port" => redirect(302, &elsewhere),
        "/host" => redirect(302, &elsewhere.replace("127.0.0.1", "localhost")),
        "/short" => redirect(308, &format!("//127.0.0.1:{port}/take")),
        "/scheme" => redirect(301, &elsewhere.replace("http:", "https:")),
        "/user" => redirect(302, "http://a:b@127.0.0.1/"),
        "/two" => redirect(302, "/port"),
        _ => ok("?"),
    })
    .await;
    for path in ["/port", "/host", "/short", "/scheme", "/user", "/two"] {
        for request in [Request::get(site.url(path)), Request::head(site.url(path))] {
            let answer = ask(request.secret("api_access_token", "tok-123")).await.unwrap();
            assert!((300..400).contains(&answer.status), "{path}: {}", answer.status);
            assert!(answer.header("location").is_some_and(|l| !l.is_empty()), "{path}");
        }
    }
    assert_eq!(other.seen(), Vec::<String>::new(), "another origin got a request");
    assert_eq!(site.seen().len(), 14, "the way to each foreign redirect, and nothing more");
}

#[tokio::test]
async fn same_origin_with_other_user_information_is_not_followed() {
    let site = Site::start(|_| redirect(302, "/")).await;
    let port = site.port;
    let tempting = Site::start(move |_| redirect(302, &format!("http://evil:pw@127.0.0.1:{port}/"))).await;
    let answer = ask(Request::get(tempting.url("/"))).await.unwrap();
    assert_eq!((answer.status, site.seen().len()), (302, 0));
}

#[tokio::test]
async fn a_post_is_never_sent_twice_and_a_loop_ends() {
    let site = Site::always(redirect(307, "/again")).await;
    let answer = ask(Request::post_json(site.url("/"), "{}")).await.unwrap();
    assert_eq!((answer.status, answer.redirects.len(), site.seen().len()), (307, 0, 1));
    let answer = ask(Request::new(Method::DELETE, site.url("/"))).await.unwrap();
    assert_eq!((answer.status, site.seen().len()), (307, 2));
    let answer = ask(Request::get(site.url("/"))).await.unwrap();
    assert_eq!((answer.status, answer.redirects.len(), site.seen().len()), (307, 5, 8));
}

#[tokio::test]
async fn each_certificate_problem_is_reported_as_its_own() {
    let authority = Authority::new().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.ca_pem()).unwrap();
    let marker = MarkerSink::default();
    let trusting = Client::new(&Roots::only(file.path()).unwrap(), Proxies::none(), marker.clone()).unwrap();
    let fault = async |spec: CertificateSpec, client: &Client| {
        let chatwoot =
            Chatwoot::start(State::default(), Transport::Tls(authority.clone(), spec)).await.unwrap();
        client.ask(Request::get(format!("{}/api", chatwoot.url())), TIMEOUT).await
    };
    let good = fault(CertificateSpec::default(), &trusting).await.unwrap();
    assert_eq!((good.status, marker.seen()), (200, true));

    let tls = |result: Result<Answer, Unreachable>| match result.unwrap_err() {
        Unreachable::Tls(fault) => fault,
        other => panic!("not a TLS fault: {other:?}"),
    };
    assert_eq!(tls(fault(CertificateSpec::default(), &client()).await), TlsError::UnknownIssuer);
    let spec = CertificateSpec { days_left: -2, ..CertificateSpec::default() };
    assert!(matches!(tls(fault(spec, &trusting).await), TlsError::Expired { since: Some(_) }));
    let spec = CertificateSpec { days_old: -2, ..CertificateSpec::default() };
    assert!(matches!(tls(fault(spec, &trusting).await), TlsError::NotYetValid { until: Some(_) }));
    let spec = CertificateSpec { names: vec!["elsewhere.example".into()], ..CertificateSpec::default() };
    let wrong = tls(fault(spec, &trusting).await);
    assert_eq!(wrong, TlsError::WrongName { names: vec!["elsewhere.example".into()] });
    let spec = CertificateSpec { self_signed: true, ..CertificateSpec::default() };
    assert_eq!(tls(fault(spec, &trusting).await), TlsError::UnknownIssuer);

    let plain = Site::always(ok("plain")).await;
    let asked = trusting.ask(Request::get(plain.url("/").replace("http:", "https:")), TIMEOUT).await;
    assert_eq!(tls(asked), TlsError::NotTls);
}

#[tokio::test]
async fn proxies_of_the_environment_are_used_and_named_in_errors() {
    let through = async |port: u16, url: &str| {
        let proxies = Proxies::of(|name| {
            matches!(name, "HTTP_PROXY" | "HTTPS_PROXY").then(|| format!("http://me:pw@127.0.0.1:{port}"))
        });
        let client = Client::new(&Roots::none(), proxies, MarkerSink::default()).unwrap();
        client.ask(Request::get(url), TIMEOUT).await
    };
    let proxy = Site::always(ok("from the proxy")).await;
    assert_eq!(through(proxy.port, "http://chat.invalid/api").await.unwrap().text(), "from the proxy");
    let seen = &proxy.seen()[0];
    assert!(
        seen.starts_with("get http://chat.invalid/api") && seen.contains("proxy-authorization"),
        "{seen}"
    );

    let dead = closed_port().await;
    let refusing = Site::always(say("HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n")).await;
    for (port, url) in [
        (dead, "http://chat.invalid/"),
        (dead, "https://chat.invalid/"),
        (refusing.port, "https://chat.invalid/"),
    ] {
        let fault = through(port, url).await.unwrap_err();
        assert!(
            matches!(&fault, Unreachable::Proxy { proxy, .. } if proxy == "127.0.0.1"),
            "{url}: {fault:?}"
        );
        assert_eq!(fault.offline_host(), None);
        assert!(!fault.to_string().contains("pw"), "{fault}");
    }
    let near = Site::always(ok("near")).await;
    assert_eq!(through(dead, &near.url("/")).await.unwrap().text(), "near");
}
