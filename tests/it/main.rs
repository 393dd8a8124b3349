//! The integration tests: one binary, real servers.

mod checklist_map;
mod checkout;
mod claims;
mod checks_readme;
mod exit_property;
mod fly_shim;
mod postgres_world;
mod standins;
mod support;
