//! The embedded PostgreSQL and the sandbox on it, through the real binary as `cargo rehearse` builds it. That build
//! takes minutes and is not made twice, so the variable `HOTDASH_OPS_EMBEDDED` names it, and these tests run apart from
//! the others: `HOTDASH_OPS_EMBEDDED=$PWD/target/rehearse/hotdash-ops cargo test --features rehearsal --test embedded`.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::postgres::{
    BERLIN, BYPASSING, DATABASE, Embedded, Engine, OUTSIDER, OWNER, Postgres, READER, query, variant,
};

/// The program with the engine inside.
fn with_the_engine() -> PathBuf {
    std::env::var_os("HOTDASH_OPS_EMBEDDED").map(PathBuf::from).unwrap_or_else(|| {
        panic!("name the program that `cargo rehearse` builds in HOTDASH_OPS_EMBEDDED: target/rehearse/hotdash-ops")
    })
}

const TIMEOUT: Duration = Duration::from_secs(60);

async fn start() -> Postgres {
    Postgres::Embedded(Embedded::start(&with_the_engine()).await.expect("the embedded PostgreSQL"))
}

/// What a role is answered; an error as its text.
async fn ask(server: &Postgres, role: &str, database: &str, sql: &str) -> String {
    query::run(&server.login(role, database), sql, TIMEOUT).await.unwrap_or_else(|error| format!("{error:#}"))
}

