//! What the matrix in `src/rehearsal/faults` cannot prove, because it is not one world and one run: what the stand-ins
//! receive, several runs one after the other, fixes that are carried out, and worlds that are not the rehearsal's.

mod agent_sdk;
mod chatwoot;
mod mistaken;
mod offline;
mod schema;
mod variables;

use serde_json::Value;

use crate::support::bench::Bench;

#[test]
fn the_good_world_passes_everything() {
    let bench = Bench::new();
    let ran = bench.preflight(&[]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stderr);
    assert_eq!(ran.report()["partial"], Value::Null);
    let strict = bench.preflight(&["--strict"]);
    assert_eq!(strict.code, 0, "{}", strict.stdout);
}
