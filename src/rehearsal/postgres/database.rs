//! The databases that faults are injected into: a fresh good one for each. With the native engine they are copies in
//! one cluster; the embedded engine serves one connection at a time, so there each database has its own engine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail, ensure};

use super::{DATABASE, Engine, Native, Options, Postgres, READER, Tls};
use crate::rehearsal::http::tls::{Authority, CertificateSpec};

/// Creates good databases.
pub struct DatabaseFactory {
    engine: Engine,
    /// The cluster that holds the copies.
    cluster: Option<Arc<Postgres>>,
    next: AtomicU64,
    encrypted: Arc<Mutex<Option<Arc<EncryptedServer>>>>,
}

impl DatabaseFactory {
    /// Starts the shared cluster, if the engine has one.
    ///
    /// # Errors
    /// An engine that is not available, with what to install or how to build.
    pub async fn start(engine: Engine) -> Result<DatabaseFactory> {
        let cluster = match engine {
            Engine::Native => Some(Arc::new(Postgres::start(engine).await?)),
            Engine::Embedded => None,
        };
        Ok(DatabaseFactory { engine, cluster, next: AtomicU64::new(0), encrypted: Arc::default() })
    }

    /// The engine of the databases.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Creates a good database whose facts are as recent as in a new one. With `own` it has its own server, which can
    /// be killed.
    ///
    /// # Errors
    /// A server that does not start, or an error of the server.
    pub async fn create(&self, own: bool) -> Result<TestDatabase> {
        let (postgres, name) = match &self.cluster {
            Some(cluster) if !own => {
                let name = format!("rehearsal_{}", self.next.fetch_add(1, Ordering::Relaxed));
                cluster.copy(&name, "").await?;
                (Arc::clone(cluster), name)
            }
            _ => (Arc::new(Postgres::start(self.engine).await?), DATABASE.to_owned()),
        };
        Ok(TestDatabase { postgres, name, encrypted: Arc::clone(&self.encrypted) })
    }
}

/// The database of a world, accessible to faults. Its server stops with the last reference to it.
pub struct TestDatabase {
    pub postgres: Arc<Postgres>,
    pub name: String,
    encrypted: Arc<Mutex<Option<Arc<EncryptedServer>>>>,
}

/// A good server that accepts only TLS connections. Its certificate is for its address, not for `localhost`.
pub struct EncryptedServer {
    server: Native,
    /// The root certificate, in PEM.
    pub root: String,
}

impl EncryptedServer {
    fn start() -> Result<EncryptedServer> {
        let authority = Authority::new()?;
        let spec = CertificateSpec { names: vec!["127.0.0.1".to_owned()], ..CertificateSpec::default() };
        let (certificate, key) = authority.issue_pem(&spec)?;
        let tls = Some(Tls { certificate, key, required: true });
        let server = Native::start(&Options { tls, ..Options::default() })?;
        Ok(EncryptedServer { server, root: authority.ca_pem() })
    }

    /// The reader's connection string, without TLS settings.
    pub fn login(&self) -> String {
        self.server.login(READER, DATABASE)
    }
}

impl TestDatabase {
    /// Runs statements as the superuser.
    ///
    /// # Errors
    /// The server's error.
    pub async fn sql(&self, statements: &str) -> Result<()> {
        self.postgres.run(&self.name, statements).await.map(|_| ())
    }

    /// The connection string of a role.
    pub fn login(&self, role: &str) -> String {
        self.postgres.login(role, &self.name)
    }

    /// A replica's connection string; the replica stops when the returned value is dropped.
    ///
    /// # Errors
    /// An engine without replicas.
    pub fn standby(&self) -> Result<(String, Box<dyn Send>)> {
        let Some(native) = self.postgres.native() else { bail!("this engine has no replicas") };
        let standby = native.standby()?;
        Ok((standby.login(READER, &self.name), Box::new(standby)))
    }

    /// The server that requires TLS; all worlds share it, and none changes it.
    ///
    /// # Errors
    /// An engine without TLS.
    pub fn encrypted(&self) -> Result<Arc<EncryptedServer>> {
        ensure!(self.postgres.native().is_some(), "this engine has no TLS");
        let mut shared = self.encrypted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = &*shared {
            return Ok(Arc::clone(server));
        }
        Ok(Arc::clone(shared.insert(Arc::new(EncryptedServer::start()?))))
    }

    /// Kills the server; it is not restarted.
    ///
    /// # Errors
    /// A server that has other databases as well.
    pub fn kill(&self) -> Result<()> {
        ensure!(self.name == DATABASE, "this server has other databases as well");
        match self.postgres.native() {
            Some(native) => native.kill(),
            None => self.postgres.stop(),
        }
    }

    /// Removes a copy, so that hundreds of them do not fill the disk.
    pub async fn remove(self) {
        if self.name != DATABASE {
            // What cannot be removed is deleted with the cluster.
            let _ = self.postgres.remove(&self.name).await;
        }
    }
}
