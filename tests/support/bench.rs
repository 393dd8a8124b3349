//! The real binary inside a world of stand-ins: what every test of the program's
//! behaviour is written with. Worlds share one PostgreSQL cluster, each with a
//! database of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hotdash_ops::testing::checklist;
use hotdash_ops::testing::probe::is_listed;
use hotdash_ops::testing::rehearsal::postgres::{OWNER, READER};
use hotdash_ops::testing::rehearsal::standins::customers::Habits;
use hotdash_ops::testing::rehearsal::world::setup::Setup;
use hotdash_ops::testing::rehearsal::world::{Database, World};
use serde_json::Value;

/// A running world and a place for what the program writes.
pub struct Bench {
    pub world: World,
    /// The name of the world's database in the shared cluster.
    pub database: String,
    pub home: tempfile::TempDir,
    /// Variables given to the program; change them to break them.
    pub vars: BTreeMap<String, String>,
    runtime: tokio::runtime::Runtime,
}

/// The result of a run of the program.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// A good world.
    pub fn new() -> Bench {
        Bench::with_sql("")
    }

    /// A good world whose database was then changed by `sql`.
    pub fn with_sql(sql: &str) -> Bench {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let database = format!("bench_{}", NEXT.fetch_add(1, Ordering::SeqCst));
        let server = super::server();
        server.copy(&database, sql).expect("a copy of the good database");
        Bench::with(database.clone(), server.login(READER, &database), Some(server.login(OWNER, &database)))
    }

    /// A world on a given database.
    pub fn on(database: String, dsn: String) -> Bench {
        Bench::with(database, dsn, None)
    }

    /// A world on a given database, read by one role and written by another.
    pub fn between(database: &str, reader: String, writer: String) -> Bench {
        Bench::with(database.to_owned(), reader, Some(writer))
    }

    fn with(database: String, reader: String, writer: Option<String>) -> Bench {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the stand-ins");
        let world =
            runtime.block_on(World::start(Database::At { reader, writer })).expect("the world starts");
        let vars = world.variables().clone();
        let home = tempfile::tempdir().expect("a temporary home");
        Bench { world, database, home, vars, runtime }
    }

    /// Lets customers write, in a world changed by this setting.
    pub fn start_traffic(&mut self, habits: Habits, setup: Setup) {
        let started = self.runtime.block_on(self.world.start_traffic(habits, setup));
        started.expect("customers write");
    }

    /// Sets a variable of the program.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.vars.insert(name.to_owned(), value.into());
    }

    /// Unsets a variable of the program. The token's other name goes with it.
    pub fn unset(&mut self, name: &str) {
        self.vars.remove(name);
        if name == "CHATWOOT_API_KEY" {
            self.vars.remove("CHATWOOT_API_TOKEN");
        }
    }

    /// Sends a control document to a stand-in: `chatwoot`, `agent` or `app`.
    pub fn control(&self, name: &str, change: Value) -> Value {
        self.runtime
            .block_on(async {
                match name {
                    "chatwoot" => self.world.chatwoot.control(change).await,
                    "agent" => self.world.agent.control(change).await,
                    "app" => self.world.app.control(change).await,
                    other => panic!("no stand-in is called {other}"),
                }
            })
            .unwrap_or_else(|error| panic!("the control document is refused: {error:#}"))
    }

    /// Runs SQL in this world's database as the cluster's superuser.
    pub fn sql(&self, sql: &str) {
        super::server().psql(&self.database, sql).expect("the statement runs");
    }

    /// The rows of a statement in this world's database, as psql prints them without headings.
    pub fn psql(&self, sql: &str) -> String {
        super::server().psql(&self.database, sql).expect("the statement runs")
    }

    /// Replaces a text in the world's configuration; panics when it is not there.
    pub fn edit_config(&self, from: &str, to: &str) {
        let path = self.world.config_path();
        let text = std::fs::read_to_string(&path).expect("the configuration is there");
        assert!(text.contains(from), "the configuration has no {from:?}:\n{text}");
        std::fs::write(&path, text.replace(from, to)).expect("the configuration is ours");
    }

    /// Takes a whole line out of the configuration, by its key.
    pub fn drop_config(&self, key: &str) {
        let path = self.world.config_path();
        let text = std::fs::read_to_string(&path).expect("the configuration is there");
        let kept: String =
            text.lines().filter(|l| !l.starts_with(&format!("{key} ="))).map(|l| format!("{l}\n")).collect();
        assert_ne!(kept, text, "the configuration has no {key}");
        std::fs::write(&path, kept).expect("the configuration is ours");
    }

    /// A path in the program's home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program with its variables, ready for arguments.
    pub fn command(&self) -> Command {
        let mut command = program(self.home.path());
        command.envs(&self.vars);
        command
    }

    /// Runs the program to its end.
    pub fn ops(&self, arguments: &[&str]) -> Ran {
        finish(self.command().args(arguments))
    }

    /// `preflight --format json` with further arguments.
    pub fn preflight(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["preflight", "--format", "json"];
        all.extend(arguments);
        self.ops(&all)
    }
}

