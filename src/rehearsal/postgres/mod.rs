//! A real PostgreSQL for the rehearsal, with a good database to modify. There are two engines: [`Native`], the
//! installed one, supports every fault; [`Embedded`] is part of this program, needs no installation, and serves one
//! connection at a time. [`Postgres`] is their common interface. Either stops with its owner, even if the owner is
//! killed (see [`process_guard`]).

use std::path::Path;
use std::str::FromStr;

use anyhow::{Result, bail};

pub mod database;
pub mod embedded;
pub mod given;
mod good;
mod native;
pub mod process_guard;
mod programs;
pub mod query;
pub mod variant;

pub use embedded::Embedded;
pub use good::{BERLIN, BYPASSING, DATABASE, OUTSIDER, OWNER, READER, SINGLE};
pub use native::{Native, Options, Tls};
pub use programs::Programs;

/// The PostgreSQL that a rehearsal uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The installed one.
    Native,
    /// The one inside this program, if it was built with the feature `embedded-postgres`.
    Embedded,
}

impl Engine {
    /// The engine asked for; by default the native one if it is installed, else the embedded one.
    ///
    /// # Errors
    /// If neither is available: what to install, or how to build.
    pub fn choose(wanted: Option<Engine>) -> Result<Engine> {
        match wanted {
            Some(engine) => Ok(engine),
            None => match Programs::find() {
                Ok(_) => Ok(Engine::Native),
                Err(_) if cfg!(feature = "embedded-postgres") => Ok(Engine::Embedded),
                Err(missing) => Err(missing.context(NOT_BUILT_IN)),
            },
        }
    }

    /// `native` or `embedded`.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Native => "native",
            Engine::Embedded => "embedded",
        }
    }
}

const NOT_BUILT_IN: &str =
    "this build has no embedded PostgreSQL: build with `--features embedded-postgres`, or install one";

impl FromStr for Engine {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> Result<Engine> {
        match word {
            "native" => Ok(Engine::Native),
            "embedded" => Ok(Engine::Embedded),
            _ => bail!("`{word}` is not an engine; use native or embedded"),
        }
    }
}

/// A running engine. Dropping it stops the server and removes its directory.
#[derive(Debug)]
pub enum Postgres {
    Native(Native),
    Embedded(Embedded),
}

impl Postgres {
    /// Starts an engine with the good database, in which the reader can also store baselines.
    ///
    /// # Errors
    /// A missing part, with what to install or how to build.
    pub async fn start(engine: Engine) -> Result<Postgres> {
        let postgres = match engine {
            Engine::Native => Postgres::Native(Native::start(&Options::default())?),
            Engine::Embedded if !cfg!(feature = "embedded-postgres") => {
                bail!("{NOT_BUILT_IN} (`apt-get install postgresql`) and omit --postgres")
            }
            Engine::Embedded => Postgres::Embedded(Embedded::start(&std::env::current_exe()?).await?),
        };
        postgres.run(DATABASE, good::KEEPS_BASELINES).await?;
        Ok(postgres)
    }

    /// The kind of engine.
    pub fn engine(&self) -> Engine {
        match self {
            Postgres::Native(_) => Engine::Native,
            Postgres::Embedded(_) => Engine::Embedded,
        }
    }

    /// The native engine, for what only it supports: passwords, TLS, a standby, concurrent sessions.
    pub fn native(&self) -> Option<&Native> {
        match self {
            Postgres::Native(native) => Some(native),
            Postgres::Embedded(_) => None,
        }
    }

    /// The connection string of one of this module's roles. The embedded engine accepts any password.
    pub fn login(&self, role: &str, database: &str) -> String {
        match self {
            Postgres::Native(native) => native.login(role, database),
            Postgres::Embedded(embedded) => embedded.login(role, database),
        }
    }

    /// Runs SQL as the superuser and returns the rows unaligned and without headings, as psql does. The embedded engine
    /// runs everything in one transaction, so statements that cannot be in one (`create database`) must be run alone.
    ///
    /// # Errors
    /// The first error; nothing after it is run.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String> {
        match self {
            Postgres::Native(native) => native.psql(database, sql),
            Postgres::Embedded(embedded) => embedded.run(database, sql).await,
        }
    }

    /// Creates a copy of [`DATABASE`] as it was when new, with equally recent facts, and modifies it with `sql` (see
    /// [`variant`]).
    ///
    /// # Errors
    /// A name that is taken, and an error in `sql`.
    pub async fn copy(&self, name: &str, sql: &str) -> Result<()> {
        self.run("template1", &good::copy_template(name)).await?;
        self.run(name, &format!("{}\n{};\n{sql}", good::YOUNG_AGAIN, good::KEEPS_BASELINES)).await.map(|_| ())
    }

    /// Removes a copy, even if it has connections.
    ///
    /// # Errors
    /// The server's error.
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.run("template1", &format!("drop database if exists \"{name}\" with (force)")).await.map(|_| ())
    }

    /// Restores [`DATABASE`] with recent facts. Connections to it are lost.
    ///
    /// # Errors
    /// The server's error.
    pub async fn restore(&self) -> Result<()> {
        self.remove(DATABASE).await?;
        self.copy(DATABASE, "").await
    }

    /// The server's version: `17.5`, `15.18`.
    ///
    /// # Errors
    /// A server that does not answer.
    pub async fn version(&self) -> Result<String> {
        let full = self.run("template1", "show server_version").await?;
        Ok(full.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// Stops the server; its data and its port are kept.
    ///
    /// # Errors
    /// A server that does not stop.
    pub fn stop(&self) -> Result<()> {
        match self {
            Postgres::Native(native) => native.stop(),
            Postgres::Embedded(embedded) => embedded.stop(),
        }
    }

    /// Starts a stopped server again, on the same port.
    ///
    /// # Errors
    /// The server's log if it does not start.
    pub fn resume(&self) -> Result<()> {
        match self {
            Postgres::Native(native) => native.resume(),
            Postgres::Embedded(embedded) => embedded.resume(),
        }
    }

    /// The directory with all of the server's files; it is removed with the server.
    pub fn directory(&self) -> &Path {
        match self {
            Postgres::Native(native) => native.directory(),
            Postgres::Embedded(embedded) => embedded.directory(),
        }
    }
}

/// A connection string to 127.0.0.1, percent-encoded where needed, without TLS settings.
fn dsn(port: u16, user: &str, password: &str, database: &str) -> String {
    let encode =
        |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>().replace('+', "%20");
    format!("postgresql://{}:{}@127.0.0.1:{port}/{}", encode(user), encode(password), encode(database))
}
