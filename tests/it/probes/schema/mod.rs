//! The claims on the schema and on the connection, each holding and each broken, on a real server.

mod connection;
mod fixes;
mod indexes;
mod names;
mod rows;
mod tables;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hotdash_ops::testing::checklist::{Check, SectionFile};
use hotdash_ops::testing::context::{Attempt, Context};
use hotdash_ops::testing::input::interval::Interval;
use hotdash_ops::testing::input::selection::Selection;
use hotdash_ops::testing::outcome::Verdict;
use hotdash_ops::testing::outcome::finding::{Finding, ProbeError};
use hotdash_ops::testing::probe::Probe;
use hotdash_ops::testing::redact::Redactor;
use hotdash_ops::testing::rehearsal::postgres::READER;
use hotdash_ops::testing::service::http::{Client, Proxies};
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::tls::Roots;
use hotdash_ops::testing::settings::{Names, Settings, Target, Vars};

use crate::support::server;

/// A database, the role that reads it, and the names of its tables.
pub struct Reader {
    pub dsn: String,
    pub target: Target,
    pub ca_file: Option<PathBuf>,
}

impl Reader {
    /// At a connection string, for the target `sandbox`.
    pub fn at(dsn: String) -> Reader {
        let target = Target { name: "sandbox".to_owned(), ..Target::default() };
        Reader { dsn, target, ca_file: None }
    }

    /// A copy of the good database, changed by SQL, as the reader sees it.
    pub fn changed(name: &str, sql: &str) -> Reader {
        server().copy(name, sql).expect("a copy of the good database");
        Reader::at(server().login(READER, name))
    }

    /// As another role.
    pub fn by(mut self, role: &str, database: &str) -> Reader {
        self.dsn = server().login(role, database);
        self
    }

    pub fn names(mut self, change: impl FnOnce(&mut Names)) -> Reader {
        change(&mut self.target.names);
        self
    }

    pub fn settings(&self) -> Settings {
        Settings {
            target: self.target.clone(),
            others: Vec::new(),
            vars: Vars::new([("DATABASE_URL".to_owned(), self.dsn.clone())]),
            config: None,
            fingerprint_key: None,
            app_dir: None,
            ca_file: self.ca_file.clone(),
            checks: None,
            selection: Selection::default(),
            strict: false,
            timeout: Interval::seconds(60),
            watch: None,
            attest: Default::default(),
            runs_dir: None,
        }
    }

    pub fn context(&self) -> Arc<Context> {
        let roots = match &self.ca_file {
            Some(file) => Roots::only(file).expect("the roots are readable"),
            None => Roots::none(),
        };
        let http = Client::new(&roots, Proxies::default(), MarkerSink::default()).expect("a client");
        Context::new(Arc::new(self.settings()), Redactor::default(), roots, http).0
    }

    /// Runs one check of the schema's section.
    pub async fn ask(&self, id: &str) -> Answered {
        Answered::from_result(ask(&self.context(), &check(id), Duration::from_secs(8)).await)
    }

    /// Runs a probe of the database.
    pub async fn database(&self, claim: &str) -> Answered {
        Answered::from_result(ask(&self.context(), &database_check(claim), Duration::from_secs(8)).await)
    }
}

/// Runs a check once.
pub async fn ask(cx: &Arc<Context>, check: &Check, deadline: Duration) -> Result<Finding, ProbeError> {
    check
        .entry
        .probe
        .ask(&Attempt { cx, id: &check.id, folder: check.folder.as_deref(), deadline, again: false })
        .await
}

fn check_of(entry: hotdash_ops::testing::checklist::CheckEntry) -> Check {
    Check {
        id: format!("schema.{}", entry.id),
        entry,
        origin: String::new(),
        contact: None,
        runbook: None,
        replaces: None,
        waiver: None,
        folder: None,
    }
}

/// The checks of the section, as they are written.
pub fn section() -> Vec<Check> {
    let text = include_str!("../../../../checks/preflight/schema.toml");
    let file: SectionFile = toml::from_str(text).expect("the section reads");
    file.check.into_iter().map(check_of).collect()
}

pub fn check(id: &str) -> Check {
    section().into_iter().find(|c| c.entry.id == id).unwrap_or_else(|| panic!("no check {id}"))
}

pub fn database_check(claim: &str) -> Check {
    let probe: Probe = toml::from_str(&format!("database = \"{claim}\"")).expect("a probe");
    let mut check = check("facts-table");
    check.entry.probe = probe;
    check
}

/// A probe's finding, with its verdict.
#[derive(Debug)]
pub struct Answered {
    pub verdict: &'static str,
    pub finding: Finding,
    pub why: String,
}

impl Answered {
    pub fn from_result(answer: Result<Finding, ProbeError>) -> Answered {
        match answer {
            Ok(finding) => {
                Answered { verdict: Verdict::of(&finding.claims).name(), why: String::new(), finding }
            }
            Err(cannot) => Answered { verdict: "error", finding: Finding::default(), why: cannot.why },
        }
    }

    /// Everything that was found, and then the reasons, in one text.
    pub fn found(&self) -> String {
        let claims = &self.finding.claims;
        let found = claims.iter().map(|c| c.found.as_str());
        let reasons = claims.iter().filter_map(|c| c.sentence.as_deref());
        found.chain(reasons).collect::<Vec<_>>().join(" | ")
    }

    /// The fix that the engine would show.
    pub fn fix(&self) -> &str {
        let broken = self.finding.claims.iter().find(|c| match self.verdict {
            "fail" => c.holds == Some(false),
            _ => c.holds.is_none(),
        });
        let own = broken.and_then(|claim| claim.fix.as_deref());
        own.or(self.finding.fix.as_deref()).unwrap_or_default()
    }

    pub fn evidence(&self, name: &str) -> &str {
        self.finding.evidence.iter().find(|e| e.name == name).map_or("", |e| e.value.as_str())
    }

    #[track_caller]
    pub fn passes(&self) -> &Answered {
        assert_eq!(self.verdict, "pass", "{self:#?}");
        self
    }

    #[track_caller]
    pub fn is(&self, verdict: &str, found: &str) -> &Answered {
        assert_eq!(self.verdict, verdict, "{self:#?}");
        assert!(self.found().contains(found), "{found:?} is not in {self:#?}");
        self
    }

    #[track_caller]
    pub fn advises(&self, fix: &str) -> &Answered {
        assert!(self.fix().contains(fix), "{fix:?} is not in {:?}", self.fix());
        self
    }

    #[track_caller]
    pub fn warns(&self, text: &str) -> &Answered {
        assert!(self.finding.warnings.iter().any(|w| w.contains(text)), "{text:?} is not in {self:#?}");
        self
    }

    #[track_caller]
    pub fn is_silent(&self) -> &Answered {
        assert!(self.finding.warnings.is_empty(), "{self:#?}");
        self
    }
}
