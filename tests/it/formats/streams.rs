//! The real program on streams that are closed, full or shared with a report.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use hotdash_ops::input::format::Format;

/// A run that asks one question of this process alone; `account` answers it.
fn run(account: &str, arguments: &[&str], arrange: impl FnOnce(&mut Command)) -> Output {
    let home = tempfile::tempdir().unwrap();
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
    command.spawn().unwrap().wait_with_output().unwrap()
}

/// The writing end of a pipe that no one reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_goes_away_changes_nothing_but_the_output() {
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
    let document: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(document["tally"]["pass"], 1);
}

#[test]
fn a_pass_that_could_not_be_told_is_not_one() {
    for format in Format::ALL {
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let ended = run("1", &["--format", format.name()], |command| {
            command.stdout(full());
        });
        let complaint = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{format}: {complaint}");
        assert!(complaint.contains("cannot write to stdout"), "{format}: {complaint}");
    }
}

#[test]
fn a_report_beside_the_format_and_a_bad_path_before_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a:b.xml");
    let ended = run("1", &["--format", "github", "--report", &format!("junit:{}", path.display())], |_| {});
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stdout).starts_with("pass environment.chatwoot-account-id "));
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .contains("<testcase name=\"environment.chatwoot-account-id\"")
    );

    let bad = format!("json:{}/gone/report", dir.path().display());
    let ended = run("1", &["--report", &bad], |_| {});
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(2), 0), "{complaint}");
    assert!(complaint.contains("create it first"), "{complaint}");
}
