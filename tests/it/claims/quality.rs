//! What can be wrong in the section, one thing at a time: the checkout, the commands in it, what they report,
//! and what they leave behind.

use std::fs;
use std::os::unix::fs::symlink;

use hotdash_ops::rehearsal::standins::checkout::{Answers, TestFile, Tool, ToolName, ToolOutput};

use super::Case;
use crate::support::bench::{Bench, verdict};

const CHECKOUT: &str = "quality.checkout";
const UNIT: &str = "quality.unit-tests";
const INTEGRATION: &str = "quality.integration-tests";
const WEBHOOK: &str = "quality.webhook-tests";
const LINT: &str = "quality.lint";
const FORMAT: &str = "quality.format";
const SCAN: &str = "quality.scan";
const UNCHANGED: &str = "quality.unchanged";

pub fn cases() -> Vec<Case> {
    let all = [checkouts(), commands(), webhook_tests(), changes()];
    all.into_iter().flatten().collect()
}

fn change(bench: &Bench, how: impl FnOnce(&mut Answers)) {
    bench.world.checkout.change(how).expect("the tools do so");
}

fn tool(bench: &Bench, name: ToolName, does: Tool) {
    change(bench, |answers| *answers.tool(name) = does);
}

fn red(bench: &Bench, name: ToolName) {
    tool(bench, name, Tool { red: true, ..Tool::default() });
}

/// A tool that writes this file before it does its work.
fn writes(bench: &Bench, name: ToolName, path: &str) {
    tool(bench, name, Tool { changes: Some(path.to_owned()), ..Tool::default() });
}

fn write(bench: &Bench, name: &str, text: &str) {
    fs::write(bench.world.checkout.path().join(name), text).expect("the checkout is ours");
}

fn remove(bench: &Bench, name: &str) {
    let path = bench.world.checkout.path().join(name);
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it was there");
}

/// Gives a check another argument list in the configuration.
fn command(bench: &Bench, name: &str, run: &str) {
    let line = format!("[targets.sandbox.commands]\n{name} = [{run}]\n\n[targets.elsewhere]\n");
    bench.edit_config("[targets.elsewhere]\n", &line);
}

fn checkouts() -> Vec<Case> {
    let no_repository = "clone the app's repository and give that directory with --app-dir";
    vec![
        Case::new("no checkout is named", CHECKOUT, "checkout")
            .verdict("inconclusive", 3)
            .says("--app-dir PATH, or `app_dir = \\\"PATH\\\"` in the configuration")
            .arrange(|b| b.drop_config("app_dir")),
        Case::new("no checkout is named, so no command is run", LINT, "checkout")
            .verdict("inconclusive", 3)
            .says("--app-dir PATH")
            .arrange(|b| b.drop_config("app_dir")),
        Case::new("the named directory is not there", CHECKOUT, "directory")
            .says("/nonexistent/app does not exist")
            .arrange(|b| b.set("HOTDASH_OPS_APP_DIR", "/nonexistent/app")),
        Case::new("a file is named instead of a directory", CHECKOUT, "directory")
            .says("is not a directory")
            .arrange(|b| {
                let file = b.world.config_path().display().to_string();
                b.set("HOTDASH_OPS_APP_DIR", file);
            }),
        Case::new("the directory is not there, so no command is run", LINT, "")
            .verdict("skipped", 1)
            .says("blocked by quality.checkout")
            .arrange(|b| b.set("HOTDASH_OPS_APP_DIR", "/nonexistent/app")),
        Case::new("there is no package.json", CHECKOUT, "package.json")
            .says("package.json does not exist")
            .arrange(|b| remove(b, "package.json")),
        Case::new("package.json is not JSON", CHECKOUT, "package.json")
            .says("package.json is not valid JSON")
            .arrange(|b| write(b, "package.json", "{ name: 'hotdash-app' }\n")),
        Case::new("package.json says nothing", CHECKOUT, "package.json")
            .says("package.json has neither a name nor scripts")
            .arrange(|b| write(b, "package.json", "{}\n")),
        Case::new("it is not a repository", CHECKOUT, "git")
            .says(no_repository)
            .arrange(|b| remove(b, ".git")),
        Case::new("the repository does not know the app", CHECKOUT, "git").says(no_repository).arrange(|b| {
            let app = b.world.checkout.path().join("vendor");
            fs::create_dir(&app).expect("the checkout is ours");
            fs::write(app.join("package.json"), "{\"name\":\"other\"}\n").expect("the checkout is ours");
            b.set("HOTDASH_OPS_APP_DIR", app.display().to_string());
        }),
        Case::new("git is not installed", CHECKOUT, "").verdict("error", 3).says("install git").arrange(
            |b| {
                let bin = b.path("bin");
                fs::create_dir(&bin).expect("an empty folder");
                b.set("PATH", bin.display().to_string());
            },
        ),
        Case::good("the checkout is reached by a link", CHECKOUT).arrange(|b| {
            let link = b.path("app link");
            symlink(b.world.checkout.path(), &link).expect("a link");
            b.set("HOTDASH_OPS_APP_DIR", link.display().to_string());
        }),
    ]
}

