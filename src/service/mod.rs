//! Clients for external systems, one for each.

pub mod body;
pub mod chatwoot;
pub mod command;
pub mod dsn;
pub mod fly;
pub mod http;
pub mod marker;
pub mod place;
pub mod postgres;
pub mod reach;
pub mod socket;
pub mod tls;
pub mod unreachable;
pub use unreachable::Unreachable;
