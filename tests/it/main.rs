//! The integration tests: one binary, real servers.

mod baseline;
mod behaviour;
mod canary;
mod checklist_map;
mod checkout;
mod checks_readme;
mod checks_verbs;
mod claims;
mod customers;
mod exit_property;
mod fly_shim;
mod formats;
mod formats_real;
mod given_database;
mod monitor;
mod overlay;
mod postgres_world;
mod review;
mod schema_probe;
mod services;
mod standins;
mod status;
mod support;
mod traffic;
mod vitest;
mod watching;
