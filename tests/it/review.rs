//! Attempts to make the program lie, leak or hang, each of which once succeeded.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::bench::{Bench, finish};

/// Makes a named pipe that nobody reads and nobody writes.
fn pipe(path: &std::path::Path) {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(status.success());
}

fn send(signal: &str, to: u32) {
    let status = Command::new("kill").args([signal, &to.to_string()]).status().expect("kill runs");
    assert!(status.success(), "{signal} {to}");
}

/// The code with which a child ends within some seconds; one that does not is killed.
fn end(mut child: Child, within: Duration) -> Option<i32> {
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

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_part_of_status_cannot_say_that_all_is_well() {
    let bench = Bench::new();
    for choice in [["--only", "environment.chatwoot-base-url"], ["--skip", "chatwoot"]] {
        let ran = bench.ops(&["status", choice[0], choice[1]]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(!ran.stdout.contains("Chatwoot health check OK"), "{}", ran.stdout);
        assert!(ran.stderr.contains("remove --only and --skip"), "{}", ran.stderr);
    }
    let whole = bench.ops(&["status"]);
    assert_eq!(whole.code, 0, "{}", whole.stdout);
    assert_eq!(whole.stdout.lines().next(), Some("Chatwoot health check OK"));
}

#[test]
fn what_is_left_out_is_not_proved_by_what_it_stands_on() {
    let bench = Bench::new();
    let ran = bench.preflight(&["--only", "schema", "--skip", "schema.*"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    bench.edit_config("[targets.sandbox]\n", "[targets.sandbox]\ngrading = false\n");
    let ran = bench.preflight(&["--only", "schema.grades-*"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    let ran = bench.preflight(&["--only", "schema.grades-*", "--only", "schema.facts-table"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn a_good_answer_after_a_bad_one_in_the_same_body_is_no_answer() {
    let bench = Bench::new();
    let body = r#"{"version":"4.8.0","queue_services":"failing","queue_services":"ok","data_services":"ok"}"#;
    bench.control("chatwoot", json!({ "set": { "GET /api": { "status": 200, "body": body } } }));
    let ran = bench.preflight(&["--only", "chatwoot.services"]);
    assert_eq!((ran.code, ran.verdict("chatwoot.services").as_str()), (1, "fail"), "{}", ran.problems());
}

#[test]
fn stand_ins_do_not_answer_for_a_sandbox_that_is_production() {
    let bench = Bench::new();
    bench.edit_config("[targets.sandbox]\n", "[targets.sandbox]\nproduction = true\n");
    let ran = bench.preflight(&["--only", "chatwoot.alive"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert_eq!(ran.report()["stopped"], "sandbox-mistaken");
}

#[test]
fn a_pipe_in_place_of_the_package_does_not_stop_the_run() {
    let bench = Bench::new();
    let app = bench.path("app");
    std::fs::create_dir(&app).expect("a directory");
    pipe(&app.join("package.json"));
    let app = app.to_string_lossy().into_owned();
    let mut command = bench.command();
    command.args(["preflight", "--only", "quality.checkout", "--no-journal", "--app-dir", &app]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    assert_eq!(end(child, Duration::from_secs(20)), Some(1));
}

#[test]
fn a_report_that_nobody_reads_can_be_interrupted() {
    let bench = Bench::new();
    let path = bench.path("unread");
    pipe(&path);
    for (signals, code) in [(["-INT", "-INT"], 130), (["-TERM", "-INT"], 143)] {
        let mut command = bench.command();
        command.args(["preflight", "--only", "environment.chatwoot-base-url"]);
        command.arg("--report").arg(format!("json:{}", path.display()));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        // Long enough for the one check to be over: then it waits for a reader of the pipe.
        std::thread::sleep(Duration::from_secs(3));
        for signal in signals {
            send(signal, child.id());
            std::thread::sleep(Duration::from_millis(300));
        }
        assert_eq!(end(child, Duration::from_secs(10)), Some(code), "{signals:?}");
    }
}

#[test]
fn a_terminal_that_closes_leaves_no_program_behind() {
    let bench = Bench::new();
    let mark = bench.path("pid");
    let line = format!("echo $$ > {}; exec sleep 300", mark.display());
    bench.edit_config(
        "[targets.elsewhere]\n",
        &format!("[targets.sandbox.commands]\nlint = [\"sh\", \"-c\", \"{line}\"]\n\n[targets.elsewhere]\n"),
    );
    let program = bench.command();
    // Where the tests themselves run under `nohup`, the program would inherit its deafness to hang-ups.
    let mut command = std::process::Command::new("env");
    command.arg("--default-signal=HUP").arg(program.get_program());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["preflight", "--only", "quality.lint", "--no-journal"]).process_group(0);
    let child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let pid = || std::fs::read_to_string(&mark).ok().filter(|t| t.ends_with('\n'));
    until("the program of the check starts", || pid().is_some());
    let pid = pid().expect("just seen").trim().to_owned();
    send("-HUP", child.id());
    assert_eq!(end(child, Duration::from_secs(10)), Some(143));
    until("the program of the check is gone", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn the_health_script_sees_what_is_chatwoots_and_nothing_else() {
    let mut bench = Bench::new();
    bench.set("FLY_API_TOKEN", "fm2_0123456789abcdef0123456789");
    bench.edit_config(
        "[targets.elsewhere]\n",
        "[targets.sandbox.commands]\nhealth-script = [\"sh\", \"-c\", \"env; echo Chatwoot health check OK\"]\n\n[targets.elsewhere]\n",
    );
    let ran = bench.preflight(&["--only", "chatwoot.health-script"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let outcome = ran.outcome("chatwoot.health-script").to_string();
    assert!(outcome.contains("CHATWOOT_API_KEY="), "{outcome}");
    for name in ["DATABASE_URL=", "CHATWOOT_WEBHOOK_SECRET=", "FLY_API_TOKEN="] {
        assert!(!outcome.contains(name), "{name} in {outcome}");
    }
}

#[test]
fn a_script_that_is_not_there_does_not_pass() {
    let bench = Bench::new();
    let app = bench.path("app");
    std::fs::create_dir(&app).expect("a directory");
    std::fs::write(app.join("package.json"), r#"{ "name": "app", "scripts": {} }"#).expect("written");
    std::fs::write(app.join(".npmrc"), "if-present=true\n").expect("written");
    for args in [&["init", "-q"][..], &["add", "-A"]] {
        let ran = finish(Command::new("git").args(args).current_dir(&app));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let app = app.to_string_lossy().into_owned();
    let mut command = bench.command();
    // The real npm, not the sandbox's.
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let ran =
        finish(command.args(["preflight", "--format", "json", "--only", "quality.lint", "--app-dir", &app]));
    assert_eq!(ran.verdict("quality.lint"), "fail", "{}", ran.outcome("quality.lint"));
}
