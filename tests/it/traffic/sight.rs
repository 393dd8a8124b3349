//! What stands between the role and the facts: rights, row level security, locks, time-outs, a pooler.

use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, BYPASSING, OUTSIDER, OWNER, READER, variant};
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::postgres::{PgError, connect};
use hotdash_ops::testing::service::tls::Roots;
use hotdash_ops::testing::settings::Names;
use hotdash_ops::testing::traffic::read;
use hotdash_ops::testing::traffic::read::TickCursor;
use hotdash_ops::testing::traffic::window::{Form, OpenTransactions};
use jiff::SignedDuration;
use tokio_postgres::NoTls;

use super::{minutes, open, refusal, spoiled, window_data};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

#[tokio::test]
async fn hidden_rows_are_reported() {
    let one_shop = "alter table dashboard_facts enable row level security;
        create policy shop on dashboard_facts for select to ops_reader using (shop_domain = 'x');";
    let restricted = "alter table dashboard_facts enable row level security;
        create policy reading on dashboard_facts for select using (true);
        create policy cut on dashboard_facts as restrictive for select using (shop_domain = 'x');";
    for (database, role, sql, hidden) in [
        ("traffic_rls_none", READER, variant::RLS_WITHOUT_POLICY, Some("hides all rows")),
        ("traffic_rls_owner", OWNER, variant::RLS_WITHOUT_POLICY, None),
        ("traffic_rls_bypass", BYPASSING, variant::RLS_WITHOUT_POLICY, None),
        ("traffic_rls_forced", OWNER, variant::RLS_FORCED, Some("hides all rows")),
        ("traffic_rls_policy", READER, variant::RLS_WITH_POLICY, None),
        ("traffic_rls_other", BERLIN, variant::RLS_WITH_POLICY, Some("hides all rows")),
        ("traffic_rls_some", READER, one_shop, Some("filters the rows")),
        ("traffic_rls_cut", READER, restricted, Some("filters the rows")),
    ] {
        let (session, info) = spoiled(role, database, sql, &Names::default()).await;
        match (hidden, &info.rows_hidden) {
            (None, None) => {}
            (Some(words), Some(why)) => {
                assert!(why.contains(words) && why.contains(role), "{database}: {why}")
            }
            other => panic!("{database}: {other:?}"),
        }
        let total = window_data(&session, &info.source, minutes(15, info.now)).await.tally.total();
        assert_eq!(total > 0, hidden.is_none(), "{database}: {total}");
    }
}

#[tokio::test]
async fn missing_tables_columns_and_permissions_are_reported() {
    for (database, role, sql, names, state, words) in [
        ("traffic_no_table", READER, variant::FACTS_MISSING, Names::default(), "42P01", "dashboard_facts"),
        ("traffic_no_column", READER, variant::COLUMN_MISSING, Names::default(), "42703", "value"),
        ("traffic_no_right", READER, variant::NO_SELECT, Names::default(), "42501", "permission denied"),
        ("traffic_outsider", OUTSIDER, "", Names::default(), "42501", "permission denied"),
        (
            "traffic_some_columns",
            READER,
            variant::SOME_COLUMNS,
            Names::default(),
            "42501",
            "permission denied",
        ),
        (
            "traffic_text_value",
            READER,
            variant::COLUMN_TYPE,
            Names::default(),
            "42883",
            "operator does not exist",
        ),
        (
            "traffic_no_schema",
            READER,
            "",
            Names { facts: "app.x".to_owned(), ..Names::default() },
            "42P01",
            "app.x",
        ),
    ] {
        server().copy(database, sql).expect("a database");
        let session = open(&server().login(role, database)).await;
        let (found, why) = refusal(read::table_info(&session, &names).await);
        assert_eq!(found, state, "{database}: {why}");
        assert!(why.contains(words), "{database}: {why}");
    }
    let (session, info) = spoiled(READER, "traffic_taken_away", "", &Names::default()).await;
    server().psql("traffic_taken_away", variant::FACTS_MISSING).expect("it goes");
    let window = minutes(15, info.now);
    let (found, _) = refusal(read::window_data(&session, &info.source, window, 15).await);
    assert_eq!(found, "42P01");
    let tick =
        read::tick(&session, &info.source, TickCursor::nothing(window.from), window.to, Duration::ZERO).await;
    assert_eq!(refusal(tick).0, "42P01");
    let number = Names { recorded_at: "id".to_owned(), ..Names::default() };
    server().copy("traffic_number", "").expect("a database");
    let session = open(&server().login(READER, "traffic_number")).await;
    assert_eq!(refusal(read::table_info(&session, &number).await).0, "42883");
}

