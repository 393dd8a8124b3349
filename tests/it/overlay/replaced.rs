//! A check in place of an embedded one: whole, in its place, marked, and not weaker
//! without a waiver.

use serde_json::json;

use super::{GOOD, OwnChecks, waivers};
use crate::support::bench::Bench;

/// A check of this id whose command passes.
fn check(id: &str, more: &str) -> String {
    format!(
        "[[check]]\nid = \"{id}\"\ntitle = \"our own claim\"\nfix = \"fix it our way\"\n{more}\n\
         probe.command = {{ name = \"good\", run = [\"bin/good\"], result = \"json\" }}\n"
    )
}

fn new() -> OwnChecks {
    OwnChecks::new().script("bin/good", &format!("echo '{GOOD}'"))
}

#[test]
fn a_replaced_check_keeps_its_place() {
    let own = new().file("preflight/environment.toml", &format!("\n\n{}", check("agent-sdk-url", "")));
    let ran = own.ask(&["environment.agent-sdk-url", "environment.chatwoot-account-id"]);
    let outcome = ran.outcome("environment.agent-sdk-url");
    assert_eq!((&outcome["verdict"], &outcome["title"]), (&json!("pass"), &json!("our own claim")));
    assert_eq!(
        (&outcome["fix"], &outcome["origin"]),
        (&json!("fix it our way"), &json!("ops/preflight/environment.toml:3"))
    );
    let replaces = outcome["replaces"].as_str().expect("what it replaces");
    assert!(replaces.starts_with("checks/preflight/environment.toml:"), "{replaces}");
    assert_eq!(ran.outcome("environment.chatwoot-account-id").get("replaces"), None);
    let ids = |ran: &crate::support::bench::Ran| -> Vec<String> {
        ran.outcomes().iter().map(|o| o["id"].to_string()).collect()
    };
    let embedded = crate::support::bench::finish(
        crate::support::bench::program(&own.home())
            .args(["preflight", "--format", "json", "--no-journal"])
            .args(["--only", "environment.agent-sdk-url", "--only", "environment.chatwoot-account-id"]),
    );
    assert_eq!(ids(&ran), ids(&embedded), "the order is the checklist's");
    let explained = own.ops(&["checks", "explain", "environment.agent-sdk-url"]);
    for line in
        [format!("  replaces     {replaces}"), "  defined in   ops/preflight/environment.toml:3".to_owned()]
    {
        assert!(explained.stdout.contains(&line), "{line}: {}", explained.stdout);
    }
    let list = own.ops(&["checks", "list"]);
    assert!(list.stdout.contains(&format!("replaces: {replaces}")), "{}", list.stdout);
}

#[test]
fn weakening_a_check_requires_a_waiver() {
    let manual = "[[check]]\nid = \"agent-sdk-url\"\ntitle = \"a claim\"\nfix = \"look\"\nprobe.manual = { ask = \"well?\" }\n";
    let embedded = hotdash_ops::testing::checklist::load().expect("the embedded checklist reads");
    let origin = &embedded.get("environment.agent-sdk-url").expect("there is one").origin;
    for (text, why) in [
        (check("agent-sdk-url", "severity = \"warning\""), "lowers its severity from blocker to warning"),
        (check("agent-sdk-url", "feature = \"grading\""), "would not count where `grading = false`"),
        (check("agent-sdk-url", "feature = \"drafts\""), "would not count where `drafts = \"off\"`"),
        (manual.to_owned(), "replaces an automatic check with a manual one"),
    ] {
        let own = new().file("preflight/environment.toml", &text);
        let said = own.refused();
        let whole = format!(
            "ops/preflight/environment.toml:1: `environment.agent-sdk-url` {why}, compared with {origin}; this requires a [[waive]]"
        );
        assert!(said.contains(&whole), "{whole}:\n{said}");
        // One that has expired is none, and one of another check neither.
        let own = own.file("waivers.toml", &waivers(&[("environment.agent-sdk-url", "2020-01-01")]));
        assert!(own.refused().contains("the waiver in ops/waivers.toml:1 expired on 2020-01-01"));
        let own = own.file("waivers.toml", &waivers(&[("environment.database-url", "2099-01-01")]));
        assert!(own.refused().contains(why));
        let own = own.file("waivers.toml", &waivers(&[("environment.agent-sdk-url", "2099-01-01")]));
        let lint = own.ops(&["checks", "lint"]);
        assert_eq!((lint.code, lint.stdout.contains("1 replaced, 1 waived")), (0, true), "{}", lint.stderr);
    }
}