fn commands() -> Vec<Case> {
    const ENDED: &str = "exit code";
    let red_tests = |name, check| Case::new(name, check, ENDED).says("exit code: expected 0, found 1");
    vec![
        red_tests("a unit test fails", UNIT).shows("1 failed").arrange(|b| {
            change(b, |a| a.tests.get_mut("tests/unit/delays.spec.ts").expect("it is there").failed = 1);
        }),
        red_tests("a unit test's file does not load", UNIT).arrange(|b| {
            change(b, |a| a.tests.get_mut("tests/unit/retries.spec.ts").expect("it is there").broken = true);
        }),
        red_tests("there are no unit tests", UNIT)
            .arrange(|b| change(b, |a| a.tests.retain(|path, _| !path.starts_with("tests/unit/")))),
        red_tests("an integration test fails", INTEGRATION)
            .says("npm run test:integration")
            .arrange(|b| change(b, |a| a.webhook_tests().failed = 1)),
        red_tests("the linter finds fault", LINT).shows("✖ 1 problem").arrange(|b| red(b, ToolName::Eslint)),
        red_tests("a file is not formatted", FORMAT)
            .says("npm run fmt, and commit the changes")
            .arrange(|b| red(b, ToolName::Prettier)),
        red_tests("the scan finds a secret", SCAN)
            .shows("leaks found: 1")
            .arrange(|b| red(b, ToolName::Gitleaks)),
        Case::new("the tool is not installed in the checkout", LINT, ENDED)
            .says("exit code: expected 0, found 127")
            .arrange(|b| remove(b, "node_modules/.bin/eslint")),
        Case::new("the app has no such script", SCAN, ENDED)
            .shows("Missing script")
            .arrange(|b| write(b, "package.json", "{\"name\":\"hotdash-app\",\"scripts\":{}}\n")),
        Case::new("the configured program is not installed", LINT, "")
            .verdict("error", 3)
            .says(
                "install no-such-linter, or configure another argument list under [targets.sandbox.commands]",
            )
            .arrange(|b| command(b, "lint", "\"no-such-linter\"")),
        Case::new("the command is ended by a signal", SCAN, ENDED)
            .says("the command was ended by signal 9")
            .arrange(|b| command(b, "scan", "\"sh\", \"-c\", \"kill -9 $$\"")),
        Case::good("a configured command takes the place of the checklist's", LINT)
            .shows("nothing to see")
            .arrange(|b| {
                red(b, ToolName::Eslint);
                command(b, "lint", "\"echo\", \"nothing to see\"");
            }),
        Case::good("a command sees none of the pipeline's variables", UNIT).arrange(|b| {
            let script = "env | grep -E '^(CHATWOOT|AGENT_SDK|DATABASE_URL|FLY_)' && exit 1; exit 0";
            b.set("FLY_API_TOKEN", "FlyV1 fm2_hunter2hunter2");
            command(b, "unit-tests", &format!("\"sh\", \"-c\", {script:?}"));
        }),
        Case::good("a command prints very much", LINT)
            .shows("a line that nobody asked for")
            .arrange(|b| tool(b, ToolName::Eslint, Tool { noise: 50_000, ..Tool::default() })),
        Case::new("a command prints the token, and fails", LINT, ENDED).shows("***").arrange(|b| {
            let stdout = format!("using {}\n", b.vars["CHATWOOT_API_KEY"]);
            let says = Some(ToolOutput { stdout, stderr: String::new(), code: 1 });
            tool(b, ToolName::Eslint, Tool { says, ..Tool::default() });
        }),
    ]
}

