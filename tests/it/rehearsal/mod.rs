//! `rehearse` through the real binary: the tour, one fault, the list, parts of the score, and how they end. The whole
//! score is a separate test (`tests/score.rs`), because it needs the machine to itself.

mod database;
mod own_checks;
mod score;
mod signals;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::bench::{Bench, Ran, finish, program};

/// A home with its own folder for temporary files, so that the test can examine it.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        let home = tempfile::tempdir().expect("a home");
        let open = |path: &Path| {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("the folder is ours");
        };
        std::fs::create_dir(home.path().join("tmp")).expect("a folder");
        // The server's account must be able to access its folder in it.
        open(home.path());
        open(&home.path().join("tmp"));
        Home(home)
    }

    fn tmp(&self) -> std::path::PathBuf {
        self.0.path().join("tmp")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.0.path());
        command.env("TMPDIR", self.tmp()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        finish(&mut self.command(arguments))
    }

    /// The files left in the temporary folder, and the processes that were started with it and still run.
    fn left(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.tmp()).expect("the folder").flatten();
        let mut left: Vec<String> = files.map(|entry| entry.path().display().to_string()).collect();
        let mark = self.tmp().display().to_string();
        for process in std::fs::read_dir("/proc").expect("processes").flatten() {
            let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
            let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&mark);
            if has(&read("environ")) || has(&read("cmdline")) {
                left.push(String::from_utf8_lossy(&read("cmdline")).replace('\0', " "));
            }
        }
        left
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.stdout, ran.stderr))
}

#[test]
fn the_tour_succeeds_and_leaves_nothing_behind() {
    let home = Home::new();
    let ran = home.run(&["rehearse"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    for words in [
        "postgres: native",
        "$ hotdash-ops preflight",
        "$ hotdash-ops monitor",
        "$ hotdash-ops baseline",
        "$ hotdash-ops gate",
        "The tour took",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("(exit 0)").count(), 4, "{}", ran.stdout);
    assert_eq!(home.left(), Vec::<String>::new());
}

#[test]
fn list_shows_the_faults_and_explain_names_those_that_prove_a_check() {
    let home = Home::new();
    let list = json(&home.run(&["rehearse", "--list", "--format", "json"]));
    let faults = list["faults"].as_array().expect("faults");
    assert!(faults.len() > 150, "{}", faults.len());
    let wrong = faults.iter().find(|fault| fault["name"] == "token-wrong").expect("it is there");
    assert_eq!(wrong["turns"][0]["check"], "chatwoot.token");
    let good = list["good"].as_array().expect("good worlds");
    assert!(good.iter().any(|world| world["name"] == "token-valid-elsewhere"), "{good:?}");
    let table = home.run(&["rehearse", "--list"]);
    assert!(table.stdout.contains("Good worlds") && table.stdout.contains("lets chatwoot.token pass\n"));
    assert!(
        table.stdout.contains("token-wrong\n")
            && table.stdout.contains("makes chatwoot.token fail (claim: token)")
    );
    let explained = home.run(&["checks", "explain", "chatwoot.token"]);
    let line = "proven by    token-wrong: CHATWOOT_API_KEY is a token that Chatwoot does not know";
    assert!(explained.stdout.contains(line), "{}", explained.stdout);
    for names in ["  and by       token-reset, ", "  passes with  token-valid-elsewhere\n"] {
        assert!(explained.stdout.contains(names), "{names}: {}", explained.stdout);
    }
    let proofs = explained.stdout.lines().skip_while(|line| !line.starts_with("  and by"));
    let too_long: Vec<&str> =
        proofs.take_while(|line| !line.starts_with("  by hand")).filter(|line| line.len() > 80).collect();
    assert!(too_long.is_empty(), "{too_long:?}");
}

#[test]
fn an_unknown_fault_is_rejected_with_the_nearest_name() {
    let home = Home::new();
    for arguments in [
        &["rehearse", "--fault", "token-wrnog"][..],
        &["rehearse", "--score", "--only", "token-wrnog"],
        &["sandbox", "--fault", "token-wrnog", "--", "true"],
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("did you mean `token-wrong`?"), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn the_sandbox_accepts_one_fault() {
    let home = Home::new();
    let only = ["--", "hotdash-ops", "preflight", "--format", "json", "--only", "chatwoot.services"];
    let ran = home.run(&[&["sandbox", "--fault", "queue-failing"][..], &only].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(ran.outcome("chatwoot.services")["verdict"], "fail");
    // A fault in the variables reaches the command inside as well.
    let only = ["--", "hotdash-ops", "preflight", "--format", "json", "--only", "chatwoot.token"];
    let ran = home.run(&[&["sandbox", "--fault", "token-wrong"][..], &only].concat());
    assert_eq!(ran.outcome("chatwoot.token")["verdict"], "fail");
}

#[test]
fn the_rehearsals_variables_never_make_production_pass() {
    let home = Home::new();
    for inside in
        [&["preflight"][..], &["monitor", "--minutes", "0.1"], &["baseline"], &["gate", "--lookback"]]
    {
        let run = [&["sandbox", "--", "hotdash-ops"][..], inside, &["--target", "production"]].concat();
        let ran = home.run(&run);
        assert_eq!(ran.code, 2, "{inside:?}: {}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn stand_ins_stop_a_run_of_a_production_target() {
    let bench = Bench::new();
    bench.edit_config("[targets.sandbox]\n", "[targets.sandbox]\nproduction = true\n");
    let ran = bench.preflight(&["--only", "chatwoot.alive"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert_eq!(ran.report()["stopped"], "sandbox-mistaken");
}
