//! This machine is offline only when every one of at least two remote hosts is out of reach.

use std::time::{Duration, Instant};

use crate::support::bench::{Bench, Ran};

const CHATWOOT: &str = "environment.chatwoot-reachable";
const CERTIFICATE: &str = "environment.chatwoot-certificate";
const DATABASE: &str = "environment.database-reachable";
const AWAY: &str = "postgres://app:hunter2hunter2@db.hotrodan.test/hotdash";

fn run(bench: &Bench) -> Ran {
    let mut arguments = vec!["--no-journal"];
    arguments.extend([CHATWOOT, CERTIFICATE, DATABASE].iter().flat_map(|check| ["--only", check]));
    bench.preflight(&arguments)
}

#[test]
fn two_hosts_out_of_reach_mean_that_this_machine_is_offline() {
    let mut bench = Bench::new();
    bench.set("DATABASE_URL", AWAY);
    for url in ["https://chat.hotrodan.test", "http://chat.hotrodan.test"] {
        bench.set("CHATWOOT_BASE_URL", url);
        let ran = run(&bench);
        assert_eq!(ran.code, 3, "{url}: {}", ran.problems());
        for check in [CHATWOOT, DATABASE] {
            let outcome = ran.outcome(check);
            assert_eq!(outcome["verdict"], "error", "{url}: {outcome:#}");
            let reason = outcome["reason"].as_str().unwrap_or_default();
            assert!(reason.starts_with("this machine is offline: "), "{reason}");
            assert!(
                outcome["fix"].to_string().contains("connect this machine to the network"),
                "{outcome:#}"
            );
        }
    }
}

#[test]
fn one_host_out_of_reach_is_the_hosts_fault() {
    let mut bench = Bench::new();
    bench.set("CHATWOOT_BASE_URL", "https://chat.hotrodan.test");
    let ran = run(&bench);
    assert_eq!(ran.code, 1, "{}", ran.problems());
    assert_eq!((ran.verdict(CHATWOOT), ran.verdict(DATABASE)), ("fail".to_owned(), "pass".to_owned()));
    // Two hosts, one of which refuses: it was reached.
    bench.set("DATABASE_URL", AWAY);
    bench.set("CHATWOOT_BASE_URL", "https://127.0.0.2:1");
    let ran = run(&bench);
    assert_eq!(ran.code, 1, "{}", ran.problems());
    assert_eq!((ran.verdict(CHATWOOT), ran.verdict(DATABASE)), ("fail".to_owned(), "fail".to_owned()));
}

#[test]
fn a_name_that_does_not_resolve_is_not_a_cold_start() {
    let mut bench = Bench::new();
    bench.set("CHATWOOT_BASE_URL", "https://chat.hotrodan.test");
    bench.set("AGENT_SDK_URL", "https://agent.hotrodan.test");
    let began = Instant::now();
    let ran = bench.preflight(&["--no-journal", "--only", CHATWOOT, "--only", "agent-sdk.health"]);
    assert_eq!(ran.code, 3, "{}", ran.problems());
    assert_eq!(
        (ran.verdict(CHATWOOT), ran.verdict("agent-sdk.health")),
        ("error".to_owned(), "error".to_owned())
    );
    assert!(began.elapsed() < Duration::from_secs(10), "it waited {:?}", began.elapsed());
}
