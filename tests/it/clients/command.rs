//! Real programs: their ends, their output, what they leave behind.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hotdash_ops::testing::service::command::{Command, NotRun, Ran, Status, Stop, Stream, run};

fn sh(script: &str) -> Command {
    Command::new("sh", ["-c", script]).set("PATH", "/usr/bin:/bin")
}

async fn ran(command: &Command) -> Ran {
    super::sendable(run(command, &|_, _| {})).await.unwrap()
}

fn alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

async fn gone(pid: &str) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while alive(pid) {
        assert!(Instant::now() < deadline, "{pid} still lives");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn written(path: &Path) -> String {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(Instant::now() < deadline, "nothing in {}", path.display()),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn output_and_exit_code_are_returned() {
    let lines = Mutex::new(Vec::new());
    let note = |stream: Stream, line: &str| lines.lock().unwrap().push((stream, line.to_owned()));
    let command = sh(
        r#"printf 'one\ntwo \033[31mred\033[0m\r\n50%%\r100%%\nlast\0end'; sleep 0.1; printf 'oh\377\n' >&2; exit 7"#,
    );
    let ran = run(&command, &note).await.unwrap();
    assert_eq!(ran.status, Status::Exited(7));
    assert_eq!(ran.stdout.head, b"one\ntwo \x1b[31mred\x1b[0m\r\n50%\r100%\nlast\0end");
    assert_eq!(ran.stdout.last_lines(), "one\ntwo red\n100%\nlast␀end");
    assert_eq!(ran.stderr.text(), "oh\u{fffd}\n");
    assert!(!ran.stdout.truncated && ran.took >= Duration::from_millis(100));
    let lines = lines.into_inner().unwrap();
    assert!(lines.contains(&(Stream::Stdout, "two red".to_owned())), "{lines:?}");
    assert!(lines.contains(&(Stream::Stderr, "oh\u{fffd}".to_owned())), "{lines:?}");
    assert_eq!(lines.len(), 5);
}

#[tokio::test]
async fn arguments_pass_through_no_shell_and_stdin_is_empty() {
    let echo = Command::new("/bin/echo", ["$HOME; ls", "*"]);
    assert_eq!(ran(&echo).await.stdout.text(), "$HOME; ls *\n");
    assert_eq!(ran(&sh("cat; echo end")).await.stdout.text(), "end\n");
}

#[tokio::test]
async fn a_command_gets_only_the_given_environment() {
    let vars =
        [("KEEP", "1"), ("TOKEN", "secret"), ("PATH", "/usr/bin:/bin")].map(|(n, v)| (n.into(), v.into()));
    let command = Command::new("env", ["-0"]).inherit(vars, &["TOKEN"]).set("CI", "1").set("KEEP", "2");
    let text = ran(&command).await.stdout.text();
    let mut seen: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
    seen.sort_unstable();
    assert_eq!(seen, ["CI=1", "KEEP=2", "PATH=/usr/bin:/bin"]);
    assert!(!format!("{command:?}").contains("KEEP"));
}

#[tokio::test]
async fn long_output_is_bounded_and_long_lines_are_split() {
    let ran = ran(&sh(
        "seq 1 300000; head -c 10000 /dev/zero | tr '\\0' x; echo; yes ab | head -n 4000 | tr '\\n' ' '",
    ))
    .await;
    assert_eq!((ran.stdout.head.len(), ran.stdout.truncated), (1024 * 1024, true));
    assert_eq!(ran.stdout.bytes, 1_988_895 + 10_001 + 12_000);
    assert_eq!(ran.stdout.tail.len(), 40);
    // A piece in which a token could be cut in two is left out; text is cut between words.
    assert_eq!(ran.stdout.tail[34], "300000");
    assert!(ran.stdout.tail[35].contains("omitted"), "{}", ran.stdout.tail[35]);
    assert_eq!(ran.stdout.tail[36], "");
    let lengths: Vec<usize> = ran.stdout.tail.range(37..).map(String::len).collect();
    assert_eq!(lengths, [4095, 4095, 12_000 - 2 * 4095]);
}

#[tokio::test]
async fn a_signal_is_not_an_exit_code() {
    assert_eq!(ran(&sh("kill -9 $$")).await.status, Status::Signalled(9));
}

#[tokio::test]
async fn at_the_deadline_the_group_is_terminated_then_killed() {
    let mut polite = sh("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done");
    // Long enough for a shell to start on a busy machine.
    let deadline = Duration::from_secs(2);
    polite.deadline = deadline;
    let ended = ran(&polite).await;
    assert_eq!(ended.status, Status::TimedOut, "ending politely after the deadline is still too late");
    assert_eq!(ended.stdout.text(), "up\nbye\n");

    // A shell cannot trap a signal that it was started to ignore, as tests in the background of a script are.
    let script = "trap 'echo int; exit 0' INT; trap '' TERM; while :; do sleep 0.05; done";
    let mut interrupted = Command::new("env", ["--default-signal=INT", "sh", "-c", script]);
    interrupted = interrupted.set("PATH", "/usr/bin:/bin");
    (interrupted.deadline, interrupted.stop) = (deadline, Stop::Interrupt);
    assert_eq!(ran(&interrupted).await.stdout.text(), "int\n");

    let mut stubborn =
        sh("trap '' TERM; sh -c \"trap '' TERM; sleep 60; sleep 60\" & echo $!; wait; sleep 60");
    (stubborn.deadline, stubborn.grace) = (deadline, Duration::from_millis(300));
    let began = Instant::now();
    let ended = ran(&stubborn).await;
    assert_eq!(ended.status, Status::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    gone(&ended.stdout.text()).await;
}

#[tokio::test]
async fn a_leftover_process_that_holds_the_pipes_does_not_block() {
    let began = Instant::now();
    let ended = ran(&sh("sleep 60 & echo $!; exit 3")).await;
    assert_eq!(ended.status, Status::Exited(3));
    assert!(ended.took < Duration::from_secs(15), "the program's own time: {:?}", ended.took);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    gone(&ended.stdout.text()).await;

    let quick = Instant::now();
    let ended = ran(&sh("sleep 60 >/dev/null 2>&1 & echo $!")).await;
    assert!(quick.elapsed() < Duration::from_secs(30), "nothing holds the pipes");
    let pid: i32 = ended.stdout.text().trim().parse().unwrap();
    let own = rustix::process::Pid::from_raw(pid).unwrap();
    assert!(alive(&pid.to_string()), "what keeps no pipe open is left alone");
    rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_dropped_future_stops_the_group() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pids");
    let script = format!("sleep 60 & echo $$ $! > {}; wait", note.display());
    let mut command = sh(&script);
    command.deadline = Duration::from_secs(60);
    tokio::select! {
        _ = run(&command, &|_, _| {}) => panic!("it should still run"),
        _ = written(&note) => {}
    }
    for pid in written(&note).await.split_whitespace() {
        gone(pid).await;
    }
}

#[tokio::test]
async fn a_program_that_cannot_start_is_reported_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let fault = async |command: Command| run(&command, &|_, _| {}).await.unwrap_err();
    let none: [&str; 0] = [];

    let missing = Command::new("no-such-fly", none).set("PATH", "/usr/bin:/bin");
    assert_eq!(fault(missing).await, NotRun::NotFound { program: "no-such-fly".into() });
    let here = Command::new("tool", none).set("PATH", "").set("X", "1");
    file("tool", "#!/bin/sh\necho ran\n", 0o755);
    let mut here = here;
    here.cwd = Some(folder.path().to_owned());
    assert_eq!(fault(here.clone()).await, NotRun::NotFound { program: "tool".into() }, "PATH is not the cwd");
    here.program = "./tool".into();
    assert_eq!(ran(&here).await.stdout.text(), "ran\n");

    let text = file("text", "hello", 0o644);
    assert!(matches!(fault(Command::new(&text, none)).await, NotRun::NotExecutable { .. }));
    let orphan = file("orphan", "#!/no/such/interpreter\n", 0o755);
    assert!(matches!(fault(Command::new(&orphan, none)).await, NotRun::NotExecutable { .. }));

    for (cwd, why) in [(PathBuf::from("/no/such/place"), "no such directory"), (text, "not a directory")] {
        let mut command = sh("true");
        command.cwd = Some(cwd);
        let said = fault(command).await.to_string();
        assert!(said.contains(why), "{said}");
    }
}

#[tokio::test]
async fn a_command_runs_in_the_given_directory() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = sh("pwd");
    command.cwd = Some(folder.path().to_owned());
    let text = ran(&command).await.stdout.text();
    assert_eq!(Path::new(text.trim()).canonicalize().unwrap(), folder.path().canonicalize().unwrap());
}
