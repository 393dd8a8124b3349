//! `monitor` and `gate` through the real binary, in worlds whose customers write.

mod healthy;
mod worlds;

use hotdash_ops::rehearsal::customers::Habits;
use hotdash_ops::rehearsal::setting::Setting;
use serde_json::Value;

use crate::support::bench::{Bench, Ran};

/// A world with traffic of its own alone, about four deliveries a second.
pub fn bench(setting: Setting, seed: u64) -> Bench {
    let mut bench = Bench::with_sql("truncate dashboard_facts");
    bench.start_traffic(Habits { per_minute: 150.0, seed, ..Habits::default() }, setting);
    bench
}

/// A verb's json report, read.
pub struct Told {
    pub code: i32,
    pub report: Value,
    pub stderr: String,
}

/// Runs a verb with further arguments and `--format json`.
pub fn told(bench: &Bench, arguments: &[&str]) -> Told {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json"]);
    let Ran { code, stdout, stderr } = bench.ops(&all);
    let report =
        serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}: stdout {stdout}\nstderr {stderr}"));
    Told { code, report, stderr }
}

impl Told {
    /// The ids of the checks whose verdict is this.
    pub fn ids(&self, verdict: &str) -> Vec<String> {
        self.outcomes()
            .filter(|o| o["verdict"] == verdict)
            .map(|o| o["id"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// The ids of the checks that fail and stand in the way.
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

impl std::fmt::Display for Told {
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
