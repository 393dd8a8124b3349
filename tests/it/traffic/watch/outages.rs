//! Servers that are killed while they are watched.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hotdash_ops::testing::outcome::window::Ended;
use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, Options, READER};
use hotdash_ops::testing::traffic::watch::measure;

use super::{ORACLE, ahead, context, deliveries};

/// Deliveries that outlive a kill: the clusters of the rehearsal do not usually wait for the disk.
fn kept(n: u32, success: bool) -> String {
    format!("set synchronous_commit to on; {}", deliveries(n, success))
}

#[tokio::test]
async fn a_crash_and_restart_loses_no_fact() {
    let server = Arc::new(Native::start(&Options::default()).expect("a private cluster"));
    server.psql(DATABASE, "truncate dashboard_facts").expect("an empty table");
    let (cx, _events) = context(&server.login(READER, DATABASE), ahead(12));
    // The window begins before the first fact.
    measure::plan(&cx).await;
    let world = Arc::clone(&server);
    let writer = thread::spawn(move || {
        let write = |n, success| world.psql(DATABASE, &kept(n, success)).expect("the app writes");
        write(10, true);
        thread::sleep(Duration::from_millis(2500));
        write(7, true);
        world.kill().expect("kill -9");
        thread::sleep(Duration::from_millis(2500));
        world.resume().expect("it starts again");
        write(5, true);
        write(1, false);
        thread::sleep(Duration::from_millis(1200));
        world.kill().expect("kill -9");
        world.resume().expect("it starts again");
        write(4, true);
    });
    let observation = measure::observation(&cx).await;
    writer.join().expect("the writer ends");
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    let oracle = server.psql(DATABASE, ORACLE).expect("psql counts");
    assert_eq!(oracle, format!("{}|{}", data.tally.total(), data.tally.bad));
    assert_eq!((data.tally.total(), observation.late, &observation.ended), (27, 0, &Ended::AtItsEnd));
    let gap = observation.gaps.first().expect("a gap was recorded");
    assert!(gap.to.duration_since(gap.from).as_secs() >= 2, "{gap:?}");
    assert!(gap.from > observation.window.from && gap.to < observation.window.to, "{gap:?}");
    assert!(!gap.why.is_empty());
}

#[tokio::test]
async fn a_server_that_comes_back_after_the_windows_end_is_still_queried() {
    let server = Arc::new(Native::start(&Options::default()).expect("a private cluster"));
    server.psql(DATABASE, &format!("truncate dashboard_facts; {}", deliveries(3, true))).expect("old facts");
    let (cx, _events) = context(&server.login(READER, DATABASE), ahead(3));
    // The window begins before the first fact.
    measure::plan(&cx).await;
    let world = Arc::clone(&server);
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1500));
        world.psql(DATABASE, &kept(9, true)).expect("the app writes");
        world.kill().expect("kill -9");
        thread::sleep(Duration::from_secs(4));
        world.resume().expect("it starts again");
    });
    let observation = measure::observation(&cx).await;
    writer.join().expect("the writer ends");
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    assert_eq!((data.tally.total(), observation.gaps.len()), (9, 1));
    assert!(observation.gaps[0].to > observation.window.to, "{:?}", observation.gaps);
}

#[tokio::test]
async fn after_a_failover_the_standbys_facts_are_counted() {
    let primary = Arc::new(Native::start(&Options::default()).expect("a private cluster"));
    primary.psql(DATABASE, "truncate dashboard_facts").expect("an empty table");
    let standby = Arc::new(primary.standby().expect("a replica"));
    let password = primary.password(READER);
    let dsn = format!(
        "postgresql://{READER}:{password}@127.0.0.1:{},127.0.0.1:{}/{DATABASE}",
        primary.port(),
        standby.port()
    );
    let (cx, _events) = context(&dsn, ahead(9));
    measure::plan(&cx).await;
    let (old, new) = (Arc::clone(&primary), Arc::clone(&standby));
    let writer = thread::spawn(move || {
        old.psql(DATABASE, &kept(10, true)).expect("the app writes");
        // What the standby has not received is lost with the primary.
        thread::sleep(Duration::from_secs(2));
        old.kill().expect("kill -9");
        new.psql(DATABASE, "select pg_promote(true, 30)").expect("the standby takes over");
        new.psql(DATABASE, &kept(6, true)).expect("the app writes");
        new.psql(DATABASE, &kept(2, false)).expect("the app writes");
    });
    let observation = measure::observation(&cx).await;
    writer.join().expect("the writer ends");
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    let oracle = standby.psql(DATABASE, ORACLE).expect("psql counts");
    assert_eq!(oracle, format!("{}|{}", data.tally.total(), data.tally.bad));
    assert_eq!((data.tally.total(), observation.late, data.replayed_to), (18, 0, None));
    drop(standby);
}

#[tokio::test]
async fn on_a_standby_the_replayed_facts_are_judged() {
    let primary = Arc::new(Native::start(&Options::default()).expect("a private cluster"));
    primary.psql(DATABASE, "truncate dashboard_facts").expect("an empty table");
    let standby = primary.standby().expect("a replica");
    let (cx, _events) = context(&standby.login(READER, DATABASE), ahead(4));
    measure::plan(&cx).await;
    let world = Arc::clone(&primary);
    let writer = thread::spawn(move || {
        let steady = format!("{}select pg_sleep(0.5);", deliveries(3, true)).repeat(10);
        world.psql(DATABASE, &steady).expect("the app writes");
    });
    let observation = measure::observation(&cx).await;
    writer.join().expect("the writer ends");
    let observation = observation.as_ref().as_ref().expect("asked");
    let data = observation.facts.as_ref().expect("the facts were read");
    let (from, to) = (observation.window.from, observation.window.to);
    let sql = format!("set timezone to 'UTC'; {ORACLE} and recorded_at > '{from}' and recorded_at <= '{to}'");
    let oracle = primary.psql(DATABASE, &sql).expect("psql counts");
    assert_eq!(oracle, format!("{}|{}", data.tally.total(), data.tally.bad));
    assert!(data.tally.total() >= 20, "{}", data.tally.total());
    assert!(data.replayed_to.is_some_and(|replayed| replayed >= to), "it was waited for");
    assert!(observation.remarks.iter().any(|said| said.contains("standby")), "{:?}", observation.remarks);
    drop(standby);
}
