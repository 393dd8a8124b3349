//! The integration tests: one binary, real servers.

mod formats;
