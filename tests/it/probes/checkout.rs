//! The probe of the app's checkout, and the commands that run in it.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::bench::{Bench, exit_code_within, finish, make_pipe};

#[test]
fn a_pipe_in_place_of_package_json_does_not_block_the_run() {
    let bench = Bench::new();
    let app = bench.path("app");
    std::fs::create_dir(&app).expect("a directory");
    make_pipe(&app.join("package.json"));
    let app = app.to_string_lossy().into_owned();
    let mut command = bench.command();
    command.args(["preflight", "--only", "quality.checkout", "--no-journal", "--app-dir", &app]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    assert_eq!(exit_code_within(child, Duration::from_secs(20)), Some(1));
}

#[test]
fn a_missing_npm_script_does_not_pass() {
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
