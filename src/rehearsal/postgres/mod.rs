//! A real PostgreSQL for the rehearsal, with a good database to spoil. There are two engines: [`Native`], the
//! one that is installed here, can stage everything; [`Embedded`] is inside the program, needs nothing, and
//! serves one connection at a time. [`Postgres`] is what they have in common. Either ends with its owner,
//! however the owner ends (see [`crate::rehearsal::postgres::process_guard`]).

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

/// Which PostgreSQL a rehearsal uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The one that is installed here.
    Native,
    /// The one inside this program, when it was built with the feature `embedded-postgres`.
    Embedded,
}

impl Engine {
    /// What is wanted; by default the native one where it is installed, else the embedded one.
    ///
    /// # Errors
    /// When neither is here: what to install, or how to build.
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
            _ => bail!("no engine is called `{word}`; there are: native, embedded"),
        }
    }
}

/// A running engine of either kind. Dropping it ends the server and removes its directory.
#[derive(Debug)]
pub enum Postgres {
    Native(Native),
    Embedded(Embedded),
}

impl Postgres {
    /// Starts an engine with the good database in it, in which the reader may also keep baselines.
    ///
    /// # Errors
    /// A part that is missing, with what to install or how to build.
    pub async fn start(engine: Engine) -> Result<Postgres> {
        let postgres = match engine {
            Engine::Native => Postgres::Native(Native::start(&Options::default())?),
            Engine::Embedded if !cfg!(feature = "embedded-postgres") => {
                bail!("{NOT_BUILT_IN} (`apt-get install postgresql`) and leave --postgres out")
            }
            Engine::Embedded => Postgres::Embedded(Embedded::start(&std::env::current_exe()?).await?),
        };
        postgres.run(DATABASE, good::KEEPS_BASELINES).await?;
        Ok(postgres)
    }

    /// Which kind it is.
    pub fn engine(&self) -> Engine {
        match self {
            Postgres::Native(_) => Engine::Native,
            Postgres::Embedded(_) => Engine::Embedded,
        }
    }

    /// The native engine, for what only that can stage: passwords, TLS, a standby, two sessions at a time.
    pub fn native(&self) -> Option<&Native> {
        match self {
            Postgres::Native(native) => Some(native),
            Postgres::Embedded(_) => None,
        }
    }

    /// The connection string of one of the roles named in this module. The embedded engine takes any password.
    pub fn login(&self, role: &str, database: &str) -> String {
        match self {
            Postgres::Native(native) => native.login(role, database),
            Postgres::Embedded(embedded) => embedded.login(role, database),
        }
    }

    /// Runs SQL as superuser and returns its rows as psql does unaligned and without headings. The embedded
    /// engine runs it in one transaction, so what must not be in one (`create database`) comes alone.
    ///
    /// # Errors
    /// The first error, after which nothing more is run.
    pub async fn run(&self, database: &str, sql: &str) -> Result<String> {
        match self {
            Postgres::Native(native) => native.psql(database, sql),
            Postgres::Embedded(embedded) => embedded.run(database, sql).await,
        }
    }

    /// Makes a database like [`DATABASE`] when it was new, its facts as young as then, and spoils it with `sql`
    /// (see [`variant`]).
    ///
    /// # Errors
    /// A name that is taken, and what the server says of `sql`.
    pub async fn copy(&self, name: &str, sql: &str) -> Result<()> {
        self.run("template1", &good::copy_template(name)).await?;
        self.run(name, &format!("{}\n{};\n{sql}", good::YOUNG_AGAIN, good::KEEPS_BASELINES)).await.map(|_| ())
    }

    /// Removes a copy, whoever is connected to it.
    ///
    /// # Errors
    /// What the server says.
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.run("template1", &format!("drop database if exists \"{name}\" with (force)")).await.map(|_| ())
    }

    /// Makes [`DATABASE`] good again, its facts as young as when it was new. Connections to it are lost.
    ///
    /// # Errors
    /// What the server says.
    pub async fn restore(&self) -> Result<()> {
        self.remove(DATABASE).await?;
        self.copy(DATABASE, "").await
    }

    /// The server's version as it names itself: `17.5`, `15.18`.
    ///
    /// # Errors
    /// A server that does not answer.
    pub async fn version(&self) -> Result<String> {
        let full = self.run("template1", "show server_version").await?;
        Ok(full.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// Stops the server. Its data and its port stay.
    ///
    /// # Errors
    /// A server that does not end.
    pub fn stop(&self) -> Result<()> {
        match self {
            Postgres::Native(native) => native.stop(),
            Postgres::Embedded(embedded) => embedded.stop(),
        }
    }

    /// Starts a stopped server again, on the same port.
    ///
    /// # Errors
    /// What the server logged when it does not start.
    pub fn resume(&self) -> Result<()> {
        match self {
            Postgres::Native(native) => native.resume(),
            Postgres::Embedded(embedded) => embedded.resume(),
        }
    }

    /// The directory that holds everything of the server and goes with it.
    pub fn directory(&self) -> &Path {
        match self {
            Postgres::Native(native) => native.directory(),
            Postgres::Embedded(embedded) => embedded.directory(),
        }
    }
}

/// A connection string to 127.0.0.1, percent-encoded where needed. It says nothing about TLS.
fn dsn(port: u16, user: &str, password: &str, database: &str) -> String {
    let encode =
        |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>().replace('+', "%20");
    format!("postgresql://{}:{}@127.0.0.1:{port}/{}", encode(user), encode(password), encode(database))
}
