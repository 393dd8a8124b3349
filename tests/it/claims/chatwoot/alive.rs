//! What can be wrong with Chatwoot itself: dead, replaced by another page, without its queue or database, with a wrong clock.

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

/// The page of a proxy whose service is down.
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
        Case::good("the first path does not exist, which is explained", ALIVE)
            .shows("404: this version has no such path; /health answers, so that is fine"),
        Case::good("an older version has neither of the first two paths", ALIVE)
            .shows("404: this version has no such path; /api answers, so that is fine")
            .arrange(|b| state(b, json!({ "version": "4.8.0" }))),
        Case::good("a later version has the first path", ALIVE)
            .shows("\"name\":\"/rails/health\",\"value\":\"200\"")
            .arrange(|b| answer(b, "GET /rails/health", json!({ "status": 200, "body": "ok" }))),
        dead("nothing listens")
            .says("Chatwoot does not answer at /rails/health, /health or /api: connection refused")
            .arrange(|b| door(b, "closed")),
        dead("every connection is cut").says("reset").arrange(|b| door(b, "reset")),
        dead("no path exists")
            .says("/health or /api: 404")
            .arrange(|b| answer(b, "GET *", json!({ "status": 404 }))),
        dead("every path answers 503")
            .says("/health or /api: 503")
            .arrange(|b| answer(b, "GET *", page(503))),
        dead("every path fails in a different way")
            .says("/rails/health: 502; /health: the connection")
            .arrange(|b| {
                answer(b, "GET /rails/health", json!({ "status": 502 }));
                answer(b, "GET /health", json!({ "behaviour": "close" }));
                answer(b, "GET /api", json!({ "behaviour": "garbage" }));
            }),
        dead("a proxy answers every path with its page and 200")
            .says("200, but an HTML page, not JSON")
            .arrange(|b| answer(b, "GET *", page(200))),
        dead("another program answers every path with JSON and 200")
            .says("200, but the JSON is not Chatwoot's")
            .arrange(|b| answer(b, "GET *", json!({ "json": { "status": "ok" } }))),
        dead("an endless body")
            .says("which was not read completely")
            .arrange(|b| answer(b, "GET *", json!({ "status": 200, "behaviour": "endless" }))),
        dead("every path redirects to another host")
            .says("302 (redirect to https://login.hotrodan.test/sign_in)")
            .arrange(|b| {
                answer(b, "GET *", json!({ "location": "https://login.hotrodan.test/sign_in" }));
            }),
        dead("every path redirects to itself")
            .says("/health or /api: 302 (redirect to https://localhost:")
            .arrange(|b| answer(b, "GET *", json!({ "location": "/elsewhere" }))),
        Case::good("one path returns a page, the next what Chatwoot returns", ALIVE)
            .verdict("warn", 0)
            .says("/health does not return what Chatwoot returns there: 200, but an HTML page, not JSON")
            .arrange(|b| answer(b, "GET /health", page(200))),
        Case::good("one path fails, under --strict", ALIVE).verdict("warn", 1).arrange(|b| {
            answer(b, "GET /health", json!({ "status": 503 }));
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        dead("an older version's rate limit is used up")
            .verdict("inconclusive", 3)
            .says("Chatwoot's rate limit is used up, so its health is unknown: 429")
            .arrange(|b| state(b, json!({ "version": "4.8.0", "throttled": true }))),
        Case::good("a later version exempts /health from the rate limit", ALIVE)
            .verdict("warn", 0)
            .says("/api does not return what Chatwoot returns there: 429")
            .arrange(|b| state(b, json!({ "throttled": true }))),
        Case::new("CHATWOOT_BASE_URL is not set", ALIVE, "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-base-url")
            .arrange(|b| b.unset("CHATWOOT_BASE_URL")),
    ]
}

