//! Where a command of the operator's own runs, and what it sees.

use serde_json::{Value, json};

use super::{DISK, GOOD, OwnChecks};
use crate::support::bench::finish;

/// A script that prints its environment, its directory and its arguments as evidence, in one line of JSON.
const LOOK: &str = r#"
said=$( { env; echo "ARGV=$*"; echo "CWD=$(pwd)"; cat; } | sed 's/\\/\\\\/g; s/"/\\"/g' | awk '{ printf "%s\\n", $0 }')
cat <<END
{ "schema": "hotdash-ops.check/1", "evidence": [{ "name": "seen", "value": "$said" }],
  "claims": [{ "what": "it", "expected": "ran", "found": "ran", "holds": true }] }
END"#;

fn seen(outcome: &Value) -> String {
    outcome["evidence"][0]["value"].as_str().unwrap_or_else(|| panic!("{outcome}")).to_owned()
}

/// A directory whose check has more keys in its probe.
fn looking(more: &str) -> OwnChecks {
    OwnChecks::running(LOOK)
        .file("preflight/hosts.toml", &DISK.replace("result =", &format!("{more} result =")))
}

#[test]
fn an_own_command_runs_in_its_directory() {
    let own = OwnChecks::running(LOOK);
    let dir = own.dir().canonicalize().expect("it is there");
    for (started, named) in
        [(own.home(), "ops"), (own.dir().join("bin"), ".."), (std::path::PathBuf::from("/"), "")]
    {
        let absolute = own.dir().display().to_string();
        let named = if named.is_empty() { absolute.as_str() } else { named };
        let mut command = crate::support::bench::program(&own.home());
        command.current_dir(started).args([
            "preflight",
            "--only",
            "hosts",
            "--format",
            "json",
            "--no-journal",
        ]);
        let ran = finish(command.args(["--checks", named]));
        let seen = seen(&ran.outcome("hosts.disk"));
        assert!(seen.lines().any(|line| line == format!("CWD={}", dir.display())), "{seen}");
    }
}

#[test]
fn an_own_command_is_given_only_the_secrets_it_names() {
    let ask = |own: &OwnChecks| {
        let mut command = own.command(&["preflight", "--only", "hosts", "--format", "json", "--no-journal"]);
        for name in ["CHATWOOT_API_KEY", "CHATWOOT_API_TOKEN", "CHATWOOT_WEBHOOK_SECRET", "FLY_API_TOKEN"] {
            command.env(name, format!("canary-of-{name}"));
        }
        command.env("DATABASE_URL", "postgres://u:canary-password@db.test/x");
        command.env("AGENT_SDK_URL", "https://agent.test/").env("MY_OWN", "mine");
        command.args(["--target", "staging", "--app-dir", "app"]);
        finish(&mut command)
    };
    let seen_by = |own: &OwnChecks| seen(&ask(own).outcome("hosts.disk"));
    let own = looking("");
    let seen = seen_by(&own);
    let has = |line: &str| seen.lines().any(|l| l == line);
    assert!(has("HOTDASH_OPS_TARGET=staging") && has("MY_OWN=mine") && has("NO_COLOR=1"), "{seen}");
    let app = own.home().join("app");
    assert!(has(&format!("HOTDASH_OPS_APP_DIR={}", app.display())), "{seen}");
    for name in ["CHATWOOT_", "FLY_API_TOKEN", "DATABASE_URL", "AGENT_SDK_URL"] {
        assert!(!seen.contains(name), "{name} in {seen}");
    }
    // It gets the variables it names, masked in what it prints, and no secret is in its arguments.
    let own = looking("variables = [\"AGENT_SDK_URL\", \"CHATWOOT_API_KEY\", \"DATABASE_URL\"],");
    let ran = ask(&own);
    let seen = seen_by(&own);
    assert!(seen.lines().any(|l| l == "AGENT_SDK_URL=https://agent.test"), "{seen}");
    assert!(seen.contains("CHATWOOT_API_KEY=***") && seen.contains("DATABASE_URL="), "{seen}");
    assert!(seen.lines().any(|l| l == "ARGV="), "{seen}");
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"), "{}", ran.stdout);
}

