//! The integration tests: one binary, real servers.

mod checklist_map;
mod checkout;
mod checks_readme;
mod exit_property;
mod fly_shim;
mod postgres_world;
mod schema_probe;
mod standins;
mod support;
