//! How a rehearsal ends on a signal: with a fault injected, and during a score or a tour.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Home;
use crate::support::bench::{finish, program};

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a process");
    kill_process(pid, signal).expect("it runs");
}

/// Waits until the servers that are stopping in the background have exited.
fn nothing_left(home: &Home) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut left = home.left();
    while !left.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
        left = home.left();
    }
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn one_fault_keeps_running_for_practice() {
    let home = Home::new();
    let mut command = home.command(&["rehearse", "--fault", "queue-failing"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
    let mut variables = Vec::new();
    for line in lines.map_while(Result::ok) {
        if line == "# ready" {
            break;
        }
        let set = line.strip_prefix("export ").and_then(|rest| rest.split_once("='"));
        let (name, value) = set.unwrap_or_else(|| panic!("no variable: {line}"));
        variables.push((name.to_owned(), value.trim_end_matches('\'').to_owned()));
    }
    let mut practice = program(home.0.path());
    practice.envs(variables).args([
        "preflight",
        "--no-journal",
        "--format",
        "json",
        "--only",
        "chatwoot.services",
    ]);
    let ran = finish(&mut practice);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.outcome("chatwoot.services")["reason"].to_string().contains("failing"));
    signal(&child, Signal::INT);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for words in [
        "queue-failing: Chatwoot's Redis is gone",
        "it makes chatwoot.services fail (claim: queue-services)",
        "54 checks",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    nothing_left(&home);
}

#[test]
fn a_score_and_a_tour_leave_nothing_behind_after_a_signal() {
    for (arguments, after, how, code) in [
        (&["rehearse", "--score"][..], 6000, Signal::INT, 130),
        (&["rehearse", "--score", "--only", "chatwoot-*"], 6000, Signal::TERM, 143),
        // While the database is being created.
        (&["rehearse", "--score", "--only", "chatwoot-*"], 600, Signal::TERM, 143),
        (&["rehearse"], 600, Signal::INT, 130),
        (&["rehearse"], 6000, Signal::INT, 130),
    ] {
        let home = Home::new();
        let mut command = home.command(arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(after));
        assert!(child.try_wait().expect("it runs").is_none(), "{arguments:?} ended before the signal");
        signal(&child, how);
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        nothing_left(&home);
    }
}
