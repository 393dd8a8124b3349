//! The stand-ins for what cannot run here, and the sandbox made of them.

pub mod agent;
pub mod app;
pub mod chatwoot;
pub mod checkout;
pub mod customers;
pub mod fly;
pub mod hub;
pub mod keeper;
mod live;
pub mod port;
pub mod postgres;
pub mod server;
pub mod setting;
pub mod slate;
pub mod tls;
pub mod world;
