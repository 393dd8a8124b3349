//! What is not the checklist's own is marked in every format, with its file and line;
//! and without a directory no format has a trace of it.

use hotdash_ops::testing::input::format::Format;

use super::{GOOD, OwnChecks, waivers};
use crate::formats::completeness;
use crate::formats::real::accept;
use crate::support::bench::{finish, program};

/// Two replacements, of which one passes and one fails under a waiver.
fn own() -> OwnChecks {
    let check = |id: &str| {
        format!(
            "[[check]]\nid = \"{id}\"\ntitle = \"our own claim\"\nfix = \"fix it\"\nprobe.command = {{ name = \"{id}\", run = [\"bin/{id}\"], result = \"json\" }}\n"
        )
    };
    OwnChecks::new()
        .file("preflight/environment.toml", &(check("agent-sdk-url") + &check("chatwoot-base-url")))
        .script("bin/agent-sdk-url", &format!("echo '{GOOD}'"))
        .script("bin/chatwoot-base-url", &format!("echo '{}'", GOOD.replace("true", "false")))
        .file("waivers.toml", &waivers(&[("environment.chatwoot-base-url", "2099-12-31")]))
}

const ONLY: [&str; 4] = ["--only", "environment.agent-sdk-url", "--only", "environment.chatwoot-base-url"];

#[test]
fn every_format_marks_what_is_replaced_and_waived() {
    let own = own();
    let list = hotdash_ops::testing::checklist::load().expect("the embedded checklist reads");
    let embedded = |id: &str| list.get(id).expect("there is one").origin.clone();
    for format in Format::ALL {
        let mut arguments = vec!["preflight", "--no-journal", "--format", format.name()];
        arguments.extend(ONLY);
        let ran = own.ops(&arguments);
        assert_eq!(ran.code, 0, "{format}: {}\n{}", ran.stdout, ran.stderr);
        for part in [
            "ops/preflight/environment.toml:1",
            "ops/preflight/environment.toml:6",
            &embedded("environment.agent-sdk-url"),
            &embedded("environment.chatwoot-base-url"),
            "ops/waivers.toml:1",
            "Ada",
            "2099-12-31",
            "it is being fixed",
        ] {
            let whole = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(whole.contains(part), "{format} has no {part}:\n{}", ran.stdout);
        }
        accept(format.name(), &ran.stdout);
        let mut ids = completeness::ids(format, &ran.stdout);
        ids.sort();
        assert_eq!(ids, ["environment.agent-sdk-url", "environment.chatwoot-base-url"], "{format}");
    }
}

#[test]
fn a_replacement_that_passes_is_marked_as_well() {
    let own = own();
    let only = ["--only", "environment.agent-sdk-url"];
    for format in Format::ALL {
        let mut arguments = vec!["preflight", "--no-journal", "--format", format.name()];
        arguments.extend(only);
        let ran = own.ops(&arguments);
        assert!(
            ran.code == 0 && ran.stdout.contains("ops/preflight/environment.toml:1"),
            "{format}: {}",
            ran.stdout
        );
        accept(format.name(), &ran.stdout);
    }
    let mut short = vec!["preflight", "--no-journal", "--problems"];
    short.extend(ONLY);
    let ran = own.ops(&short);
    assert!(ran.stdout.contains("ops/waivers.toml:1"), "{}", ran.stdout);
}

#[test]
fn without_own_checks_nothing_is_marked() {
    let own = own();
    for format in Format::ALL {
        let mut command = program(&own.home());
        let ran = finish(command.args(["preflight", "--no-journal", "--format", format.name()]).args(ONLY));
        for word in ["replace", "waive", "Ada", "own ", "ops/"] {
            let run_report =
                ran.stdout.contains(word) && !(word == "waive" && ran.stdout.contains("\"waiver\":"));
            let state = format == Format::Prom && word == "waive";
            assert!(!run_report || state, "{format} has {word:?}: {}", ran.stdout);
        }
        assert!(!ran.stdout.contains("check_waiver") && !ran.stdout.contains("check_replaced"), "{format}");
    }
}