#[tokio::test]
async fn waiting_is_bounded() {
    let slow = "alter table dashboard_facts rename to facts;
        create view dashboard_facts as select * from facts where pg_sleep(0.2) is not null;
        grant select on dashboard_facts to ops_reader;";
    let (_, info) = spoiled(READER, "traffic_slow", slow, &Names::default()).await;
    let dsn = Dsn::parse(&server().login(READER, "traffic_slow")).expect("a connection string");
    let window = minutes(15, info.now);
    // A session's own deadline bounds its queries, and the server reports it before we give up.
    let short = connect(&dsn, &Roots::none(), &MarkerSink::default(), Duration::from_secs(2))
        .await
        .expect("it connects");
    let fault = read::window_data(&short, &info.source, window, 15).await.expect_err("a time-out");
    assert!(matches!(fault, PgError::Cancelled { .. }), "{fault:?}");
    // A tick has five seconds, however long the session may live.
    let (long, began) = (open(&server().login(READER, "traffic_slow")).await, Instant::now());
    let fault = read::tick(&long, &info.source, TickCursor::nothing(window.from), window.to, Duration::ZERO)
        .await
        .expect_err("a time-out");
    assert_eq!(fault.sqlstate(), Some("57014"));
    assert!(fault.to_string().contains("allowed: 5s"), "{fault}");
    assert!((4..15).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    // The session lives on.
    assert_eq!(read::open_transactions(&long, window.from).await, Ok(OpenTransactions::Clear));

    let (session, info) = spoiled(READER, "traffic_locked", "", &Names::default()).await;
    let (holder, connection) =
        tokio_postgres::connect(&server().login(OWNER, "traffic_locked"), NoTls).await.expect("it connects");
    tokio::spawn(connection);
    holder.batch_execute("begin; lock table dashboard_facts").await.expect("it is locked");
    let tick =
        read::tick(&session, &info.source, TickCursor::nothing(window.from), window.to, Duration::ZERO).await;
    assert!(matches!(tick, Err(PgError::Locked { .. })), "{tick:?}");
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_carries_everything_and_keeps_nothing() {
    let server = server();
    let nasty = "insert into dashboard_facts (fact_type, value, recorded_at) values
        ('support.webhook.retry', '{\"success\": false, \"durationMs\": \"abc\"}', now() - interval '1 minute');";
    server.copy("traffic_pooled", &format!("{} {nasty}", variant::WITHOUT_TIME_ZONE)).expect("a database");
    let pooler = PgBouncer::start(server, &[BERLIN], 1);
    let dsn = pooler.prisma_login(server, BERLIN, "traffic_pooled");
    for _ in 0..2 {
        let session = open(&dsn).await;
        let info = read::table_info(&session, &Names::default()).await.expect("the table");
        let window = minutes(15, info.now);
        // `table_info` leaves its transaction open, and the others end it.
        let tick = read::tick(
            &session,
            &info.source,
            TickCursor::nothing(window.from),
            window.to,
            Duration::from_secs(20),
        )
        .await;
        let counted = within("traffic_pooled", window);
        assert!(counted > 1, "the nasty one alone is left");
        let seen = tick.expect("a tick").groups.iter().map(|g| g.n).sum::<u64>();
        assert!(seen.abs_diff(counted) <= 1, "{seen} {counted}: one may lie on the edge");
        assert_eq!(read::open_transactions(&session, info.now).await, Ok(OpenTransactions::Clear));
        let data = window_data(&session, &info.source, window).await;
        assert_eq!(
            (data.durations.form, data.tally.total(), data.durations.unreadable),
            (Form::Guarded, counted, 1)
        );
        // Its transaction is over: with one connection to the server, a second client is served at once.
        let (other, connection) =
            tokio_postgres::connect(&pooler.login(server, BERLIN, "traffic_pooled"), NoTls)
                .await
                .expect("it connects");
        tokio::spawn(connection);
        let left = "select concat_ws(' ', current_setting('TimeZone'), current_setting('jit'), \
            current_setting('transaction_read_only'), current_setting('statement_timeout'), \
            current_setting('enable_sort')) as said";
        let rows = other.query_typed(left, &[]).await.expect("an answer");
        assert_eq!(rows[0].get::<_, String>("said"), "Europe/Berlin on off 0 on");
        session.close().await;
    }
    assert!(!pooler.log().to_lowercase().contains("prepared"), "{}", pooler.log());
}

#[tokio::test]
async fn nothing_can_be_written_in_any_of_its_transactions() {
    use hotdash_ops::testing::service::postgres::Bounds;
    let (session, info) = spoiled(OWNER, "traffic_read_only", "", &Names::default()).await;
    let delete = "delete from dashboard_facts";
    for one_snapshot in [false, true] {
        let second = Duration::from_secs(1);
        let bounds = Bounds { statement: second, lock: second, one_snapshot };
        assert_eq!(refusal(session.batch(&bounds, &[delete]).await).0, "25006");
        let mut transaction = session.transaction(&bounds).await.expect("it begins");
        assert_eq!(refusal(transaction.attempt(delete).await).0, "25006");
        let said = transaction
            .ask(&["select current_setting('transaction_isolation') as level", "select 1 as one"])
            .await;
        let said = said.expect("a failed attempt leaves the transaction good");
        let level = if one_snapshot { "repeatable read" } else { "read committed" };
        assert_eq!((said[0][0].get("level"), said[1][0].get("one")), (Some(level), Some("1")));
        // Left open: the next question ends it first.
        drop(transaction);
        let rows = session.rows("select current_setting('transaction_isolation')::text as level", &[]).await;
        assert_eq!(rows.expect("an answer")[0].get("level"), Some("read committed"));
    }
    let much = "select repeat('x', 1000) from generate_series(1, 200000)";
    let bounds =
        Bounds { statement: Duration::from_secs(9), lock: Duration::from_secs(1), one_snapshot: false };
    assert_eq!(session.batch(&bounds, &[much]).await, Err(PgError::TooMuch));
    let window = minutes(15, info.now + SignedDuration::from_secs(1));
    let counted = within("traffic_read_only", window);
    assert!(counted > 1, "nothing was deleted");
    assert_eq!(window_data(&session, &info.source, window).await.tally.total(), counted);
}

/// How many deliveries psql counts in a window. The good database's facts grow older while the tests run.
fn within(database: &str, window: hotdash_ops::testing::outcome::window::Window) -> u64 {
    let sql = format!(
        "select count(*) from dashboard_facts where fact_type = 'support.webhook.retry' \
         and recorded_at > '{}' and recorded_at <= '{}'",
        window.from, window.to
    );
    server().psql(database, &sql).expect("a count").parse().expect("a number")
}
