//! The PostgreSQL inside this program: version 17.5, compiled ahead of time from WebAssembly, so that a rehearsal
//! needs nothing installed. It runs as a process of its own, this program with a hidden verb ([`serve`]), so that
//! it can be killed, ends with its owner and takes everything it wrote with it.
//!
//! It is one PostgreSQL backend without a postmaster. It serves one connection at a time and lets the next wait,
//! takes any password, offers no TLS and enforces no `statement_timeout` and no connection limit. A session acts as
//! the role that it logs in as, row level security included; but its `session_user` is the superuser, and what
//! `alter role` and `alter database` set is not applied. `alter system` is, in every session that follows.

#[cfg(feature = "embedded-postgres")]
pub mod serve;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::good::{self, DATABASE, OWNER};
use super::query;
use crate::rehearsal::postgres::process_guard::ProcessGuard;

/// It has nothing to say goodbye to: each connection's end leaves the data in order.
const SIGNALS: [&str; 2] = ["TERM", "KILL"];
const PATIENCE: Duration = Duration::from_secs(60);
const SUPERUSER: &str = "postgres";
/// The file in the server's directory that holds its port, once it listens.
const LISTENING: &str = "listening";
/// The verb of the server's process.
pub const VERB: &str = "serve-postgres";

/// A running embedded PostgreSQL. Dropping it ends the server and removes its directory.
#[derive(Debug)]
pub struct Embedded {
    guard: ProcessGuard,
    program: PathBuf,
    port: u16,
}

impl Embedded {
    /// Starts one with the good database in it. `program` is this program's binary.
    ///
    /// # Errors
    /// What the server logged when it does not start.
    pub async fn start(program: &Path) -> Result<Embedded> {
        let guard = ProcessGuard::as_we_are("pg", &SIGNALS)?;
        // Where it looks for its cache is fixed but for the home, and a home of its own is what its files go with.
        symlink(cache()?, guard.directory().join(".cache")).context("no link to the engine's cache")?;
        let mut server = Embedded { guard, program: program.to_owned(), port: 0 };
        server.port = server.launch()?;
        server.run("template1", &good::roles(password)).await?;
        server.run("template1", &format!("create database {DATABASE} owner {OWNER}")).await?;
        server.run(DATABASE, &good::seed()).await?;
        server.run("template1", &good::keep_a_template()).await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The connection string of a role.
    pub fn login(&self, role: &str, database: &str) -> String {
        super::dsn(self.port, role, &password(role), database)
    }

    /// Runs SQL as superuser, in one transaction, over a connection of its own.
    ///
    /// # Errors
    /// What the server says, and that it does not answer in time.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String> {
        query::run(&self.login(SUPERUSER, database), sql, PATIENCE).await
    }

    /// Stops the server. Its data and its port stay.
    ///
    /// # Errors
    /// A server that does not end.
    pub fn stop(&self) -> Result<()> {
        self.guard.end(&SIGNALS)
    }

    /// Starts a stopped server again, on the same port.
    ///
    /// # Errors
    /// What the server logged when it does not start.
    pub fn resume(&self) -> Result<()> {
        self.launch().map(|_| ())
    }

    /// The directory that holds everything the server writes, and that goes with it.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }

    /// Starts the server on its port, or on any where it has none yet, and waits until it listens.
    fn launch(&self) -> Result<u16> {
        let directory = self.guard.directory();
        let listening = directory.join(LISTENING);
        // What an earlier server left there is no answer of this one.
        let _ = fs::remove_file(&listening);
        let args = [VERB.to_owned(), directory.display().to_string(), self.port.to_string()];
        self.guard.start(&self.program, &args)?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(port) = fs::read_to_string(&listening) {
                let port = port.trim().parse().context("the embedded PostgreSQL names no port")?;
                return Ok(port);
            }
            ensure!(
                self.guard.alive()?,
                "the embedded PostgreSQL does not start: {}",
                self.guard.log().trim()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("the embedded PostgreSQL does not answer: {}", self.guard.log().trim())
    }
}

/// What every engine unpacks at its first start, 90 MB: shared by those of this process, and gone with it.
fn cache() -> Result<&'static Path> {
    static CACHE: OnceLock<Option<ProcessGuard>> = OnceLock::new();
    let kept = CACHE.get_or_init(|| ProcessGuard::as_we_are("pg-cache", &[]).ok());
    kept.as_ref().map(ProcessGuard::directory).context("no temporary folder for the embedded PostgreSQL")
}

/// Any would do; an operator's configuration has one.
fn password(role: &str) -> String {
    format!("{role}-embedded")
}
