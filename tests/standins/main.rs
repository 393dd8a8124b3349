//! The stand-ins answer as the real services do.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's own exception reaches test functions, not the helpers between them"
)]

mod agent_and_app;
mod chatwoot;
mod checkout;
mod control;
mod faults;
mod fly;
mod postgres;
mod requests;
#[path = "../support/server.rs"]
mod server;
mod tls;
mod world;
