//! The process of an embedded PostgreSQL: it listens on loopback and serves one connection after the other until it is
//! killed.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::LISTENING;
use anyhow::{Context, Result};
use pglite_oxide::{PgliteProxy, install_into};

/// Serves the cluster in `directory`, which is created if absent, on this port of 127.0.0.1; 0 is any port. The
/// engine's cache for later starts goes to the caller's cache directory.
///
/// # Errors
/// A directory that is not writable, and a port that is taken. An error on a connection ends only that connection.
pub fn serve(directory: &Path, port: u16) -> Result<()> {
    let root = directory.join("data");
    fs::create_dir_all(&root).with_context(|| format!("cannot create {}", root.display()))?;
    install_into(&root)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on port {port}"))?;
    let port = listener.local_addr().context("cannot get the listener's port")?.port();
    // Renamed into place, because the reader may read it at any time.
    let unfinished = directory.join("listening.new");
    fs::write(&unfinished, port.to_string()).context("cannot write the port")?;
    fs::rename(&unfinished, directory.join(LISTENING)).context("cannot write the port")?;
    let proxy = PgliteProxy::new(root);
    loop {
        // The engine reports a client that disconnected early as an error; that is no reason to stop.
        let _ = proxy.accept_tcp_once(&listener);
    }
}