#[test]
fn a_named_variable_that_is_not_set_is_an_error() {
    let own = looking("variables = [\"CHATWOOT_API_KEY\"],");
    let ran = own.ask(&["hosts"]);
    let outcome = ran.outcome("hosts.disk");
    assert_eq!((ran.code, &outcome["verdict"]), (3, &json!("error")), "{outcome}");
    assert_eq!(outcome["reason"], "CHATWOOT_API_KEY is not set");
    // One of the env file is as good.
    let file = own.home().join("ops.env");
    std::fs::write(&file, "CHATWOOT_API_KEY=canary-of-the-file\n").expect("the home is ours");
    let ran = own.ops(&[
        "preflight",
        "--only",
        "hosts",
        "--format",
        "json",
        "--no-journal",
        "--env-file",
        "ops.env",
    ]);
    assert_eq!(ran.verdict("hosts.disk"), "pass", "{}", ran.problems());
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
}

#[test]
fn a_secret_in_a_commands_result_is_masked_everywhere() {
    let secret = "s3cr3t-value-of-mine";
    let says = r#"{ "schema": "hotdash-ops.check/1", "fix": "use SECRET", "warnings": ["warned of SECRET"],
        "claims": [{ "what": "SECRET", "expected": "SECRET", "found": "SECRET", "holds": false }],
        "evidence": [{ "name": "SECRET", "value": "SECRET" }] }"#;
    let says = says.replace("SECRET", secret);
    for script in [
        format!("echo 'said {secret}' >&2; cat <<'END'\n{says}\nEND"),
        format!("echo 'said {secret}' >&2; exit 1"),
        format!("echo '{{ \"schema\": \"{secret}\" }}'"),
        format!("echo '{{ \"{secret}\": 1 }}'"),
    ] {
        let own = OwnChecks::running(&script);
        for format in ["table", "json", "jsonl", "junit", "prom", "markdown", "github"] {
            let mut command = own.command(&["preflight", "--only", "hosts", "-vv", "--format", format]);
            command.env("MY_SERVICE_TOKEN", secret).env("HOTDASH_OPS_RUNS_DIR", own.home().join("runs"));
            let ran = finish(&mut command);
            assert!(ran.code == 1 || ran.code == 3, "{}", ran.stderr);
            assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(secret), "{format}: {}", ran.stdout);
        }
        for run in std::fs::read_dir(own.home().join("runs")).expect("journals").flatten() {
            for file in std::fs::read_dir(run.path()).expect("a journal").flatten() {
                let text = std::fs::read_to_string(file.path()).expect("a file of the journal");
                assert!(!text.contains(secret), "{}: {text}", file.path().display());
            }
        }
    }
}

