//! The time that queries take, on open and warm connections.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, READER};
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::postgres::{Session, connect};
use hotdash_ops::testing::service::tls::Roots;
use hotdash_ops::testing::settings::Names;
use hotdash_ops::testing::traffic::read::{self, TableInfo, TickCounter};
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Client, NoTls};

use crate::PER_SECOND;
use crate::table::{Bound, Table, Times};

const ROUNDS: usize = 7;
const OVERLAP: Duration = Duration::from_secs(20);
/// As many as `monitor` asks for in a window that is longer than 16 minutes.
const BINS: usize = 96;
const TICK: SignedDuration = SignedDuration::from_secs(10);

/// The checklist's two statements over a window, as psql sends them.
fn checklist(window: Window) -> [String; 2] {
    let within = format!("recorded_at > '{}' AND recorded_at <= '{}'", window.from, window.to);
    [
        format!(
            "SELECT ROUND(100.0 * SUM(CASE WHEN value->>'success' = 'true' THEN 1 ELSE 0 END) / COUNT(*), 2) \
             as success_rate, COUNT(*) as total, AVG((value->>'durationMs')::numeric) as avg_duration_ms \
             FROM dashboard_facts WHERE fact_type = 'support.webhook.retry' AND {within}"
        ),
        format!(
            "SELECT COUNT(*) as dlq_count FROM dashboard_facts \
             WHERE fact_type = 'support.webhook.dead_letter' AND {within}"
        ),
    ]
}

/// The program's connection and psql's, both open.
struct Sides {
    session: Session,
    psql: Client,
    info: TableInfo,
}

impl Sides {
    async fn checklist(&self, window: Window) -> Result<Duration> {
        let began = Instant::now();
        for statement in checklist(window) {
            self.psql.simple_query(&statement).await?;
        }
        Ok(began.elapsed())
    }

    /// A tick as the watch does it when it has seen all of the window before: read, and counted into what is known.
    async fn tick(&self, counter: &mut TickCounter, window: Window) -> Result<Duration> {
        let began = Instant::now();
        let known = counter.cursor();
        let tick =
            read::tick(&self.session, &self.info.source, known, TickCounter::end(window.to), OVERLAP).await?;
        counter.take(&tick);
        let p95 = counter.counts().histogram.percentile(95);
        let took = began.elapsed();
        ensure!(p95.is_some() && !tick.groups.is_empty() && !tick.again, "a tick saw nothing");
        Ok(took)
    }

    /// The same where a fact has become visible late, so that all of the tail is read again.
    async fn tick_again(&self, counter: &TickCounter, window: Window) -> Result<Duration> {
        let mut known = counter.cursor();
        known.facts -= 1;
        let began = Instant::now();
        let tick =
            read::tick(&self.session, &self.info.source, known, TickCounter::end(window.to), OVERLAP).await?;
        let took = began.elapsed();
        ensure!(tick.again, "nothing was late");
        Ok(took)
    }

    /// The counter of a watch that has read the window up to ten seconds before its end: the tail is what the last
    /// two ticks and a moment have left, and the next tick has 20 seconds to count and 10 to read.
    async fn counter(&self, window: Window) -> Result<TickCounter> {
        let mut counter = TickCounter::new(window.from, SignedDuration::try_from(OVERLAP)?);
        let ticks = window.to - TICK * 3;
        let mut to = window.from;
        while to < window.to - TICK {
            // Larger steps than a tick's reach the same counts sooner.
            let step = if to < ticks { SignedDuration::from_mins(10) } else { TICK };
            to = (to + step).min(if to < ticks { ticks } else { window.to - TICK });
            let tick =
                read::tick(&self.session, &self.info.source, counter.cursor(), TickCounter::end(to), OVERLAP)
                    .await?;
            counter.take(&tick);
        }
        let known = counter.cursor();
        let tail = known.read_to.duration_since(known.seal);
        ensure!(tail >= TICK * 2, "the tail is {tail}, which is not an overlap");
        Ok(counter)
    }

