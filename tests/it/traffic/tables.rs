//! The tables that facts are read from: edges of the window, both generations, partitions, indexes.

use std::time::{Duration, Instant};

use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::rehearsal::postgres::{BERLIN, READER, variant};
use hotdash_ops::testing::settings::{Names, Tier};
use hotdash_ops::testing::traffic::read;
use hotdash_ops::testing::traffic::read::TickCursor;
use hotdash_ops::testing::traffic::window::FactKind;
use jiff::SignedDuration;

use super::{at, minutes, open, prisma, psql, spoiled, window_data};
use crate::support::server;

const OVERLAP: Duration = Duration::from_secs(20);

/// `n` deliveries at that time.
fn deliveries(n: u32, at: &str) -> String {
    format!(
        "insert into dashboard_facts (fact_type, value, recorded_at) \
         select 'support.webhook.retry', '{{\"success\": true, \"durationMs\": 100, \"attempts\": 2}}', {at} \
         from generate_series(1, {n});"
    )
}

#[tokio::test]
async fn the_end_is_in_the_window_and_the_beginning_is_not() {
    let sql = [
        "truncate dashboard_facts;".to_owned(),
        deliveries(1, "'2026-01-01 10:00:00+00'"),
        deliveries(2, "'2026-01-01 10:00:00.000001+00'"),
        deliveries(4, "'2026-01-01 10:15:00+00'"),
        deliveries(8, "'2026-01-01 10:15:00.000001+00'"),
        deliveries(16, "now() + interval '1 hour'"),
        deliveries(32, "'infinity'"),
        deliveries(64, "'-infinity'"),
    ];
    let (session, info) = spoiled(READER, "traffic_edges", &sql.concat(), &Names::default()).await;
    let window = minutes(15, at("2026-01-01T10:15:00Z"));
    let data = window_data(&session, &info.source, window).await;
    assert_eq!((data.tally.total(), data.future), (6, 48));
    assert!(data.read_at >= info.now && data.replayed_to.is_none(), "{data:?}");
    assert!(data.bins.is_empty() && data.failures.is_empty(), "{data:?}");
    assert_eq!(read::period(&session, &info.source, window).await.expect("an answer").tally.total(), 6);
    let tier =
        Tier { name: "P0".to_owned(), ..hotdash_ops::testing::settings::Traffic::default().tiers[0].clone() };
    let counts = read::tier(&session, &info.source, &tier, window).await.expect("an answer");
    assert_eq!(
        (counts.tally.total(), counts.tally.bad, counts.tally.dead_letters, counts.attempts),
        (6, 0, 0, (12, 6))
    );

    // A tick's bounds are half-open, so that it is reported the microsecond after each.
    let micro = SignedDuration::from_micros(1);
    let (from, to) = (window.from + micro, window.to + micro);
    let tick = read::tick(&session, &info.source, TickCursor::nothing(from), to, OVERLAP).await;
    let tick = tick.expect("an answer");
    assert_eq!((tick.upper, tick.end, tick.again), (to, to, false));
    assert_eq!(tick.groups.iter().map(|g| g.n).sum::<u64>(), 6);
    // Where more was known than there is, all is read, and what is old enough is reported apart.
    let more = TickCursor { facts: 1, ..TickCursor::nothing(from) };
    let tick = read::tick(&session, &info.source, more, to, OVERLAP).await.expect("an answer");
    let mut counted: Vec<(bool, u64)> = tick.groups.iter().map(|g| (g.sealed, g.n)).collect();
    counted.sort_unstable();
    assert_eq!((tick.again, counted), (true, vec![(false, 4), (true, 2)]));
    // What was read before is not read again.
    let read_to = window.to - SignedDuration::from_secs(1);
    let known = TickCursor { seal: from, read_to, facts: 2 };
    let tick = read::tick(&session, &info.source, known, to, OVERLAP).await.expect("an answer");
    assert_eq!((tick.again, tick.groups.iter().map(|g| g.n).sum::<u64>()), (false, 4));
    // What the clock has not reached is not read.
    let ahead = read::tick(
        &session,
        &info.source,
        TickCursor::nothing(info.now),
        info.now + SignedDuration::from_hours(3),
        OVERLAP,
    );
    let ahead = ahead.await.expect("an answer");
    assert!(ahead.groups.is_empty() && ahead.upper == ahead.now && ahead.now > info.now, "{ahead:?}");
}

