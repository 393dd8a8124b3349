//! The real program on streams that are closed, full or shared with a report.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use hotdash_ops::testing::input::format::Format;

/// A run with one check, which only reads the environment; `account` decides it.
fn run(account: &str, arguments: &[&str], arrange: impl FnOnce(&mut Command)) -> Output {
    let home = tempfile::tempdir().expect("a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotdash-ops"));
    command
        .env_clear()
        .envs([("HOME", home.path().as_os_str()), ("CHATWOOT_ACCOUNT_ID", account.as_ref())])
        .args(["preflight", "--no-journal", "--only", "environment.chatwoot-account-id"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    arrange(&mut command);
    command.spawn().expect("it starts").wait_with_output().expect("it ends")
}

/// The writing end of a pipe that no one reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_stdout_does_not_change_the_exit_code() {
    for format in Format::ALL {
        for (account, code) in [("1", 0), ("not a number", 1)] {
            let arguments = ["--quiet", "--format", format.name()];
            let ended = run(account, &arguments, |command| {
                command.stdout(unread());
            });
            let complaint = String::from_utf8_lossy(&ended.stderr);
            assert_eq!((ended.status.code(), &*complaint), (Some(code), ""), "{format}");
        }
    }
}

#[test]
fn a_closed_stderr_changes_nothing() {
    let ended = run("1", &["--format", "json"], |command| {
        command.stderr(unread());
    });
    assert_eq!(ended.status.code(), Some(0));
    let document: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!(document["tally"]["pass"], 1);
}

#[test]
fn a_pass_that_cannot_be_written_is_not_a_pass() {
    for format in Format::ALL {
        let full = || File::options().write(true).open("/dev/full").expect("a full device");
        let ended = run("1", &["--format", format.name()], |command| {
            command.stdout(full());
        });
        let complaint = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{format}: {complaint}");
        assert!(complaint.contains("cannot write to stdout"), "{format}: {complaint}");
    }
}
