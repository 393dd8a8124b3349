//! The installed PostgreSQL: a private cluster in a temporary directory, on loopback, with password authentication and
//! a good database to modify. It stops with its owner, even if the owner is killed (see
//! [`crate::rehearsal::postgres::process_guard`]).

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Programs;
use super::good::{self, DATABASE, OWNER};
use crate::rehearsal::http::port;
use crate::rehearsal::postgres::process_guard::ProcessGuard;

const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Fast shutdown, immediate shutdown, kill.
const SIGNALS: [&str; 3] = ["INT", "QUIT", "KILL"];

/// A certificate for the server, in PEM.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate followed by the intermediate ones.
    pub certificate: String,
    pub key: String,
    /// Reject connections without TLS, as hosted databases do.
    pub required: bool,
}

/// The settings of a cluster. Default: no TLS, the good database.
#[derive(Clone, Default)]
pub struct Options {
    pub tls: Option<Tls>,
    /// Lines for `postgresql.conf`, such as `max_connections = 5`.
    pub settings: Vec<String>,
    /// Whether the database [`DATABASE`] stays empty.
    pub empty: bool,
}

/// A running PostgreSQL cluster. Dropping it stops the server and removes its directory.
#[derive(Debug)]
pub struct Native {
    guard: ProcessGuard,
    programs: Programs,
    port: u16,
    secret: String,
}

impl Native {
    /// Starts a new cluster and waits until it is ready, about two seconds. The error says what to install if
    /// PostgreSQL is missing.
    pub fn start(options: &Options) -> Result<Native> {
        let programs = Programs::find()?;
        let guard = ProcessGuard::new("pg", &SIGNALS)?;
        let mut secret = [0; 8];
        getrandom::fill(&mut secret).context("cannot get random bytes for passwords")?;
        let mut server = Native { guard, programs, port: 0, secret: hex::encode(secret) };
        server.initialise(options)?;
        server.port = server.start_on_free_port()?;
        server.psql("template1", &good::roles(|role| server.password(role)))?;
        server.psql("template1", &format!("create database {DATABASE} owner {OWNER}"))?;
        if !options.empty {
            server.psql(DATABASE, &good::seed())?;
        }
        server.psql("template1", &good::keep_a_template())?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection string with any user, password and database, percent-encoded where needed, without TLS settings.
    pub fn dsn(&self, user: &str, password: &str, database: &str) -> String {
        super::dsn(self.port, user, password, database)
    }

    /// The password of one of this module's roles; random per cluster.
    pub fn password(&self, role: &str) -> String {
        format!("{role}-{}", self.secret)
    }

    /// The connection string of one of this module's roles.
    pub fn login(&self, role: &str, database: &str) -> String {
        self.dsn(role, &self.password(role), database)
    }

    /// Runs SQL as the superuser, statement by statement, and returns unaligned rows without headings. It stops at the
    /// first error and returns it.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let mut file = tempfile::tempfile().context("cannot create a temporary file")?;
        file.write_all(sql.as_bytes())?;
        file.seek(SeekFrom::Start(0))?;
        let output = self
            .guard
            .command(&self.programs.psql)
            .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-p", &self.port.to_string()])
            .args(["-d", database, "-h"])
            .arg(self.guard.directory())
            // This call blocks the whole thread, so a hanging server must not block it forever.
            .env("PGCONNECT_TIMEOUT", "30")
            .env("PGOPTIONS", "-c lock_timeout=60s")
            .stdin(Stdio::from(file))
            .output()
            .context("cannot run psql")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "psql: {}", said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Creates a copy of [`DATABASE`] as it was when new, with equally recent facts, and modifies it with `sql` (see
    /// [`super::variant`]).
    pub fn copy(&self, name: &str, sql: &str) -> Result<()> {
        self.psql("template1", &good::copy_template(name))?;
        self.psql(name, &format!("{}\n{sql}", good::YOUNG_AGAIN)).map(|_| ())
    }

    /// Starts a streaming replica of this cluster with the same roles and databases, read-only. Drop it before its
    /// primary.
    pub fn standby(&self) -> Result<Native> {
        let guard = ProcessGuard::new("pg", &SIGNALS)?;
        let data = guard.directory().join("data").display().to_string();
        let from = self.guard.directory().display().to_string();
        let port = self.port.to_string();
        let args = ["-h", &from, "-p", &port, "-U", "postgres", "-D", &data]
            .into_iter()
            .chain(["-R", "-X", "stream", "-c", "fast", "--no-sync"])
            .map(str::to_owned);
        guard.run(&self.programs.pg_basebackup, &args.collect::<Vec<_>>())?;
        let mut standby =
            Native { guard, programs: self.programs.clone(), port: 0, secret: self.secret.clone() };
        standby.port = standby.start_on_free_port()?;
        Ok(standby)
    }

    /// Stops the server (fast shutdown). Its data and its port are kept.
    pub fn stop(&self) -> Result<()> {
        self.guard.end(&SIGNALS)
    }

    /// Kills the server, as if its machine had failed.
    pub fn kill(&self) -> Result<()> {
        self.guard.end(&["KILL"])
    }

    /// Starts a stopped or killed server again, on the same port.
    pub fn resume(&self) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        // After a kill, orphaned backends hold the shared memory for a moment.
        while !self.launch(self.port)? {
            ensure!(Instant::now() < deadline, "postgres does not start again: {}", self.log());
        }
        Ok(())
    }

    /// Stops and starts the server.
    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        self.resume()
    }

