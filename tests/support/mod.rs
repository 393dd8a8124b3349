//! What the tests share: real servers, and the real binary in a world of stand-ins.

pub mod bench;
pub mod pgbouncer;
mod server;

pub use server::server;
