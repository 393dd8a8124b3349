//! A fix is filled from the target: it names the apps, hosts and tables that the configuration names, a
//! placeholder where it names none, and never those of another target.

use std::fs;

use hotdash_ops::testing::checklist;
use hotdash_ops::testing::rehearsal::standins::customers::Habits;
use hotdash_ops::testing::rehearsal::standins::fly::Status;
use hotdash_ops::testing::rehearsal::world::setup::Setup;
use serde_json::json;

use crate::overlay::OwnChecks;
use crate::support::bench::{Bench, finish, program};

const ACME: &str = r#"
target = "acme"

[targets.acme]
fly_app          = "acme-app"
fly_agent_app    = "acme-agent"
fly_chatwoot_app = "acme-chatwoot"
chatwoot_host    = "chat.acme.example"
agent_host       = "agent.acme.example"
account_id       = 7
account_name     = "Acme"
database         = "acme"
webhook_url      = "https://app.acme.example/api/webhooks/chatwoot"

[targets.acme.names]
facts  = "acme.facts"
grades = "acme.grades"
"#;

/// True for a text that names HotDash by anything but the program's own name.
fn names_hotdash(text: &str) -> bool {
    text.to_lowercase().replace("hotdash-ops", "").contains("hotdash")
}

/// The fix of every check, by its id, as `checks explain` shows it under this configuration.
fn explained(config: &str) -> Vec<(String, String)> {
    let home = tempfile::tempdir().expect("a temporary home");
    let path = home.path().join("config.toml");
    fs::write(&path, config).expect("the folder is ours");
    let list = checklist::load().expect("the embedded checklist");
    let mut command = program(home.path());
    command.args(["checks", "explain", "--config"]).arg(&path);
    let ran = finish(command.args(list.checks().map(|check| &check.id)));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let blocks = ran.stdout.split("\n\n").flat_map(|text| text.lines());
    let (mut id, mut fixes) = (String::new(), Vec::new());
    for line in blocks {
        if let Some(fix) = line.strip_prefix("  fix  ") {
            fixes.push((id.clone(), fix.trim().to_owned()));
        } else if !line.starts_with(' ') && !line.is_empty() {
            id = line.to_owned();
        }
    }
    let ids: Vec<&str> = fixes.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, list.checks().map(|check| check.id.as_str()).collect::<Vec<_>>());
    fixes
}

fn fix<'a>(fixes: &'a [(String, String)], id: &str) -> &'a str {
    &fixes.iter().find(|(other, _)| other == id).expect("a check of this id").1
}

#[test]
fn every_fix_names_the_target_s_own_apps() {
    let fixes = explained(ACME);
    for (id, fix) in &fixes {
        assert!(!names_hotdash(fix), "{id}: {fix}");
        assert!(!fix.contains("${") && !fix.contains('<') || id == "schema.facts-select", "{id}: {fix}");
    }
    let all: String = fixes.iter().map(|(_, fix)| format!("{fix}\n")).collect();
    for name in ["acme-app", "acme-agent", "acme-chatwoot", "https://chat.acme.example", "[targets.acme"] {
        assert!(all.contains(name), "no fix names {name}:\n{all}");
    }
    let index = fix(&fixes, "schema.facts-index");
    assert!(index.ends_with("ON acme.facts (fact_type, recorded_at);"), "{index}");
}

#[test]
fn a_fix_shows_a_placeholder_for_what_is_not_configured() {
    for config in ["[targets.production]\n", "target = \"acme\"\n[targets.acme]\n"] {
        let fixes = explained(config);
        for (id, fix) in &fixes {
            assert!(!names_hotdash(fix) && !fix.contains("${") && !fix.contains("acme-"), "{id}: {fix}");
        }
        assert!(fix(&fixes, "traffic.no-errors-in-logs").ends_with("fly logs -a <fly_app>"));
        assert!(fix(&fixes, "agent-sdk.health").ends_with("fly status -a <fly_agent_app>"));
        assert!(fix(&fixes, "chatwoot.alive").ends_with("fly status -a <fly_chatwoot_app>"));
    }
}

#[test]
fn no_text_of_the_checklist_names_an_app_or_a_host() {
    for file in checklist::builtin::FILES {
        for (at, line) in (1..).zip(file.text.lines()) {
            assert!(!names_hotdash(line), "{}:{at}: {line}", file.path);
            assert!(!line.contains(".fly.dev"), "{}:{at}: {line}", file.path);
        }
    }
}

/// A good world whose apps and account are called after Acme.
fn acme(sql: &str) -> Bench {
    let bench = Bench::with_sql(sql);
    for (theirs, ours) in [
        ("hotdash-app", "acme-app"),
        ("hotdash-agent-service", "acme-agent"),
        ("hotdash-chatwoot", "acme-chatwoot"),
    ] {
        bench.edit_config(theirs, ours);
        let rename = |answers: &mut hotdash_ops::testing::rehearsal::standins::fly::Answers| {
            if let Some(app) = answers.apps.remove(theirs) {
                answers.apps.insert(ours.to_owned(), app);
            }
        };
        bench.world.fly.change(rename).expect("fly answers so");
    }
    bench
}

