//! What a command prints, and everything that is not a result: rubbish, a code, a signal,
//! too much, too late. All of it is an error that quotes the command.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{DISK, GOOD, OwnChecks};

/// Runs the one check, whose command is this script, and returns its outcome and the run's exit code.
fn asked(script: &str) -> (i32, serde_json::Value) {
    let ran = OwnChecks::running(script).ask(&["hosts"]);
    (ran.code, ran.outcome("hosts.disk"))
}

/// A script that must be an error; its reason and fix.
#[track_caller]
fn error(script: &str) -> (String, String) {
    let (code, outcome) = asked(script);
    assert_eq!((code, &outcome["verdict"]), (3, &json!("error")), "{outcome}");
    assert_eq!(outcome["claims"], json!([]));
    let reason = outcome["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.starts_with("`bin/disk`: "), "the command is quoted: {reason}");
    let fix = outcome["fix"].as_str().expect("a fix").to_owned();
    assert!(fix.contains("cd ops && bin/disk"), "{fix}");
    (reason, fix)
}

#[test]
fn the_claims_decide_the_verdict() {
    for (holds, code, verdict) in [("true", 0, "pass"), ("false", 1, "fail"), ("null", 3, "inconclusive")] {
        let (ended, outcome) = asked(&format!("echo '{}'", GOOD.replace("true", holds)));
        assert_eq!((ended, &outcome["verdict"]), (code, &json!(verdict)), "{outcome}");
        let claim = &outcome["claims"][0];
        assert_eq!((&claim["what"], &claim["found"]), (&json!("free space"), &json!("43 %")));
        assert_eq!(outcome["asked"], "bin/disk in ops");
    }
    // One that does not hold among those that do, with everything that a document may have.
    let whole = r#"{ "schema": "hotdash-ops.check/1", "fix": "rm -r /var/cache/x", "warnings": ["nearly full"],
        "claims": [ { "what": "a", "expected": "1", "found": "1", "holds": true },
                    { "what": "b", "expected": "1", "found": "2", "holds": false } ],
        "evidence": [ { "name": "disks", "value": "sda\nsdb" } ] }"#;
    let (code, outcome) = asked(&format!("cat <<'END'\n{whole}\n\n\nEND"));
    assert_eq!((code, &outcome["fix"]), (1, &json!("rm -r /var/cache/x")), "{outcome}");
    assert_eq!(outcome["reason"], "b: expected 1, found 2");
    assert_eq!(outcome["evidence"], json!([{ "name": "disks", "value": "sda\nsdb" }]));
    assert_eq!(outcome["warnings"], json!(["nearly full"]));
    // A pass carries its warnings.
    let (code, outcome) =
        asked(&format!("echo '{}'", GOOD.replace("] }", "], \"warnings\": [\"nearly full\"] }")));
    assert_eq!((code, &outcome["label"]), (0, &json!("warn")), "{outcome}");
}

