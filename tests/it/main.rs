//! The integration tests: one binary, real servers.

mod checkout;
mod fly_shim;
mod postgres_world;
mod support;
