//! Canary secrets in every variable appear nowhere: not in any format, file,
//! journal or argument list, and not in any encoding. First the finder is shown
//! to find.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use hotdash_ops::rehearsal::checkout::{Said, Tool, ToolName};
use hotdash_ops::rehearsal::fly::Fault;
use serde_json::json;

use crate::support::bench::{Bench, finish};

const FORMATS: [&str; 7] = ["table", "json", "jsonl", "junit", "prom", "markdown", "github"];

/// A secret in every form in which it could leave: its name and the bytes to look for.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let every: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    let json = serde_json::to_string(secret).expect("a string is JSON");
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let mut all = vec![
        ("plain", secret.to_owned()),
        ("url", url),
        ("url, every byte", every),
        ("json", json.trim_matches('"').to_owned()),
        ("HEX", hex.to_uppercase()),
        ("hex", hex),
    ];
    for (name, engine) in [("base64", &STANDARD), ("base64url", &URL_SAFE)] {
        for offset in 0..3_usize {
            // Inside a longer text, the characters that hold bytes of the neighbours differ: they are left out.
            let text = engine.encode([vec![b'x'; offset], secret.as_bytes().to_vec()].concat());
            let from = [0, 2, 3][offset];
            let until = text.trim_end_matches('=').len() - 1;
            all.push((name, text[from..until].to_owned()));
        }
    }
    all
}

/// The forms of the secrets that a text holds.
fn found(text: &str, secrets: &[String]) -> BTreeSet<String> {
    secrets
        .iter()
        .flat_map(|secret| forms(secret).into_iter().map(move |(form, needle)| (secret, form, needle)))
        .filter(|(_, _, needle)| text.contains(needle.as_str()))
        .map(|(secret, form, _)| format!("{form} of {secret}"))
        .collect()
}

/// The same for every file below a folder, and for their names.
fn found_below(folder: &Path, secrets: &[String]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let mut hits = found(&path.display().to_string(), secrets);
        if path.is_dir() {
            hits.extend(found_below(&path, secrets));
        } else if let Ok(bytes) = std::fs::read(&path) {
            hits.extend(found(&String::from_utf8_lossy(&bytes), secrets));
        }
        all.extend(hits.into_iter().map(|hit| format!("{}: {hit}", path.display())));
    }
    all
}

#[test]
fn the_finder_finds_a_planted_leak_in_every_form() {
    let secret = "canary/Planted+\"quote\\ü".to_owned();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (form, text) in forms(&secret) {
        let file = folder.path().join("leak");
        std::fs::write(&file, format!("before {text} after")).expect("the folder is ours");
        let hits = found_below(folder.path(), std::slice::from_ref(&secret));
        assert!(!hits.is_empty(), "a leak as {form} is not found");
    }
    let whole = STANDARD.encode(format!("user:{secret}@host"));
    assert!(!found(&whole, std::slice::from_ref(&secret)).is_empty(), "a leak inside base64 is not found");
    assert!(found("nothing to see", &[secret]).is_empty());
}

/// Gives the program canaries wherever the world does not need a real value, and returns all that is secret.
fn plant(bench: &mut Bench) -> Vec<String> {
    for (name, value) in [
        ("FLY_API_TOKEN", "FlyV1 fm2_canaryOfFlyAbCdEfGh0123"),
        ("MY_SERVICE_TOKEN", "canary+of/another=service"),
        ("PGPASSWORD", "canary of \"libpq\" \\ ü"),
    ] {
        bench.set(name, value);
    }
    let mut secrets: Vec<String> =
        ["CHATWOOT_API_KEY", "CHATWOOT_WEBHOOK_SECRET", "FLY_API_TOKEN", "MY_SERVICE_TOKEN", "PGPASSWORD"]
            .iter()
            .map(|name| bench.vars[*name].clone())
            .collect();
    let dsn = url::Url::parse(&bench.vars["DATABASE_URL"]).expect("the world's DSN is a URL");
    secrets.push(dsn.password().expect("with a password").to_owned());
    bench.world.chatwoot.update(|state| {
        secrets.push(state.people["administrator"].pubsub_token.clone());
    });
    secrets
}

