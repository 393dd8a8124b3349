//! What other users of the machine can see: argument lists; and what the programs
//! that are run are given.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::finder::Finder;
use super::planted::{Planted, random};
use crate::support::bench::{Bench, finish};

/// The secrets in the argument list of any process of this machine, as `ps` shows them.
fn in_argument_lists(finder: &Finder) -> BTreeSet<String> {
    let mut hits = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").expect("a /proc").flatten() {
        // A process that has just ended has no argument list any more.
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let found = finder.text(&line);
        hits.extend(found.into_iter().map(|hit| format!("{hit}: {}", String::from_utf8_lossy(&line))));
    }
    hits
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_leak_planted_in_an_argument_list_is_found() {
    let secret = random(32);
    let finder = Finder::new([("planted", secret.as_str())]);
    assert_eq!(in_argument_lists(&finder), BTreeSet::new());
    let child = Command::new("sh").args(["-c", "sleep 20; :", &format!("--token={secret}")]).spawn();
    let _child = Ended(child.expect("sh"));
    let began = Instant::now();
    while in_argument_lists(&finder).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(10), "it is not found");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn no_process_shows_a_secret_in_its_arguments() {
    let planted = Planted::new("");
    let finder = planted.finder();
    let mut command = planted.bench.command();
    command.args(["preflight", "--quiet"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = Ended(command.spawn().expect("the program runs"));
    let (began, mut looks) = (Instant::now(), 0);
    let status = loop {
        assert_eq!(in_argument_lists(&finder), BTreeSet::new());
        looks += 1;
        if let Some(status) = child.0.try_wait().expect("our child") {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not end");
    };
    assert!(looks > 3, "the run was over before it was looked at");
    assert_eq!(status.code(), Some(0));
}

/// Puts programs before the real ones that note what they are given: their arguments and their environment.
fn spies(planted: &mut Planted, notes: &Path) {
    let bin = planted.bench.path("spies");
    std::fs::create_dir_all(&bin).expect("the home is ours");
    std::fs::create_dir_all(notes).expect("a folder of the test's own");
    let path = planted.bench.vars["PATH"].clone();
    for name in ["fly", "npm", "npx", "git", "sh", "node"] {
        let folder = path.split(':').find(|folder| Path::new(folder).join(name).is_file());
        let Some(folder) = folder else { continue };
        let text = format!(
            "#!/bin/bash\nnote={notes}/{name}.$$\ncat /proc/$$/environ >$note.environ\ncat /proc/$$/cmdline >$note.cmdline\nexec {folder}/{name} \"$@\"\n",
            notes = notes.display()
        );
        write_program(&bin.join(name), &text);
    }
    planted.bench.set("PATH", format!("{}:{path}", bin.display()));
}

/// Written by another process, so that no child of ours holds the file open for writing when it is executed.
fn write_program(path: &Path, text: &str) {
    let script = "printf %s \"$2\" >\"$1\" && chmod 755 \"$1\"";
    let done = finish(Command::new("/bin/sh").args(["-c", script, "write"]).arg(path).arg(text));
    assert_eq!(done.code, 0, "{}", done.stderr);
}

/// The canaries that the programs of each name were given, by name of the program and file.
fn noted(notes: &Path, kind: &str, finder: &Finder) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(notes).expect("the notes").flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(kind).and_then(|rest| rest.split('.').next()) else { continue };
        let hits = finder.text(std::fs::read(entry.path()).expect("a note"));
        let hits = hits.iter().filter_map(|hit| hit.split(" (").next()).map(str::to_owned);
        all.entry(name.to_owned()).or_default().extend(hits);
    }
    all
}

#[test]
fn programs_get_no_secret_that_they_do_not_need() {
    let mut planted = Planted::new("");
    let notes = tempfile::tempdir().expect("a temporary folder");
    spies(&mut planted, notes.path());
    let finder = planted.finder();
    let health = ["--only", "chatwoot.health-script"];
    let others = ["--only", "quality", "--only", "environment", "--only", "schema", "--only", "agent-sdk"];
    for arguments in [&others[..], &health[..]] {
        let ran = planted.bench.preflight(&[&["--no-journal"], arguments].concat());
        assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stderr);
        let arguments_of = noted(notes.path(), ".cmdline", &finder);
        assert!(arguments_of.values().all(BTreeSet::is_empty), "{arguments_of:?}");
        let given = noted(notes.path(), ".environ", &finder);
        let pipeline: BTreeSet<String> =
            ["CHATWOOT_API_KEY", "CHATWOOT_WEBHOOK_SECRET", "the database's password", "FLY_API_TOKEN"]
                .map(str::to_owned)
                .into();
        let of_the_pipeline = |name: &str| -> Vec<&str> {
            let hits = given.get(name).unwrap_or_else(|| panic!("{name} was never run: {given:?}"));
            hits.intersection(&pipeline).map(String::as_str).collect()
        };
        if arguments == health {
            assert_eq!(of_the_pipeline("npm"), ["CHATWOOT_API_KEY"], "what its script needs");
            assert_eq!(of_the_pipeline("git"), [""; 0]);
        } else {
            assert_eq!(of_the_pipeline("fly"), ["FLY_API_TOKEN"]);
            for name in ["npm", "npx", "git"] {
                assert_eq!(of_the_pipeline(name), [""; 0], "{name}");
            }
        }
        for entry in std::fs::read_dir(notes.path()).expect("the notes").flatten() {
            std::fs::remove_file(entry.path()).expect("a note");
        }
    }
}

#[test]
fn the_health_script_gets_only_chatwoots_secrets() {
    let mut bench = Bench::new();
    bench.set("FLY_API_TOKEN", "fm2_0123456789abcdef0123456789");
    bench.edit_config(
        "[targets.elsewhere]\n",
        "[targets.sandbox.commands]\nhealth-script = [\"sh\", \"-c\", \"env; echo Chatwoot health check OK\"]\n\n[targets.elsewhere]\n",
    );
    let ran = bench.preflight(&["--only", "chatwoot.health-script"]);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let outcome = ran.outcome("chatwoot.health-script").to_string();
    assert!(outcome.contains("CHATWOOT_API_KEY="), "{outcome}");
    for name in ["DATABASE_URL=", "CHATWOOT_WEBHOOK_SECRET=", "FLY_API_TOKEN="] {
        assert!(!outcome.contains(name), "{name} in {outcome}");
    }
}
