//! Stand-ins that answer a run of production: each gives itself away, and the run stops with 2.

use crate::support::bench::Bench;

/// The sandbox's variables and apps under the name of production.
fn mistaken() -> Bench {
    let mut bench = Bench::new();
    let production =
        "[targets.production]\nfly_app = \"hotdash-app\"\nchatwoot_host = \"chat.hotrodan.test\"\n\n";
    bench.edit_config("[targets.elsewhere]\n", &format!("{production}[targets.elsewhere]\n"));
    bench.set("HOTDASH_OPS_TARGET", "production");
    bench
}

fn stops(check: &str) {
    let bench = mistaken();
    let ran = bench.preflight(&["--only", check, "--no-journal"]);
    assert_eq!(ran.code, 2, "{check}: {}\n{}", ran.problems(), ran.stderr);
    let report = ran.report();
    assert_eq!(report["stopped"], "sandbox-mistaken", "{check}");
    assert_eq!(report["exit"], 2, "{check}");
    let said =
        "a test stand-in answered, but the target is production: this run proves nothing about production";
    assert!(report["notes"].to_string().contains(said), "{check}: {}", report["notes"]);
}

#[test]
fn a_stand_in_that_speaks_http_stops_a_run_of_production() {
    stops("environment.chatwoot-reachable");
    stops("chatwoot.alive");
    stops("agent-sdk.health");
}

#[test]
fn a_stand_ins_database_stops_a_run_of_production() {
    stops("environment.database-reachable");
    stops("schema");
}

#[test]
fn a_stand_in_for_fly_stops_a_run_of_production() {
    stops("environment.fly-app-secrets");
}

#[test]
fn a_stand_ins_checkout_stops_a_run_of_production() {
    stops("quality.checkout");
}
