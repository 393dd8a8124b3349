//! The integration tests: one binary, real servers.

mod exit_property;