    /// A window as it is judged, in so many bins for the change point.
    async fn window_data(&self, window: Window, bins: usize) -> Result<Duration> {
        let began = Instant::now();
        let data = read::window_data(&self.session, &self.info.source, window, bins).await?;
        let took = began.elapsed();
        ensure!(data.tally.total() > 0 && data.percentiles.is_some(), "the final query saw nothing");
        ensure!(data.bins.len() == bins, "the change point saw nothing");
        Ok(took)
    }
}

/// Measures ticks and whole windows against the checklist's statements.
pub async fn measure(server: &Native, facts: u64, table: &mut Table) -> Result<()> {
    let dsn = server.login(READER, DATABASE);
    let parsed = Dsn::parse(&dsn).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let session = connect(&parsed, &Roots::none(), &MarkerSink::default(), Duration::from_secs(3600)).await?;
    let (psql, connection) = tokio_postgres::connect(&dsn, NoTls).await?;
    tokio::spawn(connection);
    let info = read::table_info(&session, &Names::default()).await?;
    let newest = server.psql(DATABASE, "select to_char(max(recorded_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from dashboard_facts")?;
    let newest: Timestamp = newest.parse()?;
    let sides = Sides { session, psql, info };
    let past = |minutes: i64| Window { from: newest - SignedDuration::from_mins(minutes), to: newest };
    let day = (24 * 60).min(i64::try_from(facts / PER_SECOND / 60).unwrap_or(i64::MAX) - 1);

    let counters =
        [sides.counter(past(15)).await?, sides.counter(past(60)).await?, sides.counter(past(day)).await?];
    table.head();
    for jit in ["on", "off"] {
        sides.psql.batch_execute(&format!("SET jit = {jit}")).await?;
        let (mut tick, mut again, mut quarter) = (Times::default(), Times::default(), Times::default());
        for _ in 0..ROUNDS {
            // In blocks, so that each side meets the caches that it leaves itself.
            for _ in 0..10 {
                tick.add(sides.tick(&mut counters[0].clone(), past(15)).await?);
            }
            for _ in 0..10 {
                again.add(sides.tick_again(&counters[0], past(15)).await?);
            }
            for _ in 0..5 {
                quarter.add(sides.checklist(past(15)).await?);
            }
        }
        table.row(
            &format!("checklist's SQL for 15 min : one tick, jit {jit}"),
            &quarter,
            &tick,
            Bound::AtLeast(15.0),
        );
        table.row(
            &format!("the same where a fact was late and the tail is read again, jit {jit}"),
            &quarter,
            &again,
            Bound::None,
        );
    }
    let (mut short, mut hour, mut long) = (Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS * 3 {
        for ((times, counter), minutes) in
            [&mut short, &mut hour, &mut long].into_iter().zip(&counters).zip([15, 60, day])
        {
            times.add(sides.tick(&mut counter.clone(), past(minutes)).await?);
        }
    }
    table.row("a tick in 1 h : a tick in 15 min", &hour, &short, Bound::AtMost(1.5));
    table.row(&format!("a tick in {day} min : a tick in 15 min"), &long, &short, Bound::AtMost(1.5));

    sides.psql.batch_execute("RESET jit").await?;
    let (mut plain, mut middle, mut all) = (Times::default(), Times::default(), Times::default());
    for round in 0..=ROUNDS {
        let times = [
            sides.checklist(past(day)).await?,
            sides.window_data(past(day), 0).await?,
            sides.window_data(past(day), BINS).await?,
        ];
        // The first round warms the cache.
        if round > 0 {
            for (into, took) in [&mut plain, &mut middle, &mut all].into_iter().zip(times) {
                into.add(took);
            }
        }
    }
    table.row(
        &format!("{day} min: rate, average, dead letters, percentiles, attempts, failures : checklist"),
        &middle,
        &plain,
        Bound::AtMost(2.5),
    );
    table.row(
        &format!("{day} min: the same and errors of dead letters and the change point : checklist"),
        &all,
        &plain,
        Bound::AtMost(3.0),
    );
    sides.session.close().await;
    Ok(())
}
