//! A scripted database, and a view that records what it is shown.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use crate::outcome::tick::Tick;
use crate::outcome::traffic::Summary;
use crate::outcome::window::{Deploy, Mode, Window};
use crate::settings::{self, Tier, Traffic};
use crate::traffic::read::{Group, Ms, TickCursor, TickResult};
use crate::traffic::watch::{QueryResult, Reader, View, Watch};
use crate::traffic::window::tests::window_data;
use crate::traffic::window::{
    ClockReading, End, FactKind, Moment, Observation, OpenTransactions, Period, QueryError, ReadError, Tally,
    TierCounts, WindowData, WindowPlan, after,
};

/// The database's time when a script begins.
pub const START: Timestamp = Timestamp::constant(1_800_000_000, 0);
/// How long an answer takes in total.
const LATENCY: Duration = Duration::from_millis(20);

/// One fact: its time by the database's clock, and when, counted from the script's start, it becomes visible.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    pub at: Timestamp,
    pub seen: Duration,
    pub kind: FactKind,
}

/// The scripted database.
#[derive(Default)]
pub struct Script {
    pub began: Option<Instant>,
    pub facts: Vec<Fact>,
    /// From this moment on its clock is off by this much.
    pub steps: Vec<(Duration, SignedDuration)>,
    /// From, to: the database does not answer.
    pub down: Vec<(Duration, Duration)>,
    /// From, to: a transaction is open.
    pub open: Vec<(Duration, Duration)>,
    /// The start of open transactions is not shown, and every query sees a new one.
    pub hides_transactions: bool,
    /// It answers, but rejects every statement about facts.
    pub refuses: bool,
    /// Dead letters are visible to ticks only.
    pub hides_dead_letters: bool,
    /// When the whole window was queried.
    pub asked: Mutex<Vec<Duration>>,
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Script {
    /// A database with a fact `every` so often, each of the kind that `kind` returns for its number.
    pub fn steady(every: Duration, until: Duration, kind: impl Fn(u32) -> FactKind) -> Script {
        let mut script = Script::default();
        let (mut at, mut n) = (every / 2, 0);
        while at < until {
            script.fact(at, Duration::ZERO, kind(n));
            at += every;
            n += 1;
        }
        script
    }

    /// Adds a fact that is recorded at `at` and becomes visible `lag` later.
    pub fn fact(&mut self, at: Duration, lag: Duration, kind: FactKind) {
        let recorded = self.clock(at);
        self.facts.push(Fact { at: recorded, seen: at + lag, kind });
    }

    /// The database's clock `since` after the start.
    pub fn clock(&self, since: Duration) -> Timestamp {
        let step = self.steps.iter().rev().find(|(at, _)| *at <= since).map_or(SignedDuration::ZERO, |s| s.1);
        after(START, since).checked_add(step).expect("a time")
    }

    /// How long the script has been running.
    pub fn since(&self) -> Duration {
        self.began.expect("it was started").elapsed()
    }

    /// The visible facts of a window: delivered, failed, dead letters.
    pub fn oracle(&self, window: Window, since: Duration) -> (u64, u64, u64) {
        let of = |kind| {
            let counts = |f: &&Fact| f.kind == kind && f.seen <= since && window.holds(f.at);
            self.facts.iter().filter(counts).count() as u64
        };
        (of(FactKind::Ok), of(FactKind::Bad), of(FactKind::DeadLetter))
    }

    async fn answer(&self) -> QueryResult<Timestamp> {
        sleep(LATENCY / 2).await;
        let since = self.since();
        let now = self.clock(since);
        sleep(LATENCY / 2).await;
        if self.down.iter().any(|(from, to)| (*from..*to).contains(&since)) {
            Err(fault("connection refused", true))
        } else {
            Ok(now)
        }
    }

    async fn facts_answer(&self) -> QueryResult<Timestamp> {
        match self.answer().await {
            Ok(_) if self.refuses => Err(fault("relation \"dashboard_facts\" does not exist", false)),
            answer => answer,
        }
    }
}

fn fault(why: &str, gone: bool) -> QueryError {
    let error = ReadError { why: why.to_owned(), fix: None, database_gone: gone, offline: None };
    QueryError { error, hopeless: !gone, ours: false }
}

impl Reader for Script {
    async fn moment(&self, _: Duration) -> QueryResult<Moment> {
        Ok(Moment { now: self.answer().await?, replayed_to: None })
    }

    async fn tick(&self, known: TickCursor, to: Timestamp, _: Duration) -> QueryResult<TickResult> {
        let now = self.facts_answer().await?;
        let (end, since) = (now.min(to), self.since());
        let edge = end.checked_sub(Traffic::default().overlap.0).expect("a time");
        let seen = |from: Timestamp, to: Timestamp| {
            self.facts.iter().filter(move |f| f.seen <= since && f.at >= from && f.at < to)
        };
        let again = seen(known.seal, known.read_to).count() as u64 != known.facts;
        let group = |f: &Fact| Group { sealed: f.at < edge, kind: f.kind, ms: Ms::Read(120), n: 1 };
        let from = if again { known.seal } else { known.read_to };
        Ok(TickResult { now, end, upper: end, again, groups: seen(from, end).map(group).collect() })
    }

    async fn window_data(&self, window: Window, _: Duration) -> QueryResult<WindowData> {
        let now = self.facts_answer().await?;
        let since = self.since();
        self.asked.lock().expect("not poisoned").push(since);
        let (ok, bad, dead_letters) = self.oracle(window, since);
        let dead_letters = if self.hides_dead_letters { 0 } else { dead_letters };
        let open_transactions = OpenTransactions::Unknown("not asked".to_owned());
        let data = window_data(window, Tally { ok, bad, dead_letters });
        Ok(WindowData { read_at: now, open_transactions, ..data })
    }

