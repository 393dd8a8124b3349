//! Rows that become visible late, and what can be known of transactions that may still add some.

use std::time::Duration;

use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, OWNER, Options, READER, variant};
use hotdash_ops::testing::settings::Names;
use hotdash_ops::testing::traffic::read;
use hotdash_ops::testing::traffic::read::{TickCounter, TickCursor};
use hotdash_ops::testing::traffic::window::OpenTransactions;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Client, NoTls};

use super::{open, spoiled, window_data};
use crate::support::server;

/// A client that may write, as the app is one.
async fn app(server: &Native, database: &str) -> Client {
    let (client, connection) =
        tokio_postgres::connect(&server.login(OWNER, database), NoTls).await.expect("it connects");
    tokio::spawn(connection);
    client
}

const FAILURES: &str = "insert into dashboard_facts (fact_type, value) \
    select 'support.webhook.retry', '{\"success\": false, \"durationMs\": 5}' from generate_series(1, 7);";

/// The `now()` of the client's open transaction.
async fn began(client: &Client) -> Timestamp {
    let rows = client.query_typed("select now()::text as at", &[]).await.expect("its time");
    rows[0].get::<_, String>("at").parse().expect("a time")
}

#[tokio::test]
async fn a_late_commit_is_missed_by_ticks_and_found_by_the_final_query() {
    let (session, info) =
        spoiled(READER, "traffic_late", "truncate dashboard_facts", &Names::default()).await;
    let role = "create role traffic_watcher login password 'sees everybody'; grant pg_read_all_stats to traffic_watcher;";
    server().psql("traffic_late", role).expect("a role");
    let seeing = open(&server().dsn("traffic_watcher", "sees everybody", "traffic_late")).await;
    let overlap = Duration::from_millis(100);
    let late = app(server(), "traffic_late").await;
    let now = read::table_info(&session, &Names::default()).await.expect("the table").now;
    let window = Window { from: now, to: now + SignedDuration::from_secs(3) };

    late.batch_execute("begin").await.expect("it begins");
    late.batch_execute(FAILURES).await.expect("they are written");
    let since = began(&late).await;
    assert!(window.holds(since), "{since} {window:?}");
    app(server(), "traffic_late").await.batch_execute(FAILURES).await.expect("others commit at once");

    let mut counter = TickCounter::new(window.from, SignedDuration::try_from(overlap).expect("short"));
    let mut committed = false;
    loop {
        let end = TickCounter::end(window.to);
        let tick = read::tick(&session, &info.source, counter.cursor(), end, overlap).await.expect("a tick");
        counter.take(&tick);
        if tick.upper == end && committed {
            break;
        }
        if tick.upper == end {
            assert_eq!(read::open_transactions(&seeing, window.to).await, Ok(OpenTransactions::Open(since)));
            let before = since - SignedDuration::from_secs(1);
            assert_eq!(
                read::open_transactions(&seeing, before).await,
                Ok(OpenTransactions::Clear),
                "it began after that window"
            );
            let hidden = read::open_transactions(&session, window.to).await.expect("an answer");
            assert!(
                matches!(&hidden, OpenTransactions::Hidden { why, transactions } if transactions.len() == 1 && why.contains("hotdash") && why.contains("pg_read_all_stats TO ops_reader")),
                "{hidden:?}"
            );
            assert_eq!(
                window_data(&session, &info.source, window).await.tally.total(),
                7,
                "not before it is committed"
            );
            late.batch_execute("commit").await.expect("it commits");
            committed = true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        (counter.counts().tally.bad, counter.counts().tally.total()),
        (7, 7),
        "ticks miss the late ones for good"
    );
    for session in [&seeing, &session] {
        assert_eq!(read::open_transactions(session, window.to).await, Ok(OpenTransactions::Clear));
    }
    let data = window_data(&session, &info.source, window).await;
    assert_eq!((data.tally.bad, data.tally.total()), (14, 14));
    assert_eq!(
        data.open_transactions,
        OpenTransactions::Unknown("not asked".to_owned()),
        "it is the caller's to fill"
    );
}

#[tokio::test]
async fn idle_sessions_and_other_databases_change_nothing() {
    let (session, info) = spoiled(READER, "traffic_idle", "", &Names::default()).await;
    let idle = app(server(), "traffic_idle").await;
    idle.batch_execute("select 1").await.expect("it has been used");
    server().copy("traffic_idle_other", "").expect("a database");
    let other = app(server(), "traffic_idle_other").await;
    other.batch_execute("begin; select 1").await.expect("it begins");
    assert_eq!(read::open_transactions(&session, info.now).await, Ok(OpenTransactions::Clear));
    // One's own role is seen without further rights.
    let own = open(&server().login(READER, "traffic_idle")).await;
    own.rows("select 1::text", &[]).await.expect("it begins");
    let to = info.now + SignedDuration::from_mins(1);
    assert!(matches!(read::open_transactions(&session, to).await, Ok(OpenTransactions::Open(_))));
}

#[tokio::test]
async fn rows_that_become_visible_within_the_overlap_are_counted() {
    let (session, info) = spoiled(READER, "traffic_in_time", variant::NO_ROWS, &Names::default()).await;
    let overlap = Duration::from_secs(20);
    let end = info.now + SignedDuration::from_hours(1);
    let late = app(server(), "traffic_in_time").await;
    late.batch_execute("begin").await.expect("it begins");
    late.batch_execute(FAILURES).await.expect("they are written");

    let mut counter = TickCounter::new(info.now, SignedDuration::try_from(overlap).expect("short"));
    let mut seen = Vec::new();
    for step in 0..4 {
        if step == 2 {
            late.batch_execute("commit").await.expect("it commits");
        }
        let tick = read::tick(&session, &info.source, counter.cursor(), end, overlap).await.expect("a tick");
        counter.take(&tick);
        seen.push((tick.again, counter.counts().tally.bad));
    }
    assert_eq!(seen, [(false, 0), (false, 0), (true, 7), (false, 7)]);
    session.close().await;
}

#[tokio::test]
async fn a_standby_or_a_prepared_transaction_makes_the_horizon_unknown() {
    let settings = vec!["max_prepared_transactions = 2".to_owned()];
    let primary = Native::start(&Options { settings, ..Options::default() }).expect("a primary");
    let standby = primary.standby().expect("a standby");
    let session = open(&primary.login(READER, DATABASE)).await;
    let info = read::table_info(&session, &Names::default()).await.expect("the table");
    assert_eq!(info.replayed_to, None);
    assert_eq!(read::open_transactions(&session, info.now).await, Ok(OpenTransactions::Clear));
    let writer = app(&primary, DATABASE).await;
    writer.batch_execute("begin").await.expect("it begins");
    writer.batch_execute(FAILURES).await.expect("they are written");
    writer.batch_execute("prepare transaction 'two phases'").await.expect("it is prepared");
    let unknown = read::open_transactions(&session, info.now).await.expect("an answer");
    assert!(
        matches!(&unknown, OpenTransactions::Unknown(why) if why.starts_with("1 prepared")),
        "{unknown:?}"
    );
    writer.batch_execute("commit prepared 'two phases'").await.expect("it commits");
    assert_eq!(read::open_transactions(&session, info.now).await, Ok(OpenTransactions::Clear));

    let reader = open(&standby.login(READER, DATABASE)).await;
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let info = loop {
        let info = read::table_info(&reader, &Names::default()).await.expect("the table");
        if info.replayed_to.is_some_and(|at| at > Timestamp::UNIX_EPOCH)
            || std::time::Instant::now() > deadline
        {
            break info;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let replayed = info.replayed_to.expect("it is a standby");
    assert!(replayed > Timestamp::UNIX_EPOCH && replayed <= info.now, "{info:?}");
    let open_transactions = read::open_transactions(&reader, info.now).await.expect("an answer");
    assert!(
        matches!(&open_transactions, OpenTransactions::Unknown(why) if why.contains("standby")),
        "{open_transactions:?}"
    );
    // Nothing newer than what has been replayed is sealed, however much later it is.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let from = info.now - SignedDuration::from_mins(15);
    let to = info.now + SignedDuration::from_hours(1);
    let tick = read::tick(&reader, &info.source, TickCursor::nothing(from), to, Duration::from_millis(1))
        .await
        .expect("a tick");
    assert_eq!(tick.upper, replayed);
    assert!(tick.now > replayed, "{tick:?}");
    let data = window_data(&reader, &info.source, Window { from, to: info.now }).await;
    assert_eq!((data.replayed_to, data.tally.bad), (Some(replayed), 7));
}
