//! What watching costs, as ratios of one run: a tick against the checklist's own
//! statements for 15 minutes, the same tick in windows up to a day, a day judged at
//! once, the memory of `monitor` itself while it also reads a log, and that of a day of log lines.
//!
//! ```text
//! cargo bench --bench traffic --features rehearsal
//! FACTS=1000000 cargo bench --bench traffic --features rehearsal      a quick try
//! ```
//!
//! It starts a PostgreSQL of its own with ten million facts at 40 webhooks a second (some 2 GB in the temporary
//! directory, one to three minutes), asks everything in turn for several rounds over open, warm connections, and
//! prints medians and ratios. Connects are left out; the JIT setting stands beside each line. It ends with 1
//! when a ratio is not what it should be.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hotdash_ops::outcome::window::Window;
use hotdash_ops::rehearsal::postgres::{DATABASE, Native, Options, READER};
use hotdash_ops::rehearsal::standins::fly::Fly;
use hotdash_ops::service::dsn::Dsn;
use hotdash_ops::service::fly::{LogBatch, LogLine};
use hotdash_ops::service::marker::MarkerSink;
use hotdash_ops::service::postgres::{Session, connect};
use hotdash_ops::service::tls::Roots;
use hotdash_ops::settings::{Names, Traffic};
use hotdash_ops::traffic::logs::{FULL, LogReading, LogTexts};
use hotdash_ops::traffic::read::TickCounter;
use hotdash_ops::traffic::read::{self, TableInfo};
use hotdash_ops::traffic::window::End;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::{Client, NoTls};

/// Whose log is read.
const APP: &str = "hotdash-app";
const PER_SECOND: u64 = 40;
const ROUNDS: usize = 7;
const OVERLAP: Duration = Duration::from_secs(20);
/// As many as `monitor` asks for in a window that is longer than 16 minutes.
const BINS: usize = 96;
const TICK: SignedDuration = SignedDuration::from_secs(10);

