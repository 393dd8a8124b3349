//! What can be wrong with Chatwoot itself: dead, replaced by a page, without its queue or database, late.

use serde_json::{Value, json};

use super::{answer, state};
use crate::claims::Case;
use crate::support::bench::Bench;

const ALIVE: &str = "chatwoot.alive";
const SERVICES: &str = "chatwoot.services";
const CLOCK: &str = "chatwoot.clock";

pub fn cases() -> Vec<Case> {
    let all = [liveness(), services(), clocks()];
    all.into_iter().flatten().collect()
}

/// The page of a proxy that has nothing behind it.
fn page(status: u16) -> Value {
    json!({ "status": status, "content_type": "text/html", "body": "<!doctype html><title>Back soon</title>" })
}

fn door(bench: &Bench, door: &str) {
    bench.control("chatwoot", json!({ "door": door }));
}

fn liveness() -> Vec<Case> {
    const WHAT: &str = "liveness";
    let dead = |name| Case::new(name, ALIVE, WHAT);
    vec![
        Case::good("the first path is not routed, which is explained", ALIVE)
            .shows("404: this version does not route it, which is normal while /health answers"),
        Case::good("an older version routes neither of the first two", ALIVE)
            .shows("404: this version does not route it, which is normal while /api answers")
            .arrange(|b| state(b, json!({ "version": "4.8.0" }))),
        Case::good("a later version routes the first", ALIVE)
            .shows("\"name\":\"/rails/health\",\"value\":\"200\"")
            .arrange(|b| answer(b, "GET /rails/health", json!({ "status": 200, "body": "ok" }))),
        dead("nothing listens")
            .says("expected an answer at /rails/health or /health or /api, found at each connection refused")
            .arrange(|b| door(b, "closed")),
        dead("every connection is cut").says("reset").arrange(|b| door(b, "reset")),
        dead("no path is routed")
            .says("found at each 404")
            .arrange(|b| answer(b, "GET *", json!({ "status": 404 }))),
        dead("every path answers 503").says("found at each 503").arrange(|b| answer(b, "GET *", page(503))),
        dead("every path breaks in another way").says("/rails/health: 502; /health: the connection").arrange(
            |b| {
                answer(b, "GET /rails/health", json!({ "status": 502 }));
                answer(b, "GET /health", json!({ "behaviour": "close" }));
                answer(b, "GET /api", json!({ "behaviour": "garbage" }));
            },
        ),
        dead("a proxy answers every path with its page and 200")
            .says("200, but an HTML page, not JSON")
            .arrange(|b| answer(b, "GET *", page(200))),
        dead("another program answers every path with JSON and 200")
            .says("JSON that is not Chatwoot's")
            .arrange(|b| answer(b, "GET *", json!({ "json": { "status": "ok" } }))),
        dead("a body without end")
            .says("which was not read completely")
            .arrange(|b| answer(b, "GET *", json!({ "status": 200, "behaviour": "endless" }))),
        dead("every path leads to another host")
            .says("302, a redirect to https://login.hotrodan.test/sign_in")
            .arrange(|b| {
                answer(b, "GET *", json!({ "location": "https://login.hotrodan.test/sign_in" }));
            }),
        dead("every path leads to itself")
            .says("found at each 302, a redirect to https://localhost:")
            .arrange(|b| answer(b, "GET *", json!({ "location": "/elsewhere" }))),
        Case::good("one path answers with a page, the next as Chatwoot does", ALIVE)
            .verdict("warn", 0)
            .says("/health does not answer as Chatwoot does: 200, but an HTML page, not JSON")
            .arrange(|b| answer(b, "GET /health", page(200))),
        Case::good("one path breaks, and warnings count", ALIVE).verdict("warn", 1).arrange(|b| {
            answer(b, "GET /health", json!({ "status": 503 }));
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        dead("an older version's rate limit is used up")
            .verdict("inconclusive", 3)
            .says("at each 429 (too many requests, so nothing is known)")
            .arrange(|b| state(b, json!({ "version": "4.8.0", "throttled": true }))),
        Case::good("a later version exempts /health from the rate limit", ALIVE)
            .verdict("warn", 0)
            .says("/api does not answer as Chatwoot does: 429")
            .arrange(|b| state(b, json!({ "throttled": true }))),
        Case::new("there is no address to ask", ALIVE, "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-base-url")
            .arrange(|b| b.unset("CHATWOOT_BASE_URL")),
    ]
}

fn services() -> Vec<Case> {
    const ANSWER: &str = "what /api says";
    let queue = |name| Case::new(name, SERVICES, "queue_services");
    let data = |name| Case::new(name, SERVICES, "data_services");
    vec![
        Case::good("the version is shown", SERVICES).shows("\"name\":\"version\",\"value\":\"4.12.1\""),
        queue("Redis is down, with 200")
            .says("queue_services: expected `ok`, found `failing`")
            .arrange(|b| state(b, json!({ "queue_services": "failing" }))),
        data("Postgres is down, with 200")
            .says("look at Postgres of Chatwoot")
            .arrange(|b| state(b, json!({ "data_services": "failing" }))),
        queue("Redis says null").says("found null").arrange(|b| state(b, json!({ "queue_services": null }))),
        data("Postgres says null")
            .says("data_services: expected `ok`, found null")
            .arrange(|b| state(b, json!({ "data_services": null }))),
        queue("nothing is said of Redis").says("found nothing there").arrange(|b| {
            answer(b, "GET /api", json!({ "json": { "version": "4.12.1", "data_services": "ok" } }));
        }),
        data("nothing is said of Postgres").says("found nothing there").arrange(|b| {
            answer(b, "GET /api", json!({ "json": { "version": "4.12.1", "queue_services": "ok" } }));
        }),
        queue("only the version is said")
            .says("data_services: expected `ok`, found nothing there")
            .arrange(|b| answer(b, "GET /api", json!({ "json": { "version": "4.12.1" } }))),
        queue("Redis says true").says("not a text").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "queue_services": true } }));
        }),
        data("Postgres says nothing in particular")
            .says("found ``")
            .arrange(|b| state(b, json!({ "data_services": "" }))),
        queue("Redis says ok in another way")
            .says("found `OK`")
            .arrange(|b| state(b, json!({ "queue_services": "OK" }))),
        Case::new("/api breaks while /health answers", SERVICES, ANSWER)
            .says("500: server error")
            .arrange(|b| answer(b, "GET /api", json!({ "status": 500 }))),
        Case::new("/api is not routed while /health answers", SERVICES, ANSWER)
            .says("404: not found")
            .arrange(|b| answer(b, "GET /api", json!({ "status": 404 }))),
        Case::new("/api is a page while /health answers", SERVICES, ANSWER)
            .says("200, but an HTML page, not JSON")
            .arrange(|b| answer(b, "GET /api", page(200))),
        Case::new("/api is JSON of another program", SERVICES, ANSWER)
            .says("JSON that is not from Chatwoot's /api")
            .arrange(|b| answer(b, "GET /api", json!({ "json": { "ok": true } }))),
        Case::new("/api breaks off", SERVICES, ANSWER)
            .says("closed before the response was complete")
            .arrange(|b| answer(b, "GET /api", json!({ "behaviour": "truncated" }))),
        Case::new("/api has a NUL in it", SERVICES, ANSWER).says("a body that is not JSON").arrange(|b| {
            let body = "{\"version\":\"4.12.1\0\",\"queue_services\":\"ok\",\"data_services\":\"ok\"}";
            answer(b, "GET /api", json!({ "body": body, "content_type": "application/json" }));
        }),
        Case::new("the rate limit is used up", SERVICES, ANSWER)
            .verdict("inconclusive", 3)
            .says("429: too many requests")
            .arrange(|b| state(b, json!({ "throttled": true }))),
        Case::new("Chatwoot is dead, so nobody is asked", SERVICES, "")
            .verdict("skipped", 1)
            .says("blocked by chatwoot.alive")
            .arrange(|b| door(b, "closed")),
    ]
}

