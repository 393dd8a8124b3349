//! What the directory may hold, and everything that is wrong with it.

use std::process::Command;

use serde_json::Value;

use super::{DISK, GOOD, OwnChecks, waivers};
use crate::support::bench::{finish, program};

/// A check of a variable.
fn check(id: &str, more: &str) -> String {
    format!(
        "[[check]]\nid = \"{id}\"\ntitle = \"a claim\"\nfix = \"fix it\"\nprobe.env = {{ var = \"LANG\", form = \"token\" }}\n{more}\n"
    )
}

fn ids(own: &OwnChecks) -> Vec<String> {
    let ran = own.ops(&["checks", "list", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stderr));
    let checks = document["checks"].as_array().expect("checks").iter();
    checks.map(|check| check["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn new_sections_and_further_checks_have_their_place() {
    let own = OwnChecks::new()
        .file("preflight/hosts.toml", DISK)
        .file("preflight/quality.toml", &check("licences", ""))
        .file(
            "success/sales.toml",
            &format!("title = \"Sales\"\nabout = \"They sell.\"\n{}", check("sold", "")),
        )
        .file("success.toml", &check("on-call", ""))
        .file(
            "deploy/queues.toml",
            &format!("title = \"Queues\"\nabout = \"They move.\"\n{}", check("moving", "")),
        )
        .file("README.md", "notes")
        .file("bin/deep/er/still/script.py", "print()")
        .file(".git/some/thing.toml", "no = 1");
    let (with, without) = (ids(&own), {
        let ran = finish(program(&own.home()).args(["checks", "list", "--format", "json"]));
        let document: Value = serde_json::from_str(&ran.stdout).expect("one document");
        document["checks"].as_array().expect("checks").len()
    });
    assert_eq!(with.len(), without + 5);
    let at = |id: &str| with.iter().position(|known| known == id).unwrap_or_else(|| panic!("no {id}"));
    // At the end of its section, of its phase, and of the phase that is one file.
    assert_eq!(at("quality.licences") + 1, at("hosts.disk"));
    assert!(at("hosts.disk") > at("quality.lint") && at("hosts.disk") < at("traffic.success-rate"));
    assert!(
        at("queues.moving") > at("traffic.success-rate") && at("queues.moving") < at("baseline.recorded")
    );
    assert_eq!((at("success.on-call") + 1, at("sales.sold")), (at("sales.sold"), with.len() - 1));
    let lint = own.ops(&["checks", "lint"]);
    assert_eq!(lint.stdout, "5 checks added, 0 replaced, 0 waived, no problems\n");
}

#[test]
fn every_problem_is_reported_at_once_with_file_and_line() {
    let own = OwnChecks::new()
        .file(
            "preflight/schema.toml",
            &format!("title = \"Other\"\n\n{}", check("mine", "needs = [\"hosts.dsik\"]")),
        )
        .file("preflight/hosts.toml", &format!("{DISK}{}", check("disk", "")))
        .file("preflight/One Host.toml", &check("x", ""))
        .file("deploy/agent-sdk.toml", &check("x", ""))
        .file("after/handover.toml", &format!("title = \"H\"\nabout = \"h\"\n{}", check("x", "")))
        .file("after/baseline.toml", &check("mine", ""))
        .file("release/x.toml", &format!("title = \"X\"\nabout = \"x\"\n{}", check("x", "")))
        .file("mine.toml", &check("x", ""))
        .file("preflight/deep/x.toml", &check("x", ""))
        .file("preflight/deep/X.TOML", &check("x", ""))
        .file("preflight/Ours.TOML", &check("x", ""))
        .file("Waivers.Toml", &waivers(&[("hosts.disk", "2099-01-01")]))
        .file("preflight/empty.toml", "title = \"Empty\"\nabout = \"nothing\"\n")
        .file(
            "preflight/typo.toml",
            "[[check]]\nid = \"x\"\ntilte = \"a\"\n[[waive]]\nid = \"hosts.disk\"\nbecause = \"x\"\n",
        )
        .file("preflight/table.toml", "[check]\nid = \"x\"\n")
        .file("preflight/syntax.toml", "a = \n")
        .file(
            "preflight/quality.toml",
            "[[check]]\nid = \"looked\"\ntitle = \"a claim\"\nfix = \"look\"\nprobe.manual = { ask = \"is it well?\" }\n",
        )
        .file(
            "waivers.toml",
            &(waivers(&[("chatwoot.tokne", "2099-01-01"), ("schema.facts-index", "2099-01-01")])
                + &waivers(&[("schema.facts-index", "2099-01-02")])
                + "[[waive]]\nid = \"hosts.disk\"\nreason = \" \"\nowner = \"\"\nexpires = 2099-01-01\n"
                + "[[waive]]\nid = \"hosts.disk\"\nreason = \" \"\nowner = \"\"\nexpires = \"2099-01-01\"\n"),
        );
    let said = own.refused();
    for (place, what) in [
        ("preflight/schema.toml:1:", "the `title` of preflight/schema is \""),
        ("preflight/schema.toml:3:", "needs `hosts.dsik`, which does not exist; did you mean `hosts.disk`?"),
        ("preflight/hosts.toml:10:", "`hosts.disk` is already defined in ops/preflight/hosts.toml"),
        ("preflight/One Host.toml:1:", "`One Host` is not kebab-case"),
        ("preflight/One Host.toml:1:", "a new section needs the key `title`"),
        ("preflight/One Host.toml:1:", "a new section needs the key `about`"),
        (
            "deploy/agent-sdk.toml:1:",
            "`agent-sdk` is a section of preflight; move it to preflight/agent-sdk.toml",
        ),
        ("after/handover.toml:1:", "no verb would run a new section in the phase `after`"),
        ("after/baseline.toml:1:", "no verb would run `baseline.mine`"),
        (
            "release/x.toml:1:",
            "no verb would run a new section in the phase `release`; put new sections into one of the folders preflight, deploy, success",
        ),
        ("mine.toml:1:", "the phase `mine`"),
        ("preflight/deep/x.toml:", "is nested too deeply"),
        ("preflight/deep/X.TOML:", "is nested too deeply"),
        ("preflight/Ours.TOML:", "would be ignored; write its extension in lower case: .toml"),
        ("Waivers.Toml:", "would be ignored; write its extension in lower case: .toml"),
        ("preflight/empty.toml:1:", "contains neither [[check]] nor [[waive]]"),
        ("preflight/typo.toml:3:", "tilte"),
        ("preflight/typo.toml:6:", "because"),
        ("preflight/table.toml:1:", "write it as [[check]] tables"),
        ("preflight/syntax.toml:1:", ""),
        ("preflight/quality.toml:1:", "`quality.looked` could not be signed off"),
        ("waivers.toml:1:", "`chatwoot.tokne` is not a check; did you mean `chatwoot.token`?"),
        ("waivers.toml:11:", "`schema.facts-index` already has a waiver in ops/waivers.toml:6"),
        ("waivers.toml:20:", "write the day in quotes"),
        ("waivers.toml:21:", "`reason` must be one line"),
        ("waivers.toml:21:", "`owner` must be one line"),
    ] {
        let run_report =
            said.lines().any(|line| line.contains(&format!("ops/{place}")) && line.contains(what));
        assert!(run_report, "{place} {what:?} is not reported:\n{said}");
    }
}

#[test]
fn needs_are_resolved_across_files_and_circles_are_found() {
    let own = OwnChecks::new().file("preflight/hosts.toml", &format!("{DISK}needs = [\"chatwoot.token\"]\n"));
    assert!(ids(&own).contains(&"hosts.disk".to_owned()));
    let other =
        OwnChecks::new().file("preflight/hosts.toml", &format!("{DISK}needs = [\"traffic.average\"]\n"));
    let said = other.refused();
    let why = "`hosts.disk` in preflight needs `traffic.average` in deploy, which does not run with it";
    assert!(said.contains(&format!("ops/preflight/hosts.toml:5: {why}")), "{said}");
    // An embedded check now stands on one that stands on it.
    let url = "[[check]]\nid = \"chatwoot-base-url\"\ntitle = \"a claim\"\nfix = \"fix it\"\n\
               probe.env = { var = \"CHATWOOT_BASE_URL\", form = \"url\" }\nneeds = [\"hosts.disk\"]\n";
    let said = own.file("preflight/environment.toml", url).refused();
    assert!(said.contains("depends on itself through its needs"), "{said}");
    assert!(
        said.contains("ops/preflight/environment.toml:1:") || said.contains("ops/preflight/hosts.toml:5:"),
        "{said}"
    );
}

#[test]
fn a_missing_or_empty_directory_is_rejected() {
    let own = OwnChecks::new();
    assert!(own.refused().contains("ops: contains no check file (*.toml)"));
    let own = own.file("bin/disk", "not a check").file("README.md", "notes");
    assert!(own.refused().contains("ops: contains no check file (*.toml)"));
    std::fs::remove_dir_all(own.dir()).expect("it is ours");
    assert!(own.refused().contains("ops: cannot be read: No such file"));
    std::fs::write(own.dir(), DISK).expect("it is ours");
    assert!(own.refused().contains("ops: is not a directory"));
    let ran = finish(program(&own.home()).args(["preflight", "--checks", ""]));
    assert!(
        ran.code == 2 && ran.stderr.contains("a value is required for '--checks <DIR>'"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_file_name_in_upper_case_is_not_ignored() {
    let own = OwnChecks::running("exit 1").file("preflight/Ours.TOML", &check("x", ""));
    let said = own.refused();
    assert!(said.contains("ops/preflight/Ours.TOML: would be ignored"), "{said}");
}

#[test]
fn unreadable_files_are_reported_without_waiting() {
    let own = OwnChecks::new()
        .file("preflight/latin.toml", "")
        .file("preflight/endless.toml", &"#".repeat(2 << 20));
    std::fs::write(own.dir().join("preflight/latin.toml"), b"title = \"\xe9\"").expect("it is ours");
    let pipe = own.dir().join("preflight/pipe.toml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let preflight = own.dir().join("preflight");
    std::os::unix::fs::symlink("nowhere", preflight.join("lost.toml")).expect("a link");
    std::os::unix::fs::symlink(&preflight, preflight.join("circle")).expect("a link");
    let said = own.refused();
    for (file, why) in [
        ("latin", "is not UTF-8 text"),
        ("endless", "is larger than 1 MiB"),
        ("pipe", "is not a regular file"),
        ("lost", "cannot be read"),
    ] {
        assert!(said.contains(&format!("ops/preflight/{file}.toml: {why}")), "{file}: {said}");
    }
}

#[test]
fn only_the_flag_names_a_directory() {
    // Wherever one might be looked for, there is one, and all of them would fail.
    let own = OwnChecks::running("exit 1");
    for place in ["checks", ".hotdash-ops/checks", ".config/hotdash-ops/checks"] {
        let at = own.home().join(place).join("preflight");
        std::fs::create_dir_all(&at).expect("the home is ours");
        std::fs::write(at.join("hosts.toml"), DISK).expect("the home is ours");
    }
    let plain = |configure: &dyn Fn(&mut Command)| {
        let mut command = program(&own.home());
        configure(&mut command);
        finish(command.args(["checks", "list"]))
    };
    for inside in [own.home(), own.dir(), own.dir().join("preflight")] {
        let ran = plain(&|command| {
            command.current_dir(&inside);
        });
        assert!(ran.code == 0 && !ran.stdout.contains("hosts"), "{}: {}", inside.display(), ran.stdout);
    }
    let mut command = program(&own.home());
    command.env("HOTDASH_OPS_CHECKS", own.dir()).args(["preflight", "--only", "hosts"]);
    let ran = finish(&mut command);
    assert!(ran.code == 2 && ran.stderr.contains("--only hosts: matches no check"), "{}", ran.stderr);
    // A run of the existing checks reports that the variable has no effect.
    let mut command = program(&own.home());
    command.env("HOTDASH_OPS_CHECKS", own.dir()).args(["preflight", "--only", "environment.agent-sdk-url"]);
    let ran = finish(&mut command);
    assert!(ran.stdout.contains("HOTDASH_OPS_CHECKS is ignored"), "{}", ran.stdout);
    let config = own.home().join("config.toml");
    for text in ["checks = \"ops\"\n", "[targets.production]\nchecks = \"ops\"\n"] {
        std::fs::write(&config, text).expect("the home is ours");
        let ran = finish(program(&own.home()).args(["preflight", "--config", "config.toml"]));
        assert!(ran.code == 2 && ran.stderr.contains("config.toml:"), "{text}: {}", ran.stderr);
    }
}

#[test]
fn own_checks_count_for_partial_runs_and_can_be_selected() {
    let own = OwnChecks::running(&format!("echo '{GOOD}'"));
    let whole = own.ops(&["checks", "list", "--format", "json"]);
    let document: Value = serde_json::from_str(&whole.stdout).expect("one document");
    let checks = document["checks"].as_array().expect("checks");
    let preflight = checks.iter().filter(|check| check["phase"] == "preflight").count();
    for only in ["hosts", "hosts.disk", "hosts.*"] {
        let ran = own.ask(&[only]);
        assert_eq!((ran.code, ran.verdict("hosts.disk").as_str()), (0, "pass"), "{}", ran.stderr);
        assert_eq!(ran.report()["partial"], serde_json::json!({ "planned": 1, "of": preflight }));
    }
    let ran = own.ops(&["preflight", "--only", "hosts", "--skip", "hosts.disk"]);
    assert!(ran.code == 2 && ran.stderr.contains("leaves no check to run"), "{}", ran.stderr);
}

#[test]
fn an_own_section_runs_only_with_the_verb_of_its_phase() {
    let own = OwnChecks::new()
        .file("deploy/queues.toml", &DISK.replace("id = \"disk\"", "id = \"moving\""))
        .file("success/sales.toml", DISK)
        .script("bin/disk", "exit 1");
    // The plan of each verb, from its first event.
    for (verb, wanted, strange) in [
        ("monitor", "queues.moving", "sales.disk"),
        ("gate", "sales.disk", "queues.moving"),
        ("status", "chatwoot.alive", "queues.moving"),
    ] {
        let mut arguments = vec![verb, "--format", "jsonl", "--no-journal", "--quiet"];
        if verb != "status" {
            arguments.extend(["--lookback", "--minutes", "30"]);
        }
        let ran = own.ops(&arguments);
        let planned: Value = serde_json::from_str(ran.stdout.lines().next().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{verb}: {error}: {}", ran.stderr));
        let checks = planned["checks"].to_string();
        assert!(checks.contains(wanted) && !checks.contains(strange), "{verb}: {checks}");
        assert_eq!(planned["partial"], Value::Null, "{verb}");
    }
}
