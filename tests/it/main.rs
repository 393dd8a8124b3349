//! The integration tests: one binary, real servers.

mod checklist_map;
mod exit_property;
