//! checks/README.md shows check files; they must read.

const README: &str = include_str!("../../checks/README.md");

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
        if let Err(problems) = hotdash_ops::checklist::load_paths(&[path]) {
            panic!("example {at}:\n{problems}");
        }
    }
}

#[test]
fn every_kind_of_probe_has_an_example() {
    for kind in [
        "env", "belongs", "reach", "database", "fly", "http", "chatwoot", "schema", "command", "checkout",
        "traffic", "logs", "health", "manual", "baseline",
    ] {
        let shown = README.contains(&format!("probe.{kind}"));
        assert!(shown, "checks/README.md has no example of probe.{kind}");
    }
}
