//! `[[waive]]`: what a valid one lets through, and that an expired one lets nothing
//! through and is seen everywhere.

use serde_json::{Value, json};

use super::{DISK, GOOD, OwnChecks, waivers};
use crate::support::bench::Ran;

const LATER: &str = "2099-12-31";
const PAST: &str = "2020-02-29";

/// A directory whose one check prints this claim, under a waiver.
fn waived(holds: &str, expires: &str) -> OwnChecks {
    let result = GOOD.replace("true", holds);
    OwnChecks::running(&format!("echo '{result}'")).file("waivers.toml", &waivers(&[("hosts.disk", expires)]))
}

fn notes(ran: &Ran) -> String {
    ran.report()["notes"].to_string()
}

#[test]
fn a_valid_waiver_lets_the_run_go_on() {
    for holds in ["false", "null"] {
        let own = waived(holds, LATER);
        let ran = own.ask(&["hosts"]);
        let outcome = ran.outcome("hosts.disk");
        // What was found stays what it is; only the label and the exit code know of the waiver.
        let verdict = if holds == "false" { "fail" } else { "inconclusive" };
        assert_eq!(
            (ran.code, &outcome["label"], &outcome["verdict"]),
            (0, &json!("waived"), &json!(verdict))
        );
        let waiver = json!({
            "reason": "it is being fixed", "owner": "Ada", "expires": LATER, "valid": true,
            "origin": "ops/waivers.toml:1",
        });
        assert_eq!(outcome["waiver"], waiver);
        assert!(notes(&ran).contains("1 check added, 0 replaced, 1 waived"), "{}", notes(&ran));
    }
}

#[test]
fn the_report_of_a_waived_failure_does_not_say_that_all_passed() {
    for (holds, expires, meaning) in [
        (
            "false",
            LATER,
            "PARTIAL: the only required check in this run is waived; 54 other checks were not run",
        ),
        ("true", LATER, "PARTIAL: the only required check in this run passed; 54 other checks were not run"),
        ("true", PAST, "PARTIAL: the only required check in this run passed; 54 other checks were not run"),
    ] {
        for format in ["table", "markdown", "github"] {
            let own = waived(holds, expires);
            let ran = own.ops(&["preflight", "--only", "hosts", "--no-journal", "--format", format]);
            assert!(ran.code == 0 && ran.stdout.contains(meaning), "{holds} {format}: {}", ran.stdout);
        }
    }
}

