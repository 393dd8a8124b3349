//! The integration tests: one binary, real servers.

mod checklist_map;
mod checks_readme;
mod exit_property;
mod standins;
