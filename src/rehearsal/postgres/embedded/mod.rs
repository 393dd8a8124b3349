//! The PostgreSQL inside this program: version 17.5, compiled ahead of time from WebAssembly, so that a rehearsal needs
//! no installation. It runs as a separate process, this program with a hidden verb (`serve`), so that it can be
//! killed, stops with its owner, and leaves no files behind.
//!
//! It is one PostgreSQL backend without a postmaster. It serves one connection at a time while the next one waits,
//! accepts any password, does not support TLS, and does not enforce `statement_timeout` or connection limits. A session
//! acts as the role that it logs in as, row level security included; but its `session_user` is the superuser, and
//! settings from `alter role` and `alter database` are not applied. Those from `alter system` apply to every later
//! session.

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

/// No graceful shutdown is needed: the data is consistent after each connection.
const SIGNALS: [&str; 2] = ["TERM", "KILL"];
const START_TIMEOUT: Duration = Duration::from_secs(60);
const SUPERUSER: &str = "postgres";
/// The file in the server's directory that contains its port once it listens.
const LISTENING: &str = "listening";
/// The verb of the server's process.
pub const VERB: &str = "serve-postgres";

/// A running embedded PostgreSQL. Dropping it stops the server and removes its directory.
#[derive(Debug)]
pub struct Embedded {
    guard: ProcessGuard,
    program: PathBuf,
    port: u16,
}

impl Embedded {
    /// Starts an engine with the good database. `program` is this program's binary.
    ///
    /// # Errors
    /// The server's log if it does not start.
    pub async fn start(program: &Path) -> Result<Embedded> {
        let guard = ProcessGuard::as_we_are("pg", &SIGNALS)?;
        // The engine's cache directory is always in the home, and a separate home means that its files are removed with
        // it.
        symlink(cache()?, guard.directory().join(".cache")).context("cannot link the engine's cache")?;
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

    /// Runs SQL as the superuser in one transaction over a new connection.
    ///
    /// # Errors
    /// The server's error, or a timeout.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String> {
        query::run(&self.login(SUPERUSER, database), sql, START_TIMEOUT).await
    }

    /// Stops the server; its data and its port are kept.
    ///
    /// # Errors
    /// A server that does not stop.
    pub fn stop(&self) -> Result<()> {
        self.guard.end(&SIGNALS)
    }

    /// Starts a stopped server again, on the same port.
    ///
    /// # Errors
    /// The server's log if it does not start.
    pub fn resume(&self) -> Result<()> {
        self.launch().map(|_| ())
    }

    /// The directory with all of the server's files; it is removed with the server.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }

    /// Starts the server on its port, or on any port the first time, and waits until it listens.
    fn launch(&self) -> Result<u16> {
        let directory = self.guard.directory();
        let listening = directory.join(LISTENING);
        // The file of an earlier server says nothing about this one.
        let _ = fs::remove_file(&listening);
        let args = [VERB.to_owned(), directory.display().to_string(), self.port.to_string()];
        self.guard.start(&self.program, &args)?;
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Ok(port) = fs::read_to_string(&listening) {
                let port = port.trim().parse().context("the embedded PostgreSQL wrote no valid port")?;
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

/// The files that every engine unpacks at its first start, 90 MB: shared by the engines of this process and removed
/// with it.
fn cache() -> Result<&'static Path> {
    static CACHE: OnceLock<Option<ProcessGuard>> = OnceLock::new();
    let kept = CACHE.get_or_init(|| ProcessGuard::as_we_are("pg-cache", &[]).ok());
    kept.as_ref()
        .map(ProcessGuard::directory)
        .context("cannot create a temporary folder for the embedded PostgreSQL")
}

/// Any password works; an operator's configuration has one.
fn password(role: &str) -> String {
    format!("{role}-embedded")
}
