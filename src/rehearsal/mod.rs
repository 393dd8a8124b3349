//! The stand-ins for what cannot run here, and the sandbox made of them.

pub mod agent;
pub mod app;
pub mod chatwoot;
pub mod hub;
pub mod server;
pub mod tls;
