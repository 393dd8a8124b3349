//! `checks list`, `explain`, `lint`, `schema` through the real binary, and the
//! house rules of the embedded checklist.

use std::collections::BTreeSet;

use hotdash_ops::testing::checklist;
use hotdash_ops::testing::probe::Probe;
use serde_json::Value;

use crate::support::bench::{Ran, finish, program};

fn ops(arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().expect("a temporary home");
    finish(program(home.path()).args(arguments))
}

#[test]
fn every_variable_that_a_check_reads_is_the_subject_of_an_env_check() {
    let list = checklist::load().expect("the embedded checklist reads");
    // The tokens of fly are no part of the pipeline: a login on this machine does as well.
    let mut subjects = BTreeSet::from(["FLY_ACCESS_TOKEN".to_owned(), "FLY_API_TOKEN".to_owned()]);
    for check in list.checks() {
        if let Probe::Env(env) = &check.entry.probe {
            subjects.insert(env.var.clone());
            subjects.extend(env.aliases.iter().cloned());
        }
    }
    let unknown: Vec<String> = list.variables().difference(&subjects).cloned().collect();
    assert!(unknown.is_empty(), "no env check asks for {unknown:?}");
}

#[test]
fn the_embedded_files_are_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/checks");
    let mut on_disk = BTreeSet::new();
    for phase in std::fs::read_dir(folder).expect("checks/ is there").flatten() {
        let name = phase.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") {
            on_disk.insert(format!("checks/{name}"));
        }
        for file in std::fs::read_dir(phase.path()).into_iter().flatten().flatten() {
            let (phase, file) = (phase.file_name(), file.file_name());
            on_disk.insert(format!("checks/{}/{}", phase.to_string_lossy(), file.to_string_lossy()));
        }
    }
    let embedded: BTreeSet<String> =
        checklist::builtin::FILES.iter().map(|file| file.path.to_owned()).collect();
    assert_eq!(embedded, on_disk);
}

