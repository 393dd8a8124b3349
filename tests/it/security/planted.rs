//! A world in which every variable holds a canary, and a run that is looked at
//! from all sides.

use std::collections::BTreeMap;
use std::process::Command;

use hotdash_ops::testing::rehearsal::postgres::READER;

use super::finder::Finder;
use crate::support::bench::{Bench, Ran};
use crate::support::server;

pub const FORMATS: [&str; 7] = ["table", "json", "jsonl", "junit", "prom", "markdown", "github"];

/// A bench whose secrets are canaries.
pub struct Planted {
    pub bench: Bench,
    /// By variable, or by where it stands: what must come out nowhere. Of a variable that is secret in part,
    /// that part.
    pub canaries: BTreeMap<String, String>,
}

/// Letters and digits that occur nowhere else.
pub fn random(length: usize) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes.iter().map(|b| char::from(DIGITS[usize::from(*b) % DIGITS.len()])).collect()
}

/// A value that looks different in every encoding. What is not random in it stands alone, so that no piece of
/// one value is a piece of another.
fn woven(specials: &[&str]) -> String {
    let woven: String = specials.iter().map(|special| format!("{}{special}", random(4))).collect();
    woven + &random(4)
}

/// One that is fit for a header.
fn graphic() -> String {
    woven(&["\"", "/", "+", "\\", "%2F", "&", "'", "="])
}

/// One with blanks and letters beyond ASCII.
fn wild() -> String {
    woven(&[" ", "\"", "/", "+", "\\", "é", "%2F", "&", "'", "鶴", "="])
}

impl Planted {
    /// A good world, changed by `sql`, in which every secret is a canary and the right one.
    pub fn new(sql: &str) -> Planted {
        let mut bench = Bench::with_sql(sql);
        let mut canaries = BTreeMap::new();
        let mut plant = |name: &str, value: String| {
            canaries.insert(name.to_owned(), value.clone());
            value
        };
        let token = plant("CHATWOOT_API_KEY", graphic());
        let secret = plant("CHATWOOT_WEBHOOK_SECRET", graphic());
        let pubsub = plant("a token in the profile", random(24));
        bench.world.chatwoot.update(|state| {
            let administrator = state.people.get_mut("administrator").expect("there is one");
            administrator.token.clone_from(&token);
            administrator.pubsub_token = pubsub;
            state.webhooks[0].secret.clone_from(&secret);
        });
        bench.world.app.update(|app| app.secret = Some(secret.clone()));
        bench.set("CHATWOOT_API_KEY", &token);
        bench.set("CHATWOOT_API_TOKEN", &token);
        bench.set("CHATWOOT_WEBHOOK_SECRET", &secret);
        let password = plant("the database's password", wild());
        let role = format!("canary_{}", bench.database);
        let create = format!(
            "create role \"{role}\" login password '{}' in role {READER};",
            password.replace('\'', "''")
        );
        server().psql("template1", &create).expect("a role of this world's own");
        bench.set("DATABASE_URL", server().dsn(&role, &password, &bench.database));
        let fly = plant("FLY_API_TOKEN", format!("fm2_{}", random(40)));
        bench.set("FLY_API_TOKEN", format!("FlyV1 {fly}"));
        for name in ["MY_SERVICE_TOKEN", "PGPASSWORD", "NPM_TOKEN"] {
            let value = plant(name, wild());
            bench.set(name, value);
        }
        bench.set("HOTDASH_OPS_RUNS_DIR", bench.path("runs").display().to_string());
        let planted = Planted { bench, canaries };
        // The secrets are this target's own; the verb that writes so must not write them.
        let marked = planted.bench.ops(&["env", "fingerprint"]);
        assert_eq!(marked.code, 0, "{}", marked.stderr);
        planted.must_not_show("env fingerprint", &marked);
        planted
    }

    /// A further canary, that a stand-in or a file will hold.
    pub fn plant(&mut self, name: &str) -> String {
        let value = random(32);
        self.canaries.insert(name.to_owned(), value.clone());
        value
    }

    pub fn finder(&self) -> Finder {
        Finder::new(self.canaries.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Fails when the run shows a canary.
    #[track_caller]
    pub fn must_not_show(&self, what: &str, ran: &Ran) {
        let finder = self.finder();
        for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            let leaks = finder.text(text);
            assert!(leaks.is_empty(), "{what}: {stream}: {leaks:?}\n{:#?}", finder.excerpts(text));
        }
    }

    /// Runs `preflight` with every kind of output: events on stdout, every format in a file, a journal. Fails
    /// when any of it, or the configuration, holds a canary.
    #[track_caller]
    pub fn ask(&mut self, arguments: &[&str]) -> Ran {
        let mut all =
            vec!["preflight".to_owned(), "-vv".to_owned(), "--format".to_owned(), "jsonl".to_owned()];
        for format in FORMATS {
            let path = self.bench.path(&format!("report.{format}"));
            all.extend(["--report".to_owned(), format!("{format}:{}", path.display())]);
        }
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let ran = self.bench.ops(&all);
        assert!(ran.stdout.contains("\"event\":\"ended\""), "{}", ran.stderr);
        self.must_not_show(&format!("preflight {}", arguments.join(" ")), &ran);
        self.must_not_write();
        ran
    }

    /// Fails when a file in the program's home (reports, journals) or the configuration holds a canary.
    #[track_caller]
    pub fn must_not_write(&self) {
        let home = self.bench.home.path();
        for name in FORMATS {
            assert!(home.join(format!("report.{name}")).is_file(), "no report as {name}");
        }
        let runs = std::fs::read_dir(home.join("runs")).expect("journals").flatten();
        for run in runs {
            for name in ["plan.json", "settings.json", "events.jsonl", "report.json"] {
                assert!(run.path().join(name).is_file(), "no {name} in the journal");
            }
        }
        let finder = self.finder();
        let mut leaks = finder.below(home);
        leaks.extend(finder.text(std::fs::read(self.bench.world.config_path()).expect("it is there")));
        assert!(leaks.is_empty(), "{leaks:#?}");
    }

    /// The report of the last run.
    pub fn report(&self) -> Ran {
        let path = self.bench.path("report.json");
        let stdout = std::fs::read_to_string(path).expect("the report is there");
        Ran { code: 0, stdout, stderr: String::new() }
    }

    /// The program with its variables, on a terminal of its own.
    pub fn on_a_terminal(&self, arguments: &str) -> Command {
        let mut command = Command::new("script");
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_hotdash-ops"));
        command.args(["-qec", &line, "/dev/null"]).env_clear().envs(&self.bench.vars);
        command.env("HOME", self.bench.home.path()).env("TERM", "xterm").current_dir(self.bench.home.path());
        command
    }
}

impl Drop for Planted {
    /// The role is the whole cluster's, and goes with what it may do in this database.
    fn drop(&mut self) {
        let role = format!("canary_{}", self.bench.database);
        let _ = server().psql("template1", &format!("drop role if exists \"{role}\""));
    }
}
