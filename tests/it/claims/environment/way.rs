//! What can be wrong on the way to Chatwoot: its name, its port, its certificate, its answer.

use serde_json::json;

use super::configure;
use crate::claims::Case;
use crate::support::bench::Bench;

const REACHED: &str = "environment.chatwoot-reachable";
const CERTIFICATE: &str = "environment.chatwoot-certificate";

fn set(bench: &Bench, change: serde_json::Value) {
    bench.control("chatwoot", change);
}

fn certificate(bench: &Bench, spec: serde_json::Value) {
    set(bench, json!({ "certificate": spec }));
}

pub fn cases() -> Vec<Case> {
    let all = [ways(), certificates()];
    all.into_iter().flatten().collect()
}

fn ways() -> Vec<Case> {
    vec![
        Case::new("the name does not resolve", REACHED, "resolve")
            .says("the name chat.hotrodan.test does not resolve")
            .arrange(|b| b.set("CHATWOOT_BASE_URL", "https://chat.hotrodan.test")),
        Case::new("nothing listens", REACHED, "connect")
            .says("connection refused")
            .arrange(|b| set(b, json!({ "door": "closed" }))),
        Case::new("an address where nothing listens", REACHED, "connect")
            .says("connection refused")
            .arrange(|b| b.set("CHATWOOT_BASE_URL", "https://127.0.0.1:1")),
        // Whether connecting or the handshake notices first is a matter of luck.
        Case::new("the connection is cut at once", REACHED, "")
            .says("the connection was reset")
            .arrange(|b| set(b, json!({ "door": "reset" }))),
        Case::new("the server speaks no TLS", REACHED, "tls")
            .says("the server does not speak TLS on this port")
            .arrange(|b| {
                let url = b.world.app.url_at("localhost").replace("http://", "https://");
                b.set("CHATWOOT_BASE_URL", url);
            }),
        Case::new("the server speaks TLS, and is asked without", REACHED, "first byte").arrange(|b| {
            let url = b.vars["CHATWOOT_BASE_URL"].replace("https://", "http://");
            b.set("CHATWOOT_BASE_URL", url);
        }),
        Case::new("the certificate has expired", REACHED, "tls")
            .says("the certificate expired at 20")
            .arrange(|b| certificate(b, json!({ "days_left": -1 }))),
        Case::new("the certificate is not valid yet", REACHED, "tls")
            .says("the certificate is not valid before")
            .arrange(|b| certificate(b, json!({ "days_old": -2 }))),
        Case::new("the certificate vouches for itself", REACHED, "tls")
            .says("the certificate's issuer is not trusted here; pass its root certificate with --ca-file")
            .arrange(|b| certificate(b, json!({ "self_signed": true }))),
        Case::new("the certificate is another host's", REACHED, "tls")
            .says("the certificate was issued for chat.hotrodan.test, not for this host")
            .arrange(|b| certificate(b, json!({ "names": ["chat.hotrodan.test"] }))),
        Case::new("nobody told us of the authority", REACHED, "tls")
            .says("--ca-file")
            .arrange(|b| b.drop_config("ca_file")),
        Case::new("the request is reset", REACHED, "first byte")
            .says("the connection was reset")
            .arrange(|b| set(b, json!({ "set": { "GET /": { "behaviour": "reset" } } }))),
        Case::new("the connection closes without an answer", REACHED, "first byte")
            .says("closed before the response was complete")
            .arrange(|b| set(b, json!({ "set": { "GET /": { "behaviour": "close" } } }))),
        Case::new("the answer is not HTTP", REACHED, "first byte")
            .says("is not HTTP")
            .arrange(|b| set(b, json!({ "set": { "GET /": { "behaviour": "garbage" } } }))),
        Case::new("there is no answer in time", REACHED, "first byte")
            .says("no complete response within 10s")
            .arrange(|b| set(b, json!({ "set": { "GET /": { "behaviour": "silent" } } }))),
        Case::new("the service is unavailable", REACHED, "http status")
            .says("http status: expected below 500, found 503")
            .arrange(|b| set(b, json!({ "set": { "GET /": { "status": 503 } } }))),
        Case::good("a redirect elsewhere is an answer, and is not followed", REACHED).arrange(|b| {
            set(b, json!({ "set": { "GET /": { "location": "https://chat.hotrodan.test/app" } } }));
        }),
        Case::good("a page without end is not read", REACHED)
            .shows("first byte")
            .arrange(|b| set(b, json!({ "set": { "GET /": { "behaviour": "endless" } } }))),
        Case::new("the address is malformed, so nobody is asked", REACHED, "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-base-url")
            .arrange(|b| b.set("CHATWOOT_BASE_URL", "chat.hotrodan.test")),
    ]
}

/// The certificate's days only warn: the run goes on, unless it is strict.
fn certificates() -> Vec<Case> {
    const WHAT: &str = "certificate";
    let warning = |name, says| Case::new(name, CERTIFICATE, WHAT).verdict("fail", 0).says(says);
    vec![
        warning("ten days are left", "expected valid for at least 14 more days, found valid for ")
            .arrange(|b| certificate(b, json!({ "days_left": 10 }))),
        Case::new("ten days are left, and warnings count", CERTIFICATE, WHAT).arrange(|b| {
            certificate(b, json!({ "days_left": 10 }));
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        Case::good("sixteen days are left", CERTIFICATE)
            .shows(" days left, until")
            .arrange(|b| certificate(b, json!({ "days_left": 16 }))),
        warning("fifty days are left, where sixty are wanted", "at least 60 more days").arrange(|b| {
            certificate(b, json!({ "days_left": 50 }));
            configure(b, |tables| {
                let mut thresholds = toml::Table::new();
                thresholds.insert("certificate_days".to_owned(), 60.into());
                super::target(tables, "sandbox").insert("thresholds".to_owned(), thresholds.into());
            });
        }),
        warning("it has expired", "the certificate expired at 20")
            .arrange(|b| certificate(b, json!({ "days_left": -1 }))),
        warning("nothing listens", "connection refused").arrange(|b| set(b, json!({ "door": "closed" }))),
        Case::new("there is none", CERTIFICATE, WHAT)
            .verdict("inconclusive", 0)
            .says("there is no certificate to check: the URL uses plain http")
            .arrange(|b| {
                let url = b.world.app.url_at("localhost");
                b.set("CHATWOOT_BASE_URL", url);
            }),
        Case::good("the service is unavailable, and its certificate good", CERTIFICATE)
            .arrange(|b| set(b, json!({ "set": { "GET /": { "status": 503 } } }))),
    ]
}
