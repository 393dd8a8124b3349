//! The databases that faults are put into: a fresh good one for each, whichever engine it runs on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

use super::postgres::{DATABASE, Native, Options, READER};

/// The database of a world as a fault reaches it. Dropping it ends it.
pub trait Base: Send + Sync {
    /// Runs statements as the superuser.
    ///
    /// # Errors
    /// What the server says against them.
    fn sql(&self, statements: &str) -> Result<()>;

    /// The connection string of a role.
    fn login(&self, role: &str) -> String;

    /// A replica's connection string; it ends with the value beside it.
    ///
    /// # Errors
    /// An engine that has none.
    fn standby(&self) -> Result<(String, Box<dyn Send>)>;

    /// Kills the server, for good.
    ///
    /// # Errors
    /// A server that others use, too.
    fn kill(&self) -> Result<()>;
}

/// What makes good databases.
pub trait Engine: Send + Sync {
    /// Its name on the command line: `native`, `embedded`.
    fn name(&self) -> &'static str;

    /// A good database, as young as if it had just been made. One of its `own` may be killed.
    ///
    /// # Errors
    /// A server that does not start.
    fn base(&self, own: bool) -> Result<Box<dyn Base>>;
}

/// Copies in one native cluster.
pub struct NativeEngine {
    cluster: Arc<Native>,
    next: AtomicU64,
}

impl NativeEngine {
    /// Starts the cluster.
    ///
    /// # Errors
    /// A missing PostgreSQL says what to install.
    pub fn start() -> Result<NativeEngine> {
        Ok(NativeEngine { cluster: Arc::new(Native::start(&Options::default())?), next: AtomicU64::new(0) })
    }
}

impl Engine for NativeEngine {
    fn name(&self) -> &'static str {
        "native"
    }

    fn base(&self, own: bool) -> Result<Box<dyn Base>> {
        if own {
            let cluster = Arc::new(Native::start(&Options::default())?);
            return Ok(Box::new(NativeBase { cluster, name: DATABASE.to_owned(), own: true }));
        }
        let name = format!("score_{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.cluster.copy(&name, "")?;
        Ok(Box::new(NativeBase { cluster: Arc::clone(&self.cluster), name, own: false }))
    }
}

struct NativeBase {
    cluster: Arc<Native>,
    name: String,
    own: bool,
}

impl Base for NativeBase {
    fn sql(&self, statements: &str) -> Result<()> {
        self.cluster.psql(&self.name, statements).map(|_| ())
    }

    fn login(&self, role: &str) -> String {
        self.cluster.login(role, &self.name)
    }

    fn standby(&self) -> Result<(String, Box<dyn Send>)> {
        let standby = self.cluster.standby()?;
        Ok((standby.login(READER, &self.name), Box::new(standby)))
    }

    fn kill(&self) -> Result<()> {
        anyhow::ensure!(self.own, "this server has other databases, too");
        self.cluster.kill()
    }
}

impl Drop for NativeBase {
    fn drop(&mut self) {
        if !self.own {
            let statement = format!("drop database if exists \"{}\" with (force)", self.name);
            // What cannot be dropped goes with the cluster.
            let _ = self.cluster.psql("template1", &statement);
        }
    }
}
