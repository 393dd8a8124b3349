//! The rehearsal's checkout: a real git repository whose tools do what they are told, and whose vitest
//! reports as the real one does. Everything is asked through the real npm and through its stand-in.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use hotdash_ops::rehearsal::standins::checkout::{
    Answers, Checkout, HEALTH_LINES, MARKER, TestFile, ToolName, ToolOutput, WEBHOOK_TESTS, npm,
};
use serde_json::{Value, json};

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
fn a_new_checkout_is_clean_marked_and_green() {
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
fn the_report_of_a_green_run_has_vitests_shape() {
    let sandbox = Sandbox::new();
    for npm in BOTH {
        let output =
            sandbox.run(npm, &["npm", "run", "--silent", "test:integration", "--", "--reporter=json"]);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{npm:?}: {e}: {} {}", text(&output.stdout), text(&output.stderr)));
        assert_eq!(counts(&report), [18, 18, 0, 0, 0]);
        assert_eq!(report["success"], true);
        assert_eq!((&report["numTotalTestSuites"], &report["numFailedTestSuites"]), (&json!(2), &json!(0)));
        let file = &report["testResults"][0];
        assert_eq!(file["name"], json!(sandbox.checkout.path().join(WEBHOOK_TESTS).display().to_string()));
        assert_eq!(file["status"], "passed");
        let tests = file["assertionResults"].as_array().expect("a list");
        assert!(
            tests.len() == 18
                && tests.iter().all(|test| test["status"] == "passed" && test["title"].is_string())
        );
        assert!(report["startTime"].as_u64().is_some_and(|ms| ms > 1_700_000_000_000));
    }
    let (unit, code) = sandbox.report("tests/unit");
    assert_eq!((counts(&unit), code), ([11, 11, 0, 0, 0], Some(0)));
    let (all, _) = sandbox.report("");
    assert_eq!(counts(&all)[0], 29);
    let (absolute, _) = sandbox.report(&sandbox.checkout.path().join(WEBHOOK_TESTS).display().to_string());
    assert_eq!(counts(&absolute)[0], 18);
}

#[test]
fn results_are_reported_as_they_are_set() {
    let sandbox = Sandbox::new();
    let set =
        |file: TestFile| sandbox.checkout.change(|answers| *answers.webhook_tests() = file).expect("set");
    set(TestFile { passed: 14, skipped: 3, todo: 1, ..TestFile::default() });
    let (report, code) = sandbox.report("support.webhook");
    assert_eq!((counts(&report), code), ([18, 14, 0, 3, 1], Some(0)));
    let statuses: Vec<_> = report["testResults"][0]["assertionResults"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|test| test["status"].as_str())
        .collect();
    assert_eq!(statuses[13..], ["passed", "skipped", "skipped", "skipped", "todo"]);

    set(TestFile { passed: 17, failed: 1, ..TestFile::default() });
    let (report, code) = sandbox.report(WEBHOOK_TESTS);
    assert_eq!((counts(&report), code, &report["success"]), ([18, 17, 1, 0, 0], Some(1), &json!(false)));
    assert_eq!(sandbox.code(&["npm", "run", "test:integration"]), Some(1));
    assert_eq!(sandbox.code(&["npm", "run", "test:unit"]), Some(0));

    set(TestFile { broken: true, passed: 18, ..TestFile::default() });
    let (report, code) = sandbox.report(WEBHOOK_TESTS);
    assert_eq!((counts(&report), code, &report["success"]), ([0; 5], Some(1), &json!(false)));
    assert_eq!(report["numFailedTestSuites"], 1);

    let (report, code) = sandbox.report("tests/nowhere");
    assert_eq!((counts(&report), code, &report["success"]), ([0; 5], Some(1), &json!(false)));

    sandbox.checkout.set(Answers { unhandled: true, ..Answers::good() }).expect("set");
    let (report, code) = sandbox.report(WEBHOOK_TESTS);
    assert_eq!((counts(&report), code, &report["success"]), ([18, 18, 0, 0, 0], Some(1), &json!(true)));
}

#[test]
fn two_reporters_and_a_relative_file_are_understood() {
    let sandbox = Sandbox::new();
    let args = ["npm", "run", "test:integration", "--", "--reporter=default", "--reporter", "json"];
    let output = sandbox.run(Npm::Real, &[&args[..], &["--outputFile", "artifacts/deep er/r.json"]].concat());
    let shown = text(&output.stdout);
    assert!(shown.contains("18 passed") && shown.contains("JSON report written to "), "{shown}");
    let report = std::fs::read(sandbox.checkout.path().join("artifacts/deep er/r.json")).expect("the report");
    assert_eq!(counts(&serde_json::from_slice(&report).expect("JSON"))[1], 18);
    let unknown = sandbox.run(Npm::StandIn, &["npx", "vitest", "run", "--nope"]);
    assert!(text(&unknown.stderr).contains("Unknown option `--nope`") && !unknown.status.success());
}

#[test]
fn tools_turn_red_one_by_one() {
    let sandbox = Sandbox::new();
    let commands: [(ToolName, &[&str], &str); 3] = [
        (ToolName::Eslint, &["npm", "run", "lint"], "1 problem"),
        (ToolName::Gitleaks, &["npm", "run", "scan"], "leaks found: 1"),
        (ToolName::Prettier, &["npx", "prettier", "--check", "."], "Code style issues"),
    ];
    for (tool, args, sign) in commands {
        let mut answers = Answers::good();
        answers.tool(tool).red = true;
        sandbox.checkout.set(answers).expect("set");
        assert_eq!(sandbox.code(args), Some(1), "{tool:?}");
        let output = sandbox.run(Npm::StandIn, args);
        assert!((text(&output.stdout) + &text(&output.stderr)).contains(sign), "{tool:?}");
        assert_eq!(sandbox.checkout.changed().expect("git"), "", "finding fault changes nothing");
        for (other, args, _) in commands.iter().filter(|(other, ..)| *other != tool) {
            assert_eq!(sandbox.run(Npm::StandIn, args).status.code(), Some(0), "{other:?}");
        }
    }
}

#[test]
fn formatting_and_faulty_tools_change_the_tree() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.code(&["npm", "run", "fmt"]), Some(0));
    assert_eq!(sandbox.checkout.changed().expect("git"), "", "nothing to format");
    sandbox.checkout.change(|answers| answers.tool(ToolName::Prettier).red = true).expect("set");
    assert_eq!(sandbox.code(&["npm", "run", "fmt"]), Some(0), "formatting is green and changes files");
    assert_eq!(sandbox.checkout.changed().expect("git"), " M app/support.webhook.ts\n");
    sandbox.checkout.restore().expect("restored");
    assert_eq!(sandbox.checkout.changed().expect("git"), "");
    sandbox.checkout.change(|a| a.tool(ToolName::Vitest).changes = Some("new.ts".into())).expect("set");
    assert_eq!(sandbox.run(Npm::StandIn, &["npm", "run", "test:unit"]).status.code(), Some(0));
    assert_eq!(sandbox.checkout.changed().expect("git"), "?? new.ts\n");
    sandbox.checkout.restore().expect("restored");
    assert_eq!(sandbox.checkout.changed().expect("git"), "");
}