#[test]
fn an_error_can_be_waived_too() {
    let own = OwnChecks::running("exit 3").file("preflight/waivers.toml", &waivers(&[("hosts.disk", LATER)]));
    // No check ran then, and such a run does not end with 0.
    let ran = own.ask(&["hosts"]);
    assert_eq!((ran.code, &ran.outcome("hosts.disk")["label"]), (3, &json!("waived")));
    let ran = own.ops(&["preflight", "--only", "hosts", "--no-journal", "--strict"]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
}

#[test]
fn an_expired_waiver_lets_nothing_through() {
    for (script, verdict) in [
        (format!("echo '{}'", GOOD.replace("true", "false")), "fail"),
        (format!("echo '{}'", GOOD.replace("true", "null")), "inconclusive"),
        ("exit 3".to_owned(), "error"),
    ] {
        let own = OwnChecks::running(&script).file("waivers.toml", &waivers(&[("hosts.disk", PAST)]));
        let ran = own.ask(&["hosts"]);
        let outcome = ran.outcome("hosts.disk");
        assert_eq!((ran.code, &outcome["verdict"]), (1, &json!(verdict)), "{}", ran.stderr);
        assert_eq!((&outcome["waiver"]["valid"], &outcome["label"]), (&json!(false), &json!(verdict)));
        let reason = outcome["reason"].as_str().expect("a reason");
        assert!(reason.ends_with("the waiver by Ada expired on 2020-02-29 (ops/waivers.toml:1)"), "{reason}");
        let said = notes(&ran);
        assert!(said.contains("the waiver by Ada for hosts.disk expired on 2020-02-29"), "{said}");
        assert!(said.contains("ops/waivers.toml:1") && said.contains("0 waived"), "{said}");
    }
}

#[test]
fn an_expired_waiver_of_a_check_that_passes_is_a_warning() {
    let own = waived("true", PAST);
    let ran = own.ask(&["hosts"]);
    let outcome = ran.outcome("hosts.disk");
    assert_eq!((ran.code, &outcome["verdict"], &outcome["label"]), (0, &json!("pass"), &json!("warn")));
    let warning = outcome["warnings"][0].as_str().expect("a warning");
    assert!(warning.contains("expired on 2020-02-29") && warning.contains("ops/waivers.toml:1"), "{warning}");
    assert!(notes(&ran).contains("expired on 2020-02-29"));
    let strict = own.ops(&["preflight", "--only", "hosts", "--strict", "--no-journal"]);
    assert_eq!(strict.code, 1, "{}", strict.stdout);
}

#[test]
fn an_expired_waiver_is_seen_in_every_format() {
    for holds in ["true", "false"] {
        let own = waived(holds, PAST);
        for format in ["table", "json", "jsonl", "junit", "prom", "markdown", "github"] {
            let ran = own.ops(&["preflight", "--only", "hosts", "--no-journal", "--format", format]);
            let said = match format {
                // A number for the alert, and the place for who is woken by it.
                "prom" => ran.stdout.lines().any(|line| {
                    line.starts_with("hotdash_ops_check_waiver{")
                        && line.contains("written_in=\"ops/waivers.toml:1\"")
                        && line.ends_with("} 0")
                }),
                _ => {
                    ran.stdout.contains("expired on 2020-02-29") && ran.stdout.contains("ops/waivers.toml:1")
                }
            };
            assert!(said, "{format}: {}", ran.stdout);
        }
    }
}

#[test]
fn an_unused_waiver_is_reported_with_v() {
    let own = waived("true", LATER);
    let plain = own.ops(&["preflight", "--only", "hosts", "--no-journal"]);
    assert!(plain.code == 0 && !plain.stdout.contains("not needed"), "{}", plain.stdout);
    let verbose = own.ops(&["preflight", "--only", "hosts", "--no-journal", "-v"]);
    for part in ["by Ada until 2099-12-31", "ops/waivers.toml:1", "not needed: the check passes"] {
        let words =
            verbose.stdout.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(words.contains(part), "{part}: {}", verbose.stdout);
    }
}

#[test]
fn checks_that_need_a_waived_check_run() {
    let second = "\n[[check]]\nid = \"second\"\ntitle = \"a claim\"\nfix = \"fix it\"\nneeds = [\"hosts.disk\"]\n\
                  probe.command = { name = \"second\", run = [\"bin/second\"], result = \"json\" }\n";
    let of = |waive: &str, holds: &str| {
        let own = OwnChecks::running(&format!("echo '{}'", GOOD.replace("true", "false")))
            .file("preflight/hosts.toml", &format!("{DISK}{second}"))
            .script("bin/second", &format!("echo '{}'", GOOD.replace("true", holds)));
        match waive {
            "" => own,
            expires => own.file("waivers.toml", &waivers(&[("hosts.disk", expires)])),
        }
    };
    let ran = of(LATER, "true").ask(&["hosts"]);
    assert_eq!((ran.code, ran.verdict("hosts.second").as_str()), (0, "pass"), "{}", ran.problems());
    // Its own result is reported.
    assert_eq!(of(LATER, "false").ask(&["hosts"]).code, 1);
    for not in ["", PAST] {
        let ran = of(not, "true").ask(&["hosts"]);
        assert_eq!((ran.code, ran.verdict("hosts.second").as_str()), (1, "skipped"), "{not}");
    }
}

#[test]
fn a_waiver_of_an_embedded_check_counts_and_explain_knows_it() {
    let own = OwnChecks::new().file("waivers.toml", &waivers(&[("environment.agent-sdk-url", LATER)]));
    let ran = own.ask(&["environment.agent-sdk-url"]);
    let outcome = ran.outcome("environment.agent-sdk-url");
    assert_eq!((ran.code, &outcome["label"]), (0, &json!("waived")), "{}", ran.stderr);
    assert!(outcome["origin"].as_str().is_some_and(|origin| origin.starts_with("checks/")), "{outcome}");
    let explained = own.ops(&["checks", "explain", "environment.agent-sdk-url"]);
    assert!(
        explained
            .stdout
            .contains("waiver       by Ada until 2099-12-31 (ops/waivers.toml:1): it is being fixed"),
        "{}",
        explained.stdout
    );
    let list = own.ops(&["checks", "list"]);
    assert!(list.stdout.contains("waiver: by Ada until 2099-12-31"), "{}", list.stdout);
    let list: Value =
        serde_json::from_str(&own.ops(&["checks", "list", "--format", "json"]).stdout).expect("JSON");
    let waived: Vec<&Value> =
        list["checks"].as_array().expect("checks").iter().filter(|c| c["waiver"].is_object()).collect();
    assert_eq!(waived.len(), 1);
    assert_eq!(waived[0]["waiver"]["origin"], "ops/waivers.toml:1");
}

#[test]
fn lint_reports_expired_waivers() {
    let lint = waived("true", PAST).ops(&["checks", "lint"]);
    assert_eq!(
        (lint.code, lint.stdout.as_str()),
        (
            0,
            "hosts.disk: waiver by Ada, expired on 2020-02-29 and without effect (ops/waivers.toml:1): it is being fixed\n\
             1 check added, 0 replaced, 0 waived, no problems\n"
        ),
        "{}",
        lint.stderr
    );
}

#[test]
fn a_waiver_is_valid_on_its_last_day() {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let own = waived("false", &today.to_string());
    // Unless midnight has passed in between.
    if jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() == today {
        let mut command = own.command(&["preflight", "--only", "hosts", "--no-journal"]);
        // The day is UTC's, wherever the operator sits.
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            assert_eq!(command.env("TZ", zone).status().expect("it runs").code(), Some(0), "{zone}");
        }
    }
    let yesterday = today.yesterday().expect("there is one").to_string();
    assert_eq!(waived("false", &yesterday).ask(&["hosts"]).code, 1);
}
