use std::path::PathBuf;

use super::*;
use crate::input::interval::Interval;
use crate::settings::{Target, Vars};

fn settings(target: Target) -> Settings {
    Settings {
        target,
        others: vec![],
        vars: Vars::default(),
        config: None,
        fingerprint_key: None,
        app_dir: Some(PathBuf::from("/srv/the app")),
        ca_file: None,
        checks: None,
        selection: Default::default(),
        strict: false,
        timeout: Interval::seconds(60),
        watch: None,
        attest: Default::default(),
        runs_dir: None,
    }
}

fn command(run: &[&str], tests_passed: Option<u64>) -> Command {
    let run = run.iter().map(|w| (*w).to_owned()).collect();
    Command { name: "webhook-tests".to_owned(), run, tests_passed, result: None, variables: Vec::new() }
}

#[test]
fn the_configuration_can_change_the_arguments_and_the_number_of_tests() {
    let command = command(&["npx", "vitest", "run"], Some(16));
    let mut target = Target::default();
    assert_eq!(command.argv(&settings(target.clone())), ["npx", "vitest", "run"]);
    assert_eq!(command.least(&settings(target.clone())), Some(16));
    target.commands.insert("webhook-tests".to_owned(), vec!["pnpm".to_owned(), "test".to_owned()]);
    target.thresholds.webhook_tests = Some(20);
    assert_eq!(command.argv(&settings(target.clone())), ["pnpm", "test"]);
    assert_eq!(command.least(&settings(target.clone())), Some(20));
    target.thresholds.webhook_tests = Some(0);
    assert_eq!(command.least(&settings(target)), Some(1));
}

#[test]
fn the_threshold_applies_only_to_tests() {
    let mut target = Target::default();
    target.thresholds.webhook_tests = Some(20);
    assert_eq!(command(&["npm", "run", "lint"], None).least(&settings(target)), None);
}

#[test]
fn it_is_explained_as_a_shell_command() {
    let asked = command(&["npx", "prettier", "--check", "."], None).explain(&settings(Target::default()));
    assert_eq!(asked.by_hand, ["cd '/srv/the app' && npx prettier --check ."]);
    let tests = command(&["npx", "vitest", "run"], Some(16)).explain(&settings(Target::default()));
    assert!(tests.by_hand[0].ends_with("npx vitest run --reporter=json --outputFile=report.json"));
    assert!(tests.expectations.iter().any(|e| e.contains("at least 16")));
}

#[test]
fn arguments_are_quoted_for_a_shell() {
    let line = |words: &[&str]| shell_line(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
    assert_eq!(line(&["a", "b c", "it's", "", "$HOME", "x=y/z"]), r"a 'b c' 'it'\''s' '' '$HOME' x=y/z");
}

#[test]
fn a_command_needs_a_program() {
    assert!(command(&["npm"], Some(1)).lint().is_empty());
    assert_eq!(command(&[], Some(0)).lint().len(), 2);
    assert_eq!(command(&[""], None).lint().len(), 1);
}

fn own(variables: &[&str]) -> Command {
    let variables = variables.iter().map(|name| (*name).to_owned()).collect();
    Command { result: Some(super::Form::Json), variables, ..command(&["bin/disk space", "-v"], None) }
}

#[test]
fn an_operators_own_command_is_explained_with_its_directory() {
    let asked = own(&[]).explain(&settings(Target::default()));
    assert_eq!(asked.by_hand, ["cd CHECKS && 'bin/disk space' -v"]);
    let settings = Settings { checks: Some("/etc/own checks".into()), ..settings(Target::default()) };
    assert_eq!(own(&[]).explain(&settings).by_hand, ["cd '/etc/own checks' && 'bin/disk space' -v"]);
    assert!(!own(&[]).runs_in_checkout() && command(&["npm"], None).runs_in_checkout());
}

#[test]
fn a_command_is_judged_in_one_way_and_lists_valid_variables() {
    let own = own(&["AGENT_SDK_URL", "DATABASE_URL"]);
    assert!(own.lint().is_empty());
    assert_eq!(Vec::from_iter(own.variables()), ["AGENT_SDK_URL", "DATABASE_URL"]);
    assert!(Command { tests_passed: Some(16), ..own.clone() }.lint()[0].contains("two ways"));
    assert!(Command { result: None, ..own.clone() }.lint()[0].contains("`variables` are for"));
    for name in ["", "agent_url", "A=B", "A-B"] {
        let named = Command { variables: vec![name.to_owned()], ..own.clone() };
        assert!(named.lint()[0].contains("not the name of a variable"), "{name}");
    }
}
