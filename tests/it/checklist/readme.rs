//! checks/README.md shows check files; they must read. Those of a directory of one's own name their place in it.

use std::path::Path;

use hotdash_ops::testing::checklist::load_over;
use hotdash_ops::testing::probe::CheckResult;
use hotdash_ops::testing::redact::Redactor;

const README: &str = include_str!("../../../checks/README.md");

#[test]
fn every_example_in_the_readme_of_checks_is_a_check_file() {
    let examples: Vec<&str> = README
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a split has a first part"))
        .collect();
    assert!(examples.len() >= 2);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (at, example) in examples.iter().enumerate() {
        let path = folder.path().join(format!("example-{at}.toml"));
        std::fs::write(&path, example).expect("the folder is ours");
        if let Err(problems) = hotdash_ops::testing::checklist::load_paths(&[path]) {
            panic!("example {at}:\n{problems}");
        }
    }
}

#[test]
fn every_kind_of_probe_has_an_example() {
    for kind in [
        "env",
        "target-value",
        "reach",
        "database",
        "fly",
        "http",
        "chatwoot",
        "schema",
        "command",
        "checkout",
        "traffic",
        "logs",
        "health",
        "manual",
        "baseline",
    ] {
        let shown = README.contains(&format!("probe.{kind}"));
        assert!(shown, "checks/README.md has no example of probe.{kind}");
    }
}

/// The examples of a text that belong in a directory of one's own: the place in it, and the file.
fn own(text: &'static str) -> Vec<(&'static str, &'static str)> {
    text.split("```toml ")
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a split has a first part"))
        .map(|block| block.split_once('\n').expect("a heading and a file"))
        .collect()
}

#[test]
fn every_example_of_own_checks_reads_over_the_checklist() {
    for (text, count) in [(README, 2), (include_str!("../../../README.md"), 1)] {
        let examples = own(text);
        assert_eq!(examples.len(), count);
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (place, example) in &examples {
            let path = folder.path().join(place.trim_start_matches("ops/checks/"));
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("the folder is ours");
            std::fs::write(path, example).expect("the folder is ours");
        }
        let list = load_over(folder.path(), "2026-01-01".parse().expect("a day"))
            .unwrap_or_else(|why| panic!("{why}"));
        assert!(list.get("hosts.disk").is_some_and(|check| check.folder.is_some()));
        assert_eq!(list.checks().filter(|check| check.waiver.as_ref().is_some_and(|w| w.valid)).count(), 1);
    }
}

#[test]
fn the_result_in_the_readme_is_valid() {
    let result =
        README.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    CheckResult::read(result.as_bytes(), &Redactor::default()).expect("it reads");
}