fn main() -> Result<ExitCode> {
    let facts: u64 = match std::env::var("FACTS") {
        Ok(text) => text.parse().context("FACTS is not a number")?,
        Err(_) => 10_000_000,
    };
    let settings = [
        "shared_buffers = '2GB'",
        "work_mem = '64MB'",
        "max_wal_size = '8GB'",
        "maintenance_work_mem = '1GB'",
    ];
    let options =
        Options { settings: settings.map(str::to_owned).to_vec(), empty: true, ..Options::default() };
    let server = Native::start(&options)?;
    let began = Instant::now();
    fill(&server, facts)?;
    println!(
        "{facts} facts at {PER_SECOND} webhooks a second, filled in {:.0} s; {}; {}; {}",
        began.elapsed().as_secs_f64(),
        server.psql(DATABASE, "select 'PostgreSQL ' || current_setting('server_version')")?,
        settings.join(", "),
        machine()
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut table = Table::default();
    runtime.block_on(measure(&server, facts, &mut table))?;
    memory(&server, &mut table)?;
    day_of_log(&mut table)?;
    Ok(if table.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Facts evenly over time up to now: 3.7 % failures, durations around 200 ms with a tail, a dead letter in 500.
fn fill(server: &Native, facts: u64) -> Result<()> {
    server.psql(
        DATABASE,
        &format!(
            "create table dashboard_facts (id bigserial, shop_domain text, fact_type text not null, scope text,
                 value jsonb not null, metadata jsonb, recorded_at timestamptz not null default now());
             insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
             select 'hotrodan.myshopify.com',
                    case when n % 500 = 0 then 'support.webhook.dead_letter' else 'support.webhook.retry' end, 'ops',
                    case when n % 500 = 0
                         then jsonb_build_object('payload', jsonb_build_object('event', 'message_created', 'id', n),
                                                 'attempts', 3, 'lastError', 'HTTP 503')
                         when n % 27 = 0
                         then jsonb_build_object('attempts', 3, 'success', false,
                                                 'durationMs', 600 + (n * 7919) % 4000)
                         else jsonb_build_object('attempts', 1 + (n % 40 = 1)::int, 'success', true,
                                                 'durationMs', 60 + (n * 7919) % 240, 'finalStatus', 200) end,
                    jsonb_build_object('timestamp', now()),
                    now() - n * interval '1 second' / {PER_SECOND}
             from generate_series({facts}::bigint, 1, -1) n;
             create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (fact_type, recorded_at);
             grant select on dashboard_facts to {READER};
             vacuum (analyze) dashboard_facts;
             checkpoint"
        ),
    )?;
    Ok(())
}

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
    look: TableInfo,
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
    async fn tick(&self, ledger: &mut TickCounter, window: Window) -> Result<Duration> {
        let began = Instant::now();
        let known = ledger.known();
        let tick =
            read::tick(&self.session, &self.look.source, known, TickCounter::end(window.to), OVERLAP).await?;
        ledger.take(&tick);
        let p95 = ledger.counts().histogram.percentile(95);
        let took = began.elapsed();
        ensure!(p95.is_some() && !tick.groups.is_empty() && !tick.again, "a tick saw nothing");
        Ok(took)
    }

    /// The same where a fact has become visible late, so that all of the tail is read again.
    async fn tick_again(&self, ledger: &TickCounter, window: Window) -> Result<Duration> {
        let mut known = ledger.known();
        known.facts -= 1;
        let began = Instant::now();
        let tick =
            read::tick(&self.session, &self.look.source, known, TickCounter::end(window.to), OVERLAP).await?;
        let took = began.elapsed();
        ensure!(tick.again, "nothing was late");
        Ok(took)
    }

    /// The ledger of a watch that has read the window up to ten seconds before its end: the tail is what the last
    /// two ticks and a moment have left, and the next tick has 20 seconds to count and 10 to read.
    async fn ledger(&self, window: Window) -> Result<TickCounter> {
        let mut ledger = TickCounter::new(window.from, SignedDuration::try_from(OVERLAP)?);
        let ticks = window.to - TICK * 3;
        let mut to = window.from;
        while to < window.to - TICK {
            // Larger steps than a tick's reach the same counts sooner.
            let step = if to < ticks { SignedDuration::from_mins(10) } else { TICK };
            to = (to + step).min(if to < ticks { ticks } else { window.to - TICK });
            let tick =
                read::tick(&self.session, &self.look.source, ledger.known(), TickCounter::end(to), OVERLAP)
                    .await?;
            ledger.take(&tick);
        }
        let known = ledger.known();
        let tail = known.read_to.duration_since(known.seal);
        ensure!(tail >= TICK * 2, "the tail is {tail}, which is not an overlap");
        Ok(ledger)
    }

    /// A window as it is judged, in so many bins for the change point.
    async fn full(&self, window: Window, bins: usize) -> Result<Duration> {
        let began = Instant::now();
        let full = read::full(&self.session, &self.look.source, window, bins).await?;
        let took = began.elapsed();
        ensure!(full.letter.total > 0 && full.percentiles.is_some(), "the last word saw nothing");
        ensure!(full.bins.len() == bins, "the change point saw nothing");
        Ok(took)
    }
}

async fn measure(server: &Native, facts: u64, table: &mut Table) -> Result<()> {
    let dsn = server.login(READER, DATABASE);
    let parsed = Dsn::parse(&dsn).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let session = connect(&parsed, &Roots::none(), &MarkerSink::default(), Duration::from_secs(3600)).await?;
    let (psql, connection) = tokio_postgres::connect(&dsn, NoTls).await?;
    tokio::spawn(connection);
    let look = read::look(&session, &Names::default()).await?;
    let newest = server.psql(DATABASE, "select to_char(max(recorded_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from dashboard_facts")?;
    let newest: Timestamp = newest.parse()?;
    let sides = Sides { session, psql, look };
    let past = |minutes: i64| Window { from: newest - SignedDuration::from_mins(minutes), to: newest };
    let day = (24 * 60).min(i64::try_from(facts / PER_SECOND / 60).unwrap_or(i64::MAX) - 1);

    let ledgers =
        [sides.ledger(past(15)).await?, sides.ledger(past(60)).await?, sides.ledger(past(day)).await?];
    table.head();
    for jit in ["on", "off"] {
        sides.psql.batch_execute(&format!("SET jit = {jit}")).await?;
        let (mut tick, mut again, mut quarter) = (Times::default(), Times::default(), Times::default());
        for _ in 0..ROUNDS {
            // In blocks, so that each side meets the caches that it leaves itself.
            for _ in 0..10 {
                tick.add(sides.tick(&mut ledgers[0].clone(), past(15)).await?);
            }
            for _ in 0..10 {
                again.add(sides.tick_again(&ledgers[0], past(15)).await?);
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
        for ((times, ledger), minutes) in
            [&mut short, &mut hour, &mut long].into_iter().zip(&ledgers).zip([15, 60, day])
        {
            times.add(sides.tick(&mut ledger.clone(), past(minutes)).await?);
        }
    }
    table.row("a tick in 1 h : a tick in 15 min", &hour, &short, Bound::AtMost(1.5));
    table.row(&format!("a tick in {day} min : a tick in 15 min"), &long, &short, Bound::AtMost(1.5));

    sides.psql.batch_execute("RESET jit").await?;
    let (mut plain, mut middle, mut all) = (Times::default(), Times::default(), Times::default());
    for round in 0..=ROUNDS {
        let times = [
            sides.checklist(past(day)).await?,
            sides.full(past(day), 0).await?,
            sides.full(past(day), BINS).await?,
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

/// The memory of the real program over a window: three looks, early, in the middle, late.
fn memory(server: &Native, table: &mut Table) -> Result<()> {
    let home = tempfile::tempdir()?;
    let bin = home.path().join("bin");
    let fly = Fly::install(&bin, &home.path().join("fly"))?;
    let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()])?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_hotdash-ops"))
        .args(["monitor", "--minutes", "1.2", "--target", "sandbox", "--no-journal", "--quiet"])
        .args([
            "--only",
            "traffic.success-rate",
            "--only",
            "traffic.average",
            "--only",
            "traffic.dead-letters",
            "--only",
            "traffic.no-errors-in-logs",
        ])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", path)
        .env("FLY_API_TOKEN", "a token of the stand-in")
        .env("DATABASE_URL", server.login(READER, DATABASE))
        .env("HOTDASH_OPS_CONFIG", config(home.path())?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // Facts and log lines go on while it watches, so that every tick has its rows.
    let mut sizes = Vec::new();
    for second in 0..70 {
        server.psql(
            DATABASE,
            "insert into dashboard_facts (fact_type, value)
             select 'support.webhook.retry', jsonb_build_object('attempts', 1, 'success', true, 'durationMs', 100 + n)
             from generate_series(1, 40) n",
        )?;
        for n in 0..PER_SECOND {
            fly.log(APP, "info", &format!("webhook {n} of second {second}"), Timestamp::now())?;
        }
        std::thread::sleep(Duration::from_secs(1));
        if [10, 40, 68].contains(&second) {
            sizes.push(resident(child.id()).context("monitor ended before its window")?);
        }
    }
    child.kill().context("monitor cannot be ended")?;
    child.wait()?;
    let (least, most) = (sizes.iter().min().copied().unwrap_or(0), sizes.iter().max().copied().unwrap_or(0));
    let mb = |kb: u64| kb as f64 / 1024.0;
    let shown: Vec<String> = sizes.iter().map(|&kb| format!("{:.1}", mb(kb))).collect();
    table.judge(
        &format!("memory of monitor after 10, 40, 68 s: {} MB; the most", shown.join(", ")),
        mb(most),
        Bound::AtMost(25.0),
    );
    table.judge("the most : the least of these", most as f64 / least.max(1) as f64, Bound::AtMost(1.1));
    Ok(())
}

/// The memory of what is kept of a log over a day, by this process's own: in `monitor` it would take the day.
fn day_of_log(table: &mut Table) -> Result<()> {
    let from = Timestamp::now();
    let end = End::of(Window { from, to: from + SignedDuration::from_hours(24) });
    let apart = SignedDuration::from_secs(1) / i32::try_from(PER_SECOND)?;
    let resident = || resident(std::process::id()).context("this process has no memory");
    let (before, mut early) = (resident()?, None);
    let mut reading = LogReading::new(LogTexts::from(&Traffic::default()));
    // The first line lies at the window's edge, so that the first reading reaches back to it.
    let (mut batch, mut now, mut lines) =
        (LogBatch { lines: Vec::new(), partial: None }, from - apart, 0_u64);
    while now < end.window.to {
        // Each reading has half of its lines from the one before.
        batch.lines.drain(..batch.lines.len().saturating_sub(FULL / 2));
        while batch.lines.len() < FULL {
            now += apart;
            lines += 1;
            let message = format!("webhook {lines} was forwarded");
            batch.lines.push(LogLine::new(Some(now), "info", &message, "e2865013b06789"));
        }
        reading.take(now, end, &batch);
        if early.is_none() && now.duration_since(from) > SignedDuration::from_mins(15) {
            early = Some(resident()?);
        }
    }
    let late = resident()?;
    let judged = reading.judge(from, now);
    ensure!(judged.covered.is_ok() && judged.lines_inside + 1 == lines, "the log was not judged: {judged:?}");
    let grown = |kb: u64| kb.saturating_sub(before) as f64 / 1024.0;
    table.judge(
        &format!(
            "{lines} log lines in 24 h: {:.1} MB after 15 min; at the end",
            grown(early.unwrap_or(before))
        ),
        grown(late),
        Bound::AtMost(4.0),
    );
    Ok(())
}

fn config(home: &std::path::Path) -> Result<std::path::PathBuf> {
    let path = home.join("config.toml");
    std::fs::write(
        &path,
        format!(
            "[targets.sandbox]\nfly_app = \"{APP}\"\n[targets.sandbox.traffic]\ntick = \"1s\"\noverlap = \"20s\"\n"
        ),
    )?;
    Ok(path)
}

/// Resident memory of a process in kB.
fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("", |l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} processors {model}")
}

#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    fn median_ms(&self) -> f64 {
        let mut all = self.0.clone();
        all.sort_unstable();
        all.get(all.len() / 2).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// For information.
    None,
}

struct Table {
    holds: bool,
}

impl Default for Table {
    fn default() -> Table {
        Table { holds: true }
    }
}

impl Table {
    fn head(&self) {
        println!("{:<86} {:>10} {:>10} {:>8}  bound", "what", "ms", "ms", "ratio");
    }

    fn row(&mut self, what: &str, over: &Times, under: &Times, bound: Bound) {
        let (a, b) = (over.median_ms(), under.median_ms());
        let (ratio, verdict) = (a / b, self.verdict(a / b, bound));
        println!("{what:<86} {a:>10.2} {b:>10.2} {ratio:>8.2}  {verdict}");
    }

    fn judge(&mut self, what: &str, value: f64, bound: Bound) {
        let verdict = self.verdict(value, bound);
        println!("{what:<86} {:>10} {:>10} {value:>8.2}  {verdict}", "", "");
    }

    fn verdict(&mut self, value: f64, bound: Bound) -> String {
        let (holds, words) = match bound {
            Bound::AtLeast(least) => (value >= least, format!("at least {least}")),
            Bound::AtMost(most) => (value <= most, format!("at most {most}")),
            Bound::None => return String::new(),
        };
        self.holds &= holds;
        format!("{words}: {}", if holds { "holds" } else { "DOES NOT HOLD" })
    }
}
