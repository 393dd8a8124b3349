use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::checklist::{Check, load};
use crate::context::Context;
use crate::input::interval::Interval;
use crate::outcome::Verdict;
use crate::redact::Redactor;
use crate::service::http::{Client, Proxies};
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;
use crate::settings::{Target, Vars};

/// A new checkout with everything committed, and a run that uses it.
struct Visited {
    directory: tempfile::TempDir,
    cx: Arc<Context>,
}

impl Visited {
    fn new() -> Visited {
        let directory = tempfile::tempdir().expect("a directory");
        let visited = Visited { cx: context(Some(directory.path().join("app"))), directory };
        std::fs::create_dir(visited.path("")).expect("a directory");
        visited.write("package.json", r#"{ "name": "app", "scripts": {} }"#);
        visited.write("notes.txt", "one\n");
        visited.git(&["init", "-q"]);
        visited.git(&["add", "-A"]);
        visited.git(&["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "first"]);
        visited
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("app").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("it can be written");
    }

    fn git(&self, args: &[&str]) {
        let status = std::process::Command::new("git").args(args).current_dir(self.path("")).status();
        assert!(status.expect("git is installed").success(), "{args:?}");
    }

    /// Runs a shell line as the check `quality.lint` would.
    async fn run(&self, line: &str) -> Finding {
        self.run_within(line, Duration::from_secs(30)).await.expect("it runs")
    }

    async fn run_within(&self, line: &str, deadline: Duration) -> Result<Finding, ProbeError> {
        let check = check("quality.lint");
        let attempt =
            Attempt { cx: &self.cx, id: &check.id, folder: check.folder.as_deref(), deadline, again: false };
        let argv = ["sh", "-c", line].map(str::to_owned);
        Ok(run(&attempt, &argv).await?.judge(Finding::default()))
    }

    async fn ask(&self, checkout: Checkout) -> Finding {
        let check = check("quality.unchanged");
        let attempt = Attempt {
            cx: &self.cx,
            id: &check.id,
            folder: check.folder.as_deref(),
            deadline: Duration::from_secs(30),
            again: false,
        };
        checkout.ask(&attempt).await.expect("the probe runs")
    }

    async fn unchanged(&self) -> Verdict {
        Verdict::of(&self.ask(Checkout::Unchanged).await.claims)
    }
}

fn check(id: &str) -> Arc<Check> {
    load().expect("the embedded checklist reads").get(id).expect("it has this check").clone()
}

fn context(app_dir: Option<PathBuf>) -> Arc<Context> {
    let settings = Settings {
        target: Target::default(),
        others: vec![],
        vars: Vars::default(),
        config: None,
        fingerprint_key: None,
        app_dir,
        ca_file: None,
        checks: None,
        selection: Default::default(),
        strict: false,
        timeout: Interval::seconds(60),
        watch: None,
        attest: Default::default(),
        runs_dir: None,
    };
    let roots = Roots::load(None).expect("the system's roots");
    let http = Client::new(&roots, Proxies::default(), MarkerSink::default()).expect("a client");
    Context::new(Arc::new(settings), Redactor::default(), roots, http).0
}

fn broken(finding: &Finding) -> Vec<&str> {
    finding.claims.iter().filter(|c| c.holds == Some(false)).map(|c| c.code.as_str()).collect()
}

#[tokio::test]
async fn a_command_that_only_reads_changes_nothing() {
    let visited = Visited::new();
    visited.write("notes.txt", "changed before\n");
    visited.write("new.txt", "new before\n");
    let finding = visited.run("git status; cat notes.txt; mkdir -p artifacts; date > artifacts/log").await;
    assert_eq!(finding.claims[0].holds, Some(true));
    assert_eq!(visited.unchanged().await, Verdict::Pass);
}

#[tokio::test]
async fn every_change_is_seen() {
    for line in [
        "echo two >> notes.txt",
        "rm notes.txt",
        "echo x > new.txt",
        "mkdir sub && echo x > sub/new.txt",
        "chmod +x notes.txt",
        "echo two >> dirty.txt",
        "rm dirty.txt",
        "git add dirty.txt",
        "ln -sf elsewhere notes.txt",
        "echo x > 'a \"b\" ö.txt'",
        "git -c user.name=t -c user.email=t@t commit -q --allow-empty -m second",
        "mkdir -p sub/artifacts && echo x > sub/artifacts/log",
    ] {
        let visited = Visited::new();
        visited.write("dirty.txt", "one\n");
        visited.run(line).await;
        assert_eq!(visited.unchanged().await, Verdict::Fail, "{line}");
    }
}

#[tokio::test]
async fn the_first_command_counts_and_not_only_the_last() {
    let visited = Visited::new();
    visited.run("echo two >> notes.txt").await;
    visited.run("true").await;
    assert_eq!(visited.unchanged().await, Verdict::Fail);
    visited.run("git checkout -q notes.txt").await;
    assert_eq!(visited.unchanged().await, Verdict::Pass);
}

#[tokio::test]
async fn without_a_command_the_result_is_undecided() {
    let visited = Visited::new();
    assert_eq!(visited.unchanged().await, Verdict::Inconclusive);
    let visited = Visited::new();
    let check = check("quality.lint");
    let attempt = Attempt {
        cx: &visited.cx,
        id: &check.id,
        folder: check.folder.as_deref(),
        deadline: Duration::from_secs(9),
        again: false,
    };
    let missing = run(&attempt, &["no-such-program".to_owned()]).await.err().expect("it is missing");
    assert!(missing.why.contains("no-such-program") && missing.hint.is_some());
    assert_eq!(visited.unchanged().await, Verdict::Inconclusive);
}

#[tokio::test]
async fn a_checkout_without_its_repository_does_not_pass() {
    let visited = Visited::new();
    visited.run("rm -rf .git").await;
    assert_ne!(visited.unchanged().await, Verdict::Pass);
}

#[tokio::test]
async fn the_way_a_command_ended_is_its_claim() {
    let visited = Visited::new();
    for (line, holds, found) in [
        ("exit 0", true, "0"),
        ("exit 1", false, "1"),
        ("exit 127", false, "127"),
        ("kill -9 $$", false, "none: ended by signal 9"),
    ] {
        let claim = visited.run(line).await.claims.remove(0);
        assert_eq!((claim.holds, claim.found.as_str()), (Some(holds), found), "{line}");
    }
    let late = visited.run_within("echo begun; sleep 60", Duration::from_secs(1)).await.expect("it runs");
    assert_eq!(late.claims[0].holds, Some(false));
    assert!(late.claims[0].found.contains("still running after"), "{}", late.claims[0].found);
    assert!(late.evidence.iter().any(|e| e.value == "begun"), "{:?}", late.evidence);
}

#[tokio::test]
async fn the_last_lines_are_evidence() {
    let visited = Visited::new();
    let finding = visited.run("seq 30; echo wrong >&2; exit 1").await;
    let output = finding.evidence.iter().find(|e| e.name == "output").expect("its output");
    assert_eq!(output.value.lines().count(), 20);
    assert!(output.value.contains("wrong") && output.value.contains("30") && !output.value.contains("\n5\n"));
    let silent = visited.run("true").await;
    assert!(silent.evidence.iter().any(|e| e.name == "output" && e.value == "none"));
}

#[tokio::test]
async fn commands_run_without_watch_mode_and_downloads() {
    let visited = Visited::new();
    let line = r#"[ "$CI$NO_COLOR$npm_config_yes" = true1false ] && [ -z "${FORCE_COLOR+x}" ] && [ ! -t 0 ]"#;
    assert_eq!(visited.run(line).await.claims[0].holds, Some(true));
}

#[tokio::test]
async fn a_checkout_has_a_package_that_git_tracks() {
    let visited = Visited::new();
    assert_eq!(Verdict::of(&visited.ask(Checkout::Present).await.claims), Verdict::Pass);
    for (package, expected) in [
        ("", vec!["package-json"]),
        ("[]", vec!["package-json"]),
        ("{}", vec!["package-json"]),
        (r#"{"name":""}"#, vec!["package-json"]),
        (r#"{"scripts":{}}"#, vec![]),
    ] {
        visited.write("package.json", package);
        assert_eq!(broken(&visited.ask(Checkout::Present).await), expected, "{package}");
    }
    std::fs::remove_file(visited.path("package.json")).expect("it was there");
    assert_eq!(broken(&visited.ask(Checkout::Present).await), ["package-json"]);
    let visited = Visited::new();
    visited.git(&["rm", "-q", "--cached", "package.json"]);
    assert_eq!(broken(&visited.ask(Checkout::Present).await), ["git"]);
    std::fs::remove_dir_all(visited.path(".git")).expect("it was there");
    assert_eq!(broken(&visited.ask(Checkout::Present).await), ["git"]);
    std::fs::remove_dir_all(visited.path("")).expect("it was there");
    assert_eq!(broken(&visited.ask(Checkout::Present).await), ["directory"]);
    std::fs::write(visited.directory.path().join("app"), "a file").expect("it can be written");
    assert_eq!(broken(&visited.ask(Checkout::Present).await), ["directory"]);
}

#[tokio::test]
async fn a_stand_in_is_recognised() {
    let visited = Visited::new();
    visited.run("true").await;
    assert!(!visited.cx.sandbox_mistaken());
    visited.write(MARKER, "");
    visited.ask(Checkout::Present).await;
    assert!(visited.cx.sandbox_mistaken());
    let visited = Visited::new();
    visited.write(MARKER, "");
    visited.run("true").await;
    assert!(visited.cx.sandbox_mistaken());
}

#[tokio::test]
async fn a_missing_checkout_is_undecided_with_a_fix() {
    let cx = context(None);
    let check = check("quality.checkout");
    let attempt = Attempt {
        cx: &cx,
        id: &check.id,
        folder: check.folder.as_deref(),
        deadline: Duration::from_secs(9),
        again: false,
    };
    for checkout in [Checkout::Present, Checkout::Unchanged] {
        let finding = checkout.ask(&attempt).await.expect("the probe runs");
        assert_eq!(Verdict::of(&finding.claims), Verdict::Inconclusive);
        assert!(finding.claims[0].fix.as_deref().is_some_and(|f| f.contains("--app-dir")));
    }
}

#[test]
fn a_program_ends_before_its_check() {
    for seconds in [1, 5, 30, 600] {
        let deadline = Duration::from_secs(seconds);
        assert!(
            crate::context::own_time(deadline) < deadline
                && crate::context::own_time(deadline) >= deadline.mul_f64(0.8)
        );
    }
}