fn services() -> Vec<Case> {
    const RESPONSE: &str = "api";
    let queue = |name| Case::new(name, SERVICES, "queue_services");
    let data = |name| Case::new(name, SERVICES, "data_services");
    vec![
        Case::good("the version is shown", SERVICES).shows("\"name\":\"version\",\"value\":\"4.12.1\""),
        queue("Redis is down, with 200")
            .says("queue_services: expected `ok`, found `failing`")
            .arrange(|b| state(b, json!({ "queue_services": "failing" }))),
        data("Postgres is down, with 200")
            .says("check that Chatwoot's PostgreSQL is running")
            .arrange(|b| state(b, json!({ "data_services": "failing" }))),
        queue("/api reports null for Redis")
            .says("found null")
            .arrange(|b| state(b, json!({ "queue_services": null }))),
        data("/api reports null for Postgres")
            .says("data_services: expected `ok`, found null")
            .arrange(|b| state(b, json!({ "data_services": null }))),
        queue("/api does not mention Redis").says("queue_services: expected `ok`, found nothing").arrange(
            |b| {
                answer(b, "GET /api", json!({ "json": { "version": "4.12.1", "data_services": "ok" } }));
            },
        ),
        data("/api does not mention Postgres").says("data_services: expected `ok`, found nothing").arrange(
            |b| {
                answer(b, "GET /api", json!({ "json": { "version": "4.12.1", "queue_services": "ok" } }));
            },
        ),
        queue("/api reports only the version")
            .says("data_services: expected `ok`, found nothing")
            .arrange(|b| answer(b, "GET /api", json!({ "json": { "version": "4.12.1" } }))),
        queue("/api reports true for Redis").says("not a string").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "queue_services": true } }));
        }),
        data("/api reports an empty string for Postgres")
            .says("found ``")
            .arrange(|b| state(b, json!({ "data_services": "" }))),
        queue("/api reports OK in capitals for Redis")
            .says("found `OK`")
            .arrange(|b| state(b, json!({ "queue_services": "OK" }))),
        Case::new("/api fails while /health answers", SERVICES, RESPONSE)
            .says("Chatwoot does not report the state of its services at /api: 500")
            .arrange(|b| answer(b, "GET /api", json!({ "status": 500 }))),
        Case::new("/api does not exist while /health answers", SERVICES, RESPONSE)
            .says("at /api: 404")
            .arrange(|b| answer(b, "GET /api", json!({ "status": 404 }))),
        Case::new("/api is a page while /health answers", SERVICES, RESPONSE)
            .says("200, but an HTML page, not JSON")
            .arrange(|b| answer(b, "GET /api", page(200))),
        Case::new("/api returns another program's JSON", SERVICES, RESPONSE)
            .says("JSON that is not from Chatwoot's /api")
            .arrange(|b| answer(b, "GET /api", json!({ "json": { "ok": true } }))),
        Case::new("the response of /api breaks off", SERVICES, RESPONSE)
            .says("closed before the response was complete")
            .arrange(|b| answer(b, "GET /api", json!({ "behaviour": "truncated" }))),
        Case::new("the response of /api contains a NUL", SERVICES, RESPONSE)
            .says("a body that is not JSON")
            .arrange(|b| {
                let body = "{\"version\":\"4.12.1\0\",\"queue_services\":\"ok\",\"data_services\":\"ok\"}";
                answer(b, "GET /api", json!({ "body": body, "content_type": "application/json" }));
            }),
        Case::new("the rate limit is used up", SERVICES, RESPONSE)
            .verdict("inconclusive", 3)
            .says("at /api: 429")
            .arrange(|b| state(b, json!({ "throttled": true }))),
        Case::new("Chatwoot is dead, so its services are not checked", SERVICES, "")
            .verdict("skipped", 1)
            .says("blocked by chatwoot.alive")
            .arrange(|b| door(b, "closed")),
    ]
}

/// A wrong clock is only a warning: the run passes, unless it is strict.
fn clocks() -> Vec<Case> {
    const WHAT: &str = "clock skew";
    let skewed = |name| Case::new(name, CLOCK, WHAT).verdict("fail", 0);
    let open = |name| Case::new(name, CLOCK, WHAT).verdict("inconclusive", 0);
    vec![
        skewed("five minutes ahead")
            .says("ahead of this machine")
            .arrange(|b| state(b, json!({ "clock_offset_seconds": 300 }))),
        skewed("five minutes behind")
            .says("behind this machine")
            .arrange(|b| state(b, json!({ "clock_offset_seconds": -300 }))),
        Case::new("five minutes ahead, under --strict", CLOCK, WHAT).arrange(|b| {
            state(b, json!({ "clock_offset_seconds": 300 }));
            b.set("HOTDASH_OPS_STRICT", "1");
        }),
        Case::good("ten seconds ahead", CLOCK)
            .shows("Chatwoot's clock")
            .arrange(|b| state(b, json!({ "clock_offset_seconds": 10 }))),
        skewed("ten seconds ahead, where five are allowed").says("at most 5.0 s").arrange(|b| {
            state(b, json!({ "clock_offset_seconds": 10 }));
            let line = "[targets.sandbox.thresholds]\nclock_skew = \"5s\"\n\n[targets.elsewhere]\n";
            b.edit_config("[targets.elsewhere]\n", line);
        }),
        open("the response has no time").says("Chatwoot's response at /api has no timestamp").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "timestamp": null } }));
        }),
        open("the time cannot be read").says("cannot be read: `yesterday`").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "timestamp": "yesterday" } }));
        }),
        open("a time of the year 0").says("cannot be read").arrange(|b| {
            answer(b, "GET /api", json!({ "patch": { "timestamp": "0000-00-00 00:00:00" } }));
        }),
        open("the response is too slow to judge").says("the clock skew is too uncertain to compare").arrange(
            |b| {
                answer(b, "GET /api", json!({ "delay_ms": 1500 }));
                let line = "[targets.sandbox.thresholds]\nclock_skew = \"1s\"\n\n[targets.elsewhere]\n";
                b.edit_config("[targets.elsewhere]\n", line);
            },
        ),
        skewed("/api fails while /health answers")
            .says("500")
            .arrange(|b| answer(b, "GET /api", json!({ "status": 500 }))),
        open("/api is a page").says("an HTML page").arrange(|b| answer(b, "GET /api", page(200))),
    ]
}