/// Asks everything in every format, with reports in files and a journal, and gives what leaked.
fn ask_everything(bench: &Bench, secrets: &[String]) -> BTreeSet<String> {
    let mut leaks = BTreeSet::new();
    for format in FORMATS {
        let report = format!("{format}:{}", bench.path(&format!("report.{format}")).display());
        let ran = bench.ops(&["preflight", "--format", format, "-vv", "--report", &report]);
        assert!(ran.code >= 0 && !ran.stdout.is_empty(), "{format}: {}", ran.stderr);
        leaks.extend(found(&ran.stdout, secrets).into_iter().map(|hit| format!("stdout as {format}: {hit}")));
        leaks.extend(found(&ran.stderr, secrets).into_iter().map(|hit| format!("stderr as {format}: {hit}")));
    }
    let explained = bench.ops(&["checks", "explain", "preflight"]);
    assert_eq!(explained.code, 0, "{}", explained.stderr);
    leaks.extend(found(&explained.stdout, secrets).into_iter().map(|hit| format!("explain: {hit}")));
    let journals = bench.path(".local/state/hotdash-ops/runs");
    assert_eq!(std::fs::read_dir(journals).expect("the journals are there").count(), FORMATS.len());
    leaks.extend(found_below(bench.home.path(), secrets));
    leaks
}

#[test]
fn nothing_leaks_from_the_good_world() {
    let mut bench = Bench::new();
    let secrets = plant(&mut bench);
    assert_eq!(ask_everything(&bench, &secrets), BTreeSet::new());
}

#[test]
fn nothing_leaks_where_everything_repeats_what_it_was_told() {
    let mut bench = Bench::new();
    let mut secrets = plant(&mut bench);
    let (token, fly) = (bench.vars["CHATWOOT_API_KEY"].clone(), bench.vars["FLY_API_TOKEN"].clone());
    let echoed = json!({ "status": 401, "json": { "error": format!("Invalid Access Token {token}"), "password": "canaryOfTheAnswer" } });
    secrets.push("canaryOfTheAnswer".to_owned());
    bench.control("chatwoot", json!({ "set": { "GET /api/v1/accounts/*": echoed } }));
    let body = json!({ "status": 500, "body": format!("access_token={token} DATABASE_URL={}", bench.vars["DATABASE_URL"]) });
    bench.control("agent", json!({ "set": { "POST /webhooks/chatwoot": body } }));
    let says = Said {
        stdout: bench.vars.values().cloned().collect::<Vec<_>>().join("\n"),
        stderr: STANDARD.encode(format!("{token}:{fly}")),
        code: 1,
    };
    bench
        .world
        .checkout
        .change(|answers| {
            for tool in [ToolName::Eslint, ToolName::Gitleaks, ToolName::Health] {
                answers.tools.insert(tool, Tool { says: Some(says.clone()), ..Tool::default() });
            }
        })
        .expect("the tools take it");
    bench
        .world
        .fly
        .break_command("secrets list", Fault::error(&format!("token {fly} is not valid")))
        .expect("fly takes it");
    assert_eq!(ask_everything(&bench, &secrets), BTreeSet::new());
}

#[test]
fn nothing_leaks_from_a_secret_in_the_wrong_variable() {
    for variable in
        ["CHATWOOT_BASE_URL", "CHATWOOT_ACCOUNT_ID", "AGENT_SDK_URL", "DATABASE_URL", "CHATWOOT_API_TOKEN"]
    {
        let mut bench = Bench::new();
        let secret = "canaryOfTheWrongPlace".to_owned();
        bench.set(variable, secret.clone());
        let ran = bench.ops(&["preflight", "-vv", "--no-journal", "--skip", "quality"]);
        assert_ne!(ran.code, 0, "{variable}: {}", ran.stdout);
        let leaks = found(&format!("{}{}", ran.stdout, ran.stderr), &[secret]);
        assert!(leaks.is_empty(), "{variable}: {leaks:?}\n{}", ran.stdout);
    }
}

#[test]
fn nothing_leaks_from_the_user_part_and_the_query_of_a_url() {
    let mut bench = Bench::new();
    let secrets = vec!["canaryOfTheUser".to_owned(), "canaryOfTheQuery".to_owned()];
    let agent = bench.vars["AGENT_SDK_URL"].clone();
    bench.set(
        "AGENT_SDK_URL",
        agent.replace("https://", "https://ops:canaryOfTheUser@") + "/?token=canaryOfTheQuery",
    );
    assert_eq!(ask_everything(&bench, &secrets), BTreeSet::new());
}

#[test]
fn no_argument_list_of_any_process_holds_a_secret() {
    let mut bench = Bench::new();
    let secrets = plant(&mut bench);
    let mut command = bench.command();
    let mut child = command
        .args(["preflight", "--no-journal"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let (began, mut looks) = (Instant::now(), 0);
    while child.try_wait().expect("our child").is_none() && began.elapsed() < Duration::from_secs(60) {
        for entry in std::fs::read_dir("/proc").expect("a /proc").flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let leaks = found(&String::from_utf8_lossy(&line), &secrets);
            assert!(leaks.is_empty(), "{leaks:?} in {}", String::from_utf8_lossy(&line));
        }
        looks += 1;
    }
    assert!(looks > 3, "the run was over before it was looked at");
    assert_eq!(finish(bench.command().args(["preflight", "--quiet", "--no-journal"])).code, 0);
}