#[test]
fn list_names_every_check_in_both_formats() {
    let list = checklist::load().expect("the embedded checklist reads");
    let ids: Vec<String> = list.checks().map(|c| c.id.clone()).collect();
    let table = ops(&["checks", "list"]);
    assert_eq!(table.code, 0, "{}", table.stderr);
    for id in &ids {
        assert!(table.stdout.contains(id.as_str()), "{id} is not listed");
    }
    let json = ops(&["checks", "list", "--format", "json"]);
    let document: Value = serde_json::from_str(&json.stdout).expect("one json document");
    let listed: Vec<String> = document["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|c| c["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(listed, ids);
}

#[test]
fn explain_shows_how_to_run_every_check_by_hand() {
    let list = checklist::load().expect("the embedded checklist reads");
    for check in list.checks() {
        let ran = ops(&["checks", "explain", &check.id]);
        assert_eq!(ran.code, 0, "{}: {}", check.id, ran.stderr);
        for part in ["  checks ", "  expects ", "  fix ", "  by hand:\n", &check.origin] {
            assert!(ran.stdout.contains(part), "{} has no {part:?}:\n{}", check.id, ran.stdout);
        }
    }
}

#[test]
fn explain_shows_the_window_of_each_verb() {
    for (id, minutes) in [("traffic.success-rate", "15 minutes"), ("success.success-rate", "30 minutes")] {
        let ran = ops(&["checks", "explain", id]);
        assert!(ran.stdout.contains(minutes), "{id}: {}", ran.stdout);
    }
}

#[test]
fn explain_of_an_unknown_id_names_the_nearest() {
    let ran = ops(&["checks", "explain", "chatwoot.tokne"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.is_empty());
    assert!(ran.stderr.contains("`chatwoot.token`"), "{}", ran.stderr);
}

#[test]
fn lint_reports_every_problem_with_file_line_and_caret() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("extra.toml");
    let text = "title = \"Extra\"\nabuot = \"x\"\n\n[[check]]\nid = \"One\"\ntilte = \"a\"\ntitle = \"A Claim.\"\n\
                fix = \"do\"\nneeds = [\"chatwoot.tokne\"]\nprobe.htpp = { url = \"http://x\" }\n\n\
                [[check]]\nid = \"two\"\ntitle = \"a claim\"\nfix = \"do\"\nprobe.http = { url = \"http://x\", method = \"PUT\" }\n\n\
                [[check]]\nid = \"three\"\ntitle = \"A Claim.\"\nfix = \"\"\nneeds = [\"chatwoot.tokne\"]\nprobe.http = { url = \"ftp://x\" }\n";
    std::fs::write(&file, text).expect("the folder is ours");
    let ran = ops(&["checks", "lint", &file.display().to_string()]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    for (line, what) in [
        (2, "abuot"),
        (6, "tilte"),
        (10, "htpp"),
        (16, "PUT"),
        (18, "must be a claim in lower case"),
        (18, "`fix`"),
        (18, "did you mean `chatwoot.token`?"),
        (18, "ftp://x"),
    ] {
        let run_report =
            ran.stderr.lines().any(|l| l.contains(&format!("extra.toml:{line}:")) && l.contains(what));
        assert!(run_report, "line {line} {what:?} is not reported:\n{}", ran.stderr);
    }
    assert!(ran.stderr.contains("6 | tilte = \"a\"\n  | ^^^^^"), "no caret:\n{}", ran.stderr);
}

#[test]
fn lint_rejects_an_unknown_key_of_a_template_with_line_and_caret() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("extra.toml");
    let text = "title = \"Extra\"\nabout = \"x\"\n\n[[check]]\nid = \"one\"\ntitle = \"a claim\"\n\
                fix = \"fly logs -a ${target.fly_ap}\"\nprobe.http = { url = \"http://x\" }\n\n\
                [[check]]\nid = \"two\"\ntitle = \"a claim\"\nfix = \"echo ${HOME:-none}\"\n\
                probe.http = { url = \"https://${target.agent_hots}/\" }\n\n\
                [[check]]\nid = \"three\"\ntitle = \"a claim\"\nfix = \"fly logs -a ${target.fly_chatwoot_app}\"\n\
                probe.http = { url = \"https://${target.agent_host}/\" }\n";
    std::fs::write(&file, text).expect("the folder is ours");
    let ran = ops(&["checks", "lint", &file.display().to_string()]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    for (line, what) in [
        (7, "`${target.fly_ap}` is not a key of the target; did you mean `${target.fly_app}`?"),
        (13, "`${HOME:-none}` is neither a variable"),
        (14, "`${target.agent_hots}` is not a key of the target; did you mean `${target.agent_host}`?"),
    ] {
        let found =
            ran.stderr.lines().any(|l| l.contains(&format!("extra.toml:{line}:")) && l.contains(what));
        assert!(found, "no problem {what:?} in line {line}:\n{}", ran.stderr);
    }
    let caret = "7 | fix = \"fly logs -a ${target.fly_ap}\"\n  |       ^^^^^^^^";
    assert!(ran.stderr.contains(caret), "no caret:\n{}", ran.stderr);
    assert_eq!(ran.stderr.matches("extra.toml:").count(), 3, "{}", ran.stderr);
}

#[test]
fn lint_reports_what_it_read_and_rejects_an_empty_folder() {
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/checks/preflight");
    let ran = ops(&["checks", "lint", good]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "54 checks in 5 sections, no problems\n"),
        "{}",
        ran.stderr
    );
    let empty = tempfile::tempdir().expect("a temporary folder");
    let ran = ops(&["checks", "lint", &empty.path().display().to_string()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("no check file"), "{}", ran.stderr);
}

#[test]
fn the_schema_of_check_files_accepts_the_embedded_files_and_rejects_a_typo() {
    let ran = ops(&["checks", "schema"]);
    let schema: Value = serde_json::from_str(&ran.stdout).expect("the schema is one json document");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for file in checklist::builtin::FILES {
        let value: Value = toml::from_str(file.text).expect("an embedded file is TOML");
        let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.path);
        let mut typo = value.clone();
        typo["check"][0]["tilte"] = Value::from("x");
        assert!(!validator.is_valid(&typo), "{} with a typo is taken", file.path);
    }
}

#[test]
fn a_usage_error_does_not_repeat_a_secret() {
    let home = tempfile::tempdir().expect("a temporary home");
    for arguments in [
        vec!["preflight", "postgres://u:canary-password@h/d"],
        vec!["preflight", "--format", "postgres://u:canary-password@h/d"],
        vec!["preflight", "--timeout", "canary-of-the-environment"],
        vec!["preflight", "--only", "canary-of-the-environment"],
        vec!["checks", "explain", "canary-of-the-environment"],
        vec!["checks", "explain", "https://h/?token=canary-in-a-query"],
    ] {
        let mut command = program(home.path());
        let ran = finish(command.env("CHATWOOT_API_KEY", "canary-of-the-environment").args(&arguments));
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"), "{arguments:?}: {}", ran.stderr);
    }
}
