//! The integration tests: one binary, real servers.

mod postgres_world;
mod support;
