//! The command line: which checks a verb plans, what it writes where, how it exits, and the verbs that run no checks.

mod checks;
mod exit_code;
mod hangups;
mod journal;
mod output;
mod selection;
mod signals;
mod status;
mod streams;

use serde_json::Value;

use crate::support::bench::{Bench, Ran};

/// The ids of a report, in its order.
fn ids(ran: &Ran) -> Vec<String> {
    ran.outcomes().iter().map(|o| o["id"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The ids of the whole checklist of `preflight`, in its order.
fn whole(bench: &Bench) -> Vec<String> {
    let ran = bench.ops(&["checks", "list", "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let checks = list["checks"].as_array().expect("checks").iter();
    let own = checks.filter(|check| check["phase"] == "preflight");
    own.map(|check| check["id"].as_str().unwrap_or_default().to_owned()).collect()
}

/// How many requests the world's servers have received.
fn requests(bench: &Bench) -> usize {
    let (chatwoot, agent) = (bench.world.chatwoot.received(), bench.world.agent.received());
    chatwoot.len() + agent.len() + bench.world.app.received().len()
}
