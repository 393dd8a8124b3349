//! What used to hang or leave something behind: a report that nobody reads, a terminal that closes.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::bench::{Bench, exit_code_within, make_pipe};

fn send(signal: &str, to: u32) {
    let status = Command::new("kill").args([signal, &to.to_string()]).status().expect("kill runs");
    assert!(status.success(), "{signal} {to}");
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_report_that_nobody_reads_can_be_interrupted() {
    let bench = Bench::new();
    let path = bench.path("unread");
    make_pipe(&path);
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
        assert_eq!(exit_code_within(child, Duration::from_secs(10)), Some(code), "{signals:?}");
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
    // Where the tests themselves run under `nohup`, the program would inherit the ignored SIGHUP.
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
    assert_eq!(exit_code_within(child, Duration::from_secs(10)), Some(143));
    until("the program of the check is gone", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
}
