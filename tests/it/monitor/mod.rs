//! `monitor` and `gate` through the real binary, in worlds whose customers write.

mod crashes;
mod gate;
mod healthy;
mod poolers;
mod privacy;
mod signals;
mod sources;
mod windows;
mod worlds;

use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, OWNER, Options, READER};
use hotdash_ops::testing::rehearsal::standins::customers::Habits;
use hotdash_ops::testing::rehearsal::world::setup::Setup;
use serde_json::Value;

use crate::support::bench::{Bench, Ran};

/// A world with traffic of its own alone, about four deliveries a second.
pub fn bench(setup: Setup, seed: u64) -> Bench {
    let mut bench = Bench::with_sql("truncate dashboard_facts");
    bench.start_traffic(Habits { per_minute: 150.0, seed, ..Habits::default() }, setup);
    bench
}

/// Only what the database itself answers.
pub const FACTS: &[&str] = &[
    "--only",
    "traffic.success-rate",
    "--only",
    "traffic.dead-letters",
    "--only",
    "traffic.average",
    "--only",
    "database",
];

/// A private cluster, to be killed, and a world whose traffic goes there.
pub fn private(seed: u64) -> (Native, Bench) {
    let server = Native::start(&Options::default()).expect("a private cluster");
    // What the app commits outlives a kill, as it would in production.
    let sql = format!("truncate dashboard_facts; alter role {OWNER} set synchronous_commit = on");
    server.psql(DATABASE, &sql).expect("an empty table");
    let bench = Bench::between(DATABASE, server.login(READER, DATABASE), server.login(OWNER, DATABASE));
    (server, bench.with_traffic(seed))
}

impl Bench {
    fn with_traffic(mut self, seed: u64) -> Bench {
        self.start_traffic(Habits { per_minute: 150.0, seed, ..Habits::default() }, Setup::Healthy);
        self
    }
}

/// Deliveries that took 120 ms, recorded so long ago; `interval` is PostgreSQL's: `3 minutes`.
pub fn facts(n: u32, success: bool, interval: &str) -> String {
    format!(
        "insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at) \
         select 'hotrodan.myshopify.com', 'support.webhook.retry', 'ops', \
         '{{\"attempts\": 1, \"success\": {success}, \"durationMs\": 120}}', '{{}}', now() - interval '{interval}' \
         from generate_series(1, {n});"
    )
}

/// What psql under UTC counts in the window of a report: `success_rate|total|avg_duration_ms|dlq_count`.
pub fn oracle(traffic: &Value, psql: impl FnOnce(&str) -> String) -> String {
    counted("dashboard_facts", ["fact_type", "recorded_at"], traffic, psql)
}

/// As [`oracle`], of a table with other names.
pub fn counted(
    table: &str,
    [kind, at]: [&str; 2],
    traffic: &Value,
    psql: impl FnOnce(&str) -> String,
) -> String {
    let edge = |key: &str| traffic[key].as_str().expect("a time").to_owned();
    psql(&format!(
        "set timezone to 'UTC'; select round(100.0 * sum(case when value->>'success' = 'true' then 1 else 0 end) \
         filter (where {kind} = 'support.webhook.retry') / nullif(count(*) filter (where {kind} = 'support.webhook.retry'), 0), 2), \
         count(*) filter (where {kind} = 'support.webhook.retry'), \
         avg((value->>'durationMs')::numeric) filter (where {kind} = 'support.webhook.retry'), \
         count(*) filter (where {kind} = 'support.webhook.dead_letter') \
         from {table} where {at} > '{}' and {at} <= '{}'",
        edge("from"),
        edge("to"),
    ))
}

/// The same four of a report, as PostgreSQL printed them.
pub fn reported(traffic: &Value) -> String {
    let printed = |key: &str| traffic["as_printed"][key].as_str().unwrap_or_default().to_owned();
    format!(
        "{}|{}|{}|{}",
        printed("success_rate"),
        traffic["total"],
        printed("avg_duration_ms"),
        traffic["dlq_count"]
    )
}

/// A verb's json report, read.
pub struct RunReport {
    pub code: i32,
    pub report: Value,
    pub stderr: String,
}

/// Runs a verb with further arguments and `--format json`.
pub fn report_of(bench: &Bench, arguments: &[&str]) -> RunReport {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json"]);
    read(bench.ops(&all))
}

/// Reads the json report that a run left.
pub fn read(Ran { code, stdout, stderr }: Ran) -> RunReport {
    let report =
        serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: stdout {stdout}\nstderr {stderr}"));
    RunReport { code, report, stderr }
}

impl RunReport {
    /// The ids of the checks whose verdict is this.
    pub fn ids(&self, verdict: &str) -> Vec<String> {
        self.outcomes()
            .filter(|o| o["verdict"] == verdict)
            .map(|o| o["id"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// The ids of the blocking checks that fail.
    pub fn failed_blockers(&self) -> Vec<String> {
        let blocks = |id: &String| self.outcome(id)["severity"] == "blocker";
        self.ids("fail").into_iter().filter(blocks).collect()
    }

    /// The outcome of one check.
    pub fn outcome(&self, id: &str) -> &Value {
        self.outcomes().find(|o| o["id"] == id).unwrap_or_else(|| panic!("no outcome {id}: {self}"))
    }

    pub fn outcomes(&self) -> impl Iterator<Item = &Value> {
        let sections = self.report["sections"].as_array().expect("sections");
        sections.iter().flat_map(|s| s["outcomes"].as_array().expect("outcomes"))
    }
}

impl std::fmt::Display for RunReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "exit {}", self.code)?;
        for outcome in self.outcomes() {
            writeln!(
                f,
                "{} {} {} {}",
                outcome["id"], outcome["verdict"], outcome["reason"], outcome["warnings"]
            )?;
        }
        let mut traffic = self.report["traffic"].clone();
        if let Some(fields) = traffic.as_object_mut() {
            fields.shift_remove("series");
        }
        write!(f, "{traffic}\n{}", self.stderr)
    }
}

/// Every text file that the program left in its home, by path.
pub fn files(bench: &Bench) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![bench.home.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.push((path.display().to_string(), text));
            }
        }
    }
    files
}