#[test]
fn no_part_of_a_secret_is_left_where_a_message_is_cut() {
    let secret = format!("tok-{}", "0123456789a".repeat(5));
    for printed in [
        format!(r#"{{ "schema": "{secret}" }}"#),
        format!(r#"{{ "schema": "{}{secret}" }}"#, "-".repeat(170)),
        format!(r#"{{ "{}{secret}": 1 }}"#, "-".repeat(170)),
    ] {
        let own = OwnChecks::running(&format!("echo '{printed}'"));
        let mut command =
            own.command(&["preflight", "--only", "hosts", "--format", "json", "--no-journal", "-vv"]);
        let ran = finish(command.env("MY_SERVICE_TOKEN", &secret));
        assert_eq!(ran.verdict("hosts.disk"), "error", "{}", ran.stdout);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("tok-0"), "{}", ran.stdout);
    }
}

#[test]
fn a_secret_in_the_texts_of_own_checks_is_masked() {
    let secret = "s3cr3t-value-of-mine";
    let own = OwnChecks::running(&format!("echo '{GOOD}'"));
    let own = own
        .file(
            "preflight/hosts.toml",
            &DISK
                .replace("make room", &format!("use {secret}"))
                .replace("a tenth", &format!("{secret} of a tenth"))
                .replace("Our hosts", &format!("Hosts {secret}")),
        )
        .file("waivers.toml", &super::waivers(&[("hosts.disk", "2020-01-01")]).replace("Ada", secret));
    for verb in [
        &["preflight", "--only", "hosts", "-vv", "--no-journal"][..],
        &["preflight", "--only", "hosts", "--format", "json"],
        &["preflight", "--only", "hosts", "--format", "jsonl"],
        &["checks", "lint"],
        &["checks", "list", "--format", "json"],
        &["checks", "list"],
        &["checks", "explain", "hosts"],
    ] {
        let ran = finish(own.command(verb).env("MY_SERVICE_TOKEN", secret));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(secret), "{verb:?}: {}", ran.stdout);
    }
    for run in
        std::fs::read_dir(own.home().join(".local/state/hotdash-ops/runs")).expect("journals").flatten()
    {
        for file in std::fs::read_dir(run.path()).expect("a journal").flatten() {
            let text = std::fs::read_to_string(file.path()).expect("a file of the journal");
            assert!(!text.contains(secret), "{}: {text}", file.path().display());
        }
    }
}

#[test]
fn the_configuration_may_give_another_argument_list() {
    let own = OwnChecks::running("exit 1")
        .script("bin/other", &format!("[ \"$1\" = '--all of it' ] && echo '{GOOD}'"));
    let config = "[targets.production.commands]\ndisk = [\"bin/other\", \"--all of it\"]\n";
    std::fs::write(own.home().join("config.toml"), config).expect("the home is ours");
    let ran = own.ops(&[
        "preflight",
        "--only",
        "hosts",
        "--format",
        "json",
        "--no-journal",
        "--config",
        "config.toml",
    ]);
    let outcome = ran.outcome("hosts.disk");
    assert_eq!(
        (&outcome["verdict"], &outcome["asked"]),
        (&json!("pass"), &json!("bin/other '--all of it' in ops"))
    );
    let explained = own.ops(&["checks", "explain", "hosts.disk"]);
    assert!(explained.stdout.contains("    cd ops && bin/disk\n"), "{}", explained.stdout);
}

#[test]
fn commands_run_at_the_same_time_and_without_a_checkout() {
    // Each waits for the other.
    let second = DISK[DISK.find("[[check]]").expect("a check")..].replace("disk", "second");
    let wait = |own: &str, other: &str| {
        format!("touch {own}; until [ -e {other} ]; do sleep 0.05; done; echo '{GOOD}'")
    };
    let own = OwnChecks::new()
        .file("preflight/hosts.toml", &format!("{DISK}{second}"))
        .script("bin/disk", &wait("one", "two"))
        .script("bin/second", &wait("two", "one"));
    let ran = own.ask(&["hosts"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
}

#[test]
fn a_result_needs_a_directory() {
    // As `checks lint` reads it, a file may stand anywhere; a run takes it only from the named directory.
    let own = OwnChecks::running(&format!("echo '{GOOD}'"));
    let file = own.dir().join("preflight/hosts.toml").display().to_string();
    let ran = finish(crate::support::bench::program(&own.home()).args(["checks", "lint", &file]));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 check in 1 section, no problems\n"), "{}", ran.stderr);
}

#[test]
fn the_printed_schema_of_a_result_accepts_what_the_program_accepts() {
    let own = OwnChecks::new();
    let schema = |of: &str| -> Value {
        let ran = finish(crate::support::bench::program(&own.home()).args(["checks", "schema", of]));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).expect("one document")
    };
    let validator = jsonschema::validator_for(&schema("result")).expect("the schema is one");
    let good: Value = serde_json::from_str(GOOD).expect("JSON");
    let broken: [fn(&mut Value); 7] = [
        |v| v["schema"] = "hotdash-ops.check/2".into(),
        |v| v["verdict"] = "pass".into(),
        |v| v["claims"] = json!([]),
        |v| v["claims"][0]["holds"] = "true".into(),
        |v| drop(v["claims"][0].as_object_mut().map(|claim| claim.remove("holds"))),
        |v| v["claims"][0]["found"] = " ".into(),
        |v| v["evidence"] = json!({ "a": "b" }),
    ];
    assert!(validator.is_valid(&good));
    let mut open = good.clone();
    open["claims"][0]["holds"] = Value::Null;
    open["fix"] = Value::Null;
    assert!(validator.is_valid(&open));
    for (number, spoil) in broken.into_iter().enumerate() {
        let mut document = good.clone();
        spoil(&mut document);
        assert!(!validator.is_valid(&document), "number {number}");
        let ran =
            OwnChecks::running("cat result.json").file("result.json", &document.to_string()).ask(&["hosts"]);
        assert_eq!(ran.verdict("hosts.disk"), "error", "number {number}");
    }
    // And that of a file of one's own directory.
    let validator = jsonschema::validator_for(&schema("own")).expect("the schema is one");
    for text in [DISK.to_owned(), super::waivers(&[("hosts.disk", "2026-01-31")])] {
        let value: Value = toml::from_str(&text).expect("TOML");
        assert!(validator.is_valid(&value), "{text}");
        let mut typo = value.clone();
        typo["tilte"] = "x".into();
        assert!(!validator.is_valid(&typo));
    }
    let late: Value = toml::from_str(&super::waivers(&[("hosts.disk", "31.1.2026")])).expect("TOML");
    assert!(!validator.is_valid(&late));
}
