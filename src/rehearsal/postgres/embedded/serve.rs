//! The process of an embedded PostgreSQL: it listens on loopback and serves connections one after the other, until
//! it is killed.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::LISTENING;
use anyhow::{Context, Result};
use pglite_oxide::{PgliteProxy, install_into};

/// Serves the cluster in `directory`, which is made where there is none, on this port of 127.0.0.1; 0 is any. What
/// the engine keeps for later starts goes to the caller's cache directory.
///
/// # Errors
/// A directory that cannot be written, and a port that is taken. A connection that fails ends that connection.
pub fn serve(directory: &Path, port: u16) -> Result<()> {
    let root = directory.join("data");
    fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    install_into(&root)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on port {port}"))?;
    let port = listener.local_addr().context("no port")?.port();
    // Renamed into place, because the reader looks while it is written.
    let unfinished = directory.join("listening.new");
    fs::write(&unfinished, port.to_string()).context("cannot tell the port")?;
    fs::rename(&unfinished, directory.join(LISTENING)).context("cannot tell the port")?;
    let proxy = PgliteProxy::new(root);
    loop {
        // The engine reports a client that hung up in the middle as an error, which is no reason to end.
        let _ = proxy.accept_tcp_once(&listener);
    }
}
