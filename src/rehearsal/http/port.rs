//! Free ports on loopback, for servers whose port must be given to them.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// Below the range used for outgoing connections, so that a server which is stopped and started again finds its port
/// still free.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port of 127.0.0.1 that is free at the moment; another process can still take it first.
pub fn free() -> Result<u16> {
    for _ in 0..200 {
        let random = getrandom::u32().context("cannot get a random number for a port")?;
        let port = FIRST + (random % u32::from(COUNT)) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port on 127.0.0.1 between {FIRST} and {}", FIRST + COUNT)
}
