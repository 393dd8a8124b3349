//! Free ports on loopback, for servers that must be told their port.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// Below the range that operating systems hand to outgoing connections, so that a server which is stopped
/// and started again finds its port still free.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port of 127.0.0.1 on which nobody listens at the moment; another process may still be faster.
pub fn free() -> Result<u16> {
    for _ in 0..200 {
        let random = getrandom::u32().context("no randomness for a port")?;
        let port = FIRST + (random % u32::from(COUNT)) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port on 127.0.0.1 between {FIRST} and {}", FIRST + COUNT)
}