fn webhook_tests() -> Vec<Case> {
    const PASSED: &str = "tests passed";
    fn results(bench: &Bench, results: TestFile) {
        change(bench, |answers| *answers.webhook_tests() = results);
    }
    fn passed(passed: u32) -> TestFile {
        TestFile { passed, ..TestFile::default() }
    }
    let open = |name, says| Case::new(name, WEBHOOK, "report").verdict("inconclusive", 3).says(says);
    vec![
        Case::new("fifteen tests passed", WEBHOOK, PASSED)
            .says("tests passed: expected at least 16, found 15")
            .arrange(|b| results(b, passed(15))),
        Case::good("sixteen tests passed", WEBHOOK).arrange(|b| results(b, passed(16))),
        Case::new("three of eighteen are skipped", WEBHOOK, PASSED)
            .says("tests passed: expected at least 16, found 15")
            .shows("3 skipped, 0 todo")
            .arrange(|b| results(b, TestFile { skipped: 3, ..passed(15) })),
        Case::new("all are still to be written", WEBHOOK, PASSED)
            .shows("0 skipped, 18 todo")
            .arrange(|b| results(b, TestFile { todo: 18, ..passed(0) })),
        Case::good("some are skipped, and sixteen passed", WEBHOOK)
            .shows("2 skipped, 1 todo")
            .arrange(|b| results(b, TestFile { skipped: 2, todo: 1, ..passed(16) })),
        Case::new("one of nineteen fails", WEBHOOK, "tests failed")
            .says("tests failed: expected 0, found 1")
            .shows("rehearsal failed case 1")
            .arrange(|b| results(b, TestFile { failed: 1, ..passed(18) })),
        Case::new("the file does not load", WEBHOOK, "success")
            .says("vitest reported a failed run")
            .arrange(|b| results(b, TestFile { broken: true, ..passed(18) })),
        Case::new("an error outside of every test", WEBHOOK, "exit code")
            .says("exit code: expected 0, found 1")
            .shows("unhandled error")
            .arrange(|b| change(b, |answers| answers.unhandled = true)),
        Case::new("there is no such file", WEBHOOK, PASSED)
            .arrange(|b| change(b, |answers| answers.tests.clear())),
        Case::new("the target wants twenty", WEBHOOK, PASSED).says("expected at least 20, found 18").arrange(
            |b| {
                let line = "[targets.sandbox.thresholds]\nwebhook_tests = 20\n\n[targets.elsewhere]\n";
                b.edit_config("[targets.elsewhere]\n", line);
            },
        ),
        open("a runner that writes no report", "the command wrote no report; check that it runs vitest")
            .arrange(|b| command(b, "webhook-tests", "\"true\"")),
        open("a runner that says it went well", "the command wrote no report").arrange(|b| {
            let says = Some(ToolOutput {
                stdout: "Tests 18 passed (18)\n".to_owned(),
                stderr: String::new(),
                code: 0,
            });
            tool(b, ToolName::Vitest, Tool { says, ..Tool::default() });
        }),
    ]
}

fn changes() -> Vec<Case> {
    const WHAT: &str = "checkout";
    vec![
        Case::new("a command changes a file", UNCHANGED, WHAT)
            .with(LINT)
            .says("changed: app/support.webhook.ts")
            .arrange(|b| writes(b, ToolName::Eslint, "app/support.webhook.ts")),
        Case::new("a command leaves a new file", UNCHANGED, WHAT)
            .with(SCAN)
            .says("changed: report.json")
            .arrange(|b| writes(b, ToolName::Gitleaks, "report.json")),
        Case::new("the first command changes a file that was changed already", UNCHANGED, WHAT)
            .with("quality")
            .says("changed: README.md")
            .arrange(|b| {
                write(b, "README.md", "changed by hand\n");
                writes(b, ToolName::Vitest, "README.md");
            }),
        Case::new("the formatter is asked to write", UNCHANGED, WHAT).with(FORMAT).arrange(|b| {
            red(b, ToolName::Prettier);
            command(b, "format", "\"npm\", \"run\", \"fmt\"");
        }),
        Case::good("a file is not formatted, and asking leaves it so", UNCHANGED)
            .with(FORMAT)
            .verdict("pass", 1)
            .arrange(|b| red(b, ToolName::Prettier)),
        Case::good("a command writes below artifacts/", UNCHANGED).with(LINT).arrange(|b| {
            fs::create_dir(b.world.checkout.path().join("artifacts")).expect("the checkout is ours");
            writes(b, ToolName::Eslint, "artifacts/lint.log");
        }),
        Case::good("the health script leaves its lines below artifacts/", UNCHANGED)
            .with("chatwoot.health-script")
            .shows("chatwoot.health-script"),
        Case::new("the health script changes a file", UNCHANGED, WHAT)
            .with("chatwoot.health-script")
            .arrange(|b| writes(b, ToolName::Health, "README.md")),
        Case::good("the checkout was dirty before", UNCHANGED)
            .with(LINT)
            .shows("2 changed or new paths")
            .arrange(|b| {
                write(b, "README.md", "changed by hand\n");
                write(b, "notes.txt", "new\n");
            }),
        Case::new("no command was run", UNCHANGED, WHAT)
            .verdict("inconclusive", 3)
            .says("no check of this run has run a command in the checkout")
            .arrange(|_| {}),
        Case::new("a command removes the repository", UNCHANGED, WHAT)
            .with(LINT)
            .verdict("inconclusive", 3)
            .arrange(|b| command(b, "lint", "\"rm\", \"-rf\", \".git\"")),
    ]
}

#[test]
fn without_a_checkout_the_operator_may_exclude_the_section() {
    let bench = Bench::new();
    bench.drop_config("app_dir");
    let ran = bench.preflight(&["--no-journal"]);
    assert_eq!(ran.code, 3, "{}", ran.problems());
    for outcome in ran.outcomes() {
        let of_the_checkout = outcome["id"].as_str().is_some_and(|id| id.starts_with("quality."));
        let expected = if of_the_checkout { "inconclusive" } else { "pass" };
        assert_eq!(verdict(&outcome), expected, "{outcome:#}");
    }
    let ran = bench.preflight(&["--no-journal", "--skip", "quality"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    assert_eq!(ran.outcome(LINT)["reason"], "excluded by --skip quality");
}