/// The program in a home of its own, where a sandbox leaves its folder in `TMPDIR`.
fn program(home: &Path) -> Command {
    let mut command = Command::new(with_the_engine());
    command.env_clear().env("HOME", home).env("TMPDIR", home.join("tmp"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(home).stdin(Stdio::null());
    std::fs::create_dir_all(home.join("tmp")).expect("a temporary folder");
    command
}

/// A command in an embedded sandbox: its code and what was written to both streams.
fn inside(home: &Path, command: &[&str]) -> (i32, String) {
    let output = program(home)
        .args(["sandbox", "--postgres", "embedded", "--"])
        .args(command)
        .output()
        .expect("the program runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

/// What is left in the temporary folder of a home.
fn leavings(home: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.join("tmp")).expect("the temporary folder").flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The last of it goes a moment after the program, by its keepers' hands.
fn wait_until_nothing_is_left(home: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !leavings(home).is_empty() {
        assert!(Instant::now() < deadline, "left behind: {:?}", leavings(home));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn every_verb_passes_in_the_good_world() {
    let home = tempfile::tempdir().expect("a home");
    let deploy = "set -ex; hotdash-ops preflight; hotdash-ops monitor --minutes 0.4; hotdash-ops baseline";
    // In a world of its own: the app's log begins in the half hour that is judged, and `fly logs` still shows all of it.
    let gate = "sleep 5; hotdash-ops gate --lookback --attest success.end-to-end='conversation 1' \
        --attest success.dashboards='looked at'";
    for script in [deploy, gate] {
        let (code, said) = inside(home.path(), &["sh", "-c", script]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("postgres: embedded (PostgreSQL 17"), "{said}");
        wait_until_nothing_is_left(home.path());
    }
    assert!(!home.path().join(".cache").exists(), "the engine keeps nothing in the operator's home");
}

#[tokio::test]
async fn a_session_may_do_what_its_role_may() {
    let server = start().await;
    let rows = "select count(*) > 200 from dashboard_facts";
    assert_eq!(ask(&server, READER, DATABASE, rows).await, "t");
    assert!(ask(&server, OUTSIDER, DATABASE, rows).await.contains("permission denied"));
    assert!(
        ask(&server, READER, DATABASE, "delete from dashboard_facts").await.contains("permission denied")
    );
    let who = "select current_user, (select rolsuper from pg_roles where rolname = current_user)";
    assert_eq!(ask(&server, READER, DATABASE, who).await, "ops_reader|f");
    server.copy("blind", variant::RLS_WITHOUT_POLICY).await.expect("a copy");
    let count = "select count(*) > 0 from dashboard_facts";
    assert_eq!(ask(&server, READER, "blind", count).await, "f");
    assert_eq!(ask(&server, BYPASSING, "blind", count).await, "t");
    assert_eq!(ask(&server, OWNER, "blind", count).await, "t");
    assert!(ask(&server, "stranger", DATABASE, count).await.contains("stranger"));
    // The engine's answer to that is garbled, and nothing in it can be mistaken for rows.
    assert!(query::run(&server.login(READER, "nowhere"), count, TIMEOUT).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_staged_is_what_the_module_says() {
    let server = start().await;
    assert_eq!(ask(&server, BERLIN, DATABASE, "show timezone").await, "UTC", "a role's own settings");
    let other_password = server.login(READER, DATABASE).replace("ops_reader-", "wrong-");
    assert_eq!(query::run(&other_password, "select 1", TIMEOUT).await.expect("any password"), "1");
    let slept = "set statement_timeout = 50; select 'slept' from pg_sleep(0.2)";
    assert_eq!(ask(&server, READER, DATABASE, slept).await, "slept");
    // The way that there is to settings, for all sessions that follow.
    server.run("template1", "alter system set timezone = 'Europe/Berlin'").await.expect("set");
    assert_eq!(ask(&server, READER, DATABASE, "show timezone").await, "Europe/Berlin");
}

#[tokio::test]
async fn every_variant_can_be_made_and_the_good_database_restored() {
    let server = start().await;
    for (name, sql) in variant::ALL {
        server.copy(name, sql).await.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        server.remove(name).await.unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    server.run(DATABASE, variant::FACTS_MISSING).await.expect("spoiled");
    server.restore().await.expect("good again");
    let young =
        "select count(*) > 200 and max(recorded_at) > now() - interval '1 minute' from dashboard_facts";
    assert_eq!(ask(&server, READER, DATABASE, young).await, "t");
}

#[tokio::test]
async fn clients_without_manners_do_not_end_it_and_a_restart_keeps_its_data_and_port() {
    let server = start().await;
    let login = server.login(OWNER, DATABASE);
    let port = login.rsplit_once(':').and_then(|(_, end)| end.split('/').next()).expect("a port");
    let port: u16 = port.parse().expect("a port");
    for bytes in
        [&b""[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\0\0\0\x08\x04\xd2\x16\x2f"]
    {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("connected");
        stream.write_all(bytes).expect("written");
    }
    // One that hangs up while it is answered.
    let slow = query::run(
        &login,
        "select repeat('x', 1000000) from generate_series(1, 50)",
        Duration::from_millis(300),
    );
    assert!(slow.await.is_err(), "it was not cut off");
    assert_eq!(
        ask(&server, OWNER, DATABASE, "update hotdash_ops_sandbox set note = 'kept'; select 1").await,
        "1"
    );
    server.stop().expect("stops");
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "it still listens");
    server.resume().expect("starts again");
    assert_eq!(server.login(OWNER, DATABASE), login, "the same port");
    assert_eq!(ask(&server, OWNER, DATABASE, "select note from hotdash_ops_sandbox").await, "kept");
}

#[tokio::test]
async fn several_live_side_by_side() {
    let (one, two) = tokio::join!(start(), start());
    one.run(DATABASE, "update hotdash_ops_sandbox set note = 'one'").await.expect("written");
    let note = "select note from hotdash_ops_sandbox";
    assert_eq!(ask(&one, READER, DATABASE, note).await, "one");
    assert_eq!(ask(&two, READER, DATABASE, note).await, "a database of the rehearsal");
    let directory = one.directory().to_owned();
    drop(one);
    assert!(!directory.exists(), "gone as soon as it is dropped");
    assert_eq!(two.engine(), Engine::Embedded);
    assert_eq!(ask(&two, READER, DATABASE, "select 1").await, "1");
}

/// A sandbox that is ready, and the folder of its engine.
fn sandbox(home: &Path) -> (Child, PathBuf) {
    let mut child = program(home)
        .args(["sandbox", "--postgres", "embedded"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sandbox starts");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let ready = output.lines().map_while(Result::ok).any(|line| line == "# ready");
    assert!(ready, "it never said that it is ready");
    let engine = leavings(home).into_iter().find(|path| {
        path.display().to_string().contains("hotdash-pg-") && !path.display().to_string().contains("cache")
    });
    (child, engine.expect("the engine has a folder"))
}

/// Processes that mention this folder.
fn processes_of(folder: &Path) -> usize {
    let needle = folder.display().to_string();
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = entries.filter_map(|e| std::fs::read(e.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(&needle)).count()
}

#[test]
fn nothing_is_left_however_the_sandbox_ends() {
    for (signal, code) in [("INT", Some(0)), ("TERM", Some(0)), ("KILL", None)] {
        let home = tempfile::tempdir().expect("a home");
        let (mut child, engine) = sandbox(home.path());
        assert_eq!(processes_of(&engine), 2, "the engine and its keeper run");
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        assert_eq!(child.wait().expect("ended").code(), code, "{signal}");
        wait_until_nothing_is_left(home.path());
        assert_eq!(processes_of(&engine), 0, "{signal}");
    }
}
