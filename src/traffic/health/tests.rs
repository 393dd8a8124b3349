use std::cell::RefCell;

use serde_json::json;

use super::*;
use crate::service::chatwoot::Refusal;
use crate::settings::Watch;
use crate::traffic::opening::{self, Read};
use crate::traffic::watch::Moment;

const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn opening(mode: Mode) -> Arc<Opening> {
    let length = Some(Duration::from_secs(180));
    let watch = Watch { mode, length, budget: Duration::from_secs(400), ..opening::usual() };
    let moment = Moment { now: START, replayed_to: None, tells_transactions: true };
    let read = Read { at: Instant::now(), ours: START, database: Ok(moment) };
    Arc::new(Opening::new(&watch, read, Err("no marker".to_owned())))
}

/// Looks with a service that is bad (`-`), good (`+`), or starting (`s`); the last sign stays. Answers when it was
/// looked, in seconds, and what was seen.
async fn looks(mode: Mode, said: &str, cold_start: u64, over_after: u64) -> (Vec<u64>, String) {
    let opening = opening(mode);
    let began = Instant::now();
    let times = RefCell::new(Vec::new());
    let mut signs = said.chars().cycle().take(said.len()).chain(said.chars().last().into_iter().cycle());
    let schedule =
        Schedule { mode, every: Duration::from_secs(60), cold_start: Duration::from_secs(cold_start) };
    let ask = || {
        let sign = signs.next().expect("a sign");
        times.borrow_mut().push(began.elapsed().as_secs());
        let (at, what) = (opening.now(), sign.to_string());
        async move { Ok((Look { at, good: sign == '+', what, throttled: false, offline: None }, sign == 's')) }
    };
    let closing = Arc::clone(&opening);
    tokio::spawn(async move {
        sleep(Duration::from_secs(over_after)).await;
        closing.close(closing.planned);
    });
    let looks = over(schedule, opening.ending(), ask).await;
    let seen = looks.into_iter().map(|look| look.expect("asked").what).collect();
    (times.into_inner(), seen)
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_at_the_start_every_minute_and_at_the_end() {
    assert_eq!(looks(Mode::Forward, "+", 0, 150).await, (vec![0, 60, 120, 150], "++++".to_owned()));
    assert_eq!(looks(Mode::Forward, "+-+", 0, 150).await.1, "+-++");
    assert_eq!(looks(Mode::Forward, "+", 0, 3).await, (vec![0, 3], "++".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_miss_at_the_end_is_looked_at_once_more() {
    assert_eq!(looks(Mode::Forward, "+++-+", 0, 150).await, (vec![0, 60, 120, 150, 155], "+++-+".to_owned()));
    assert_eq!(looks(Mode::Forward, "+-", 0, 10).await.1, "+--");
    assert_eq!(looks(Mode::Past, "-+", 0, 0).await, (vec![0, 5], "-+".to_owned()));
    assert_eq!(looks(Mode::Past, "-", 0, 0).await.1, "--");
    assert_eq!(looks(Mode::Past, "+", 0, 0).await, (vec![0], "+".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_starts_gets_its_time_at_the_first_look_only() {
    assert_eq!(looks(Mode::Past, "sss+", 20, 0).await, (vec![0, 1, 2, 3], "+".to_owned()));
    assert_eq!(looks(Mode::Past, "s+", 0, 0).await.1, "s+");
    assert_eq!(looks(Mode::Forward, "s+ss+", 20, 70).await.1, "+ss+", "later on it is a miss");
    let (times, seen) = looks(Mode::Past, "s", 20, 0).await;
    assert_eq!((times.len(), seen.as_str()), (22, "ss"), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_the_end() {
    let (times, _) = looks(Mode::Forward, "+", 0, 1_000_000).await;
    assert_eq!(times.last(), Some(&460), "the budget and a minute");
}

fn is_good(said: &Said) -> bool {
    matches!(said, Said::Good(_))
}

#[test]
fn chatwoot_is_healthy_when_both_of_its_services_say_ok() {
    let api = |body: Value| services(Api::read(&body).map_err(Trouble::Unreadable));
    assert!(is_good(&api(json!({"version": "4.8.0", "queue_services": "ok", "data_services": "ok"}))));
    for (body, what) in [
        (json!({"queue_services": "failing", "data_services": "ok"}), "200, but queue_services is `failing`"),
        (json!({"queue_services": "ok"}), "200, but data_services is not there"),
        (
            json!({"queue_services": null, "data_services": 1}),
            "200, but queue_services is null and data_services is not a text",
        ),
        (json!({}), "200, but JSON, but not what Chatwoot answers at /api"),
    ] {
        assert_eq!(api(body), Said::bad(what.to_owned()));
    }
    let refused = |status| services(Err(Trouble::Refused(Refusal::of(status, None))));
    assert!(matches!(refused(429), Said::Bad { throttled: true, .. }));
    assert!(matches!(refused(503), Said::Bad { throttled: false, .. }));
}

#[test]
fn the_agent_is_healthy_when_it_says_ok_with_200() {
    let said = |code: u16, body: Value| status(Ok((code, Ok(body))));
    assert!(is_good(&said(200, json!({"status": "ok"}))));
    for (code, body, starting) in [
        (200, json!({"status": "degraded"}), false),
        (200, json!({}), false),
        (200, json!([]), false),
        (204, json!({"status": "ok"}), false),
        (404, json!({"status": "ok"}), false),
        (503, json!({"status": "ok"}), true),
    ] {
        assert!(matches!(said(code, body.clone()), Said::Bad { starting: s, .. } if s == starting), "{body}");
    }
    assert!(matches!(said(429, json!({})), Said::Bad { throttled: true, .. }));
    assert!(!is_good(&status(Ok((200, Err("an HTML page".to_owned()))))));
}

#[test]
fn a_fault_is_a_miss_unless_it_is_ours() {
    let lost = status(Err(Unreachable::Unresolvable { host: "agent.example".to_owned() }));
    assert!(
        matches!(&lost, Said::Bad { offline: Some(host), starting: false, .. } if host == "agent.example")
    );
    assert!(matches!(status(Err(Unreachable::Refused)), Said::Bad { starting: true, offline: None, .. }));
    let proxy = Unreachable::Proxy { proxy: "proxy.example".to_owned(), why: "refused".to_owned() };
    assert!(matches!(status(Err(proxy)), Said::Ours(_)));
}
