//! The rehearsal's checkout: a real git repository whose tools behave as configured, and whose vitest reports as
//! the real one does. Every command goes through the real npm and through its stand-in.

mod tools;
mod vitest;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hotdash_ops::testing::rehearsal::standins::checkout::{
    Answers, Checkout, MARKER, ToolName, WEBHOOK_TESTS, npm,
};
use serde_json::Value;

struct Sandbox {
    checkout: Checkout,
    /// PATH with the stand-ins for npm and npx in front.
    stand_ins: PathBuf,
    directory: tempfile::TempDir,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Npm {
    Real,
    StandIn,
}

const BOTH: [Npm; 2] = [Npm::StandIn, Npm::Real];

impl Sandbox {
    fn new() -> Sandbox {
        let directory = tempfile::tempdir().expect("a directory");
        let checkout =
            Checkout::create(&directory.path().join("the app's \"code\""), &directory.path().join("state"))
                .expect("a checkout");
        let stand_ins = directory.path().join("bin");
        npm::install(&stand_ins).expect("the stand-ins");
        Sandbox { checkout, stand_ins, directory }
    }

    fn command(&self, npm: Npm, args: &[&str]) -> Command {
        let path = std::env::var("PATH").expect("PATH");
        let program = match npm {
            Npm::StandIn => self.stand_ins.join(args[0]),
            Npm::Real => {
                assert!(
                    !npm::is_missing(),
                    "npm and npx are missing, and this test needs them: install Node 20"
                );
                PathBuf::from(args[0])
            }
        };
        let mut command = Command::new(program);
        command.args(&args[1..]).current_dir(self.checkout.path()).stdin(Stdio::null()).env("PATH", path);
        // The real npm writes its logs and its update notes there, and must not ask the network.
        command.env("HOME", self.directory.path()).env("npm_config_update_notifier", "false");
        command.env_remove("CHATWOOT_BASE_URL");
        command
    }

    fn run(&self, npm: Npm, args: &[&str]) -> Output {
        self.command(npm, args).output().expect("it runs")
    }

    fn code(&self, args: &[&str]) -> Option<i32> {
        let codes = BOTH.map(|npm| self.run(npm, args).status.code());
        assert_eq!(codes[0], codes[1], "npm and its stand-in agree about {args:?}");
        codes[0]
    }

    /// The report of `vitest run` on these filters, by `--outputFile`, and the exit code.
    fn report(&self, filter: &str) -> (Value, Option<i32>) {
        let file = self.directory.path().join("reports/report.json");
        let _ = std::fs::remove_file(&file);
        let option = format!("--outputFile={}", file.display());
        let output = self.run(Npm::StandIn, &["npx", "vitest", "run", filter, "--reporter=json", &option]);
        let report = std::fs::read(&file).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)));
        (serde_json::from_slice(&report).expect("JSON"), output.status.code())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn counts(report: &Value) -> [u64; 5] {
    ["numTotalTests", "numPassedTests", "numFailedTests", "numPendingTests", "numTodoTests"]
        .map(|key| report[key].as_u64().unwrap_or_else(|| panic!("no {key}")))
}

#[test]
fn a_new_checkout_is_clean_marked_and_passes() {
    let sandbox = Sandbox::new();
    let root = sandbox.checkout.path();
    assert_eq!(sandbox.checkout.changed().expect("git"), "");
    for file in [MARKER, "package.json", WEBHOOK_TESTS, "node_modules/.bin/vitest", ".git/HEAD"] {
        assert!(root.join(file).exists(), "{file}");
    }
    for script in ["test:unit", "test:integration", "lint", "scan"] {
        assert_eq!(sandbox.code(&["npm", "run", script]), Some(0), "{script}");
    }
    assert_eq!(sandbox.code(&["npx", "prettier", "--check", "."]), Some(0));
    assert_eq!(sandbox.code(&["npm", "run", "no-such-script"]), Some(1));
    assert_eq!(sandbox.checkout.changed().expect("git"), "");
    let again = Checkout::create(root, &sandbox.directory.path().join("other"));
    assert!(again.is_err_and(|error| error.to_string().contains("not empty")));
}

#[test]
fn the_stand_in_for_npm_passes_arguments_unchanged() {
    let sandbox = Sandbox::new();
    let package = sandbox.checkout.path().join("package.json");
    let show = r#"{
  "name": "x",
  "scripts": {
    "show": "printf '<%s>' \"$npm_lifecycle_event\""
  }
}
"#;
    std::fs::write(&package, show).expect("written");
    let words = ["npm", "run", "--silent", "show", "plain", "--", "two words", "it's", "$HOME", "--json"];
    for npm in BOTH {
        let shown = text(&sandbox.run(npm, &words).stdout);
        assert_eq!(shown, "<show><plain><two words><it's><$HOME><--json>", "{npm:?}");
    }
    let elsewhere = |npm| {
        let mut command = sandbox.command(npm, &["npm", "run", "lint"]);
        command.current_dir(Path::new("/")).output().expect("runs").status.code()
    };
    assert_eq!(BOTH.map(elsewhere), [Some(254); 2], "no package.json");
    let nowhere = sandbox.run(Npm::StandIn, &["npx", "--no-install", "no-such-tool"]);
    assert_eq!(nowhere.status.code(), Some(1));
}

#[test]
fn answers_survive_json() {
    let mut answers = Answers::good();
    answers.tool(ToolName::Vitest).hang = true;
    let text = serde_json::to_string(&answers).expect("written");
    assert!(text.contains(r#""vitest":{"#), "{text}");
    assert_eq!(serde_json::from_str::<Answers>(&text).expect("read"), answers);
    assert!(serde_json::from_str::<Answers>(r#"{"tolls":{}}"#).is_err());
}
