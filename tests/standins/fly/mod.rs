//! The stand-in for `fly`: it answers like flyctl, in all its historical shapes and failures.

mod logs;
mod releases;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::standins::fly::{Answers, Fault, Fly, Generation, MARKER, Status};
use serde_json::Value;

struct Sandbox {
    fly: Fly,
    bin: PathBuf,
    _directory: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Sandbox {
        let directory = tempfile::tempdir().expect("a directory");
        // A quote and a space in the path must not matter.
        let bin = directory.path().join("it's a bin");
        let fly = Fly::install(&bin, &directory.path().join("the state")).expect("installed");
        Sandbox { fly, bin, _directory: directory }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(self.bin.join("fly"));
        command.args(line.split_whitespace()).stdin(Stdio::null());
        for name in ["FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "FLY_APP", "FLY_JSON", "LOG_LEVEL"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("fly runs")
    }

    fn json(&self, line: &str) -> Value {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{line}: {e}: {}", text(&output.stdout)))
    }

    /// The error line of a command that must end with 1 and print nothing on standard output.
    fn error(&self, line: &str) -> String {
        error_of(&self.run(line), line)
    }
}

fn error_of(output: &Output, line: &str) -> String {
    assert_eq!(output.status.code(), Some(1), "{line}");
    assert_eq!(text(&output.stdout), "", "{line}");
    text(&output.stderr).trim_start_matches(MARKER).trim().to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn secrets_have_the_shape_of_each_generation() {
    let sandbox = Sandbox::new();
    let list = "secrets list -a hotdash-app --json";
    let shapes = [
        (Generation::Capitals, vec!["Name", "Digest", "CreatedAt"], "0.3.177"),
        (Generation::Times, vec!["name", "digest", "created_at", "updated_at"], "0.4.5"),
        (Generation::Statuses, vec!["name", "digest", "status"], "0.4.87"),
    ];
    for (generation, keys, version) in shapes {
        sandbox.fly.change(|answers| answers.generation = generation).expect("changed");
        let secrets = sandbox.json(list);
        let first = secrets[0].as_object().expect("an object");
        assert_eq!(first.keys().map(String::as_str).collect::<Vec<_>>(), keys);
        assert_eq!(secrets.as_array().map(Vec::len), Some(7));
        assert_eq!(sandbox.json("version --json")["Version"], version);
        assert!(text(&sandbox.run("version").stdout).starts_with(&format!("fly v{version} ")));
    }
    assert!(text(&sandbox.run(list).stderr).lines().any(|line| line == MARKER));
    assert!(
        text(&sandbox.run(list).stdout).starts_with("[\n    {\n        \"name\""),
        "four spaces, like flyctl"
    );
}

#[test]
fn a_secret_changes_while_the_stand_in_is_in_use() {
    let sandbox = Sandbox::new();
    let status_of = |name: &str| {
        let secrets = sandbox.json("secrets list --app=hotdash-app -j");
        let found = secrets.as_array().expect("a list").iter().find(|s| s["name"] == name).cloned();
        found.map(|secret| secret.get("status").and_then(Value::as_str).unwrap_or("no status").to_owned())
    };
    assert_eq!(status_of("DATABASE_URL").as_deref(), Some("Deployed"));
    for (status, word) in [
        (Status::Staged, "Staged"),
        (Status::Partial, "Partial"),
        (Status::Unknown, "Unknown"),
        (Status::Absent, "no status"),
    ] {
        sandbox.fly.set_secret("hotdash-app", "DATABASE_URL", Some(status)).expect("changed");
        assert_eq!(status_of("DATABASE_URL").as_deref(), Some(word));
    }
    sandbox.fly.set_secret("hotdash-app", "DATABASE_URL", None).expect("changed");
    assert_eq!(status_of("DATABASE_URL"), None);
    for _ in 0..30 {
        sandbox.fly.set(Answers::good()).expect("changed");
    }
    assert_eq!(status_of("DATABASE_URL").as_deref(), Some("Deployed"));
    let table = text(&sandbox.run("secrets list -a hotdash-app").stdout);
    assert!(table.lines().any(|line| line.starts_with("CHATWOOT_API_KEY\t")), "{table}");
}

#[test]
fn status_and_identity_have_flyctls_shape() {
    let sandbox = Sandbox::new();
    let status = sandbox.json("status -a hotdash-agent-service --json");
    assert_eq!((&status["Name"], &status["Version"]), (&"hotdash-agent-service".into(), &17.into()));
    assert_eq!(status["Machines"][0]["config"]["metadata"]["fly_release_version"], "17");
    assert_eq!(sandbox.json("auth whoami --json")["email"], "operator@hotdash.example");
    assert_eq!(text(&sandbox.run("auth whoami").stdout), "operator@hotdash.example\n");
    let by_variable = sandbox.command("status --json").env("FLY_APP", "hotdash-app").output().expect("runs");
    assert!(text(&by_variable.stdout).contains("\"Version\": 42"));
}

#[test]
fn errors_read_like_those_of_flyctl() {
    let sandbox = Sandbox::new();
    let unknown = sandbox.error("secrets list -a no-such-app --json");
    assert_eq!(unknown, "Error: failed to list app secrets: Could not find App \"no-such-app\"");
    assert!(sandbox.error("status -a ../status/hotdash-app --json").contains("Could not find App"));
    assert!(sandbox.error("secrets list --json").contains("missing an app name"));
    assert_eq!(sandbox.error("logs -a hotdash-app --tail"), "Error: unknown flag: --tail");
    assert_eq!(sandbox.error("status -a hotdash-app --no-tail"), "Error: unknown flag: --no-tail");
    assert_eq!(sandbox.error("status -a hotdash-app -n"), "Error: unknown shorthand flag: 'n' in -n");
    assert_eq!(sandbox.error("secrets list -r ord"), "Error: unknown shorthand flag: 'r' in -r");
    assert_eq!(sandbox.error("logs -a hotdash-app --image"), "Error: unknown flag: --image");
    assert_eq!(sandbox.error("logs errors"), "Error: unknown command \"errors\" for \"flyctl logs\"");
    assert_eq!(sandbox.error("status -x"), "Error: unknown shorthand flag: 'x' in -x");
    assert_eq!(sandbox.error("version -a hotdash-app"), "Error: unknown shorthand flag: 'a' in -a");
    assert_eq!(
        sandbox.error("releases rollback v3"),
        "Error: unknown command \"rollback\" for \"flyctl releases\""
    );
    assert_eq!(sandbox.error("status -a"), "Error: flag needs an argument: 'a' in -a");
}

#[test]
fn a_login_or_a_token_is_needed() {
    let sandbox = Sandbox::new();
    sandbox.fly.change(|answers| answers.logged_in = false).expect("changed");
    let nobody = "Error: no access token available. Please login with 'flyctl auth login'";
    for line in ["secrets list -a hotdash-app --json", "auth whoami --json", "status -a hotdash-app --json"] {
        assert_eq!(sandbox.error(line), nobody);
    }
    sandbox.json("version --json");
    sandbox.json("auth whoami --json -t FlyV1");
    let line = "auth whoami --json";
    let with_token = sandbox.command(line).env("FLY_API_TOKEN", "FlyV1 fm2_x").output().expect("runs");
    assert!(with_token.status.success());
    let hidden =
        sandbox.command(line).env("FLY_API_TOKEN", "x").env("FLY_ACCESS_TOKEN", "").output().expect("runs");
    assert_eq!(error_of(&hidden, line), nobody, "an empty FLY_ACCESS_TOKEN hides FLY_API_TOKEN");
}

#[test]
fn the_debug_logger_writes_to_stdout() {
    let sandbox = Sandbox::new();
    let line = "secrets list -a hotdash-app --json";
    let output = sandbox.command(line).env("LOG_LEVEL", "debug").output().expect("runs");
    assert!(text(&output.stdout).starts_with("DEBUG "));
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_err());
}

#[test]
fn each_command_can_be_made_to_fail() {
    let sandbox = Sandbox::new();
    let line = "secrets list -a hotdash-app --json";
    sandbox.fly.break_command("secrets list", Fault::garbage()).expect("changed");
    let garbage = sandbox.run(line);
    assert!(garbage.status.success() && text(&garbage.stdout).contains("502"));
    sandbox.json("status -a hotdash-app --json");
    sandbox
        .fly
        .break_command("*", Fault::error("server returned a non-200 status code: 503"))
        .expect("changed");
    assert!(sandbox.error("status -a hotdash-app --json").ends_with("503"));

    sandbox.fly.break_command("secrets list", Fault::Flood).expect("changed");
    let mut flood = sandbox.command(line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("runs");
    let mut start = vec![0; 1 << 20];
    let mut out = flood.stdout.take().expect("its output");
    std::io::Read::read_exact(&mut out, &mut start).expect("a megabyte and more");
    drop(out);
    assert!(!flood.wait().expect("ends when nobody reads").success());

    sandbox.fly.break_command("secrets list", Fault::Hang).expect("changed");
    let mut command = sandbox.command(line);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut hanging = command.stderr(Stdio::null()).spawn().expect("runs");
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        assert!(hanging.try_wait().expect("asked").is_none(), "it hangs");
        std::thread::sleep(Duration::from_millis(50));
    }
    let group = rustix::process::Pid::from_child(&hanging);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).expect("killed");
    hanging.wait().expect("ended");
}

#[test]
fn answers_survive_json() {
    let good = Answers::good();
    let text = serde_json::to_string(&good).expect("written");
    assert_eq!(serde_json::from_str::<Answers>(&text).expect("read"), good);
    let wrong = serde_json::from_str::<Answers>(r#"{"loged_in": false}"#);
    assert!(wrong.is_err_and(|error| error.to_string().contains("loged_in")));
}