    async fn open_transactions(&self, to: Timestamp, _: Duration) -> QueryResult<OpenTransactions> {
        self.answer().await?;
        let since = self.since();
        let open = self.open.iter().filter(|(from, till)| (*from..*till).contains(&since));
        if self.hides_transactions {
            let mut transactions: BTreeSet<String> =
                open.map(|(from, _)| format!("3/{}", from.as_millis())).collect();
            transactions.insert(format!("4/{}", since.as_millis()));
            return Ok(OpenTransactions::Hidden { why: "another role's".to_owned(), transactions });
        }
        let oldest = open.map(|(from, _)| self.clock(*from)).filter(|began| *began <= to).min();
        Ok(oldest.map_or(OpenTransactions::Clear, OpenTransactions::Open))
    }

    async fn period(&self, window: Window, _: Duration) -> QueryResult<Period> {
        self.facts_answer().await?;
        let (ok, bad, _) = self.oracle(window, self.since());
        Ok(Period { window, tally: Tally { ok, bad, dead_letters: 0 } })
    }

    async fn tier(&self, tier: &Tier, window: Window, _: Duration) -> QueryResult<TierCounts> {
        self.facts_answer().await?;
        let (ok, bad, dead_letters) = self.oracle(window, self.since());
        let tier = tier.clone();
        Ok(TierCounts { tier, window, tally: Tally { ok, bad, dead_letters }, attempts: (0, 0) })
    }

    async fn recent_per_minute(&self, _: Duration) -> QueryResult<Option<f64>> {
        self.facts_answer().await?;
        Ok(Some(2.0))
    }
}

/// Everything that was shown.
#[derive(Default)]
pub struct Seen {
    pub begun: Mutex<Vec<(Window, Vec<String>)>>,
    pub ticks: Mutex<Vec<Tick>>,
    pub summary: Mutex<Option<Summary>>,
}

impl View for Seen {
    fn begins(&self, window: Window, remarks: &[String]) {
        self.begun.lock().expect("not poisoned").push((window, remarks.to_vec()));
    }

    fn tick(&self, tick: Tick) {
        self.ticks.lock().expect("not poisoned").push(tick);
    }

    fn so_far(&self, summary: Summary) {
        *self.summary.lock().expect("not poisoned") = Some(summary);
    }
}

/// A window of `length` seconds that lies ahead.
pub fn ahead(length: u64) -> settings::Watch {
    settings::Watch {
        mode: Mode::Forward,
        length: Some(seconds(length)),
        since: None,
        full: false,
        until_enough: false,
        budget: seconds(length + 300),
        criteria: false,
    }
}

/// A completed watch.
pub struct Ran {
    pub script: Script,
    pub plan: WindowPlan,
    pub observation: Observation,
    pub seen: Seen,
    pub took: Duration,
}

/// Watches a script to the end.
pub async fn watch(script: Script, requested: &settings::Watch) -> Ran {
    watch_since(script, requested, Err("no deploy".to_owned())).await
}

/// Watches a script to the end, and also returns every announced end of the window.
pub async fn watch_and_follow(script: Script, requested: &settings::Watch) -> (Ran, Vec<End>) {
    let (script, plan) = open(script, requested, Err("no deploy".to_owned())).await;
    let mut end = plan.end.subscribe();
    let follow = tokio::spawn(async move {
        let mut ends = Vec::new();
        while end.changed().await.is_ok() {
            ends.push(*end.borrow_and_update());
            if ends.last().is_some_and(|end| end.over) {
                break;
            }
        }
        ends
    });
    let ran = run(script, requested, plan).await;
    (ran, follow.await.expect("no panic"))
}

/// Watches a script to the end, after a deploy.
pub async fn watch_since(script: Script, requested: &settings::Watch, deploy: Result<Deploy, String>) -> Ran {
    let (script, plan) = open(script, requested, deploy).await;
    run(script, requested, plan).await
}

async fn open(
    mut script: Script,
    requested: &settings::Watch,
    deploy: Result<Deploy, String>,
) -> (Script, WindowPlan) {
    script.began = Some(Instant::now());
    let database = script.moment(seconds(5)).await;
    // This machine's clock is wrong by a minute.
    let read = ClockReading { at: Instant::now(), ours: after(START, seconds(60)), database };
    let plan = WindowPlan::new(requested, read, deploy);
    (script, plan)
}

async fn run(script: Script, requested: &settings::Watch, plan: WindowPlan) -> Ran {
    let seen = Seen::default();
    let rules = Traffic::default();
    let observation = Watch::new(&script, &seen, &plan, requested, &rules).run().await;
    let took = script.since();
    Ran { script, plan, observation, seen, took }
}

impl Ran {
    /// Asserts that the final query has the expected numbers.
    #[track_caller]
    pub fn agrees(&self) -> &WindowData {
        let data = self.observation.facts.as_ref().expect("the facts were read");
        let asked = self.script.asked.lock().expect("not poisoned").last().copied().expect("the final query");
        let (ok, bad, dead) = self.script.oracle(self.observation.window, asked);
        assert_eq!((data.tally.ok, data.tally.bad, data.tally.dead_letters), (ok, bad, dead));
        assert_eq!(data.window, self.observation.window);
        let end = *self.plan.end.borrow();
        assert!(end.over && end.window == self.observation.window, "{end:?}");
        data
    }

    pub fn ticks(&self) -> Vec<Tick> {
        self.seen.ticks.lock().expect("not poisoned").clone()
    }
}