#[tokio::test]
async fn the_checklists_own_statements_return_the_same_numbers() {
    for (database, sql, role, names) in [
        ("traffic_last", "", READER, Names::default()),
        ("traffic_last_partitioned", variant::PARTITIONED, READER, Names::default()),
        ("traffic_last_plain", variant::WITHOUT_TIME_ZONE, BERLIN, Names::default()),
        ("traffic_last_prisma", variant::PRISMA, BERLIN, prisma()),
        (
            "traffic_last_other",
            variant::OTHER_SCHEMA,
            READER,
            Names { facts: "app.dashboard_facts".to_owned(), ..Names::default() },
        ),
    ] {
        let (session, info) = spoiled(role, database, sql, &names).await;
        let asked = read::explain(&names, 15.0);
        assert_eq!(asked.len(), 4, "{asked:#?}");
        let script: String = asked.iter().map(|sql| format!("BEGIN; {sql}; COMMIT;\n")).collect();
        // A fact may leave the last minutes between two questions, but not every time.
        let mut tries = 0;
        let (now, total) = loop {
            let now = read::table_info(&session, &names).await.expect("the table").now;
            let data = window_data(&session, &info.source, minutes(15, now)).await;
            let said = psql(&server().login(role, database), &script);
            let text = |text: Option<String>| text.expect("a number");
            let (rate, average, sum) =
                (text(data.success_rate), text(data.durations.average_ms), text(data.durations.sum_ms));
            let total = data.tally.total();
            let ours = format!("{rate}|{total}|{average}|{}|{sum}\n0", data.tally.ok);
            if ours == said {
                break (now, total);
            }
            tries += 1;
            assert!(tries < 5, "{database}: {ours} {said}");
        };
        assert!(total > 10 && info.rows_hidden.is_none(), "{database}: {total} {info:?}");
        let rate = read::recent_per_minute(&session, &info.source, Duration::from_secs(900)).await;
        let rate = rate.expect("an answer").expect("traffic");
        assert!((rate - total as f64 / 15.0).abs() < 0.1, "{database}: {rate}");
        let tick = read::tick(
            &session,
            &info.source,
            TickCursor::nothing(now - SignedDuration::from_mins(15)),
            now,
            OVERLAP,
        )
        .await;
        let tick = tick.expect("an answer");
        assert!(tick.groups.iter().all(|g| g.kind == FactKind::Ok), "{tick:?}");
        assert!(tick.groups.iter().map(|g| g.n).sum::<u64>().abs_diff(total) <= 1, "{database}");
    }
}

#[tokio::test]
async fn without_traffic_there_is_no_rate() {
    let (session, info) = spoiled(READER, "traffic_none", variant::NO_ROWS, &Names::default()).await;
    let data = window_data(&session, &info.source, minutes(15, info.now)).await;
    assert_eq!((&data.success_rate, data.tally.total(), &data.durations.average_ms), (&None, 0, &None));
    assert_eq!((data.percentiles, data.attempts, data.durations.untimed), (None, (0, 0), 0));
    let recent = read::recent_per_minute(&session, &info.source, Duration::from_secs(900)).await;
    assert_eq!(recent, Ok(None));
    let empty = Window { from: info.now, to: info.now };
    assert_eq!(
        read::window_data(&session, &info.source, empty, 15).await.expect("an answer").tally.total(),
        0
    );
}

/// Scans of tables and of their indexes so far, as the server counts them.
fn scans(database: &str) -> (u64, u64) {
    let sql = "select coalesce(sum(seq_scan), 0), coalesce(sum(idx_scan), 0) from pg_stat_user_tables \
               where relname in ('dashboard_facts', 'DashboardFact')";
    let said = server().psql(database, sql).expect("the statistics");
    let (sequential, by_index) = said.split_once('|').expect("two numbers");
    (sequential.parse().expect("a number"), by_index.parse().expect("a number"))
}

#[tokio::test]
async fn the_index_serves_both_generations() {
    let many = |table: &str, columns: &str, more: &str| {
        format!(
            "insert into {table} ({columns}) select 'support.webhook.retry', '{{\"success\": false, \"durationMs\": 5}}', \
             now() - n * interval '5 seconds'{more} from generate_series(1, 60000) n; vacuum analyze {table};"
        )
    };
    for (database, sql, names) in [
        ("traffic_index", many("dashboard_facts", "fact_type, value, recorded_at", ""), Names::default()),
        (
            "traffic_index_prisma",
            variant::PRISMA_INDEXED.to_owned()
                + &many(
                    "\"DashboardFact\"",
                    "\"factType\", value, \"createdAt\", \"shopDomain\", \"updatedAt\"",
                    ", 'x', now()",
                ),
            prisma(),
        ),
    ] {
        let (session, info) = spoiled(BERLIN, database, "", &Names::default()).await;
        session.close().await;
        drop(info);
        server().psql(database, &sql).expect("many rows");
        let (before, session) = (scans(database), open(&server().login(BERLIN, database)).await);
        let info = read::table_info(&session, &names).await.expect("the table");
        let window = minutes(15, info.now);
        let data = window_data(&session, &info.source, window).await;
        assert!(
            data.tally.bad >= 179 && data.bins.iter().map(|b| b.tally.bad).sum::<u64>() == data.tally.bad
        );
        read::tick(&session, &info.source, TickCursor::nothing(window.from), window.to, OVERLAP)
            .await
            .expect("a tick");
        read::recent_per_minute(&session, &info.source, OVERLAP).await.expect("a rate");
        session.close().await;
        // The server counts when the session has ended.
        let deadline = Instant::now() + Duration::from_secs(10);
        let after = loop {
            let after = scans(database);
            if after.1 >= before.1 + 6 || Instant::now() > deadline {
                break after;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        assert_eq!(after.0, before.0, "{database}: the whole table was read");
        assert!(after.1 >= before.1 + 6, "{database}: {before:?} {after:?}");
    }
}