#[test]
fn the_health_script_speaks_and_writes() {
    let sandbox = Sandbox::new();
    let script = ["npm", "run", "ops:check-chatwoot-health"];
    assert_eq!(sandbox.code(&script), Some(1), "not configured");
    let ask = |npm| {
        let output = sandbox
            .command(npm, &script)
            .env("CHATWOOT_BASE_URL", "http://127.0.0.1:1")
            .output()
            .expect("runs");
        (output.status.code(), text(&output.stdout).lines().any(|line| line == "Chatwoot health check OK"))
    };
    assert_eq!(BOTH.map(ask), [(Some(0), true); 2]);
    let lines = std::fs::read_to_string(sandbox.checkout.path().join(HEALTH_LINES)).expect("its lines");
    assert!(
        lines.lines().count() == 2 && lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()),
        "{lines}"
    );
    assert_eq!(sandbox.checkout.changed().expect("git"), "?? artifacts/\n");
    sandbox.checkout.change(|answers| answers.tool(ToolName::Health).red = true).expect("set");
    assert_eq!(BOTH.map(ask), [(Some(2), false); 2]);
    let silent = ToolOutput { stdout: "done\n".into(), ..ToolOutput::default() };
    sandbox.checkout.change(|answers| answers.tool(ToolName::Health).says = Some(silent)).expect("set");
    assert_eq!(BOTH.map(ask), [(Some(0), false); 2], "green without its line");
}

#[test]
fn tools_can_be_loud_and_can_hang() {
    let sandbox = Sandbox::new();
    sandbox.checkout.change(|answers| answers.tool(ToolName::Eslint).noise = 20_000).expect("set");
    let loud = sandbox.run(Npm::StandIn, &["npm", "run", "lint"]);
    assert!(loud.status.success() && loud.stdout.len() > 1_000_000, "{} bytes", loud.stdout.len());
    sandbox.checkout.change(|answers| answers.tool(ToolName::Eslint).hang = true).expect("set");
    let mut command = sandbox.command(Npm::StandIn, &["npm", "run", "lint"]);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.stdout(Stdio::null()).spawn().expect("runs");
    std::thread::sleep(Duration::from_millis(700));
    assert!(child.try_wait().expect("asked").is_none(), "it hangs");
    let group = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).expect("killed");
    child.wait().expect("ended");
}

#[test]
fn the_stand_in_for_npm_passes_words_through_unharmed() {
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
fn what_the_tools_do_can_be_written_down() {
    let mut answers = Answers::good();
    answers.tool(ToolName::Vitest).hang = true;
    let text = serde_json::to_string(&answers).expect("written");
    assert!(text.contains(r#""vitest":{"#), "{text}");
    assert_eq!(serde_json::from_str::<Answers>(&text).expect("read"), answers);
    assert!(serde_json::from_str::<Answers>(r#"{"tolls":{}}"#).is_err());
}