/// The clock only warns: the run goes on, unless it is strict.
fn clocks() -> Vec<Case> {
    const WHAT: &str = "clock skew";
    let skewed = |name| Case::new(name, CLOCK, WHAT).verdict("fail", 0);
    let open = |name| Case::new(name, CLOCK, WHAT).verdict("inconclusive", 0);
    vec![
        skewed("five minutes ahead")
            .says("ahead of ours")
            .arrange(|b| state(b, json!({ "clock_offset_seconds": 300 }))),
        skewed("five minutes behind")
            .says("behind ours")
            .arrange(|b| state(b, json!({ "clock_offset_seconds": -300 }))),
        Case::new("five minutes ahead, and warnings count", CLOCK, WHAT).arrange(|b| {
            state(b, json!({ "clock_offset_seconds": 300 }));
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        Case::good("ten seconds ahead", CLOCK)
            .shows("their clock")
            .arrange(|b| state(b, json!({ "clock_offset_seconds": 10 }))),
        skewed("ten seconds ahead, where five are allowed").says("at most 5.0 s").arrange(|b| {
            state(b, json!({ "clock_offset_seconds": 10 }));
            let line = "[targets.sandbox.thresholds]\nclock_skew = \"5s\"\n\n[targets.elsewhere]\n";
            b.edit_config("[targets.elsewhere]\n", line);
        }),
        open("no time is shown").says("/api shows no timestamp").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "timestamp": null } }));
        }),
        open("the time cannot be read").says("cannot be read: `yesterday`").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "timestamp": "yesterday" } }));
        }),
        open("a time of the year 0").says("cannot be read").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "timestamp": "0000-00-00 00:00:00" } }));
        }),
        open("the answer is too slow to tell").says("too slow or too coarse to tell").arrange(|b| {
            answer(b, "GET /api", json!({ "delay_ms": 1500 }));
            let line = "[targets.sandbox.thresholds]\nclock_skew = \"1s\"\n\n[targets.elsewhere]\n";
            b.edit_config("[targets.elsewhere]\n", line);
        }),
        skewed("/api breaks while /health answers")
            .says("500")
            .arrange(|b| answer(b, "GET /api", json!({ "status": 500 }))),
        open("/api is a page").says("an HTML page").arrange(|b| answer(b, "GET /api", page(200))),
    ]
}
