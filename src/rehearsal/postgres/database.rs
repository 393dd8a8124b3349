//! The databases that faults are put into: a fresh good one for each. The native engine makes copies in one cluster;
//! of the embedded one, which serves one connection at a time, each has its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail, ensure};

use super::{DATABASE, Engine, Postgres, READER};

/// Where good databases come from.
pub struct DatabaseFactory {
    engine: Engine,
    /// The cluster that is copied in.
    cluster: Option<Arc<Postgres>>,
    next: AtomicU64,
}

impl DatabaseFactory {
    /// Starts what is shared.
    ///
    /// # Errors
    /// An engine that is not here, with what to install or how to build.
    pub async fn start(engine: Engine) -> Result<DatabaseFactory> {
        let cluster = match engine {
            Engine::Native => Some(Arc::new(Postgres::start(engine).await?)),
            Engine::Embedded => None,
        };
        Ok(DatabaseFactory { engine, cluster, next: AtomicU64::new(0) })
    }

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A good database, as young as if it had just been made. A server of its `own` may be killed.
    ///
    /// # Errors
    /// A server that does not start, or refuses.
    pub async fn create(&self, own: bool) -> Result<TestDatabase> {
        let (postgres, name) = match &self.cluster {
            Some(cluster) if !own => {
                let name = format!("rehearsal_{}", self.next.fetch_add(1, Ordering::Relaxed));
                cluster.copy(&name, "").await?;
                (Arc::clone(cluster), name)
            }
            _ => (Arc::new(Postgres::start(self.engine).await?), DATABASE.to_owned()),
        };
        Ok(TestDatabase { postgres, name })
    }
}

/// The database of a world, as a fault reaches it. Its server ends with the last that holds it.
pub struct TestDatabase {
    pub postgres: Arc<Postgres>,
    pub name: String,
}

impl TestDatabase {
    /// Runs statements as the superuser.
    ///
    /// # Errors
    /// What the server says against them.
    pub async fn sql(&self, statements: &str) -> Result<()> {
        self.postgres.run(&self.name, statements).await.map(|_| ())
    }

    /// The connection string of a role.
    pub fn login(&self, role: &str) -> String {
        self.postgres.login(role, &self.name)
    }

    /// A replica's connection string; the replica ends with the value beside it.
    ///
    /// # Errors
    /// An engine that has none.
    pub fn standby(&self) -> Result<(String, Box<dyn Send>)> {
        let Some(native) = self.postgres.native() else { bail!("this engine has no replicas") };
        let standby = native.standby()?;
        Ok((standby.login(READER, &self.name), Box::new(standby)))
    }

    /// Kills the server, for good.
    ///
    /// # Errors
    /// A server that others use, too.
    pub fn kill(&self) -> Result<()> {
        ensure!(self.name == DATABASE, "this server has other databases, too");
        match self.postgres.native() {
            Some(native) => native.kill(),
            None => self.postgres.stop(),
        }
    }

    /// Removes a copy, so that hundreds of them do not fill the disk.
    pub async fn remove(self) {
        if self.name != DATABASE {
            // What cannot be removed goes with the cluster.
            let _ = self.postgres.remove(&self.name).await;
        }
    }
}