impl Drop for Bench {
    /// Hundreds of copies would fill the disk. A database that was given to the bench is not its own.
    fn drop(&mut self) {
        if self.database.starts_with("bench_") {
            let drop = format!("drop database if exists \"{}\" with (force)", self.database);
            // What cannot be dropped goes with the cluster.
            let _ = super::server().psql("template1", &drop);
        }
    }
}

/// The real binary with nothing in its environment but a home of its own and a plain PATH.
pub fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotdash-ops"));
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.current_dir(home).stdin(Stdio::null());
    command
}

/// Runs a command and takes what it wrote.
pub fn finish(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ran {
    /// The report, when stdout is a json document. Panics when a claim's code is not listed.
    pub fn report(&self) -> Value {
        let report = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no json document ({error}):\n{}\n{}", self.stdout, self.stderr));
        let unlisted = unlisted_claims(&report);
        assert!(unlisted.is_empty(), "claims that `checks list --claims` does not list: {unlisted:?}");
        report
    }

    /// Every outcome of the report.
    pub fn outcomes(&self) -> Vec<Value> {
        let report = self.report();
        let sections = report["sections"].as_array().expect("sections").clone();
        sections.iter().flat_map(|s| s["outcomes"].as_array().expect("outcomes").clone()).collect()
    }

    /// The outcome of one check.
    pub fn outcome(&self, id: &str) -> Value {
        self.outcomes()
            .into_iter()
            .find(|o| o["id"] == id)
            .unwrap_or_else(|| panic!("{id} is not in the report:\n{}", self.stdout))
    }

    /// The verdict of one check: `pass`, `fail`, ... or `skipped`.
    pub fn verdict(&self, id: &str) -> String {
        verdict(&self.outcome(id))
    }

    /// What is not a plain pass, as `id verdict reason` lines, for a readable failure.
    pub fn problems(&self) -> String {
        self.outcomes()
            .iter()
            .filter(|o| verdict(o) != "pass")
            .map(|o| format!("{} {} {}\n", o["id"], verdict(o), o["reason"]))
            .collect()
    }
}

/// The claims of a report's embedded checks whose codes `checks list --claims` does not list, as `ID CODE`. A second
/// claim with the same code is among them, because it is numbered.
pub fn unlisted_claims(report: &Value) -> Vec<String> {
    static CODES: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
        let list = checklist::load().expect("the embedded checklist reads");
        list.checks().map(|check| (check.id.clone(), check.entry.probe.claims())).collect()
    });
    let mut unlisted = Vec::new();
    let sections = report["sections"].as_array().into_iter().flatten();
    let outcomes = sections.flat_map(|section| section["outcomes"].as_array().into_iter().flatten());
    for outcome in outcomes.filter(|outcome| outcome["replaces"].is_null()) {
        let id = outcome["id"].as_str().unwrap_or_default();
        let Some(codes) = CODES.get(id) else { continue };
        for claim in outcome["claims"].as_array().into_iter().flatten() {
            let code = claim["code"].as_str().unwrap_or_default();
            if !is_listed(codes, code) {
                unlisted.push(format!("{id} {code}"));
            }
        }
    }
    unlisted
}

/// The name of an outcome's verdict.
pub fn verdict(outcome: &Value) -> String {
    match &outcome["verdict"] {
        Value::String(name) => name.clone(),
        Value::Object(skipped) => skipped.keys().next().cloned().unwrap_or_default(),
        other => panic!("a verdict is a name or an object, not {other}"),
    }
}

/// Makes a named pipe that nobody reads and nobody writes.
pub fn make_pipe(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(status.success());
}

/// The code with which a child ends within some seconds; one that does not is killed.
pub fn exit_code_within(mut child: Child, within: Duration) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < within {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
