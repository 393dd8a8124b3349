//! Every claim of every check holds in the good world and is broken once, through
//! the real binary. A claim that no case breaks fails the last test here: a check
//! that cannot fail proves nothing.

mod agent_sdk;
mod chatwoot;
mod environment;
mod quality;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::bench::{Bench, Ran, verdict};

/// One thing that is wrong in an otherwise good world, and the check that must detect it.
pub struct Case {
    /// What is wrong, in words.
    pub name: &'static str,
    /// The check that must tell.
    pub check: &'static str,
    /// The claim that must not hold, by its code, or words that make it; empty where nothing could be asked at all.
    pub claim: &'static str,
    /// `fail`, `inconclusive` or `error`; `warn` for a pass that carries a warning.
    pub verdict: &'static str,
    /// The code of a run of this check alone, with what it stands on.
    pub exit: i32,
    /// What the reason, the fix or a warning must say; empty for no matter what.
    pub says: &'static str,
    /// What the evidence must show; empty for no matter what.
    pub shows: &'static str,
    /// A further check or section that the same run asks, for a check that judges what others did.
    pub with: &'static str,
    /// A check that the run leaves out, so that what needs it is asked whatever it would say.
    pub without: &'static str,
    /// Statements that spoil the database, run as its superuser.
    pub sql: &'static str,
    /// Breaks the world or the variables.
    pub arrange: fn(&mut Bench),
}

impl Case {
    /// A case that fails with exit 1 and changes nothing yet.
    pub const fn new(name: &'static str, check: &'static str, claim: &'static str) -> Case {
        let (says, shows, with, without, sql) = ("", "", "", "", "");
        let (verdict, exit) = ("fail", 1);
        Case { name, check, claim, verdict, exit, says, shows, with, without, sql, arrange: |_| {} }
    }

    /// A case in which the check still passes: a world that looks unpleasant and is good.
    pub const fn good(name: &'static str, check: &'static str) -> Case {
        Case::new(name, check, "").verdict("pass", 0)
    }

    pub const fn verdict(mut self, verdict: &'static str, exit: i32) -> Case {
        (self.verdict, self.exit) = (verdict, exit);
        self
    }

    pub const fn says(mut self, text: &'static str) -> Case {
        self.says = text;
        self
    }

    pub const fn shows(mut self, text: &'static str) -> Case {
        self.shows = text;
        self
    }

    pub const fn with(mut self, selection: &'static str) -> Case {
        self.with = selection;
        self
    }

    pub const fn without(mut self, selection: &'static str) -> Case {
        self.without = selection;
        self
    }

    pub const fn sql(mut self, sql: &'static str) -> Case {
        self.sql = sql;
        self
    }

    pub const fn arrange(mut self, arrange: fn(&mut Bench)) -> Case {
        self.arrange = arrange;
        self
    }

    /// Plays the case. Gives what is wrong with how it was told, if anything, and the run.
    fn play(&self) -> (Vec<String>, Ran) {
        let mut bench = Bench::with_sql(self.sql);
        (self.arrange)(&mut bench);
        let mut arguments = vec!["--only", self.check, "--no-journal"];
        if !self.with.is_empty() {
            arguments.extend(["--only", self.with]);
        }
        if !self.without.is_empty() {
            arguments.extend(["--skip", self.without]);
        }
        let ran = bench.preflight(&arguments);
        let mut wrong = leaks(&bench, &ran);
        if ran.code != self.exit {
            wrong.push(format!("exit {} instead of {}", ran.code, self.exit));
        }
        if serde_json::from_str::<Value>(&ran.stdout).is_err() {
            wrong.push(format!("no report: {}", ran.stderr));
            return (wrong, ran);
        }
        let outcome = ran.outcome(self.check);
        let expected = if self.verdict == "warn" { "pass" } else { self.verdict };
        if verdict(&outcome) != expected {
            wrong.push(format!("{} instead of {expected}", verdict(&outcome)));
        }
        let warned = outcome["warnings"].as_array().is_some_and(|list| !list.is_empty());
        match self.verdict {
            "warn" if !warned => wrong.push("no warning".to_owned()),
            "pass" if warned => wrong.push(format!("a warning: {}", outcome["warnings"])),
            _ => {}
        }
        if !self.claim.is_empty() && !broken(&outcome).contains(&slug(self.claim)) {
            wrong.push(format!("the claim {:?} still holds: {}", self.claim, outcome["claims"]));
        }
        if !told(&outcome).contains(self.says) {
            wrong.push(format!("{:?} is not said: {}", self.says, told(&outcome)));
        }
        if !outcome["evidence"].to_string().contains(self.shows) {
            wrong.push(format!("{:?} is not shown: {}", self.shows, outcome["evidence"]));
        }
        if !wrong.is_empty() {
            wrong.push(format!("its problems: {}", ran.problems()));
        }
        (wrong, ran)
    }
}

