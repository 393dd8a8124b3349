//! Windows on a server that answers.

use std::thread;
use std::time::{Duration, Instant};

use hotdash_ops::testing::outcome::event::Event;
use hotdash_ops::testing::outcome::tick::LiveStatus;
use hotdash_ops::testing::outcome::window::Ended;
use hotdash_ops::testing::rehearsal::postgres::READER;
use hotdash_ops::testing::traffic::watch::measure;
use hotdash_ops::testing::traffic::window::OpenTransactions;

use super::{ORACLE, ahead, context, deliveries, past};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

/// A copy of the good database without a fact.
fn empty(name: &str) -> String {
    server().copy(name, "truncate dashboard_facts").expect("a copy of the good database");
    server().login(READER, name)
}

#[tokio::test]
async fn facts_that_commit_after_the_windows_end_are_counted() {
    let dsn = empty("watching_late");
    let (cx, mut events) = context(&dsn, ahead(5));
    // The window begins before the first fact.
    measure::plan(&cx).await;
    let writer = thread::spawn(|| {
        let steady = format!("{}select pg_sleep(0.2);", deliveries(2, true)).repeat(18);
        server().psql("watching_late", &steady).expect("the app writes");
    });
    let late = thread::spawn(|| {
        thread::sleep(Duration::from_secs(3));
        let sql = format!("begin; {} select pg_sleep(6); commit;", deliveries(11, false));
        server().psql("watching_late", &sql).expect("a long transaction");
    });
    let observation = measure::observation(&cx).await;
    let observation = observation.as_ref().as_ref().expect("asked");
    writer.join().expect("the writer ends");
    late.join().expect("the long transaction ends");
    let data = observation.facts.as_ref().expect("the facts were read");
    let oracle = server().psql("watching_late", ORACLE).expect("psql counts");
    assert_eq!(oracle, format!("{}|{}", data.tally.total(), data.tally.bad));
    assert_eq!((data.tally.bad, data.tally.total()), (11, 47));
    assert_eq!((observation.late, &observation.ended, observation.gaps.len()), (11, &Ended::AtItsEnd, 0));
    assert_eq!(data.open_transactions, OpenTransactions::Clear, "it was waited for");
    assert_eq!(observation.window.length().as_secs(), 5);
    let (mut ticks, mut begun) = (Vec::new(), 0);
    while let Ok(event) = events.try_recv() {
        match event {
            Event::Tick(tick) => ticks.push(*tick),
            Event::Watching { .. } => begun += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(begun, 1);
    assert!(ticks.len() >= 9, "{}", ticks.len());
    assert_eq!(ticks.last().map(|t| (t.total, t.bad, t.standing)), Some((36, 0, LiveStatus::Passing)));
}

#[tokio::test]
async fn a_dead_letter_ends_the_watch() {
    let dsn = empty("watching_dead");
    let (cx, _events) = context(&dsn, ahead(60));
    measure::plan(&cx).await;
    let began = Instant::now();
    let writer = thread::spawn(|| {
        thread::sleep(Duration::from_secs(1));
        let dead = "insert into dashboard_facts (fact_type, value) values ('support.webhook.dead_letter', \
                    '{\"lastError\": \"HTTP 503\", \"payload\": {\"event\": \"message_created\", \"id\": 77}}');";
        server().psql("watching_dead", &format!("{}{dead}", deliveries(3, true))).expect("the app writes");
    });
    let observation = measure::observation(&cx).await;
    writer.join().expect("the writer ends");
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    assert_eq!((data.tally.dead_letters, data.tally.total(), &observation.ended), (1, 3, &Ended::DeadLetter));
    assert_eq!(data.dead_letter_messages, [77]);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_past_is_judged_at_once() {
    let name = "watching_past";
    server().copy(name, "").expect("a copy of the good database");
    let (cx, _events) = context(&server().login(READER, name), past(900));
    let began = Instant::now();
    let observation = measure::observation(&cx).await;
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    let (from, to) = (observation.window.from, observation.window.to);
    let sql = format!("set timezone to 'UTC'; {ORACLE} and recorded_at > '{from}' and recorded_at <= '{to}'");
    let oracle = server().psql(name, &sql).expect("psql counts");
    assert_eq!(oracle, format!("{}|{}", data.tally.total(), data.tally.bad));
    assert!(data.tally.total() > 30, "{}", data.tally.total());
    assert_eq!(observation.tiers.as_ref().map(Vec::len), Ok(8));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_pooler_with_one_connection_is_enough() {
    empty("watching_pooled");
    let pooler = PgBouncer::start(server(), &[READER], 1);
    let (cx, _events) = context(&pooler.prisma_login(server(), READER, "watching_pooled"), ahead(3));
    measure::plan(&cx).await;
    let writer = thread::spawn(|| {
        let steady = format!("{}select pg_sleep(0.3);", deliveries(2, true)).repeat(6);
        server().psql("watching_pooled", &steady).expect("the app writes");
    });
    let observation = measure::observation(&cx).await;
    writer.join().expect("the writer ends");
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    assert_eq!(
        (data.tally.total(), observation.late, observation.gaps.len()),
        (12, 0, 0),
        "{:?}",
        observation.gaps
    );
}

#[tokio::test]
async fn a_missing_table_is_reported_at_once() {
    let name = "watching_no_table";
    server().copy(name, "drop table dashboard_facts").expect("a copy of the good database");
    let (cx, _events) = context(&server().login(READER, name), ahead(60));
    let began = Instant::now();
    let observation = measure::observation(&cx).await;
    let observation = observation.as_ref().as_ref().expect("asked");
    let why = observation.facts.as_ref().expect_err("there is no table");
    assert!(why.why.contains("does not exist") && !why.database_gone, "{why:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn without_a_database_the_watch_cannot_run() {
    for text in ["", "nonsense"] {
        let (cx, _events) = context(text, ahead(1));
        let observation = measure::observation(&cx).await;
        let why = observation.as_ref().as_ref().expect_err("cannot be asked");
        assert!(why.why.contains("DATABASE_URL"), "{why:?}");
    }
}