/// Runs the program, and gives the fixes of what did not pass: those of the checks and those of their claims.
fn report_of(bench: &Bench, arguments: &[&str]) -> Vec<(String, String)> {
    let all = [arguments, &["--no-journal", "--format", "json"]].concat();
    let ran = bench.ops(&all);
    let mut fixes = Vec::new();
    for outcome in ran.outcomes() {
        let id = outcome["id"].as_str().unwrap_or_default();
        let claims = outcome["claims"].as_array().cloned().unwrap_or_default();
        let of_claims = claims.iter().map(|claim| claim["fix"].clone());
        for fix in of_claims.chain([outcome["fix"].clone()]).filter_map(|fix| fix.as_str().map(str::to_owned))
        {
            assert!(!names_hotdash(&fix), "{id}: {fix}");
            fixes.push((id.to_owned(), fix));
        }
    }
    fixes
}

#[test]
fn fixes_of_fly_problems_name_the_target_s_own_apps() {
    let bench = acme("");
    let set = |app, name, status| bench.world.fly.set_secret(app, name, status).expect("fly answers so");
    set("acme-app", "DATABASE_URL", None);
    set("acme-agent", "CHATWOOT_API_TOKEN", Some(Status::Staged));
    let fixes = report_of(&bench, &["preflight", "--only", "environment"]);
    assert!(fix(&fixes, "environment.fly-app-secrets").contains("fly secrets import -a acme-app"));
    assert!(fix(&fixes, "environment.fly-agent-secrets").contains("fly secrets deploy -a acme-agent"));
}

#[test]
fn a_broken_pipeline_is_fixed_in_the_target_s_own_apps() {
    let bench = acme("drop table dashboard_facts; drop table customer_grades;");
    bench.control("chatwoot", json!({ "state": { "queue_services": "failing" } }));
    bench.control("agent", json!({ "door": "closed" }));
    let fixes = report_of(&bench, &["preflight", "--skip", "quality"]);
    assert!(fix(&fixes, "agent-sdk.health").ends_with("fly status -a acme-agent"));
}

#[test]
fn a_silent_queue_is_fixed_in_the_target_s_own_chatwoot() {
    let mut bench = acme("truncate dashboard_facts");
    let habits = Habits { per_minute: 150.0, seed: 7, ..Habits::default() };
    bench.start_traffic(habits, Setup::WorkerDead);
    bench.control("chatwoot", json!({ "state": { "queue_services": "failing" } }));
    let fixes = report_of(&bench, &["monitor", "--minutes", "0.2"]);
    assert!(fix(&fixes, "traffic.delivered").contains("fly status -a acme-chatwoot"), "{fixes:?}");
}

#[test]
fn failing_deliveries_are_fixed_in_the_target_s_own_apps() {
    let mut bench = acme("truncate dashboard_facts");
    let habits = Habits { per_minute: 300.0, seed: 8, ..Habits::default() };
    bench.start_traffic(habits, Setup::AgentDown);
    let fixes = report_of(&bench, &["monitor", "--minutes", "0.2", "--full"]);
    let rate = fix(&fixes, "traffic.success-rate");
    assert!(rate.contains("-a acme-app") || rate.contains("-a acme-agent"), "{rate}");
}

/// An operator's own check that fails, with this fix.
fn own(fix: &str) -> OwnChecks {
    let text = format!(
        "title = \"Our hosts\"\nabout = \"They run.\"\n\n[[check]]\nid = \"disk\"\ntitle = \"a claim\"\n\
         fix = '{fix}'\nprobe.command = {{ name = \"disk\", run = [\"bin/disk\"], result = \"json\" }}\n"
    );
    let result = r#"{ "schema": "hotdash-ops.check/1", "claims": [
        { "what": "free space", "expected": "10 %", "found": "3 %", "holds": false } ] }"#;
    OwnChecks::new().file("preflight/hosts.toml", &text).script("bin/disk", &format!("echo '{result}'"))
}

#[test]
fn the_fix_of_an_own_check_is_filled_from_the_target() {
    let own = own("fly ssh console -a ${target.fly_app} -C \"df ${HOME}\"");
    let own = own.file("../config.toml", ACME);
    for (config, expected) in [
        (&["--config", "config.toml"][..], "fly ssh console -a acme-app -C \"df ${HOME}\""),
        (&[][..], "fly ssh console -a <fly_app> -C \"df ${HOME}\""),
    ] {
        let arguments =
            [&["preflight", "--only", "hosts", "--format", "json", "--no-journal"], config].concat();
        let ran = own.ops(&arguments);
        assert_eq!(ran.outcome("hosts.disk")["fix"], expected, "{}", ran.stderr);
    }
}

#[test]
fn an_own_check_must_not_use_an_unknown_key() {
    let ran = own("fly ssh console -a ${target.fly_application}").ops(&["preflight", "--only", "hosts"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    let problem = "ops/preflight/hosts.toml:7: `${target.fly_application}` is not a key of the target";
    assert!(ran.stderr.contains(problem), "{}", ran.stderr);
}