/// What stood in a variable as a stranger's secret; it must come out nowhere.
const CANARY: &str = "hunter2";

/// The secrets of the run's variables that its output shows.
fn leaks(bench: &Bench, ran: &Ran) -> Vec<String> {
    let secret = ["CHATWOOT_API_KEY", "CHATWOOT_API_TOKEN", "CHATWOOT_WEBHOOK_SECRET", "DATABASE_URL"];
    let values = secret.iter().filter_map(|name| Some((*name, bench.vars.get(*name)?.trim())));
    values
        .filter(|(_, value)| value.len() >= 12)
        .chain([("a variable", CANARY)])
        .filter(|(_, value)| ran.stdout.contains(value) || ran.stderr.contains(value))
        .map(|(name, _)| format!("the value of {name} is shown"))
        .collect()
}

/// The claims of an outcome that do not hold.
fn broken(outcome: &Value) -> BTreeSet<String> {
    claims(outcome)
        .into_iter()
        .filter(|(_, holds)| *holds != Value::Bool(true))
        .map(|(code, _)| code)
        .collect()
}

fn claims(outcome: &Value) -> Vec<(String, Value)> {
    let claims = outcome["claims"].as_array().cloned().unwrap_or_default();
    claims.iter().map(|c| (c["code"].as_str().unwrap_or_default().to_owned(), c["holds"].clone())).collect()
}

/// `http status` as the code `http-status`.
fn slug(words: &str) -> String {
    hotdash_ops::outcome::finding::slug(words)
}

fn told(outcome: &Value) -> String {
    format!("{} | {} | {}", outcome["reason"], outcome["fix"], outcome["warnings"])
}

/// Plays cases, two at a time, and fails with everything that went wrong.
fn play(cases: &[Case]) -> BTreeMap<String, BTreeSet<String>> {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let turned: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let (complaints, ran) = case.play();
                    if !complaints.is_empty() {
                        let text = complaints.join("\n    ");
                        wrong
                            .lock()
                            .expect("no panic")
                            .push(format!("{} ({})\n    {text}", case.name, case.check));
                        continue;
                    }
                    let broken = broken(&ran.outcome(case.check));
                    turned.lock().expect("no panic").entry(case.check.to_owned()).or_default().extend(broken);
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    turned.into_inner().expect("no panic")
}

/// Plays a section's cases, and holds them against the claims of the good world: each must have been broken.
fn prove(section: &str, cases: &[Case]) {
    let turned = play(cases);
    let good = Bench::new().preflight(&["--only", section, "--no-journal"]);
    let mut unproven = Vec::new();
    for outcome in good.outcomes() {
        let id = outcome["id"].as_str().unwrap_or_default().to_owned();
        if !id.starts_with(&format!("{section}.")) {
            continue;
        }
        assert_eq!(verdict(&outcome), "pass", "{id} does not pass in the good world: {outcome:#}");
        let claims = claims(&outcome);
        assert!(!claims.is_empty(), "{id} passes without a claim");
        for (what, holds) in claims {
            assert_eq!(holds, Value::Bool(true), "{id}: {what}");
            if !turned.get(&id).is_some_and(|broken| broken.contains(&what)) {
                unproven.push(format!("{id}: {what}"));
            }
        }
    }
    assert!(unproven.is_empty(), "claims that no case breaks:\n{}", unproven.join("\n"));
}

#[test]
fn the_good_world_passes_everything() {
    let bench = Bench::new();
    let ran = bench.preflight(&[]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.problems(), ran.stderr);
    assert_eq!(ran.report()["partial"], Value::Null);
    let strict = bench.preflight(&["--strict"]);
    assert_eq!(strict.code, 0, "{}", strict.stdout);
}

#[test]
fn environment() {
    prove("environment", &environment::cases());
}

#[test]
fn chatwoot() {
    prove("chatwoot", &chatwoot::cases());
}

#[test]
fn agent_sdk() {
    prove("agent-sdk", &agent_sdk::cases());
}

#[test]
fn schema() {
    prove("schema", &schema::cases());
}

#[test]
fn quality() {
    prove("quality", &quality::cases());
}