#[test]
fn an_invalid_result_is_an_error() {
    let printed = |text: &str| format!("cat <<'END'\n{text}\nEND");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (script, said) in [
        ("exit 0".to_owned(), "it printed nothing"),
        ("echo; echo".to_owned(), "it printed nothing"),
        (format!("echo '{GOOD}' >&2"), "it printed nothing"),
        (printed("all is well"), "it did not print a result"),
        (printed("true"), "it did not print a result"),
        (printed(&format!("OK\n{GOOD}")), "it did not print a result"),
        (printed(&format!("{GOOD}\nOK")), "more than one document"),
        (printed(&format!("{GOOD}\n{GOOD}")), "more than one document"),
        (printed(&format!("{GOOD}\n{}", GOOD.replace("true", "false"))), "more than one document"),
        (printed(&GOOD[..GOOD.len() - 3]), "it did not print a result"),
        (printed(&GOOD.replace("\"43 %\"", "NaN")), "it did not print a result"),
        (printed(&GOOD.replace("true", "true, \"holds\": true")), "duplicate field `holds`"),
        (printed(&GOOD.replace("{ \"schema\"", "{ \"claims\": [], \"schema\"")), "duplicate field `claims`"),
        (printed(&GOOD.replace("\"43 %\"", &deep)), "it did not print a result"),
        (printed(&deep), "it did not print a result"),
        (
            printed(r#"["hotdash-ops.check/1", [["space","10","43",true]], [], [], null]"#),
            "invalid type: sequence, expected an object",
        ),
        (
            printed(r#"{ "schema": "hotdash-ops.check/1", "claims": [["space","10","43",true]] }"#),
            "invalid type: sequence, expected an object",
        ),
        (printed(&GOOD.replace("holds", &"x".repeat(900_000))), "more characters"),
        (printed(&GOOD.replace("true", &format!("\"{}\"", "x".repeat(900_000)))), "invalid type"),
        (printed(&GOOD.replace("\"43 %\"", &format!("[\"{}\"]", "x".repeat(900_000)))), "invalid type"),
        (printed(&format!("\"{}\"", "x".repeat(900_000))), "more characters"),
        (printed(&GOOD.replace("check/1", &"9".repeat(900_000))), "more characters"),
        (printed(&format!("\u{feff}{GOOD}")), "it did not print a result"),
        (printed(&GOOD.replace("check/1", "check/9")), "schema is `hotdash-ops.check/9`"),
        (printed(r#"{ "schema": "hotdash-ops.check/1", "claims": [] }"#), "it compared nothing"),
        (printed(&GOOD.replace("] }", "], \"verdict\": \"pass\" }")), "unknown field `verdict`"),
        (printed(&GOOD.replace("true", "\"yes\"")), "invalid type"),
        ("printf '\\377\\376{}'".to_owned(), "it did not print a result"),
    ] {
        let (reason, _) = error(&script);
        assert!(reason.contains(said), "{said:?}: {reason}");
        assert!(reason.chars().count() < 300, "{reason}");
    }
}

#[test]
fn only_a_command_with_exit_code_0_is_trusted() {
    let good = format!("echo '{GOOD}'");
    for (script, said) in [
        ("exit 3".to_owned(), "exit code was 3, and it printed no result"),
        ("echo rubbish; exit 1".to_owned(), "exit code was 1, and it printed no result"),
        (format!("{good}; exit 1"), "it printed a result, but its exit code was 1 instead of 0"),
        (format!("{good}; kill -9 $$"), "ended by signal 9"),
        (format!("{good}; kill -TERM $$"), "ended by signal 15"),
    ] {
        let (reason, _) = error(&script);
        assert!(reason.contains(said), "{said:?}: {reason}");
    }
    // Its output is kept as evidence, not as data.
    let (_, outcome) = asked("echo 'df: no such disk' >&2; exit 2");
    assert_eq!(outcome["evidence"], json!([{ "name": "error output", "value": "df: no such disk" }]));
    let (_, outcome) = asked(&format!("echo chatter >&2; {good}"));
    assert_eq!((&outcome["evidence"], &outcome["verdict"]), (&json!([]), &json!("pass")));
}

#[test]
fn a_command_that_cannot_be_started_is_an_error() {
    let own = OwnChecks::new().file("preflight/hosts.toml", DISK);
    for (own, said) in [
        (own, "`bin/disk`: bin/disk is not installed"),
        (OwnChecks::running("").file("bin/disk", "x"), "`bin/disk`: "),
    ] {
        std::fs::create_dir_all(own.dir().join("bin")).expect("it is ours");
        let outcome = own.ask(&["hosts"]).outcome("hosts.disk");
        assert_eq!(outcome["verdict"], "error");
        assert!(outcome["reason"].as_str().is_some_and(|reason| reason.contains(said)), "{outcome}");
    }
    let own = OwnChecks::new().file("preflight/hosts.toml", DISK).file("bin/disk", "no mode");
    let outcome = own.ask(&["hosts"]).outcome("hosts.disk");
    assert!(outcome["reason"].to_string().contains("cannot be executed"), "{outcome}");
}

#[test]
fn a_command_that_prints_without_end_is_an_error() {
    // Ten megabytes, all of them blank except for the result at the end.
    let (reason, _) = error(&format!("head -c 10485760 /dev/zero | tr '\\0' ' '; echo '{GOOD}'"));
    assert!(reason.contains("bytes, but a result has at most 1 MiB"), "{reason}");
    let (reason, _) = error(&format!("echo '{GOOD}'; head -c 10485760 /dev/zero | tr '\\0' ' '"));
    assert!(reason.contains("bytes, but a result has at most 1 MiB"), "{reason}");
}

/// The one check with two seconds to answer in.
fn hurried(script: &str) -> OwnChecks {
    OwnChecks::running(script).file("preflight/hosts.toml", &DISK.replace("fix =", "timeout = \"2s\"\nfix ="))
}

#[test]
fn a_command_that_does_not_end_is_killed_with_all_it_started() {
    let own = hurried(&format!("echo '{GOOD}'; trap '' TERM; sleep 300 & echo $! > pid; sleep 300"));
    let began = Instant::now();
    let ran = own.ask(&["hosts"]);
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let outcome = ran.outcome("hosts.disk");
    assert_eq!((ran.code, &outcome["verdict"]), (3, &json!("error")), "{outcome}");
    assert!(outcome["reason"].to_string().contains("`bin/disk`: it was still running after"), "{outcome}");
    let pid = std::fs::read_to_string(own.dir().join("pid")).expect("it had begun");
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
    assert!(status.is_empty() || status.contains("State:\tZ"), "{status}");
}

#[test]
fn a_grandchild_that_keeps_the_pipe_open_neither_blocks_nor_passes() {
    // In the command's own group, and out of it.
    for start in ["sleep 300 & echo $! > pid", "setsid sh -c 'echo $$ > pid; exec sleep 20' &"] {
        let own =
            OwnChecks::running(&format!("{start}\nuntil [ -s pid ]; do sleep 0.05; done\necho '{GOOD}'"));
        let began = Instant::now();
        let ran = own.ask(&["hosts"]);
        let outcome = ran.outcome("hosts.disk");
        assert!(began.elapsed() < Duration::from_secs(8), "{start}: {:?}", began.elapsed());
        assert_eq!((ran.code, &outcome["verdict"]), (3, &json!("error")), "{start}: {outcome}");
        let reason = outcome["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("`bin/disk`: it ended, but a process that it started"), "{reason}");
        let pid = std::fs::read_to_string(own.dir().join("pid")).expect("it had begun");
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
        let gone = status.is_empty() || status.contains("State:\tZ");
        // Who left the group is not ours to end; it ends by itself.
        assert!(gone || start.starts_with("setsid"), "{status}");
    }
    // One that lets go of the pipes may stay.
    let (code, outcome) = asked(&format!("sleep 3 >/dev/null 2>&1 & echo '{GOOD}'"));
    assert_eq!((code, &outcome["verdict"]), (0, &json!("pass")), "{outcome}");
}

#[test]
fn a_failure_is_retried_and_an_error_is_not() {
    let counting = |end: &str| {
        let retry = DISK.replace("fix =", "retry = { times = 2, every = \"100ms\" }\nfix =");
        OwnChecks::running(&format!("echo x >> asked; {end}")).file("preflight/hosts.toml", &retry)
    };
    let bad = GOOD.replace("true", "false");
    let own = counting(&format!("if [ $(wc -l < asked) = 3 ]; then echo '{GOOD}'; else echo '{bad}'; fi"));
    let ran = own.ask(&["hosts"]);
    let outcome = ran.outcome("hosts.disk");
    assert_eq!((ran.code, &outcome["attempts"]), (0, &json!(3)), "{outcome}");
    assert!(outcome["warnings"].to_string().contains("passed only on attempt 3"), "{outcome}");
    let outcome = counting("exit 1").ask(&["hosts"]).outcome("hosts.disk");
    assert_eq!((&outcome["attempts"], &outcome["verdict"]), (&json!(1), &json!("error")));
}

#[test]
fn a_commands_texts_are_short_and_have_no_control_characters() {
    let long = "x".repeat(100_000);
    let result = GOOD.replace("43 %", &long).replace("free space", "\\u001b[31mred\\u001b[0m\\u202e");
    let own = OwnChecks::running("cat result.json").file("result.json", &result);
    for format in ["table", "json", "jsonl", "junit", "prom", "markdown", "github"] {
        let ran = own.ops(&["preflight", "--only", "hosts", "--no-journal", "-vv", "--format", format]);
        assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
        assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'), "{format}");
        assert!(!ran.stdout.contains(&"x".repeat(600)), "{format}");
    }
    let found = own.ask(&["hosts"]).outcome("hosts.disk")["claims"][0]["found"].to_string();
    assert!(found.contains("more characters"), "{found}");
}