#[test]
fn a_check_that_was_weak_can_stay_weak() {
    let graded = hotdash_ops::testing::checklist::load().expect("the embedded checklist reads");
    let graded = graded.checks().find(|c| c.entry.feature.is_some()).expect("one of a feature").clone();
    let (section, id) = graded.id.split_once('.').expect("section.id");
    let feature = match graded.entry.feature {
        Some(hotdash_ops::testing::checklist::Feature::Drafts) => "drafts",
        _ => "grading",
    };
    let file = match graded.origin.split_once(&format!("/{section}.toml")) {
        Some((folder, _)) => {
            format!("{}/{section}.toml", folder.trim_start_matches("checks/").trim_start_matches("checks"))
        }
        None => panic!("{}", graded.origin),
    };
    let own = new().file(file.trim_start_matches('/'), &check(id, &format!("feature = \"{feature}\"")));
    assert_eq!(own.ops(&["checks", "lint"]).code, 0);
}

#[test]
fn a_quiet_status_still_names_replaced_checks() {
    let bench = Bench::new();
    let own = new().file("preflight/chatwoot.toml", &check("services", ""));
    let quiet = |more: &[&str]| bench.ops(&[&["status", "--quiet"][..], more].concat());
    assert_eq!(quiet(&[]).stdout, "Chatwoot health check OK\n");
    let ran = quiet(&["--checks", &own.dir().display().to_string()]);
    assert_eq!(
        (ran.code, ran.stdout.lines().next()),
        (0, Some("Chatwoot health check OK")),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("preflight/chatwoot.toml:1"), "{}", ran.stdout);
}

#[test]
fn a_gate_with_a_waiver_mentions_it() {
    let own = OwnChecks::new().file("waivers.toml", &waivers(&[("success.dashboards", "2099-01-01")]));
    let ran = own.ops(&["gate", "--lookback", "--format", "json", "--no-journal", "--quiet"]);
    let outcome = ran.outcome("success.dashboards");
    assert_eq!((ran.code != 0, &outcome["label"]), (true, &json!("waived")), "{}", ran.stdout);
    assert!(ran.report()["notes"].to_string().contains("0 checks added, 0 replaced, 1 waived"));
}

#[test]
fn checks_that_need_a_replaced_check_need_its_replacement() {
    // The embedded check would fail; with the operator's own in its place, what needs it runs.
    let mut bench = Bench::new();
    bench.unset("AGENT_SDK_URL");
    let own = new()
        .file("preflight/environment.toml", &check("agent-sdk-url", ""))
        .file("preflight/agent-sdk.toml", "[[check]]\nid = \"health\"\ntitle = \"a claim\"\nfix = \"fix it\"\nneeds = [\"environment.agent-sdk-url\"]\nprobe.command = { name = \"health\", run = [\"bin/health\"], result = \"json\" }\n")
        .script("bin/health", &format!("echo '{GOOD}'"));
    let dir = own.dir().display().to_string();
    let ran = bench.preflight(&["--only", "agent-sdk.health", "--checks", &dir]);
    assert_eq!((ran.code, ran.verdict("agent-sdk.health").as_str()), (0, "pass"), "{}", ran.problems());
    assert_eq!(ran.report()["notes"].to_string().matches("0 checks added, 2 replaced, 0 waived").count(), 1);
    assert_ne!(bench.preflight(&["--only", "agent-sdk.health"]).code, 0);
    // The journal knows both.
    let runs = bench.path(".local/state/hotdash-ops/runs");
    let plans: Vec<String> = std::fs::read_dir(runs)
        .expect("journals")
        .flatten()
        .map(|run| std::fs::read_to_string(run.path().join("plan.json")).expect("a plan"))
        .collect();
    assert_eq!(
        plans
            .iter()
            .filter(|plan| plan.contains("\"replaces\": \"checks/preflight/environment.toml:"))
            .count(),
        1
    );
}