    /// The server's log so far.
    pub fn log(&self) -> String {
        self.guard.log()
    }

    /// The directory of the cluster and its socket; it is removed with the server.
    pub fn directory(&self) -> &Path {
        self.guard.directory()
    }

    fn initialise(&self, options: &Options) -> Result<()> {
        let data = self.guard.directory().join("data").display().to_string();
        let args = ["-D", &data, "-U", "postgres", "-E", "UTF8", "--locale=C"]
            .into_iter()
            .chain(["--auth=trust", "--no-sync", "--no-instructions"])
            .map(str::to_owned);
        self.guard.run(&self.programs.initdb, &args.collect::<Vec<_>>())?;
        let mut settings = include_str!("postgresql.conf").to_owned();
        for line in &options.settings {
            settings.push_str(&format!("{line}\n"));
        }
        if let Some(tls) = &options.tls {
            // These are PostgreSQL's default names, so a replica finds its own copies.
            self.guard.write("data/server.crt", &tls.certificate)?;
            self.guard.write("data/server.key", &tls.key)?;
            settings.push_str("ssl = on\n");
        }
        let required = options.tls.as_ref().is_some_and(|tls| tls.required);
        let kind = if required { "hostssl" } else { "host" };
        // The socket is in a directory that only the server's account and root can access.
        let access = format!(
            "local all all trust\nlocal replication all trust\n{kind} all all 127.0.0.1/32 scram-sha-256\n"
        );
        self.guard.write("data/postgresql.conf", &settings)?;
        self.guard.write("data/pg_hba.conf", &access).map(|_| ())
    }

    fn start_on_free_port(&self) -> Result<u16> {
        for _ in 0..5 {
            let port = port::free()?;
            if self.launch(port)? {
                return Ok(port);
            }
        }
        bail!("postgres does not start: {}", self.log())
    }

    /// Starts the server and waits: true when it is ready, false if it exited.
    fn launch(&self, port: u16) -> Result<bool> {
        let directory = self.guard.directory();
        let args = [
            "-D".to_owned(),
            directory.join("data").display().to_string(),
            "-p".to_owned(),
            port.to_string(),
            "-k".to_owned(),
            directory.display().to_string(),
        ];
        // A killed server leaves its pid file behind, which contains `ready` until the next server overwrites it.
        let left = self.pid_file();
        self.guard.start(&self.programs.postgres, &args)?;
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
            let file = self.pid_file();
            if file.lines().next() != left.lines().next() && is_ready(&file, port) {
                return Ok(true);
            }
            if !self.guard.alive()? {
                return Ok(false);
            }
        }
        bail!("postgres does not answer: {}", self.log())
    }

    fn pid_file(&self) -> String {
        fs::read_to_string(self.guard.directory().join("data/postmaster.pid")).unwrap_or_default()
    }
}

/// The server writes `ready` into its pid file; waiting for that leaves no rejected logins in its log.
fn is_ready(pid_file: &str, port: u16) -> bool {
    let lines: Vec<&str> = pid_file.lines().map(str::trim).collect();
    lines.get(3) == Some(&port.to_string().as_str()) && matches!(lines.get(7), Some(&("ready" | "standby")))
}
